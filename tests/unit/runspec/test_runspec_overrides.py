# ruff: noqa: E501 - tables of messages
"""``--set``: one value from the command line."""

from __future__ import annotations

import pytest

from orchestrator.errors import SpecError
from orchestrator.runspec.load import parse

TEXT = b"""\
version: 1
name: digits
run: {command: [python, t.py, "{params.lr}"]}
params: {lr: 0.5, model.depth: 3, model: x, note: hi}
data: {set.a: {source: here}}
env: {A: b}
verify: {metrics: exact}
"""


def spec(*overrides):
    return parse(TEXT, "spec.yaml", overrides)


def findings(*overrides, text=TEXT):
    with pytest.raises(SpecError) as caught:
        parse(text, "spec.yaml", overrides)
    return caught.value.findings


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", 0.1), ("1e-3", 0.001), ("3", 3), ("true", True), ("no", "no"), ("0x10", 16), ("a=b", "a=b"),
        ("'3'", "3"), ('"a\\tb"', "a\tb"), ("*.txt", "*.txt"), ("#1", "#1"), ("a: b", "a: b"), ("''", ""),
    ],
)  # fmt: skip
def test_values_are_scalars(text, value):
    got = spec(f"params.lr={text}").params["lr"]
    assert got == value
    assert type(got) is type(value)


def test_paths():
    changed = spec(
        "seed=7", "resources.cpus=8", "resources.memory=1g", "params.model.depth=4", "params.model=y",
        "data.set.a.source=there", "env.A=c", "verify.metrics=ignore", "name=other",
    )  # fmt: skip
    assert (changed.seed, changed.resources.cpus, changed.resources.memory) == (7, 8, 1 << 30)
    assert changed.params == {"lr": 0.5, "model.depth": 4, "model": "y", "note": "hi"}
    assert (changed.data["set.a"].source, changed.env, changed.verify.metrics) == (
        "there",
        {"A": "c"},
        "ignore",
    )
    assert changed.name == "other"


def test_the_last_one_wins():
    assert spec("seed=1", "seed=2").seed == 2


def test_an_override_mends_the_file():
    text = TEXT + b"seed: x\n"
    assert findings(text=text) == ["spec.yaml:8:7: `seed` must be a whole number, not text"]
    assert parse(text, "spec.yaml", ("seed=3",)).seed == 3


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("params.lrr=1", "--set params.lrr: no `params.lrr` in the spec; did you mean `params.lr`?"),
        ("params.zzz=1", "--set params.zzz: no `params.zzz` in the spec; params has lr, model.depth, model, note"),
        ("env.B=1", "--set env.B: no `env.B` in the spec; env has A"),
        ("secrets.B=env:C", "--set secrets.B: no `secrets.B` in the spec; secrets has nothing"),
        ("sede=1", "--set sede: unknown field `sede`; did you mean `seed`?"),
        ("resources.cpuz=1", "--set resources.cpuz: unknown field `resources.cpuz`; did you mean `resources.cpus`?"),
        ("seed=x", "--set seed: `seed` must be a whole number, not text"),
        ("params.lr=", "--set params.lr: `params.lr`: a parameter is true, false, a number or text"),
        ("params.lr=[1]", "--set params.lr: only single values can be set; if it is text, give it in quotes"),
        ("params.lr='1", "--set params.lr: `'1` is not a quoted text"),
        ("params.lr=1e999", "--set params.lr: a number beyond ±1.8e308; if it is text, write it in quotes"),
        ("params.lr=\udc80", "--set params.lr: text contains half of a surrogate pair (\\ud800 to \\udfff)"),
        ("params=1", "--set params: `params` is a section: only single values can be set"),
        ("run.command.x=1", "--set run.command.x: `run.command` is a list: nothing inside it can be set"),
        ("seed.x=1", "--set seed.x: `seed` must be a whole number, not a mapping"),
        ("verify.metrics.loss=exact", "--set verify.metrics.loss: `verify.metrics` is text: nothing inside it can be set"),
        ("params.lr", "--set params.lr: an override reads PATH=VALUE, such as params.lr=0.1"),
        ("=1", "--set : an override reads PATH=VALUE, such as params.lr=0.1"),
        ("run.command=x", "--set run.command: `run.command` is a list: only single values can be set"),
    ],
)  # fmt: skip
def test_refusals(override, expected):
    assert findings(override) == [expected]


def test_a_command_is_checked_after_the_overrides():
    text = TEXT.replace(b'[python, t.py, "{params.lr}"]', b"python t.py")
    assert parse(text, "s", ("run.command=t {params.lr}",)).run.command == "t {params.lr}"
    assert findings("run.command=t {params.rl}", text=text) == [
        "--set run.command: unknown placeholder `{params.rl}`; did you mean `{params.lr}`?"
    ]


def test_overrides_come_after_the_file():
    assert findings("params.x=1", text=TEXT + b"zz: 1\n")[1].startswith("--set params.x: ")

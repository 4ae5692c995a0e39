"""The ``determinism`` section: a level, or a mapping of controls."""

from __future__ import annotations

import json

import pytest

from orchestrator.determinism.levels import CONTROLS
from orchestrator.errors import SpecError
from orchestrator.runspec.determinism import DeterminismSpec, section
from orchestrator.runspec.load import parse
from orchestrator.runspec.model import RunSpec

GOOD = "version: 1\nname: digits\nrun: {command: python train.py}\n"


def read(text, *overrides):
    return section(parse((GOOD + text).encode(), "s", overrides).determinism)


def findings(text, *overrides):
    with pytest.raises(SpecError) as caught:
        read(text, *overrides)
    return caught.value.findings


def test_a_level():
    assert read("") == DeterminismSpec(level="standard")
    assert read("determinism: strict") == read("determinism: {level: strict}") == DeterminismSpec(level="strict")
    assert read("determinism: {}").named == {}


@pytest.mark.parametrize(("word", "meant"), [("on", "on"), ("off", "off"), ("true", "on"), ("False", "off")])
def test_every_control_is_turned_on_and_off(word, meant):
    lines = "".join(f"  {name}: {word}\n" for name in CONTROLS)
    assert read(f"determinism:\n{lines}").named == dict.fromkeys(CONTROLS, meant)


def test_instruction_sets():
    assert read("determinism: {cpu: x86-64-v2, level: off}") == DeterminismSpec(level="off", cpu="x86-64-v2")


def test_it_comes_back_from_json():
    spec = parse((GOOD + "determinism: {level: strict, clock: false}").encode(), "s")
    assert RunSpec.model_validate_json(spec.model_dump_json()) == spec
    assert RunSpec.model_validate(json.loads(spec.model_dump_json())) == spec


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("determinism: {clok: off}", "s:4:15: unknown field `determinism.clok`; did you mean `determinism.clock`?"),
        ("determinism: {clock: no}", "s:4:22: `determinism.clock` must be `on` or `off`, not `no`"),
        (
            "determinism: {level: stric}",
            "s:4:22: `determinism.level` must be `off`, `standard` or `strict`, not `stric`",
        ),
        (
            "determinism: {cpu: v2}",
            "s:4:20: `determinism.cpu` must be `x86-64-v3`, `x86-64-v2`, `on` or `off`, not `v2`",
        ),
        (
            "determinism: 3",
            "s:4:14: `determinism` must be `off`, `standard`, `strict` or a mapping such as "
            "`{level: standard, clock: off}`, not a whole number",
        ),
        (
            "determinism: false",
            "s:4:14: `determinism` must be `off`, `standard`, `strict` or a mapping such as "
            "`{level: standard, clock: off}`, not false",
        ),
        ("determinism: {clock: null}", "s:4:22: `determinism.clock` must be `on` or `off`, not empty"),
        (
            "determinism:\n  cpu:\n",
            "s:5:7: `determinism.cpu` must be `x86-64-v3`, `x86-64-v2`, `on` or `off`, not empty",
        ),
        ("determinism:\n  one_thread: on\n  threads: false", "s:5:15: `one_thread` needs `threads`, which is off"),
    ],
)
def test_findings(text, finding):
    assert findings(text) == [finding]


@pytest.mark.parametrize("text", ["", "determinism: strict", "determinism: {level: strict, seeds: off}"])
def test_a_control_from_the_command_line(text):
    found = read(text, "determinism.clock=off", "determinism.cpu=x86-64-v2")
    assert found == read(text).model_copy(update={"clock": "off", "cpu": "x86-64-v2"})


def test_a_level_from_the_command_line():
    assert read("", "determinism=strict").level == read("determinism: off", "determinism=strict").level == "strict"
    assert read("determinism: {clock: off}", "determinism.level=strict") == DeterminismSpec(level="strict", clock="off")


@pytest.mark.parametrize(
    ("override", "finding"),
    [
        ("determinism.clok=off", "unknown field `determinism.clok`; did you mean `determinism.clock`?"),
        ("determinism.clock=no", "`determinism.clock` must be `on` or `off`, not `no`"),
    ],
)
def test_a_wrong_control_from_the_command_line(override, finding):
    name = override.partition("=")[0]
    assert findings("determinism: strict", override) == [f"--set {name}: {finding}"]

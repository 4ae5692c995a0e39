# ruff: noqa: E501 - tables of messages
"""Text to RunSpec: what a person reads when something is wrong."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import SpecError
from orchestrator.runspec.load import parse
from orchestrator.runspec.model import RunSpec, Tolerance, VerifySpec

GOOD = "version: 1\nname: digits\nrun: {command: python train.py}\n"


def findings(text, *overrides):
    with pytest.raises(SpecError) as caught:
        parse(text.encode(), "spec.yaml", overrides)
    return caught.value.findings


def added(text, *overrides):
    """The findings about what follows three good lines."""
    return [finding.removeprefix("spec.yaml:") for finding in findings(GOOD + text, *overrides)]


def spec(text="", *overrides):
    return parse((GOOD + text).encode(), "spec.yaml", overrides)


def test_the_least_spec():
    assert spec() == RunSpec(version=1, name="digits", run={"command": "python train.py"})
    assert spec().image.base == "python3.11"


def test_a_whole_spec():
    whole = spec(
        "image: {dockerfile: Dockerfile, python: '3.12', requirements: [numpy==2.0]}\n"
        "code: {root: src, exclude: [out/]}\n"
        "params: {lr: 1e-3, epochs: 3, name: no, flag: true}\n"
        "data: {train: {source: data/train, mount: /data//sets/train/}}\n"
        "resources: {memory: 512m, timeout: 15m, gpus: 1}\n"
        "env: {GREETING: hello}\n"
        "secrets: {TOKEN: 'env:HF_TOKEN', KEY: file:~/.key}\n"
        "verify: {metrics: {loss: {rel: 1e-6}, '*': exact}, params: {}, streams: {stderr: ignore}}\n"
    )
    assert whole.params == {"lr": 0.001, "epochs": 3, "name": "no", "flag": True}
    assert (whole.resources.memory, whole.resources.timeout) == (512 << 20, 900)
    assert whole.data["train"].mount == "/data/sets/train"
    assert whole.image.base is None
    assert whole.verify.metrics == {"loss": Tolerance(rel=1e-6), "*": "exact"}
    assert RunSpec.model_validate_json(whole.model_dump_json()) == whole


@pytest.mark.parametrize(
    ("section", "value"),
    [
        ("{}", {}), ("{abs: 0.5}", Tolerance(abs=0.5)), ("{abs: exact}", {"abs": "exact"}), ("ignore", "ignore"),
        ("{loss: {abs: 1}}", {"loss": Tolerance(abs=1)}), ("{rel: {rel: 0.1}}", {"rel": Tolerance(rel=0.1)}),
    ],
)  # fmt: skip
def test_metric_sections(section, value):
    verify = spec(f"verify: {{metrics: {section}}}").verify
    assert verify.metrics == value
    assert VerifySpec.model_validate_json(verify.model_dump_json()) == verify


def test_everything_at_once_with_positions():
    text = (
        "version: 2\n"
        "name: 3x\n"
        "sede: 1\n"
        "params: {lr: [1], big: 99999999999999999999}\n"
        'seed: "3"\n'
        "env: {A: *x}\n"
        "resources:\n"
        "  cpu: 2\n"
        "  gpus: yes\n"
        "seed: 4\n"
    )
    assert findings(text) == [
        "spec.yaml:1:1: `run` is missing",
        "spec.yaml:1:10: `version` must be 1, not `2`",
        "spec.yaml:2:7: `name` must be letters, digits, `_`, `.`, `-` (128 at most), first a letter or `_`",
        "spec.yaml:3:1: unknown field `sede`; did you mean `seed`?",
        "spec.yaml:4:14: `params.lr`: a parameter is true, false, a number or text",
        "spec.yaml:4:24: `params.big`: an integer beyond ±9007199254740991 does not survive JSON; write it as a string",
        "spec.yaml:5:7: `seed` must be a whole number, not text",
        "spec.yaml:6:10: aliases (`*x`) are not allowed: write the value out",
        "spec.yaml:8:3: unknown field `resources.cpu`; did you mean `resources.cpus`?",
        "spec.yaml:9:9: `resources.gpus` must be a whole number, not text",
        "spec.yaml:10:1: duplicate key `seed`, first on line 5",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("seed: -1", "4:7: `seed` must be at least 0"),
        ("seed: 1.0", "4:7: `seed` must be a whole number, not a number with decimals"),
        ("seed: true", "4:7: `seed` must be a whole number, not true"),
        ("params:", "4:8: `params` must be a mapping, not empty"),
        ("params: {lr: .inf}", "4:14: `params.lr`: a parameter is a finite number; write an infinity or nan as a string"),
        ("params: {1a: 1}", "4:10: `params.1a` must be letters, digits, `_`, `.`, `-` (128 at most), first a letter or `_`"),
        ("resources: 3", "4:12: `resources` must be a mapping, not a whole number"),
        ("resources: {memory: lots}", "4:21: `resources.memory`: a size reads 512m, 4g or a number of bytes"),
        ("resources: {timeout: 0}", "4:22: `resources.timeout` must be more than 0"),
        ("resources: {memory: 999999999999t}", "4:21: `resources.memory` must be at most 9007199254740991"),
        ("resources: {cpus: 2.5}", "4:19: `resources.cpus` must be a whole number, not a number with decimals"),
        ("image: {python: 3.10}", '4:17: `image.python` must be text, not a number with decimals; write "3.10"'),
        ("image: {python: '3'}", '4:17: `image.python` must read like "3.11"'),
        ("image: {requirements: 3}", "4:23: `image.requirements` must be a file's path or a list of requirements, not a whole number"),
        ("image: {requirements: [3]}", '4:24: `image.requirements[0]` must be text, not a whole number; write "3"'),
        ("image: {base: a, dockerfile: b}", "4:8: `image`: name either `base` or `dockerfile`, not both"),
        ("code: {include: x}", "4:17: `code.include` must be a list, not text"),
        ("determinism: on", "4:14: `determinism` must be `off`, `standard` or `strict`, not `on`"),
        ("data: {a: {}}", "4:11: `data.a.source` is missing"),
        ("data: {a: {source: x, mount: b/c}}", "4:30: `data.a.mount`: give an absolute path inside the container, without `..`"),
        ("data: {a: {source: x, sha256: abc}}", "4:31: `data.a.sha256` must be 64 hexadecimal digits, lower case"),
        ("secrets: {T: hunter2}", "4:14: `secrets.T` must read env:NAME or file:PATH"),
        ("env: {A: 1}", '4:10: `env.A` must be text, not a whole number; write "1"'),
        ("verify: {metrics: 3}", "4:19: `verify.metrics` must be `exact`, `ignore` or a tolerance (`abs`, `rel`), or a mapping from name patterns to them, not a whole number"),
        ("verify: {metrics: {loss: close}}", "4:26: `verify.metrics.loss` must be `exact` or `ignore`, not `close`"),
        ("verify: {metrics: {loss: [1]}}", "4:26: `verify.metrics.loss` must be `exact`, `ignore` or a tolerance (`abs`, `rel`), not a list"),
        ("verify: {metrics: {abs: 1, rell: 2}}", "4:28: unknown field `verify.metrics.rell`; did you mean `verify.metrics.rel`?"),
        ("verify: {streams: {stdin: exact}}", "4:20: `verify.streams.stdin` must be `stdout` or `stderr`, not `stdin`"),
        ("verify: {artifacts: []}", "4:21: `verify.artifacts` must be `exact`, `content`, `ignore` or a mapping from path patterns to them, not a list"),
        ("zzz: 1", "4:1: unknown field `zzz`; known here: version, name, image, code, run, params, data, seed, determinism, resources, network, env, secrets, verify, artifacts, sweep"),
        ('"a\\nb\\e": 1', "4:1: unknown field `a\\nb\\x1b`; known here: version, name, image, code, run, params, data, seed, determinism, resources, network, env, secrets, verify, artifacts, sweep"),
    ],
)  # fmt: skip
def test_one_thing_wrong_is_one_finding(text, expected):
    assert added(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", "spec.yaml:1:1: a runspec is a mapping, not a whole number"),
        ("[]", "spec.yaml:1:1: a runspec is a mapping, not a list"),
        ("", "spec.yaml:1:1: the file is empty"),
        ("---", "spec.yaml:1:4: a runspec is a mapping, not empty"),
    ],
)
def test_no_runspec_at_all(text, expected):
    assert findings(text) == [expected]


def test_command_types():
    text = "version: 1\nname: x\nrun: {command: {a: 1}}\n"
    assert findings(text) == ["spec.yaml:3:16: `run.command` must be text or a list of texts, not a mapping"]
    text = "version: 1\nname: x\nrun: {command: [python, 3, x]}\n"
    assert findings(text) == ['spec.yaml:3:25: `run.command[1]` must be text, not a whole number; write "3"']


@given(st.binary(max_size=300))
def test_arbitrary_bytes(data):
    _only_spec_errors(data)


FIELDS = st.sampled_from([*RunSpec.model_fields, "command", "abs", "source", "mount", "memory", "loss", "PATH", "zz"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
COMMANDS = st.sampled_from(["{params.a}", "{", "}}", "'", "{data.x}", "/data/x", "/tmp", "exact", "4g", "3.11"])
JSONISH = st.recursive(
    SCALARS | COMMANDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS | st.text(max_size=3), inner, max_size=5),
    max_leaves=25,
)


@given(st.dictionaries(FIELDS, JSONISH, max_size=9), st.lists(st.text(max_size=12), max_size=2))
def test_arbitrary_values(value, overrides):
    _only_spec_errors(json.dumps(value).encode(), *overrides)


def _only_spec_errors(data, *overrides):
    try:
        parse(data, "f", overrides)
    except SpecError as error:
        assert error.findings
        assert all(finding.startswith(("f:", "--set ")) for finding in error.findings)
        assert all(finding.isprintable() for finding in error.findings)

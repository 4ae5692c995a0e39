"""What fields mean together: mounts and the environment."""

from __future__ import annotations

import pytest

from orchestrator.errors import SpecError
from orchestrator.runspec.checks import OWNED_ENVIRONMENT, RESERVED_MOUNTS
from orchestrator.runspec.load import parse

GOOD = "version: 1\nname: digits\nrun: {command: python train.py}\n"


def findings(text):
    try:
        parse((GOOD + text).encode(), "s")
    except SpecError as error:
        return error.findings
    return []


def data(**mounts):
    lines = [
        f"  {name}: {{source: x" + (f", mount: {mount}" if mount else "") + "}\n" for name, mount in mounts.items()
    ]
    return "data:\n" + "".join(lines)


def test_mounts_side_by_side():
    assert findings(data(a=None, b="/data/c", d="/datasets", e="/data/ab", f="/optional", g="/libs")) == []


def test_equal_mounts():
    assert findings(data(a="/d/x", b="/d//x/")) == ["s:6:25: the mount `/d/x` is already that of `data.a`"]


@pytest.mark.parametrize(("first", "second", "line"), [("/d/x", "/d/x/y/z", 6), ("/d/x/y/z", "/d/x", 5)])
def test_nested_mounts(first, second, line):
    outer = "a" if line == 6 else "b"
    assert findings(data(a=first, b=second)) == [
        f"s:{line}:25: the mount `/d/x/y/z` lies inside `/d/x`, the mount of `data.{outer}`"
    ]


def test_default_mounts_count():
    assert findings(data(a=None, b="/data/a/x")) == [
        "s:6:25: the mount `/data/a/x` lies inside `/data/a`, the mount of `data.a`"
    ]
    assert findings(data(a=None, b="/data")) == [
        "s:5:6: the mount `/data/a` lies inside `/data`, the mount of `data.b`"
    ]


@pytest.mark.parametrize("folder", RESERVED_MOUNTS)
def test_reserved_folders(folder):
    meets = f"meets `{folder}`, which is not the job's to fill"
    assert findings(data(a=folder)) == [f"s:5:25: the mount `{folder}` {meets}"]
    assert findings(data(a=folder + "/x")) == [f"s:5:25: the mount `{folder}/x` {meets}"]


def test_a_parent_of_a_reserved_folder():
    assert "meets `/opt/orchestrator`" in findings(data(a="/opt"))[0]


@pytest.mark.parametrize("mount", ["/", "//", "/.", "/a/../b", "a"])
def test_no_mount_at_all(mount):
    assert findings(data(a=mount)) == [
        "s:5:25: `data.a.mount`: give an absolute path inside the container, without `..`"
    ]


@pytest.mark.parametrize("name", OWNED_ENVIRONMENT)
def test_owned_environment(name):
    assert findings(f"env:\n  {name}: x\n") == [
        f"s:5:3: `{name}` cannot be set: it belongs to {OWNED_ENVIRONMENT[name]}"
    ]


@pytest.mark.parametrize(
    ("section", "name"),
    [
        ("{hash: off}", "PYTHONHASHSEED"),
        ("{cpu: false}", "GLIBC_TUNABLES"),
        ("{threads: off}", "OMP_NUM_THREADS"),
        ("off", "SOURCE_DATE_EPOCH"),
        ("{level: off, threads: on}", "PYTHONHASHSEED"),
    ],
)
def test_a_control_that_is_off_frees_its_variables(section, name):
    assert findings(f"determinism: {section}\nenv: {{{name}: x}}\n") == []


@pytest.mark.parametrize(
    ("section", "name"),
    [
        ("{threads: off, joblib: on}", "LOKY_MAX_CPU_COUNT"),
        ("{level: off, hash: on}", "PYTHONHASHSEED"),
        ("off", "ORCHESTRATOR_LEDGER"),
        ("off", "ORCHESTRATOR_SEED"),
        ("off", "LD_PRELOAD"),
        ("off", "HOME"),
    ],
)
def test_what_another_needs_and_what_is_ours_stays_taken(section, name):
    assert "cannot be set" in findings(f"determinism: {section}\nenv: {{{name}: x}}\n")[0]


def test_other_environment():
    assert findings("env: {GREETING: hello, PYTHONPATH: src}") == []


@pytest.mark.parametrize("reference", ["hunter2", "env:", "env:1A", "file:", "ENV:A", ""])
def test_secrets_are_references(reference):
    (finding,) = findings(f"secrets: {{T: '{reference}'}}")
    assert finding == "s:4:14: `secrets.T` must read env:NAME or file:PATH"

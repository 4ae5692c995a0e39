"""Parameters on the command line: which words are options, which are values, and whose they are."""

from __future__ import annotations

import json
import math
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.digest import canonical
from orchestrator.runspec import arguments
from orchestrator.runspec.fields import MAX_EXACT_INT


def read(text: str) -> dict[str, object]:
    return arguments.given(shlex.split(text))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("--lr 0.1", {"lr": 0.1}),
        ("--lr=0.1", {"lr": 0.1}),
        ("-e 5", {"e": 5}),
        ("-lr=1e-3", {"lr": 0.001}),
        ("--model.width 64 --batch-size=32", {"model.width": 64, "batch_size": 32}),
        ("-v --deep", {"v": True, "deep": True}),
        ("--deep --lr 1", {"deep": True, "lr": 1}),
        ("--offset -1 --shift -.5 --file -", {"offset": -1, "shift": -0.5, "file": "-"}),
        ("--name=", {"name": ""}),
        ("--name ''", {"name": ""}),
        ("--eq a=b", {"eq": "a=b"}),
        ("--eq=a=b", {"eq": "a=b"}),
        ("--lr 1 --lr 2", {"lr": 2}),
        ("--sizes 10 30 -1 --depth 2 data.csv 7", {"sizes": "10 30 -1", "depth": 2}),
        ("--names a b --lr 1 x", {"names": "a", "lr": 1}),
        ("--text 'a\nb' --other='c\nd'", {"text": "a\nb", "other": "c\nd"}),
        ("data.csv more", {}),
        ("--verbose data.csv", {"verbose": "data.csv"}),
        ("--lr 1 -- --seed 2 x=3", {"lr": 1}),
        ("model.width=64 +new=1", {"model.width": 64, "new": 1}),
        ("++forced=x data/kind=csv", {"forced": "x", "data/kind": "csv"}),
        ("=x 1=2 -=3 ---x", {}),
    ],
)  # fmt: skip
def test_options_switches_and_settings(words, found):
    got = read(f"python train.py {words}")
    assert got == found
    assert {name: type(value) for name, value in got.items()} == {name: type(value) for name, value in found.items()}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3), ("-3", -3), ("0x10", 16), ("1e3", 1000.0), ("true", "true"), ("null", "null"), ("", ""),
        (str(MAX_EXACT_INT), MAX_EXACT_INT), (str(MAX_EXACT_INT + 1), str(MAX_EXACT_INT + 1)),
        (".inf", ".inf"), (".nan", ".nan"), ("nan", "nan"), ("1e999", "1e999"), ("9" * 5000, "9" * 5000),
        ("1_000", "1_000"), ("12:30", "12:30"), (" 3", " 3"), ("0.1.2", "0.1.2"), ("é", "é"),
    ],
)  # fmt: skip
def test_a_value_is_a_number_where_the_spec_would_read_one_and_text_otherwise(text, value):
    got = arguments.given(["python", "train.py", f"--x={text}"])["x"]
    assert (got, type(got)) == (value, type(value))


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("python -u -X dev train.py --lr 1", {"lr": 1}),
        ("/opt/env/bin/python3.11 -W error train.py --lr 1", {"lr": 1}),
        ("python -m pkg.train --lr 1", {"lr": 1}),
        ("python -um pkg.train --lr 1", {"lr": 1}),
        ("python -c 'import x' --lr 1", {"lr": 1}),
        ("torchrun --nproc_per_node 2 train.py --lr 1", {"lr": 1}),
        ("accelerate launch --cpu train.py lr=1", {"lr": 1}),
        ("Rscript --vanilla fit.R --lr 1", {"lr": 1}),
        ("sh run.sh --lr 1", {"lr": 1}),
        ("bash -eu run.sh -c 1", {"c": 1}),
        ("./train --lr 1", {"lr": 1}),
        ("train lr=1", {"lr": 1}),
        ("python train.py", {}),
        ("true", {}),
        ("sh -c 'python train.py --lr 1'", {}),
        ("/bin/bash -c 'python train.py' --lr 1", {}),
        ("sh -ec 'python train.py --lr 1'", {}),
        ("bash -o pipefail -c 'train --lr 1'", {}),
    ],
)
def test_only_what_comes_after_the_script_is_its_own(command, found):
    assert read(command) == found


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["-c", "-m", "--", "-", "--x", "--x=1", "-v", "a=b", "+a=1", "train.py", "sh", "python", ".nan", "1e400", "-1"]
)


@given(st.lists(words, min_size=1, max_size=8))
def test_any_command_is_read_into_what_can_be_recorded(command):
    found = arguments.given(command)
    assert json.loads(canonical(found)) == found
    assert all(name and type(value) in (str, bool, int, float) for name, value in found.items())
    assert all(math.isfinite(value) for value in found.values() if isinstance(value, float))

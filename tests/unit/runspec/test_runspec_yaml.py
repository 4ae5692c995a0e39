# ruff: noqa: E501 - tables of messages
"""Reading YAML: positions, refusals, limits; every problem at once."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orchestrator.runspec import yaml
from orchestrator.runspec.position import Place
from orchestrator.runspec.yaml import MAX_BYTES, MAX_DEPTH, MAX_NODES


def problems(text):
    data = text if isinstance(text, bytes) else text.encode()
    return [f"{mark.line}:{mark.column}: {message}" for mark, message in yaml.read(data).problems]


def test_positions_of_keys_and_values():
    reading = yaml.read("a: 1\nb:\n  - x\n  - {c: 'é', d: ü}\n".encode())
    assert reading.value == {"a": 1, "b": ["x", {"c": "é", "d": "ü"}]}
    assert reading.places == {
        (): Place(None, (1, 1)),
        ("a",): Place((1, 1), (1, 4), "1"),
        ("b",): Place((2, 1), (3, 3)),
        ("b", 0): Place(None, (3, 5), "x"),
        ("b", 1): Place(None, (4, 5)),
        ("b", 1, "c"): Place((4, 6), (4, 9)),
        ("b", 1, "d"): Place((4, 14), (4, 17), "ü"),
    }


@pytest.mark.parametrize(
    "text", ["a: 1\n", "\ufeffa: 1", "---\na: 1\n...\n", "%YAML 1.2\n---\na: 1", "a: 1\r\n", "? a\n: 1"]
)
def test_one_document(text):
    reading = yaml.read(text.encode())
    assert (reading.value, reading.problems, reading.complete) == ({"a": 1}, (), True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &x 1", ["1:4: anchors (`&x`) are not allowed"]),
        ("a: *x", ["1:4: aliases (`*x`) are not allowed: write the value out"]),
        ("a: !!int 3", ["1:4: tags (`tag:yaml.org,2002:int`) are not allowed"]),
        ("a: !!python/object/apply:os.system [x]", ["1:4: tags (`tag:yaml.org,2002:python/object/apply:os.system`) are not allowed"]),
        ("a: ! x", ["1:4: tags (`!`) are not allowed"]),
        ("a: !t {b: 1}", ["1:4: tags (`!t`) are not allowed"]),
        ("<<: {a: 1}", ["1:1: merge keys (`<<`) are not allowed: write the fields out"]),
        ("a: 1\nb: 2\na: 3", ["3:1: duplicate key `a`, first on line 1"]),
        ("a: 1\n'a': 3", ["2:1: duplicate key `a`, first on line 1"]),
        ("1: x", ['1:1: a key must be text: write it in quotes ("1")']),
        ("true: x", ['1:1: a key must be text: write it in quotes ("true")']),
        ("~: x", ['1:1: a key must be text: write it in quotes ("~")']),
        ("?\n: x", ["1:2: a key must be text, not empty"]),
        ("? [a]\n: x", ["1:3: a key must be text, not a list or mapping"]),
        ("*a : x", ["1:1: aliases (`*a`) are not allowed: write the value out"]),
        ("a: 1\n---\nb: 2", ["2:1: a second document; one file holds one"]),
        ("", ["1:1: the file is empty"]),
        ("# only a comment\n", ["2:1: the file is empty"]),
        ('a: "\\0"', ["1:4: text cannot contain a NUL character"]),
        ('a: "\\ud800"', ["1:4: text contains half of a surrogate pair (\\ud800 to \\udfff)"]),
        ('a: "\\UFFFFFFFF"', ["1:7: not YAML: a number beyond its range"]),
        ("a: b\n\tc: d", ["2:1: a tab cannot indent YAML; use spaces"]),
        ("a: b\0", ["1:5: a control character (\\x00) in the text"]),
        ("é: \x1b[31m", ["1:4: a control character (\\x1b) in the text"]),
        (b"a: 1\nb\xc3\xa9: \xff", ["2:5: not UTF-8 text"]),
        ("a: 1\n".encode("utf-16"), ["1:1: not UTF-8 text"]),
        ("%YAML 2.0\n---\na: 1", ["1:1: not YAML: found incompatible YAML document (version 1.* is required)"]),
        ("%YAML " + "9" * 5000 + ".1\n---\na: 1", ["1:7: not YAML: a number beyond its range"]),
    ],
)  # fmt: skip
def test_refusals(text, expected):
    assert problems(text) == expected


def test_syntax_errors_say_where():
    (problem,) = problems("a: [1, 2\nb: 3\n")
    assert problem.startswith("2:2: not YAML: ")


def test_problems_come_all_at_once_in_the_order_of_the_file():
    text = "a: &x 1\nb: {c: *x, c: !t 1}\n<<: 3\n4: [1e999, *y]\n---\n"
    assert [problem.partition(": ")[0] for problem in problems(text)] == [
        "1:4", "2:8", "2:12", "2:15", "3:1", "4:1", "4:5", "4:12", "5:1",
    ]  # fmt: skip


def test_problems_before_a_syntax_error_are_kept():
    assert [problem.partition(": ")[0] for problem in problems("a: &x 1\nb: ]")] == ["1:4", "2:4"]


def test_quoted_merge_key_is_a_key():
    assert yaml.read(b"'<<': 1").value == {"<<": 1}


def test_broken_values_are_named():
    reading = yaml.read(b"a: *x\nb: [1e999]\nc: 1")
    assert reading.broken == {("a",), ("b", 0)}
    assert reading.value == {"a": None, "b": [None], "c": 1}


def test_largest_file():
    assert problems(b"a: " + b"x" * (MAX_BYTES - 3)) == []
    assert problems(b"a: " + b"x" * (MAX_BYTES - 2)) == ["1:1: the file is larger than 1048576 bytes"]


def test_deepest_file():
    assert problems("[" * MAX_DEPTH + "]" * MAX_DEPTH) == []
    assert problems("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)) == ["1:65: nested more than 64 deep"]


def test_most_nodes():
    assert problems("[" + "a," * (MAX_NODES - 1) + "]") == []
    assert problems("[" + "a," * MAX_NODES + "]") == ["1:100000: more than 50000 values and keys"]


def _merge_bomb(levels=40):
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, levels)]
    return "\n".join(lines)


def _laughs(levels=30):
    lines = ["a0: &a0 [lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("bomb", "word"),
    [
        ("[" * 50_000, "deep"), ("{" * 50_000, "deep"), ("[\n" * 50_000, "deep"), ("- " * 50_000, "deep"),
        ("{a: " * 50_000, "deep"), ("? " * 50_000, "deep"), ("[" * 50_000 + "]" * 50_000, "deep"),
        (_merge_bomb(), "not allowed"), (_laughs(), "not allowed"),
        ("9" * 1_000_000, "digits"), ("a: " + "9" * 1_000_000 + "x", None), ("\n" * MAX_BYTES, "empty"),
    ],
)  # fmt: skip
def test_bombs_end_fast(bomb, word):
    begin = time.process_time()
    found = problems(bomb)
    assert time.process_time() - begin < 3
    assert word is None or word in found[0]


@given(st.binary(max_size=200) | st.text("{}[]:,-?&*!|>'\"%@`#\n\t \\ax0<~.", max_size=60).map(str.encode))
@example(b"%YAML 1.")
@example(b"\xef\xbb\xbf")
@example(b'"\\U00110000"')
def test_reading_never_raises(data):
    reading = yaml.read(data)
    assert reading.complete or reading.problems


def test_importing_it_is_cheap():
    check = "import sys, orchestrator.runspec.yaml; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0

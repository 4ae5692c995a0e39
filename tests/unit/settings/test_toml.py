"""The line of a key, however the file is written."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.settings.toml import TomlFile

FILE = '''# a comment
first = 1
text = """
second = 2
[table]
third = 3
"""

[table]   # here
"qu oted" = [
  1, # [x]
  2,
]
dotted.deep.key = 4
inline = { a = 1, b = 2 }\r

[[list]]
x = 1
[table.sub]
last = 5'''


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("first",), 2), (("text",), 3), (("table",), 9), (("table", "qu oted"), 10), (("table", "dotted"), 14),
        (("table", "dotted", "deep", "key"), 14), (("table", "inline", "b"), 15), (("list",), 17),
        (("table", "sub"), 19), (("table", "sub", "last"), 20), (("second",), 1), (("table", "third"), 1),
    ],
)  # fmt: skip
def test_lines(keys, line):
    assert TomlFile(Path("x"), FILE.encode()).line(*keys) == line


def test_a_long_string_costs_no_more_than_another():
    """A file that comes with somebody's code is parsed before it is trusted."""
    text = "a = '''\n" + "\n" * 200_000 + "'''\nhome = 'x'\n"
    assert TomlFile(Path("x"), text.encode()).line("home") == 200_003


@given(st.lists(st.sampled_from(["", "# x", "v{} = 1", "v{} = '''\n\n'''", "v{} = [\n1,\n\n]", "[t{}]", "t.v{} = 3"])))
def test_lines_of_any_file(parts):
    text = "".join(part.format(number) + "\n" for number, part in enumerate(parts))
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    made = TomlFile(Path("x"), text.encode())
    lines = text.split("\n")
    for key in content:
        if key != "t":
            assert key in lines[made.line(key) - 1]

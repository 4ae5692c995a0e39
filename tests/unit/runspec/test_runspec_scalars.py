"""Plain scalars by the YAML 1.2 core schema, and their round trip."""

from __future__ import annotations

import json
import math

import pytest
import yaml as pyyaml
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.runspec import yaml
from orchestrator.runspec.scalars import ScalarProblem, checked, resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001), ("1E3", 1000.0), ("-.5", -0.5), ("1.", 1.0), ("+1.5", 1.5),
        ("no", "no"), ("yes", "yes"), ("on", "on"), ("Off", "Off"), ("y", "y"),
        ("12:30:45", "12:30:45"), ("1_000", "1_000"), ("2024-01-01", "2024-01-01"), ("0b11", "0b11"),
        ("0o17", 15), ("017", 17), ("0x1F", 31), ("-3", -3), ("+3", 3), ("-0o7", "-0o7"),
        ("true", True), ("TRUE", True), ("tRue", "tRue"), ("False", False),
        ("~", None), ("null", None), ("Null", None), ("", None), ("nULL", "nULL"),
        (".inf", math.inf), ("-.INF", -math.inf), ("+.Inf", math.inf), ("inf", "inf"),
        ("٣", "٣"), (".", "."), ("e3", "e3"), ("1e", "1e"), ("-", "-"), ("0x", "0x"),
    ],
)  # fmt: skip
def test_core_schema(text, value):
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_nan(text):
    assert math.isnan(resolve(text))


@pytest.mark.parametrize("text", ["9" * 101, "-" + "9" * 5000, "0x" + "f" * 101, "1e999", "-1e999"])
def test_numbers_that_nothing_holds(text):
    with pytest.raises(ScalarProblem, match="in quotes"):
        resolve(text)


def test_surrogates():
    assert checked("\ud83d\ude00") == "😀"
    with pytest.raises(ScalarProblem, match="surrogate"):
        checked("\ud83d")
    with pytest.raises(ScalarProblem, match="NUL"):
        checked("a\0")


# PyYAML takes U+0085, U+2028 and U+2029 for line breaks, as YAML 1.1 did; dumps escape them.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**99), 10**99) | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


class _Dumper(pyyaml.SafeDumper):
    """Writes texts in double quotes: PyYAML's own idea of a plain scalar is YAML 1.1's."""

    def ignore_aliases(self, data):
        return True


_Dumper.add_representer(str, lambda self, text: self.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


@given(VALUES, st.booleans())
def test_what_is_dumped_as_yaml_reads_back(value, flow):
    reading = yaml.read(pyyaml.dump(value, Dumper=_Dumper, default_flow_style=flow, sort_keys=False).encode())
    assert reading.problems == ()
    assert _same(reading.value, value)


@given(VALUES.filter(lambda value: "inf" not in repr(value)))
def test_json_is_yaml(value):
    reading = yaml.read(json.dumps(value).encode())
    assert reading.problems == ()
    assert _same(reading.value, value)


@given(VALUES)
def test_every_value_has_a_place(value):
    reading = yaml.read(pyyaml.dump(value, Dumper=_Dumper).encode())
    assert set(reading.places) == set(_paths(value, ()))


def _same(one, other):
    return repr(one) == repr(other)


def _paths(value, path):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from _paths(inner, (*path, key))

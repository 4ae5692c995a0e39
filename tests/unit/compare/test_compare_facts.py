from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.compare.facts import compare_facts, compare_values
from orchestrator.run import Facts, Origin

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_a_value_equals_itself(value):
    assert compare_values("x", value, value).equal


@given(json_values, json_values)
def test_both_directions_agree(left, right):
    assert compare_values("x", left, right).equal == compare_values("x", right, left).equal


def test_facts_are_compared_key_by_key():
    left = Facts(created="1", host={"cpu": {"model": "A", "cores": 4}, "os": "x"}, engine={"v": 1})
    right = Facts(created="2", host={"cpu": {"model": "B", "cores": 4}}, engine={"v": True})
    difference = compare_facts(left, right)
    assert [child.name for child in difference.children] == ["host", "engine", "environment"]
    cpu, system = difference.children[0].changes
    assert [(child.name, child.left, child.right) for child in cpu.changes] == [("model", "A", "B")]
    assert system.state == "removed"
    assert not difference.children[1].equal


def test_times_are_no_difference():
    assert compare_facts(Facts(created="1"), Facts(created="2")).equal


def test_git_comes_with_the_origins():
    origins = (
        Origin(kind="submit", git={"commit": "a", "dirty": False}),
        Origin(kind="submit", git={"commit": "b"}),
    )
    node = compare_facts(Facts(created="1"), Facts(created="2"), origins).child("git")
    assert node is not None and [child.state for child in node.children] == ["changed", "removed"]


def test_values_that_canonical_json_cannot_carry():
    assert compare_values("x", {"n": math.nan, "big": 2**80}, {"n": math.nan, "big": 2**80}).equal
    assert not compare_values("x", 2**80, 2**80 + 1).equal
    assert not compare_values("x", [1], [1, 2]).equal

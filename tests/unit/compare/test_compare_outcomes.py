from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.compare.difference import Compared, Difference
from orchestrator.compare.outcomes import compare_outcomes
from orchestrator.errors import Corruption, NotFound
from orchestrator.store.memory import MemoryBlobs

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
paths = st.text("ab\n\x1b é", min_size=1, max_size=3)
scalars = (
    st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False) | names
)
outcomes = st.fixed_dictionaries(
    {
        "metrics": st.dictionaries(names, st.lists(st.tuples(st.integers(0, 3), st.floats()), max_size=4), max_size=3),
        "files": st.dictionaries(paths, st.binary(max_size=3), max_size=3),
        "params": st.dictionaries(names, scalars, max_size=3),
        "exit_code": st.integers(0, 255),
    }
)


def section(difference: Difference, name: str) -> Difference:
    node = difference.child(name)
    assert node is not None
    return node


def changed(difference: Difference) -> set[tuple[str, str]]:
    return {
        (part.name, child.name) for part in difference.children for child in part.changes or (part,) if not child.equal
    }


@given(made=outcomes)
def test_an_outcome_equals_itself(new_bench, made):
    bench = new_bench()
    outcome = bench.outcome(**made)
    difference = compare_outcomes(outcome, outcome, bench.blobs)
    assert difference.equal and changed(difference) == set()
    assert difference.compared.files == len(made["files"])
    assert difference.compared.points == sum(map(len, made["metrics"].values()))


@given(made=outcomes, other=outcomes)
def test_equal_trees_mean_equal_result_digests_both_ways(new_bench, made, other):
    bench = new_bench()
    left, right = bench.outcome(**made), bench.outcome(**other)
    forth, back = compare_outcomes(left, right, bench.blobs), compare_outcomes(right, left, bench.blobs)
    assert forth.equal == back.equal == (left.digest == right.digest)
    assert changed(forth) == changed(back)
    assert forth.compared == back.compared
    assert Difference.model_validate_json(forth.model_dump_json()) == forth


def test_how_much_was_compared(bench):
    outcome = bench.outcome({"loss": [(i, 0.0) for i in range(150)]}, {"outputs/a": b"12", "outputs/b": b"345"})
    difference = compare_outcomes(outcome, outcome, bench.blobs)
    assert difference.compared == Compared(points=150, files=2, bytes=5)


def test_exit_code_and_params(bench):
    left = bench.outcome(params={"a": 1, "b": True, "c": "x"}, exit_code=0)
    right = bench.outcome(params={"a": 1.0, "b": 1, "d": "y"}, exit_code=137)
    difference = compare_outcomes(left, right, bench.blobs)
    assert changed(difference) == {
        ("exit_code", "exit_code"),
        ("params", "b"),
        ("params", "c"),
        ("params", "d"),
    }
    assert [child.state for child in section(difference, "params").children] == [
        "equal",
        "changed",
        "removed",
        "added",
    ]


def test_metrics_that_come_and_go(bench):
    left, right = bench.outcome({"a": [(0, 1.0)]}), bench.outcome({"b": [(0, 1.0), (1, 2.0)]})
    gone, came = section(compare_outcomes(left, right, bench.blobs), "metrics").children
    assert (gone.name, gone.state, gone.left) == ("a", "removed", "1 point")
    assert (came.name, came.state, came.right) == ("b", "added", "2 points")


def test_streams(bench):
    outcome = bench.outcome()
    pair = bench.put(b"a\nb\n"), bench.put(b"a\nc\n")
    difference = compare_outcomes(outcome, outcome, bench.blobs, streams={"stdout": pair, "stderr": (None, pair[1])})
    stderr, stdout = section(difference, "streams").children
    assert stderr.state == "added"
    assert stdout.detail == "first differs in line 2"
    assert (stdout.children[0].left, stdout.children[0].right) == ("b", "c")
    assert not difference.equal and difference.left == difference.right


def test_streams_nobody_recorded_are_not_there(bench):
    outcome = bench.outcome()
    node = compare_outcomes(outcome, outcome, bench.blobs, streams={"stdout": (None, None)}).child("streams")
    assert node is not None and node.children == ()


def test_other_bytes_that_say_the_same_still_differ(bench):
    left = bench.outcome({"a": [(0, 1.0)]})
    with bench.blobs.get(left.metrics) as stream:
        spaced = bench.put(stream.read().replace(b":", b": "))
    right = left.model_copy(update={"metrics": spaced})
    node = section(compare_outcomes(left, right, bench.blobs), "metrics")
    assert not node.equal and [child.name for child in node.changes] == ["(encoding)"]


def test_what_is_missing_or_damaged_is_said(bench):
    outcome = bench.outcome()
    with pytest.raises(NotFound):
        compare_outcomes(outcome, outcome, MemoryBlobs())
    with pytest.raises(Corruption):
        compare_outcomes(outcome, outcome.model_copy(update={"metrics": bench.put(b"junk")}), bench.blobs)


def test_names_of_any_kind_are_kept_as_they_are(bench):
    strange = "a/b\n\x1b]]>\u202e"
    difference = compare_outcomes(bench.outcome({strange: [(0, 1.0)]}), bench.outcome(), bench.blobs)
    assert changed(difference) == {("metrics", strange)}


def test_long_values_are_shortened_and_told_apart(bench):
    left, right = bench.outcome(params={"p": "x" * 500 + "a"}), bench.outcome(params={"p": "x" * 500 + "b"})
    (node,) = section(compare_outcomes(left, right, bench.blobs), "params").children
    assert len(str(node.left)) == 200
    assert node.detail == "texts of 501 and 501 characters, the first 500 of them the same"

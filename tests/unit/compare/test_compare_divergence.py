"""Where two runs first went apart."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.compare.divergence import first_divergence
from orchestrator.compare.first import FirstLine, FirstPoint
from orchestrator.compare.outcomes import compare_outcomes
from orchestrator.compare.render.junit import junit
from orchestrator.compare.render.text import difference_lines, plain, verdict_lines
from orchestrator.compare.series import first_point
from orchestrator.metrics import Series
from orchestrator.store.streams import put_bytes


def first(bench, left, right, streams=None):
    return first_divergence(compare_outcomes(bench.outcome(left), bench.outcome(right), bench.blobs, streams=streams))


def test_the_earliest_step_over_all_metrics_and_the_first_name_of_it(bench):
    left = {"b": [(0, 1.0), (5, 2.0)], "a": [(5, 1.0), (9, 1.0)], "z": [(7, 0.0)]}
    right = {"b": [(0, 1.0), (5, 2.5)], "a": [(5, 1.5), (9, 2.0)], "z": [(7, 1.0)]}
    found = first(bench, left, right)
    assert found.point == FirstPoint(metric="a", step=5, left="1.0", right="1.5")
    assert found.texts == ("a at step 5: 1.0 → 1.5",)


def test_points_on_one_side_only(bench):
    assert first(bench, {"a": [(0, 1.0), (1, 2.0)]}, {"a": [(0, 1.0)]}).point == FirstPoint(
        metric="a", step=1, left="2.0", right=None
    )
    assert first(bench, {"a": [(2, 1.0)]}, {"a": [(1, 3.0), (2, 1.0)]}).texts == ("a at step 1: (no point) → 3.0",)
    assert first(bench, {}, {"new": [(4, 3.0)]}).texts == ("new at step 4: (no point) → 3.0",)
    assert first(bench, {"gone": [(4, 3.0)]}, {}).texts == ("gone at step 4: 3.0 → (no point)",)


def test_nothing_differs(bench):
    assert first(bench, {"a": [(0, 1.0)]}, {"a": [(0, 1.0)]}).texts == ()


points = st.lists(st.tuples(st.integers(0, 4), st.sampled_from([0.0, -0.0, 1.0, float("nan")])), max_size=6)


@given(points, points)
def test_it_is_what_a_simple_search_finds(left, right):
    one, other = Series.of(left), Series.of(right)
    found = first_point("m", one, other)
    by_step = [{}, {}]
    for side, series in zip(by_step, (one, other), strict=True):
        for step, value in series:
            side.setdefault(step, []).append(repr(value))
    apart = [step for step in range(5) if by_step[0].get(step) != by_step[1].get(step)]
    assert (found.step if found else None) == (apart[0] if apart else None)


def test_a_run_within_the_run_is_named(bench):
    def parent(value):
        digest = put_bytes(bench.blobs, bench.outcome({"loss": [(1, value)]}).to_bytes())
        return bench.outcome({"loss": [(3, value)]}).model_copy(update={"children": {"fold": digest}})

    found = first_divergence(compare_outcomes(parent(1.0), parent(2.0), bench.blobs))
    assert found.texts == ("fold/loss at step 1: 1.0 → 2.0",)


def test_the_first_line_of_each_stream(bench):
    texts = [bench.put(text) for text in (b"a\nb\n", b"a\nc\n", b"x\n")]
    streams = {"stdout": (texts[0], texts[1]), "stderr": (texts[2], texts[2])}
    found = first(bench, {}, {}, streams)
    assert found.lines == (FirstLine(stream="stdout", number=2, left="b", right="c"),)


def test_it_is_shown_everywhere(bench):
    left, right = bench.outcome({"loss": [(3, 1.0)]}), bench.outcome({"loss": [(3, 2.0)]})
    streams = {"stdout": (bench.put(b"one\n"), bench.put(b"two\n"))}
    verdict = bench.verdict(left, right, streams)
    difference = compare_outcomes(left, right, bench.blobs, streams=streams)
    for text in (plain(verdict_lines(verdict)), plain(difference_lines(difference)), junit([verdict])):
        assert "first apart: loss at step 3: 1.0 → 2.0" in text
        assert "first apart: stdout line 1: one → two" in text
    assert verdict.model_dump(mode="json")["first"] == {
        "point": {"kind": "point", "run": "", "metric": "loss", "step": 3, "left": "1.0", "right": "2.0"},
        "lines": [{"kind": "line", "stream": "stdout", "number": 1, "left": "one", "right": "two"}],
    }
    assert type(verdict).model_validate_json(verdict.model_dump_json()) == verdict

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.compare.outcomes import compare_outcomes
from orchestrator.compare.policy import judge
from orchestrator.compare.verdict import Verdict
from orchestrator.runspec.model import VerifySpec

LOSS = [(i, 1.0 / (i + 1)) for i in range(5)]


def of_metrics(bench, left, right, rule) -> Verdict:
    return bench.verdict(bench.outcome({"loss": left}), bench.outcome({"loss": right}), metrics=rule)


def test_tolerance_holds_at_every_point_or_fails(bench):
    near = [(step, value + 0.01) for step, value in LOSS]
    far = [(step, value + (0.5 if step == 3 else 0.0)) for step, value in LOSS]
    assert of_metrics(bench, LOSS, near, {"abs": 0.02}).answer == "within-policy"
    found = of_metrics(bench, LOSS, far, {"abs": 0.02})
    assert found.answer == "diverged"
    assert found.failures[0].text == "1 of 5 beyond, first at step 3: 0.25 → 0.75"
    assert found.failures[0].rule == "|a - b| <= 0.02 + 0.0 * |a|"


def test_a_relative_tolerance_is_relative_to_the_original(bench):
    assert of_metrics(bench, [(0, 10.0)], [(0, 8.0)], {"rel": 0.2}).passed
    assert not of_metrics(bench, [(0, 8.0)], [(0, 10.0)], {"rel": 0.2}).passed


@pytest.mark.parametrize(
    ("left", "right", "text"),
    [
        (LOSS, LOSS[:-1], "1 missing, first of step 4"),
        (LOSS[:-1], LOSS, "1 extra, first of step 4"),
        (LOSS, [(step + 1, value) for step, value in LOSS], "1 missing, first of step 0"),
        ([(0, math.nan)], [(0, 1.0)], "1 of 1 beyond, first at step 0: nan:7ff8000000000000 → 1.0"),
        ([(0, math.inf)], [(0, 1.0)], "1 of 1 beyond, first at step 0: inf → 1.0"),
    ],
)
def test_no_tolerance_is_wide_enough_for(bench, left, right, text):
    found = of_metrics(bench, left, right, {"abs": 1e300, "rel": 1.0})
    assert found.answer == "diverged"
    assert text in found.failures[0].text


def test_a_tolerance_does_not_excuse_a_series_that_came_or_went(bench):
    some, none = bench.outcome({"loss": LOSS}), bench.outcome()
    assert bench.verdict(some, none, metrics={"abs": 1e9}).answer == "diverged"
    assert bench.verdict(none, some, metrics={"abs": 1e9}).answer == "diverged"


def test_equal_nans_and_a_negative_zero_are_within_a_tolerance(bench):
    found = of_metrics(bench, [(0, math.nan), (1, 0.0)], [(0, math.nan), (1, -0.0)], {"abs": 0.0})
    assert found.answer == "within-policy"
    assert of_metrics(bench, [(1, 0.0)], [(1, -0.0)], "exact").answer == "diverged"


def test_a_tolerated_equal_series_is_identical(bench):
    assert of_metrics(bench, LOSS, LOSS, {"abs": 1.0}).answer == "identical"


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=1, max_size=6), st.floats(0, 2))
def test_tolerance_means_what_it_says(new_bench, pairs, rel):
    bench = new_bench()
    left, right = ([(i, pair[side]) for i, pair in enumerate(pairs)] for side in (0, 1))
    found = of_metrics(bench, left, right, {"abs": 0.5, "rel": rel})
    assert found.passed == all(abs(a - b) <= 0.5 + rel * abs(a) for a, b in pairs)


def test_tables_are_read_again_only_for_a_tolerance(bench):
    left, right = bench.outcome({"loss": LOSS}), bench.outcome({"loss": LOSS[1:]})
    difference = compare_outcomes(left, right, bench.blobs)
    bench.opened.clear()
    judge(difference, VerifySpec(), bench.blobs)
    assert bench.opened == []

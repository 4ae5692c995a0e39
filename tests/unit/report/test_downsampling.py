"""Few points for a chart: no peak is lost, a gap stays a gap."""

from __future__ import annotations

import json
import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.metrics import Series
from orchestrator.report.downsampling import POINT, drawn, extent
from orchestrator.web.tables import Tables

VALUES = st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), min_size=1, max_size=400)


def series(values):
    points = np.zeros(len(values), POINT)
    points["s"] = np.arange(len(values))
    points["v"] = values
    return Series(points.tobytes())


def test_a_short_series_comes_as_it_is():
    found = drawn(Series.of([(3, 1.5), (7, math.inf), (9, -2.0)]), None, None, 100)
    assert found == ([3, 7, 9], [1.5, None, -2.0], 3)


@given(VALUES, st.integers(5, 100))
def test_what_stays(values, most):
    found = drawn(series(values), None, None, most)
    finite = [value for value in values if math.isfinite(value)]
    assert len(found.steps) <= most
    assert found.steps == sorted(set(found.steps))
    assert (found.steps[0], found.steps[-1], found.total) == (0, len(values) - 1, len(values))
    for step, value in zip(found.steps, found.values, strict=True):
        assert value == values[step] if math.isfinite(values[step]) else value is None
    if finite:
        shown = [value for value in found.values if value is not None]
        assert (min(shown), max(shown)) == (min(finite), max(finite))
    assert (None in found.values) == (len(finite) < len(values))
    json.dumps(found, allow_nan=False)


@given(VALUES, st.integers(-5, 420), st.integers(-5, 420))
def test_a_part_reaches_out_by_a_point(values, start, end):
    found = drawn(series(values), start, end, 4000)
    inside = [step for step in range(len(values)) if start <= step <= end]
    assert set(inside) <= set(found.steps)
    assert len(found.steps) <= len(inside) + 2


def test_no_points():
    assert drawn(Series(b""), None, None, 100) == ([], [], 0)
    assert extent(Series(b"")) is None


def test_in_words():
    found = extent(Series.of([(1, 2.0), (2, math.nan), (5, -1.0)]))
    assert found == (3, 1, 5, -1.0, -1.0, 2.0, 1)
    assert extent(Series.of([(0, math.inf)])).least is None


@pytest.mark.parametrize("gaps", [0, 1000])
def test_a_million_points_are_fast(gaps):
    values = np.random.default_rng(0).normal(size=1_000_000)
    values[:gaps] = math.nan
    made = series(values)
    begun = time.perf_counter()
    for _ in range(5):
        drawn(made, None, None, 1500)
    assert (time.perf_counter() - begun) / 5 < 0.25  # 5 ms on a quiet machine


def test_tables_are_kept_while_they_fit():
    tables, reads = Tables(most=100), []

    def read(key):
        return tables.get(key, lambda: reads.append(key) or {"m": Series(b"x" * 48)})

    for key in "ababcab":
        read(key)
    assert reads == ["a", "b", "c", "a", "b"]

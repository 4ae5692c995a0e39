"""The values of a parameter, and the strategies that need no library."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.runspec.sweep import Range, SweepSpec
from orchestrator.sweep import space
from orchestrator.sweep.strategy import Grid, Random, budget, grid_size

SHARES = st.floats(min_value=0, max_value=1, exclude_max=True)


def section(**said: Any) -> SweepSpec:
    return SweepSpec.model_validate(
        {"objective": {"metric": "loss", "direction": "minimize"}, "params": {"x": [1]}, "trials": 5, **said}
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (Range(low=1, high=4), [1, 2, 3, 4]),
        (Range(low=1, high=8, step=3), [1, 4, 7]),
        (Range(low=0.1, high=0.5, step=0.1), [0.1, 0.2, 0.3, 0.4, 0.5]),
        (Range(low=2, high=2), [2]),
        (("a", 1, False), ["a", 1, False]),
    ],
)
def test_a_finite_dimension_is_counted_off(values, expected):
    found = [space.nth(values, number) for number in range(space.size(values) or 0)]
    assert found == expected
    assert list(map(type, found)) == list(map(type, expected))


def test_numbers_between_two_bounds_have_no_end():
    assert space.size(Range(low=0.0, high=1.0)) is None


@given(share=SHARES, bounds=st.tuples(st.integers(1, 10**6), st.integers(0, 10**6)), log=st.booleans())
def test_whole_numbers_stay_within_their_bounds(share, bounds, log):
    low, high = bounds[0], bounds[0] + bounds[1]
    found = space.at(Range(low=low, high=high, log=log), share)
    assert type(found) is int
    assert low <= found <= high


@given(share=SHARES, low=st.floats(1e-9, 1e6), span=st.floats(0, 1e6), log=st.booleans())
def test_numbers_stay_within_their_bounds(share, low, span, log):
    found = space.at(Range(low=low, high=low + span, log=log), share)
    assert type(found) is float
    assert low <= found <= low + span
    assert json.loads(json.dumps(found)) == found


def test_each_order_of_magnitude_counts_the_same():
    values = Range(low=1e-4, high=1.0, log=True)
    assert [space.at(values, share) for share in (0.0, 0.25, 0.5, 0.75)] == [1e-4, 1e-3, 1e-2, 0.1]


def test_a_grid_is_every_combination_once():
    asked = section(method="grid", params={"b": ["x", "y"], "a": {"low": 1, "high": 3}}, trials=100)
    assert (grid_size(asked), budget(asked)) == (6, 6)
    grid = Grid(asked)
    found = [grid.ask() for _ in range(6)]
    assert found[:3] == [{"a": 1, "b": "x"}, {"a": 1, "b": "y"}, {"a": 2, "b": "x"}]
    assert len({json.dumps(one) for one in found}) == 6


def test_the_order_of_a_sections_params_is_no_matter():
    """A record has them in the order of their names."""
    one = section(params={"b": {"low": 0.0, "high": 1.0}, "a": [1, 2, 3]})
    other = section(params={"a": [1, 2, 3], "b": {"low": 0.0, "high": 1.0}})
    assert [Random(one, 3).ask() for _ in range(5)] == [Random(other, 3).ask() for _ in range(5)]


def test_chance_depends_on_seed_number_and_name_alone():
    params = {"lr": {"low": 1e-4, "high": 0.1, "log": True}}
    alone, beside = Random(section(params=params), 1), Random(section(params={**params, "a": [1, 2]}), 1)
    found = [alone.ask()["lr"] for _ in range(50)]
    assert found == [beside.ask()["lr"] for _ in range(50)]
    assert len(set(found)) > 45
    assert Random(section(params=params), 2).ask()["lr"] != found[0]


def test_the_first_random_suggestions_are_these():
    """They are recorded: another version that suggested others could resume no sweep of this one."""
    asked = section(
        params={"lr": {"low": 1e-4, "high": 0.1, "log": True}, "n": {"low": 1, "high": 100}, "o": ["a", "b"]}
    )
    random = Random(asked, 0)
    assert [random.ask() for _ in range(2)] == [
        {"lr": 0.0118269, "n": 15, "o": "a"},
        {"lr": 0.000514782, "n": 21, "o": "a"},
    ]

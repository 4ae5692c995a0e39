"""Which parameters mattered."""

from __future__ import annotations

import pytest

from orchestrator.runspec.sweep import SweepSpec
from orchestrator.sweep.importance import by_ranks
from orchestrator.sweep.with_optuna import fanova

SECTION = SweepSpec.model_validate(
    {
        "objective": {"metric": "loss", "direction": "minimize"},
        "params": {"lr": {"low": 0.0, "high": 1.0}, "width": [16, 32], "kind": ["a", "b"]},
        "trials": 5,
    }
)
PARAMS = [{"lr": number / 20, "width": [16, 32][number % 2], "kind": "ab"[number % 3 == 0]} for number in range(20)]


@pytest.mark.parametrize("measure", [by_ranks, lambda *said: fanova(SECTION, *said)])
def test_what_makes_the_value_has_the_greatest_share(measure):
    shares = measure(PARAMS, [one["lr"] * 10 for one in PARAMS])
    assert next(iter(shares)) == "lr"
    assert shares["lr"] > 0.8
    assert sum(shares.values()) == pytest.approx(1)
    kinds = measure(PARAMS, [1.0 if one["kind"] == "a" else 2.0 for one in PARAMS])
    assert next(iter(kinds)) == "kind"
    assert shares == measure(PARAMS, [one["lr"] * 10 for one in PARAMS])


@pytest.mark.parametrize("measure", [by_ranks, lambda *said: fanova(SECTION, *said)])
def test_of_too_little_nothing_is_said(measure):
    assert measure([], []) == {}
    assert measure(PARAMS[:2], [1.0, 2.0]) == {}
    assert measure(PARAMS, [1.0] * 20) == {}

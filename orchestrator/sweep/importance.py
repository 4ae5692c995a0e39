"""How much each parameter mattered, by ranks alone: what is there where Optuna and scikit-learn are not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from orchestrator.runspec.fields import Scalar

FEWEST = 3
"""Trials; with fewer nothing can be said."""


def by_ranks(params: Sequence[Mapping[str, Scalar]], values: Sequence[float]) -> dict[str, float]:
    """Shares that add up to 1, the greatest first; empty where nothing can be said.

    A number's share goes by the square of its rank correlation with the value, that of a choice by how much of the
    ranks' variance lies between the choices. It sees no valleys and nothing that parameters do together.
    """
    if len(values) < FEWEST or len(set(values)) == 1:
        return {}
    ranks = _ranks(values)
    raw = {name: _explained([trial[name] for trial in params], ranks) for name in sorted(params[0])}
    whole = sum(raw.values())
    if not whole:
        return {}
    return dict(sorted(((name, share / whole) for name, share in raw.items()), key=lambda one: -one[1]))


def _explained(chosen: Sequence[Scalar], ranks: Sequence[float]) -> float:
    numbers = [value for value in chosen if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) == len(chosen):
        return _correlation(_ranks(numbers), ranks) ** 2
    return _between(chosen, ranks)


def _ranks(values: Sequence[float]) -> list[float]:
    """Equal values share the mean of their ranks."""
    places: dict[float, list[int]] = defaultdict(list)
    for place, value in enumerate(sorted(values)):
        places[value].append(place)
    return [sum(places[value]) / len(places[value]) for value in values]


def _correlation(left: Sequence[float], right: Sequence[float]) -> float:
    middle = (len(left) - 1) / 2
    spread = _spread(left, middle) * _spread(right, middle)
    return 0.0 if not spread else sum((a - middle) * (b - middle) for a, b in zip(left, right, strict=True)) / spread


def _spread(ranks: Sequence[float], middle: float) -> float:
    return float(sum((rank - middle) ** 2 for rank in ranks) ** 0.5)


def _between(chosen: Sequence[Scalar], ranks: Sequence[float]) -> float:
    groups: dict[tuple[str, Scalar], list[float]] = defaultdict(list)
    for value, rank in zip(chosen, ranks, strict=True):
        groups[type(value).__name__, value].append(rank)
    middle = (len(ranks) - 1) / 2
    between = sum(len(group) * (sum(group) / len(group) - middle) ** 2 for group in groups.values())
    return between / _spread(ranks, middle) ** 2

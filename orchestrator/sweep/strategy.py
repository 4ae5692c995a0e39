"""Who suggests trials and who stops them: two ports, and the strategies that need no library."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from math import prod
from typing import Protocol

from orchestrator.runspec.fields import Scalar
from orchestrator.runspec.sweep import SweepSpec
from orchestrator.sweep import space
from orchestrator.sweep.model import Point, Told

OWN = "orchestrator"

Params = dict[str, Scalar]


class Sampler(Protocol):
    """Suggests trials. It is asked for 0, 1, 2, … and told of them in the same order, each once."""

    def ask(self) -> Params:
        """The parameters of the next trial, by name."""
        ...

    def tell(self, told: Told) -> None:
        """What came of the first trial that it was not told of yet."""
        ...


class Judge(Protocol):
    """Decides for one trial whether it goes on: by the trials told before it, and its own points one after another."""

    def prunes(self, point: Point) -> bool:
        """Whether the trial is to be stopped at this point."""
        ...

    @property
    def notes(self) -> Mapping[str, float]:
        """What later judges want to know of its decisions."""
        ...


class Judging(Protocol):
    """Makes the judge of a trial, from what was told when that was asked for."""

    def __call__(self, number: int, told: Sequence[Told]) -> Judge:
        """The judge of the trial of this number."""
        ...


class Grid:
    """Every combination, in the order of the names; the last name varies fastest."""

    def __init__(self, section: SweepSpec) -> None:
        self._params = section.params
        self._next = 0

    def ask(self) -> Params:
        """See :class:`Sampler`."""
        rest, chosen = self._next, {}
        for name in sorted(self._params, reverse=True):
            rest, number = divmod(rest, space.size(self._params[name]) or 1)
            chosen[name] = space.nth(self._params[name], number)
        self._next += 1
        return {name: chosen[name] for name in sorted(chosen)}

    def tell(self, told: Told) -> None:
        """See :class:`Sampler`: a grid does not learn."""


class Random:
    """Each value depends on the seed, the trial's number and the parameter's name, and on nothing else."""

    def __init__(self, section: SweepSpec, seed: int) -> None:
        self._params = section.params
        self._seed = seed
        self._next = 0

    def ask(self) -> Params:
        """See :class:`Sampler`."""
        number, self._next = self._next, self._next + 1
        return {name: space.at(self._params[name], _share(self._seed, number, name)) for name in sorted(self._params)}

    def tell(self, told: Told) -> None:
        """See :class:`Sampler`: chance does not learn."""


class Lenient:
    """Lets every trial go on to its end."""

    notes: Mapping[str, float] = {}

    def prunes(self, point: Point) -> bool:
        """See :class:`Judge`."""
        return False


def lenient(number: int, told: Sequence[Told]) -> Judge:
    """See :class:`Judging`."""
    return Lenient()


def grid_size(section: SweepSpec) -> int:
    """How many trials a grid has."""
    return prod(space.size(values) or 1 for values in section.params.values())


def budget(section: SweepSpec) -> int:
    """How many trials there are at most."""
    asked = section.trials
    if section.method != "grid":
        return asked or 1
    return min(asked or grid_size(section), grid_size(section))


def needs_optuna(section: SweepSpec) -> bool:
    """Whether somebody else suggests, or stops trials."""
    return section.method not in ("grid", "random") or section.pruner != "none"


def _share(seed: int, number: int, name: str) -> float:
    """At least 0 and less than 1: 53 bits, as many as a float64 takes."""
    drawn = hashlib.sha256(f"{seed}:{number}:{name}".encode()).digest()
    return (int.from_bytes(drawn[:8], "big") >> 11) / (1 << 53)

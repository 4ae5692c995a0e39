"""Who suggests the trials of a sweep and who stops them. Optuna is imported only where it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from orchestrator.errors import EnvironmentProblem
from orchestrator.runspec.sweep import SweepSpec
from orchestrator.sweep.strategy import OWN, Grid, Judging, Random, Sampler, lenient, needs_optuna
from orchestrator.sweep.window import Window


@dataclass(frozen=True)
class Strategy:
    """What a section asks for."""

    name: str
    """``orchestrator``, or Optuna and its version."""
    sampler: Callable[[], Sampler]
    judging: Judging

    def window(self, parallel: int) -> Window:
        """The order of asking and telling, from the beginning."""
        return Window(self.sampler(), self.judging, parallel)


def strategy(section: SweepSpec, seed: int) -> Strategy:
    """Who suggests, and who stops.

    Raises:
        EnvironmentProblem: Optuna is asked for, and not installed.
    """
    own: Callable[[], Sampler] = partial(Grid, section) if section.method == "grid" else partial(Random, section, seed)
    if not needs_optuna(section):
        return Strategy(OWN, own, lenient)
    try:
        from orchestrator.sweep import with_optuna
    except ImportError as error:
        asked = f"method: {section.method}" if section.pruner == "none" else f"pruner: {section.pruner}"
        raise EnvironmentProblem(
            f"`{asked}` needs Optuna, which cannot be imported: {error}",
            hint="install orchestrator with the extra `sweep`: pip install 'orchestrator[sweep]'; "
            "`method: grid` and `method: random` without a pruner need nothing",
        ) from error
    theirs: Callable[[], Sampler] = partial(with_optuna.Suggesting, section, seed)
    return Strategy(
        with_optuna.NAME,
        own if section.method in ("grid", "random") else theirs,
        lenient if section.pruner == "none" else partial(with_optuna.judge_of, section),
    )

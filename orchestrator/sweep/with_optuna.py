"""Optuna's samplers and pruners through ask and tell: studies in memory, made anew from what was told.

The sampler's study is asked and told in the window's order. Each trial has a judge with a study of its own, which
holds what was told when that trial was asked for, and nothing of the trials beside it.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler, CmaEsSampler, RandomSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState, create_trial

from orchestrator.runspec.fields import Scalar
from orchestrator.runspec.sweep import Method, Pruner, Range, SweepSpec
from orchestrator.sweep.importance import FEWEST
from orchestrator.sweep.model import Point, Told
from orchestrator.sweep.strategy import Judge, Params

NAME = f"optuna {optuna.__version__}"
_STUDY = "sweep"
"""Hyperband shares trials out by a hash of the study's name and the trial's number."""

optuna.logging.set_verbosity(optuna.logging.ERROR)

_STATES = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}


class Suggesting:
    """Suggests trials: a seeded sampler and its study."""

    def __init__(self, section: SweepSpec, seed: int) -> None:
        self._distributions = distributions(section)
        self._study = _study(section, _sampler(section.method, seed))
        self._open: list[optuna.Trial] = []

    def ask(self) -> Params:
        """See :class:`~orchestrator.sweep.strategy.Sampler`."""
        trial = self._study.ask(self._distributions)
        self._open.append(trial)
        return dict(trial.params)

    def tell(self, told: Told) -> None:
        """See :class:`~orchestrator.sweep.strategy.Sampler`."""
        trial = self._open.pop(0)
        for step, value in told.points:
            trial.report(value, step)
        self._study.tell(trial, told.value if told.state == "complete" else None, _STATES[told.state])


class PrunedByOptuna:
    """Judges one trial."""

    def __init__(self, section: SweepSpec, number: int, told: Sequence[Told]) -> None:
        self._study = _study(section, RandomSampler(seed=0), _pruner(section.pruner))
        for one in told:
            self._study.add_trial(_frozen(one))
        for _ in range(number - len(told)):
            self._study.add_trial(create_trial(state=TrialState.FAIL))  # beside this one: only their numbers count
        self._trial = self._study.ask()

    def prunes(self, point: Point) -> bool:
        """See :class:`~orchestrator.sweep.strategy.Judge`."""
        step, value = point
        self._trial.report(value, step)
        return self._trial.should_prune()

    @property
    def notes(self) -> Mapping[str, float]:
        """See :class:`~orchestrator.sweep.strategy.Judge`: the rungs of successive halving."""
        trial = self._study.get_trials(deepcopy=False)[self._trial.number]
        return dict(trial.system_attrs)


def judge_of(section: SweepSpec, number: int, told: Sequence[Told]) -> Judge:
    """Who judges the trial of this number, given what was told when it was asked for."""
    return PrunedByOptuna(section, number, told)


def fanova(section: SweepSpec, params: Sequence[Mapping[str, Scalar]], values: Sequence[float]) -> dict[str, float]:
    """How much each parameter explains of the values' variance: shares of 1, the greatest first.

    Raises:
        ImportError: scikit-learn is not installed.
    """
    evaluator = FanovaImportanceEvaluator(seed=0)
    finite = [value for value in values if value - value == 0]
    if len(finite) < len(values) or len(values) < FEWEST or len(set(values)) == 1:
        return {}
    study, over = _study(section, RandomSampler(seed=0)), distributions(section)
    for chosen, value in zip(params, values, strict=True):
        study.add_trial(create_trial(params=dict(chosen), distributions=over, value=value))
    shares = get_param_importances(study, evaluator=evaluator)
    return {name: float(share) for name, share in shares.items()}


def distributions(section: SweepSpec) -> dict[str, BaseDistribution]:
    """The space as Optuna has it, in the order of the names: it draws in this order."""
    return {name: _distribution(section.params[name]) for name in sorted(section.params)}


def _distribution(values: Range | Sequence[Scalar]) -> BaseDistribution:
    if not isinstance(values, Range):
        return CategoricalDistribution(tuple(values))
    if values.whole:
        return IntDistribution(int(values.low), int(values.high), log=values.log, step=int(values.step or 1))
    return FloatDistribution(float(values.low), float(values.high), log=values.log, step=values.step)


def _study(section: SweepSpec, sampler: BaseSampler, pruner: BasePruner | None = None) -> Study:
    return optuna.create_study(
        study_name=_STUDY, sampler=sampler, pruner=pruner or NopPruner(), direction=section.objective.direction
    )


def _sampler(method: Method, seed: int) -> BaseSampler:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        if method == "cmaes":
            return CmaEsSampler(seed=seed, warn_independent_sampling=False)
        return TPESampler(seed=seed)


def _pruner(pruner: Pruner) -> BasePruner:
    match pruner:
        case "median":
            return MedianPruner()
        case "halving":
            return SuccessiveHalvingPruner()
        case "hyperband":
            return HyperbandPruner()
        case "none":
            return NopPruner()


def _frozen(told: Told) -> FrozenTrial:
    return create_trial(
        state=_STATES[told.state],
        value=told.value if told.state != "failed" else None,
        intermediate_values=dict(told.points),
        system_attrs=dict(told.notes),
    )

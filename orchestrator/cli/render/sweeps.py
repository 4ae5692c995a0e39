"""Sweeps, their trials, and their replays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.render.basics import columns, counted, table
from orchestrator.compare.values import printable
from orchestrator.runspec.command import render

if TYPE_CHECKING:
    from orchestrator.operations.sweep_replaying import ReplayedSweep, ReplayedTrial
    from orchestrator.operations.sweeping import SweepState, SweepSummary, Trial
    from orchestrator.runspec.fields import Scalar


def listing(found: Sequence[SweepSummary]) -> str:
    """Sweeps as a table."""
    if not found:
        return ""
    cells = [
        (
            one.id,
            printable(one.name),
            one.state,
            one.method,
            f"{one.ended}/{one.trials}",
            f"{one.direction} {printable(one.metric)}",
            _brief(one.best_value),
            one.best_run or "",
        )
        for one in found
    ]
    return columns(("sweep", "name", "state", "method", "trials", "objective", "best", "run"), cells)


def state(found: SweepState) -> str:
    """A sweep: what it is, its trials, the best of them."""
    one = found.summary
    names = sorted(found.section.params)
    head: list[tuple[str, object]] = [
        ("sweep", one.id),
        ("name", one.name),
        ("state", one.state),
        ("objective", f"{one.direction} {one.metric}"),
        ("method", f"{one.method}, seed {found.record.seed}, by {found.record.sampler}"),
        *([("pruner", one.pruner)] if one.pruner != "none" else []),
        ("trials", f"{one.ended} of {one.trials}: {_counts(one)}"),
    ]
    if (best := found.best) is not None:
        head.append(("best", f"{best.value!r}: trial {best.number}, run {best.run}"))
        head.append(("", _chosen(best.params)))
    if found.importance:
        shares = ", ".join(f"{name} {share:.0%}" for name, share in found.importance.items())
        head.append(("mattered", f"{shares} (by {found.importance_by})"))
    if not found.trials:
        return table(head)
    trials = columns(("trial", "state", one.metric, *names, "run"), [_cells(trial, names) for trial in found.trials])
    return "\n".join([table(head), trials, *_failures(found.trials)])


def replayed(done: ReplayedSweep) -> str:
    """A replay of a sweep, trial by trial."""
    names = sorted({name for trial in done.trials for name in trial.suggested})
    cells = [_replayed_cells(trial, names) for trial in done.trials]
    tried = [trial for trial in done.trials if trial.verdict is not None or not trial.passed]
    last = f"{sum(trial.passed for trial in tried)} of {counted(len(tried), 'trial')} came back" if tried else ""
    if untried := len(done.trials) - len(tried):
        again = f"{counted(untried, 'trial')} suggested again as recorded, and not run"
        last = f"{last}; {again}" if last else f"no trial was replayed: {again}"
    if done.sampler != done.record.sampler:
        last += f"; suggested by {done.sampler}, recorded by {done.record.sampler}"
    shown = [columns(("trial", "recorded", "suggestion", "replay", *names, "run"), cells)] if cells else []
    return "\n".join([*shown, click.style(last, fg="green" if done.passed else "red")])


def summary_data(one: SweepSummary) -> dict[str, Any]:
    """A sweep in one line, for a program; the value as ``repr`` writes it, as metrics are."""
    return {**asdict(one), "best_value": _text(one.best_value)}


def state_data(found: SweepState) -> dict[str, Any]:
    """A sweep and its trials, for a program."""
    return {
        "sweep": summary_data(found.summary),
        "section": found.section.model_dump(mode="json"),
        "seed": found.record.seed,
        "sampler": found.record.sampler,
        "trials": [{**asdict(trial), "value": _text(trial.value)} for trial in found.trials],
        "importance": found.importance,
        "importance_by": found.importance_by,
    }


def replayed_data(done: ReplayedSweep) -> dict[str, Any]:
    """A replay of a sweep, for a program."""
    return {
        "sweep": done.record.id,
        "sampler": {"recorded": done.record.sampler, "today": done.sampler},
        "passed": done.passed,
        "trials": [
            {
                "number": trial.recorded.number,
                "recorded": trial.recorded.model_dump(mode="json", exclude={"points"}),
                "suggested": trial.suggested,
                "same_suggestion": trial.same_suggestion,
                "state": trial.state,
                "run": trial.replay,
                "verdict": trial.verdict.model_dump(mode="json") if trial.verdict else None,
                "note": trial.note,
                "passed": trial.passed,
            }
            for trial in done.trials
        ],
    }


def _cells(trial: Trial, names: Sequence[str]) -> tuple[str, ...]:
    at = f" at {trial.pruned_at}" if trial.pruned_at is not None else ""
    return (str(trial.number), trial.state, _brief(trial.value) + at, *_values(trial.params, names), trial.run)


def _replayed_cells(trial: ReplayedTrial, names: Sequence[str]) -> tuple[str, ...]:
    answer = trial.verdict.answer if trial.verdict else printable(trial.note)
    same = "same" if trial.same_suggestion else "another"
    values = _values(trial.suggested, names)
    return (str(trial.recorded.number), trial.recorded.state, same, answer, *values, trial.replay or "")


def _values(params: Mapping[str, Scalar], names: Sequence[str]) -> list[str]:
    return [printable(render(params[name])) if name in params else "" for name in names]


def _counts(one: SweepSummary) -> str:
    counts = {"complete": one.complete, "pruned": one.pruned, "failed": one.failed}
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "none has ended"


def _chosen(params: Mapping[str, Scalar]) -> str:
    return ", ".join(f"{name}={render(value)}" for name, value in params.items())


def _failures(trials: Sequence[Trial]) -> list[str]:
    return [f"trial {one.number} failed: {printable(one.why)}" for one in trials if one.state == "failed"]


def _brief(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _text(value: float | None) -> str | None:
    return None if value is None else repr(value)

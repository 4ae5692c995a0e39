"""Runs: one that was submitted, a list, one in full."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from orchestrator.cli.render import certificates, inputs, logged, plans
from orchestrator.cli.render.basics import counted, size, some, table
from orchestrator.compare.values import printable

if TYPE_CHECKING:
    from orchestrator.operations.runs import Shown
    from orchestrator.operations.submitting import Submitted
    from orchestrator.run import Run

_MANY = 20


def submitted(done: Submitted, metrics: dict[str, str], exit_code: int | None) -> str:
    """A run that was submitted."""
    run = done.run
    if run is None:
        return done.id
    rows: list[tuple[str, object]] = [
        ("run", run.id),
        ("status", _status(run, exit_code)),
        ("image", done.plan.image.manifest),
        ("plan", run.plan),
        ("result", run.outcome or "none"),
        *((printable(name), value) for name, value in sorted(metrics.items())[:_MANY]),
        *certificates.rows(done.certificate),
        *(("remark", printable(note)) for note in run.facts.notes),
    ]
    return table([("reused", "this plan ran before; nothing was run now"), *rows] if done.reused else rows)


def shown(item: Shown) -> str:
    """A run, for a person."""
    run, facts, plan = item.run, item.run.facts, item.plan
    packages = facts.environment.get("packages")
    number = len(packages) if isinstance(packages, dict) else 0
    rows: list[tuple[str, object]] = [
        ("run", run.id),
        ("name", run.name),
        ("status", _status(run, item.outcome.exit_code if item.outcome else None)),
        ("kind", _kind(run)),
        *_made_elsewhere(item),
        ("created", facts.created),
        ("ended", facts.ended),
        ("command", " ".join(plan.command)),
        ("plan", run.plan),
        ("result", run.outcome or "none"),
        ("image", plan.image.manifest),
        ("code", f"{plan.code}{_git(run.origin.git)}"),
        *((f"data {name}", f"{pin.digest} at {pin.mount}") for name, pin in plan.data.items()),
        ("seed", plan.seed),
        ("determinism", plans.controls_line(plan)),
        (
            "host",
            f"{facts.host.get('name')}, {_cpu(facts.environment)}",
        ),
        ("engine", " ".join(str(facts.engine.get(key, "")) for key in ("name", "version"))),
        ("packages", f"{number} (--requirements prints them)"),
        *inputs.used(item.observed.usage, plan),
        *certificates.rows(item.certificate),
        *((("pinned", item.pin.note or item.pin.created),) if item.pin else ()),
        *((("archived", "yes"),) if item.annotations.archived else ()),
        *((("note", item.annotations.note),) if item.annotations.note else ()),
        *(("remark", printable(note)) for note in facts.notes),
    ]
    return "\n".join([table(rows), *_sections(item), *logged.sections(item), *inputs.sections(item.observed, plan)])


def shown_data(item: Shown) -> dict[str, Any]:
    """A run, for a program. Not-a-number and the infinities are strings."""
    return {
        "run": item.run.model_dump(mode="json"),
        "plan": item.plan.model_dump(mode="json"),
        "outcome": item.outcome.model_dump(mode="json") if item.outcome else None,
        "metrics": {
            name: {"points": len(series), "last_step": series.last[0], "last": _number(series.last[1])}
            for name, series in item.metrics.items()
            if len(series)
        },
        "artifacts": [entry.model_dump(mode="json") for entry in item.artifacts.entries],
        "verdicts": [record.model_dump(mode="json") for record in item.verdicts],
        "certificate": item.certificate.model_dump(mode="json") if item.certificate else None,
        "pin": item.pin.model_dump(mode="json") if item.pin else None,
        "annotations": {
            "tags": item.annotations.on(item.run.facts.tags),
            "note": item.annotations.note,
            "archived": item.annotations.archived,
        },
        "imported": item.imported.model_dump(mode="json") if item.imported else None,
        **logged.data(item),
        **inputs.data(item.observed),
    }


def _status(run: Run, exit_code: int | None) -> str:
    if exit_code in (None, 0):
        return run.status
    if exit_code < 0:
        return f"{run.status}: what follows had been produced by then"
    signal = f", signal {exit_code - 128}" if exit_code > 128 else ""
    return f"{run.status}, exit code {exit_code}{signal} (`orchestrator logs {run.id}`)"


def _kind(run: Run) -> str:
    if run.origin.parent:
        return f"within {run.origin.parent}"
    return f"{run.origin.kind} of {run.origin.of}" if run.origin.of else run.origin.kind


def _made_elsewhere(item: Shown) -> list[tuple[str, object]]:
    """Whose result this is: what was imported was not made here, nor were its verdicts."""
    found = item.imported
    if found is None:
        return []
    return [("made elsewhere", f"imported {found.imported} from {printable(found.source)}, bundle {found.bundle}")]


def _cpu(environment: dict[str, Any]) -> str:
    """What the agent said of the CPU; a job could have said it in its stead."""
    cpu = environment.get("cpu")
    return str(cpu.get("model") or "unknown CPU") if isinstance(cpu, dict) else "unknown CPU"


def _sections(item: Shown) -> list[str]:
    sections = []
    if item.outcome and item.outcome.params:
        rows = [(printable(name), printable(str(value))) for name, value in sorted(item.outcome.params.items())]
        sections.append("\nparameters\n" + table(some(rows), "  "))
    if item.metrics:
        metrics = [(printable(name), _series(series)) for name, series in item.metrics.items()]
        sections.append("\nmetrics\n" + table(some(metrics), "  "))
    if item.artifacts.entries:
        files = [
            (printable(path), f"{size(entry.size)}, {entry.digest.short}")
            for path, entry in item.artifacts.files.items()
        ]
        sections.append("\nartifacts\n" + table(some(files), "  "))
    if item.verdicts:
        verdicts = [(record.replay, record.verdict.get("answer", "")) for record in item.verdicts]
        sections.append("\nreplays\n" + table(some(verdicts), "  "))
    return sections


def _series(series: Any) -> str:
    if not len(series):
        return "no points"
    step, value = series.last
    return f"{value!r} at step {step} ({counted(len(series), 'point')})"


def _git(git: dict[str, Any]) -> str:
    if not git:
        return ""
    return f" (git {str(git.get('commit', 'no commit'))[:12]}{' with changes' if git.get('dirty') else ''})"


def _number(value: float) -> float | str:
    return value if math.isfinite(value) else repr(value)

"""Runs -> one HTML file to mail to a reviewer."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from orchestrator.compare.values import printable, size
from orchestrator.compare.verdict import Verdict
from orchestrator.errors import Corruption, NotFound, UsageError
from orchestrator.operations import comparing, output, runs
from orchestrator.operations.runs import Shown
from orchestrator.report.draw import Chart, chart
from orchestrator.report.page import Page, Pairs, Picture, Replayed, ReportedRun, html
from orchestrator.report.pictures import MAGIC, media_type
from orchestrator.run import VerdictRecord
from orchestrator.store.tree import FileEntry
from orchestrator.workspace import Workspace

_MOST_CHARTS, _MOST_ROWS = 60, 500
_SPEC_BYTES = 1 << 17
_PICTURE_BYTES, _PICTURES_BYTES = 1 << 20, 6 << 20
"""Of one picture, and of all those of a run: mail servers refuse what is large."""


@dataclass(frozen=True)
class Report:
    """A report that was written."""

    file: Path
    runs: tuple[str, ...]
    size: int


def report(workspace: Workspace, ids: Sequence[str], file: Path) -> Report:
    """Write a report of these runs; of several it shows what differs first.

    Raises:
        NotFound: one of the runs is not there; nothing is written.
        UsageError: no run is named, or the file's folder is not there.
        Corruption: something in the store is damaged.
    """
    if not ids:
        raise UsageError("name one run or more")
    place = output.place(file)
    shown = list({one.run.id: one for one in (runs.show(workspace, text) for text in ids)}.values())
    found = [one.run.id for one in shown]
    difference = comparing.compare(workspace, found) if len(found) > 1 else None
    names = sorted({one.run.name for one in shown})
    page = Page(
        title=f"{', '.join(names[:3])}: {len(found)} run{'s' if len(found) > 1 else ''}",
        made=workspace.timestamp(),
        version=version("orchestrator"),
        ids=found,
        runs=[_reported(workspace, one) for one in shown],
        charts=list(_charts(shown)),
        sections=difference.sections if difference else (),
        code=difference.code if difference else (),
    )
    data = html(page).encode("utf-8", "backslashreplace")
    with output.replaced(place) as sink:
        sink.write(data)
    return Report(file, tuple(found), len(data))


def _charts(shown: Sequence[Shown]) -> Iterator[Chart]:
    """A chart a metric, with the curve of each run; one that has a single point stands in the tables."""
    names = sorted({name for one in shown for name, series in one.metrics.items() if len(series) > 1})
    for name in names[:_MOST_CHARTS]:
        lines = {one.run.id if len(shown) > 1 else name: one.metrics[name] for one in shown if name in one.metrics}
        yield chart(printable(name), lines)


def _reported(workspace: Workspace, item: Shown) -> ReportedRun:
    run = item.run
    files = list(item.artifacts.files.items())
    said = item.annotations
    return ReportedRun(
        id=run.id,
        name=run.name,
        facts=_facts(item),
        note=said.note,
        tags=_pairs(said.on(run.facts.tags)),
        params=_pairs(item.params),
        metrics=[(printable(name), repr(series.last[1])) for name, series in item.metrics.items() if len(series)],
        verdicts=[_replayed(record) for record in item.verdicts],
        pictures=list(_pictures(workspace, item)),
        artifacts=_some([(printable(path), f"{size(one.size)}, {one.digest}") for path, one in files]),
        packages=_pairs(comparing.packages_of(workspace, item.plan)),
        spec=_spec(workspace, item),
    )


def _facts(item: Shown) -> Pairs:
    run, plan = item.run, item.plan
    git = run.origin.git
    return _pairs(
        {
            "status": run.status,
            "created": run.facts.created,
            "ended": run.facts.ended or "",
            "command": " ".join(plan.command),
            "result": run.outcome or "none",
            "plan": run.plan,
            "image": plan.image.manifest,
            "code": f"{plan.code}{' with uncommitted changes' if git.get('dirty') else ''}",
            "git commit": git.get("commit", ""),
            **{f"data {name}": pin.digest for name, pin in plan.data.items()},
            "seed": plan.seed,
            "determinism": plan.determinism,
            "to replay it": f"orchestrator replay {run.id}",
        }
    )


def _replayed(record: VerdictRecord) -> Replayed:
    try:
        verdict = Verdict.model_validate(record.verdict)
    except ValueError:
        return Replayed(record.replay, "a verdict that cannot be read", False, ())
    failures = [printable(f"{one.path}: {one.text}") for one in verdict.failures[:20]]
    return Replayed(record.replay, verdict.answer, verdict.passed, (*failures, *map(printable, record.causes)))


def _pictures(workspace: Workspace, item: Shown) -> Iterator[Picture]:
    """The images among the artifacts, as far as there is room; by their first bytes, whatever they are called."""
    room = _PICTURES_BYTES
    for path, entry in item.artifacts.files.items():
        if entry.size <= min(_PICTURE_BYTES, room) and (kind := _kind(workspace, entry)):
            room -= entry.size
            with workspace.blobs.get(entry.digest) as stream:
                data = base64.b64encode(stream.read()).decode()
            yield Picture(printable(path), f"data:{kind};base64,{data}")


def _kind(workspace: Workspace, entry: FileEntry) -> str | None:
    with workspace.blobs.get(entry.digest) as stream:
        return media_type(stream.read(MAGIC))


def _spec(workspace: Workspace, item: Shown) -> str:
    try:
        return runs.spec_text(workspace, item.run, _SPEC_BYTES)
    except (NotFound, Corruption) as error:
        return f"(gone: {error.message})"


def _pairs(values: Mapping[str, object]) -> Pairs:
    return _some([(printable(str(name)), printable(str(value))) for name, value in values.items() if value != ""])


def _some(rows: list[tuple[str, str]]) -> Pairs:
    more = [("…", f"and {len(rows) - _MOST_ROWS} more")] if len(rows) > _MOST_ROWS else []
    return [*rows[:_MOST_ROWS], *more]

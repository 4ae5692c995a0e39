"""One run: what it was asked, what it logged and left, where it comes from, whether it came back."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from orchestrator.operations import recover, runs
from orchestrator.operations.runs import Shown
from orchestrator.report.downsampling import Extent, extent
from orchestrator.run import VerdictRecord, moment
from orchestrator.store.tree import FileEntry, LinkEntry
from orchestrator.web.pages import asked
from orchestrator.web.pages.series import live_table
from orchestrator.web.site import Site
from orchestrator.web.tables import Table
from orchestrator.workspace import Workspace

MANY = 500
"""Charts, artifacts and packages that one page has."""
_IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".webp")
_GALLERY = 12
_SPEC = 64 << 10


class Metric(NamedTuple):
    """One chart, in words."""

    name: str
    extent: Extent | None


class Replay(NamedTuple):
    """A replay, and what it came to."""

    record: VerdictRecord
    answer: str
    exactness: str


def page(site: Site, request: Request) -> Response:
    """The page of a run, live or recorded."""
    workspace, run_id = site.workspace(), asked.run_id(request)
    recover.recover(workspace)
    live = recover.live_run(workspace, run_id)
    if live is not None:
        table = live_table(site, live)
        charts: dict[str, Any] = {"metrics": metrics_of(table), "more_metrics": max(0, len(table) - MANY)}
        return site.page("live.html", id=run_id, request=live.request, origin=live.request.origin, **charts)
    shown = runs.show(workspace, run_id)
    return site.page("run.html", **_values(workspace, shown))


def _values(workspace: Workspace, shown: Shown) -> dict[str, Any]:
    facts, files = shown.run.facts, list(shown.artifacts.files.values())
    said = shown.annotations
    return {
        "shown": shown,
        "run": shown.run,
        "id": shown.run.id,
        "plan": shown.plan,
        "facts": facts,
        "seconds": _seconds(facts.started, facts.ended),
        "note": said.note,
        "archived": said.archived,
        "tags": said.on(facts.tags),
        "params": shown.params,
        "metrics": metrics_of(shown.metrics),
        "more_metrics": max(0, len(shown.metrics) - MANY),
        "files": files[:MANY],
        "links": [entry for entry in shown.artifacts.entries if isinstance(entry, LinkEntry)][:MANY],
        "file_count": len(files),
        "gallery": [file for file in files if _pictured(file)][:_GALLERY],
        "replays": [_replay(record) for record in shown.verdicts],
        "original": _verdict_on(workspace, shown),
        "lock": runs.lock_of(workspace, shown.plan),
        "spec": runs.spec_text(workspace, shown.run, _SPEC),
        "packages": _packages(facts.environment),
    }


def metrics_of(table: Table) -> list[Metric]:
    """The charts of a table, by name."""
    return [Metric(name, extent(table[name])) for name in itertools.islice(sorted(table), MANY)]


def _pictured(file: FileEntry) -> bool:
    return file.path.lower().endswith(_IMAGES) and 0 < file.size < 8 << 20


def _seconds(started: str | None, ended: str | None) -> float | None:
    begun, over = moment(started or ""), moment(ended or "")
    return (over - begun).total_seconds() if begun and over else None


def _replay(record: VerdictRecord) -> Replay:
    return Replay(record, str(record.verdict.get("answer", "")), str(record.verdict.get("exactness") or ""))


def _verdict_on(workspace: Workspace, shown: Shown) -> Replay | None:
    """What this run, where it is a replay, came to."""
    of = shown.run.origin.of
    data = workspace.records.read(f"verdicts/{of}/{shown.run.id}") if of else None
    return _replay(VerdictRecord.from_bytes(data)) if data else None


def _packages(environment: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the agent saw installed; a job could have said it in its stead."""
    found = environment.get("packages")
    return (
        sorted((str(name), str(version)) for name, version in found.items())[:MANY] if isinstance(found, dict) else []
    )

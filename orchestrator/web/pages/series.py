"""The points of one metric, for a chart."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from orchestrator.agent import wire
from orchestrator.compare.points import load_table
from orchestrator.errors import NotFound
from orchestrator.execution import events
from orchestrator.execution.live import LiveRun
from orchestrator.operations import recover, runs
from orchestrator.outcome import Outcome
from orchestrator.report.downsampling import drawn
from orchestrator.store.streams import read_document
from orchestrator.web.pages import asked
from orchestrator.web.site import Site
from orchestrator.web.tables import Table
from orchestrator.workspace import Workspace

_USUAL = 1500


def of_run(site: Site, request: Request) -> Response:
    """``name``, ``from`` and ``to`` (steps), ``points`` (at most) -> steps, values, how many points these stand for."""
    workspace, run_id = site.workspace(), asked.run_id(request)
    name = request.query_params.get("name", "")
    live = recover.live_run(workspace, run_id)
    found = (live_table(site, live) if live else recorded_table(site, workspace, run_id)).get(name)
    if found is None:
        raise NotFound(f"run {run_id} has no metric {name[:80]!r}", hint="its page lists them")
    start, end = asked.whole(request, "from"), asked.whole(request, "to")
    return JSONResponse(drawn(found, start, end, asked.whole(request, "points") or _USUAL)._asdict())


def recorded_table(site: Site, workspace: Workspace, run_id: str) -> Table:
    """All that a recorded run has logged. Raises as :func:`~orchestrator.operations.runs.find` does."""
    run = runs.find(workspace, run_id)
    if run.produced is None:
        return {}
    digest = read_document(workspace.blobs, Outcome, run.produced).metrics
    return site.tables.get(digest, lambda: load_table(workspace.blobs, digest))


def live_table(site: Site, live: LiveRun) -> Table:
    """All that a run has logged so far."""
    file = live.record / wire.EVENTS
    size = file.stat().st_size if file.is_file() else 0
    return site.tables.get((live.request.id, size), lambda: dict(events.read(live.record).own.metrics))

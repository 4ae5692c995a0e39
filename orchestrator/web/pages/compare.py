"""Runs side by side: curves over each other, what differs, the code."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from orchestrator.errors import UsageError
from orchestrator.operations.comparing import Comparison
from orchestrator.operations.comparing import compare as operation
from orchestrator.report.downsampling import Extent, extent
from orchestrator.run import Run
from orchestrator.web.pages.series import recorded_table
from orchestrator.web.parallel import Axis, Line, parallel
from orchestrator.web.site import Site, address
from orchestrator.workspace import Workspace

MOST = 20
"""Runs of one page: more curves are told apart by nobody."""
_CHARTS = 60
_AXES = 12
_LINES = 2000
"""Of all code that differs."""


class Curve(NamedTuple):
    """One run's line in a chart."""

    run: Run
    place: int
    """Among the runs: its colour."""
    extent: Extent | None


def page(site: Site, request: Request) -> Response:
    """``run=A&run=B…``; the first is what the others are compared with."""
    workspace = site.workspace()
    named = list(dict.fromkeys(request.query_params.getlist("run")))
    if not 2 <= len(named) <= MOST:
        raise UsageError(
            "too few runs" if len(named) < 2 else "too many runs", hint=f"tick 2 to {MOST} runs of the list"
        )
    found = operation(workspace, named)
    swap = address("/compare", {"run": named[::-1]}) if len(named) == 2 else ""
    return site.page(
        "compare.html",
        found=found,
        charts=(charts := _charts(site, workspace, found.runs))[:_CHARTS],
        more_charts=max(0, len(charts) - _CHARTS),
        axes=_parallel(found),
        code=_bounded(found),
        swap=swap,
    )


def _charts(site: Site, workspace: Workspace, compared: Sequence[Run]) -> list[tuple[str, list[Curve]]]:
    """Each metric, and the runs that have it: those first that all have."""
    having: dict[str, list[Curve]] = {}
    for place, run in enumerate(compared):
        for name, series in recorded_table(site, workspace, run.id).items():
            having.setdefault(name, []).append(Curve(run, place, extent(series)))
    return sorted(having.items(), key=lambda item: (-len(item[1]), item[0]))


def _parallel(found: Comparison) -> dict[str, Any] | None:
    """The parameters that differ and the metrics, as axes."""
    params = [row.params for row in found.rows]
    metrics = [row.metrics for row in found.rows]
    differing = [name for name in _names(params) if len({repr(one.get(name)) for one in params}) > 1]
    axes = [Axis(name, [one.get(name) for one in params]) for name in differing[:_AXES]]
    axes += [Axis(name, [_number(one.get(name)) for one in metrics]) for name in _names(metrics)[:_AXES]]
    return parallel(axes, [Line(f"{run.name} {run.id}", f"/runs/{run.id}") for run in found.runs])


def _names(having: Sequence[Mapping[str, Any]]) -> list[str]:
    return sorted({name for one in having for name in one})


def _number(text: str | None) -> float | None:
    return float(text) if text is not None and math.isfinite(float(text)) else None


def _bounded(found: Comparison) -> list[tuple[Any, list[tuple[str, str]], int]]:
    """Each file's lines with their kinds, and how many are left out, until there are too many."""
    left, shown = _LINES, []
    for diff in found.code:
        lines = [(_kind(line), line) for line in diff.lines[:left]]
        shown.append((diff, lines, len(diff.lines) - len(lines)))
        left -= len(lines)
    return shown


def _kind(line: str) -> str:
    if line.startswith(("+++", "---", "@@")):
        return "place"
    return {"+": "added", "-": "removed"}.get(line[:1], "same")

"""Sweeps: which there are, how one went, which parameters mattered."""

from __future__ import annotations

import itertools
from math import isfinite
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from orchestrator.operations.sweeping import SweepState, ranked, sweep_state
from orchestrator.operations.sweeping import sweeps as operation
from orchestrator.web.pages import asked
from orchestrator.web.parallel import Axis, Line, parallel
from orchestrator.web.site import UNCHANGED, Site

_MANY = 1000


def page(site: Site, request: Request) -> Response:
    """All sweeps."""
    return site.page("sweeps.html", sweeps=operation(site.workspace()))


def one(site: Site, request: Request) -> Response:
    """One sweep; its middle alone where the page asks again, nothing where that has not changed."""
    found = sweep_state(site.workspace(), str(request.path_params["sweep"]))
    mark = f"{found.summary.state}-{found.summary.ended}-{len(found.trials)}"
    if "hx-request" in request.headers:
        if mark == asked.text(request, "seen"):
            return Response(status_code=UNCHANGED)
        return site.page("_sweep.html", **_values(found, mark))
    return site.page("sweep.html", **_values(found, mark))


def _values(found: SweepState, mark: str) -> dict[str, Any]:
    best = found.best
    return {
        "found": found,
        "summary": found.summary,
        "mark": mark,
        "best": best,
        "history": _history(found),
        "axes": _parallel(found),
        "names": list(found.section.params),
        "trials": ranked(found.trials, found.record.direction)[:_MANY],
        "left_out": max(0, len(found.trials) - _MANY),
    }


def _history(found: SweepState) -> dict[str, Any] | None:
    """Each trial's value by its number, and the best so far."""
    valued = [one for one in found.trials if one.state == "complete" and one.value is not None and isfinite(one.value)]
    if not valued:
        return None
    values = [trial.value or 0.0 for trial in valued]
    better = max if found.record.direction == "maximize" else min
    return {
        "steps": [trial.number for trial in valued],
        "series": [
            {"label": found.record.metric, "values": values, "points": True},
            {"label": "best so far", "values": list(itertools.accumulate(values, better)), "points": False},
        ],
    }


def _parallel(found: SweepState) -> dict[str, Any] | None:
    trials = [trial for trial in found.trials if trial.state != "running"]
    axes = [Axis(name, [trial.params.get(name) for trial in trials]) for name in found.section.params]
    axes.append(Axis(found.record.metric, [trial.value for trial in trials]))
    return parallel(axes, [Line(f"trial {trial.number}", f"/runs/{trial.run}") for trial in trials])

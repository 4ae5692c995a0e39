"""Which address is answered by what, and what an error looks like."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from orchestrator.errors import Corruption, NotFound, OrchestratorError, UsageError
from orchestrator.web.guard import Guard, Keys
from orchestrator.web.pages import artifact, compare, console, run, runs, series, sweeps, verdict
from orchestrator.web.site import Site
from orchestrator.web.tables import Tables
from orchestrator.web.templating import STATIC
from orchestrator.workspace import Workspace

_PAGES: dict[str, Callable[[Site, Request], Response]] = {
    "/": runs.page,
    "/runs": runs.page,
    "/runs/table": runs.table,
    "/runs/{run}": run.page,
    "/runs/{run}/console": console.page,
    "/runs/{run}/console.txt": console.download,
    "/runs/{run}/series": series.of_run,
    "/runs/{run}/artifacts/{digest}": artifact.download,
    "/runs/{run}/artifacts/{digest}/preview": artifact.preview,
    "/runs/{run}/verdicts/{replay}": verdict.page,
    "/runs/{run}/verdicts/{replay}/tree": verdict.tree,
    "/compare": compare.page,
    "/sweeps": sweeps.page,
    "/sweeps/{sweep}": sweeps.one,
}


def make_app(workspace: Callable[[], Workspace], keys: Keys, port: int) -> ASGIApp:
    """The whole page, guarded."""
    site = Site(workspace, Tables())
    routes = [Route(path, partial(handler, site), methods=["GET"]) for path, handler in _PAGES.items()]
    explained = partial(_explained, site)
    app = Starlette(
        routes=[*routes, Mount("/static", _Static(directory=STATIC))],
        exception_handlers={OrchestratorError: explained, HTTPException: explained, Exception: explained},
    )
    return Guard(app, keys, port)


class _Static(StaticFiles):
    """Files whose address holds their digest."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        """See starlette; the browser may keep the answer."""
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers["cache-control"] = "private, max-age=31536000, immutable"
        return response


def _explained(site: Site, request: Request, error: Exception) -> Response:
    """An error as a page, or as the part of one that was asked for. What nobody foresaw is told in the terminal."""
    status, message, hint = _words(error)
    template = "_error.html" if "hx-request" in request.headers else "error.html"
    return site.page(template, status, code=status, message=message, hint=hint)


def _words(error: Exception) -> tuple[int, str, str]:
    match error:
        case NotFound():
            return 404, error.message, error.hint
        case UsageError():
            return 400, error.message, error.hint
        case Corruption():
            return 500, f"damaged: {error.message}", error.hint
        case OrchestratorError():
            return 500, error.message, error.hint
        case HTTPException():
            return error.status_code, "there is no such page" if error.status_code == 404 else str(error.detail), ""
    return 500, "an error that nobody foresaw", "the terminal of `orchestrator ui` shows it: please report it"

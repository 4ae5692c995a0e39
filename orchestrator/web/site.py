"""What every page is made with: a workspace for each request, the templates, tables of metrics kept at hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from starlette.responses import HTMLResponse

from orchestrator.web.tables import Tables
from orchestrator.web.templating import environment
from orchestrator.workspace import Workspace

UNCHANGED = 204
"""What htmx takes as: leave the page as it is."""


class Site(NamedTuple):
    """The page as a whole."""

    workspace: Callable[[], Workspace]
    """Makes one: no two requests share a connection or a lock."""
    tables: Tables

    def page(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A page, or a part of one, from its template."""
        return HTMLResponse(environment().get_template(template).render(values), status)


def address(path: str, query: Mapping[str, Any]) -> str:
    """A path with those parts of a query that say something."""
    said = {key: value for key, value in query.items() if value not in (None, "", (), [])}
    return f"{path}?{urlencode(said, doseq=True)}" if said else path

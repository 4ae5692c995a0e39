"""The list of runs: searched, put in order, alive."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from orchestrator.errors import NotFound, UsageError
from orchestrator.index.port import Row
from orchestrator.index.query import GROUPS, Field, Group
from orchestrator.operations.listing import doubts, ls, value
from orchestrator.web.pages import asked
from orchestrator.web.site import UNCHANGED, Site, address

_STEP = 50
_MOST = 1000
_METRICS, _PARAMS = 3, 3
"""Fields that are shown unasked."""
_CHOICES = 200
STATUSES = ("running", "finished", "failed", "killed", "lost")


@dataclass(frozen=True)
class Asked:
    """What the page's form says."""

    where: str
    status: str
    sort: str
    parent: str
    columns: tuple[str, ...]
    limit: int
    archived: bool

    @classmethod
    def of(cls, request: Request) -> Asked:
        """Of a request."""
        status = asked.text(request, "status")
        return cls(
            where=asked.text(request, "where"),
            status=status if status in STATUSES else "",
            sort=asked.text(request, "sort"),
            parent=asked.text(request, "parent"),
            columns=tuple(name for name in request.query_params.getlist("col")[:_CHOICES] if column(name)),
            limit=max(1, min(asked.whole(request, "limit") or _STEP, _MOST)),
            archived=asked.text(request, "archived") == "on",
        )

    def query(self, **other: Any) -> dict[str, Any]:
        """As a query, but for what is other."""
        return {
            "where": self.where,
            "status": self.status,
            "sort": self.sort,
            "parent": self.parent,
            "col": self.columns,
            "limit": "" if self.limit == _STEP else self.limit,
            "archived": "on" if self.archived else "",
            **other,
        }

    def sorted_by(self, field: str) -> str:
        """The address of the page in the order of a field: the greatest first, then the other way, then as at first."""
        order = {f"-{field}": field, field: ""}.get(self.sort, f"-{field}")
        return address("/", self.query(sort=order))

    def more(self) -> str:
        """The address of a longer list."""
        return address("/", self.query(limit=min(self.limit * 4, _MOST)))


def page(site: Site, request: Request) -> Response:
    """The whole page."""
    said = Asked.of(request)
    return site.page("runs.html", asked=said, statuses=STATUSES, **_listed(site, said))


def table(site: Site, request: Request) -> Response:
    """The table alone; nothing where the browser has it already."""
    said = Asked.of(request)
    values = _listed(site, said)
    if values["mark"] == asked.text(request, "seen"):
        return Response(status_code=UNCHANGED)
    return site.page("_runs.html", asked=said, **values)


def _listed(site: Site, said: Asked) -> dict[str, Any]:
    rows: list[Row] = []
    doubtful: list[str] = []
    problem = hint = ""
    where, sort, parent = said.where or None, said.sort or None, said.parent or None
    try:
        workspace = site.workspace()
        rows = ls(
            workspace,
            where=where,
            status=said.status or None,
            parent=parent,
            sort=sort,
            limit=said.limit,
            archived=said.archived,
        )
        doubtful = doubts(workspace, rows, where=where, sort=sort, parent=parent)
    except (UsageError, NotFound) as error:
        problem, hint = error.message, error.hint
    choices = _choices(rows)
    return {
        "rows": rows,
        "problem": problem,
        "hint": hint,
        "doubts": doubtful,
        "choices": choices,
        "columns": [found for name in said.columns if (found := column(name))] or _usual(rows, choices),
        "full": len(rows) == said.limit < _MOST,
        "mark": hashlib.sha256(repr((said, problem, doubtful, rows)).encode()).hexdigest()[:16],
        "table": address("/runs/table", said.query()),
        "value": value,
    }


def column(field: str) -> Field | None:
    """A metric, a parameter or a tag by its field; None where it is none of these."""
    group, dot, name = field.partition(".")
    return next((Field(name, known) for known in GROUPS[:3] if dot and name and group == known), None)


def _choices(rows: Iterable[Row]) -> list[Field]:
    """All that the runs of a list have, what most have first."""
    counts: dict[Group, Counter[str]] = {"metrics": Counter(), "params": Counter(), "tags": Counter()}
    for row in rows:
        counts["metrics"].update(row.metrics.keys())
        counts["params"].update(row.params.keys())
        counts["tags"].update(name for name in row.tags if not name.startswith("orchestrator."))
    return [
        Field(name, group)
        for group, found in counts.items()
        for name, _ in sorted(found.items(), key=lambda item: (-item[1], item[0]))[:_CHOICES]
    ]


def _usual(rows: list[Row], choices: Iterable[Field]) -> list[Field]:
    """Some metrics, and the parameters in which the runs differ."""
    metrics = [one for one in choices if one.group == "metrics"][:_METRICS]
    params = [one for one in choices if one.group == "params" and _differs(rows, one)]
    return [*metrics, *params[:_PARAMS]]


def _differs(rows: list[Row], shown: Field) -> bool:
    """Whether two of those runs that have it have other values."""
    return len({repr(found) for row in rows if (found := value(row, shown)) is not None}) > 1

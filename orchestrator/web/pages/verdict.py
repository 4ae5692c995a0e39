"""What a replay came to: the answer, what it rests on, and the tree of all that differs."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from orchestrator.compare.difference import Difference
from orchestrator.compare.render.text import amount, summary
from orchestrator.compare.verdict import Verdict
from orchestrator.errors import Corruption, NotFound
from orchestrator.operations import runs
from orchestrator.operations.replaying import outcome_difference
from orchestrator.run import VerdictRecord
from orchestrator.web.pages import asked
from orchestrator.web.site import Site
from orchestrator.web.trees import node
from orchestrator.workspace import Workspace

_MANY = 200


def page(site: Site, request: Request) -> Response:
    """The verdict as it was recorded. The tree is asked for by the page itself: to compare may take a while."""
    workspace = site.workspace()
    record = _record(workspace, asked.run_id(request), asked.run_id(request, "replay"))
    verdict = _verdict(record)
    return site.page(
        "verdict.html",
        record=record,
        verdict=verdict,
        summary=summary(verdict),
        compared=amount(verdict.compared),
        many=_MANY,
    )


def tree(site: Site, request: Request) -> Response:
    """The two outcomes, compared anew."""
    workspace = site.workspace()
    record = _record(workspace, asked.run_id(request), asked.run_id(request, "replay"))
    difference: Difference = outcome_difference(
        workspace, runs.find(workspace, record.of), runs.find(workspace, record.replay)
    )
    return site.page("_difference.html", root=node(difference))


def _record(workspace: Workspace, of: str, replay: str) -> VerdictRecord:
    data = workspace.records.read(f"verdicts/{of}/{replay}")
    if data is None:
        raise NotFound(f"no verdict on {replay} as a replay of {of}", hint="the page of a run lists its replays")
    record = VerdictRecord.from_bytes(data)
    if (record.of, record.replay) != (of, replay):
        raise Corruption(f"the verdict on {replay} is that on {record.replay}")
    return record


def _verdict(record: VerdictRecord) -> Verdict:
    try:
        return Verdict.model_validate(record.verdict)
    except ValueError as error:
        raise Corruption(f"the verdict on {record.replay} cannot be read") from error

"""The files that a run left: by digest, never by path, and only those that are this run's."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from orchestrator.digest import Digest
from orchestrator.errors import NotFound, UsageError
from orchestrator.operations import runs
from orchestrator.report.pictures import MAGIC, media_type
from orchestrator.store.streams import chunks, seekable
from orchestrator.store.tree import FileEntry
from orchestrator.web import previews
from orchestrator.web.pages import asked
from orchestrator.web.site import Site
from orchestrator.workspace import Workspace

SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'"


def download(site: Site, request: Request) -> Response:
    """The file as an attachment. It is checked as a whole before its first byte is sent."""
    workspace = site.workspace()
    entry = _entry(workspace, request)
    stream = seekable(workspace.blobs, entry.digest)
    kind = media_type(stream.read(MAGIC))
    stream.seek(0)
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(entry.path.rsplit('/', 1)[-1], safe='')}",
        "content-length": str(entry.size),
        "content-security-policy": SANDBOX,
        "cache-control": "private, max-age=3600, immutable",
    }
    return StreamingResponse(chunks(stream), headers=headers, media_type=kind or "application/octet-stream")


def preview(site: Site, request: Request) -> Response:
    """What can be shown of it, as a part of a page."""
    workspace = site.workspace()
    entry = _entry(workspace, request)
    with seekable(workspace.blobs, entry.digest) as stream:
        data = stream.read(previews.MOST + 1)
    return site.page("_preview.html", entry=entry, run=asked.run_id(request), found=previews.of(entry.path, data))


def _entry(workspace: Workspace, request: Request) -> FileEntry:
    run = runs.find(workspace, asked.run_id(request))
    try:
        digest = Digest.from_hex(str(request.path_params["digest"]))
    except UsageError:
        raise NotFound("no such artifact", hint="the run's page lists them") from None
    path = request.query_params.get("path")
    entries = [entry for entry in runs.artifacts_of(workspace, run).files.values() if entry.digest == digest]
    if not entries:
        raise NotFound(f"run {run.id} has no artifact of these bytes", hint="the run's page lists them")
    return next((entry for entry in entries if entry.path == path), entries[0])

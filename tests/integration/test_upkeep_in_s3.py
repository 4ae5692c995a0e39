"""fsck and gc on a team's store: what lies on the server counts, not the copies on this disk."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest

from orchestrator import operations
from orchestrator.digest import Digest
from orchestrator.errors import Corruption
from orchestrator.execution.live import Request
from orchestrator.maintenance.policy import Policy
from orchestrator.maintenance.survey import Wanted
from orchestrator.operations.announcing import announce, withdraw
from orchestrator.run import Facts, Origin, Run
from orchestrator.settings.model import Settings
from orchestrator.workspace import Workspace

RUN = "20261126-120000-000000"


@pytest.fixture
def workspace(s3: tuple[str, str], tmp_path: Path) -> Workspace:
    url, endpoint = s3
    return Workspace(settings=Settings(home=tmp_path / "home", store=url, store_endpoint=endpoint))


def put(workspace: Workspace, data: bytes) -> Digest:
    return workspace.blobs.put(io.BytesIO(data))


def test_what_nothing_needs_is_found_and_goes(workspace: Workspace):
    put(workspace, b"one")
    put(workspace, b"two")
    assert operations.fsck(workspace).blobs.count == 2
    assert operations.gc(workspace, delete=True).survey.young.count == 2
    done = operations.gc(workspace, Wanted(grace=timedelta(0)), delete=True)
    assert done.swept is not None
    assert (done.swept.blobs.count, list(workspace.blobs.list())) == (2, [])
    assert list(workspace.records.list("claims/")) == []


def test_a_copy_here_does_not_hide_what_the_server_has_lost_and_brings_it_back(workspace: Workspace):
    spec = put(workspace, b"a spec")
    run = Run(id=RUN, name="n", status="lost", plan=put(workspace, b"no plan"), outcome=None,
              origin=Origin(kind="submit", spec=spec), facts=Facts(created="2026-11-26T12:00:00.000Z"))  # fmt: skip
    workspace.records.create(f"runs/{RUN}", run.to_bytes())
    workspace.truth.set_aside(spec)  # type: ignore[attr-defined]
    found = {finding.what: finding for finding in operations.fsck(workspace).findings}
    assert (found[spec].kind, found[spec].runs) == ("missing blob", (RUN,))
    assert found[run.plan].kind == "wrong blob"
    mended = {finding.what: finding for finding in operations.fsck(workspace, repair=True).findings}
    assert mended[spec].mended == "brought back from another store"
    assert workspace.truth.has(spec)


def test_what_is_live_on_another_machine_is_kept(workspace: Workspace, tmp_path: Path):
    spec = put(workspace, b"a spec")
    plan = put(workspace, b"a plan, for all that gc can tell")
    request = Request(
        id=RUN, name="n", plan=plan, origin=Origin(kind="submit", spec=spec), created="2026-11-26T12:00:00Z"
    )
    announce(workspace, request)
    said = workspace.settings
    elsewhere = Workspace(
        settings=Settings(home=tmp_path / "other", store=said.store, store_endpoint=said.store_endpoint)
    )
    assert [finding.what for finding in operations.fsck(elsewhere).findings if finding.kind == "live run"] == [RUN]
    with pytest.raises(Corruption, match=f"run {RUN} needs {plan}"):  # this plan is none: what it needs is unknown
        operations.gc(elsewhere, Wanted(grace=timedelta(0)), delete=True)
    assert elsewhere.truth.has(spec)
    withdraw(workspace, RUN)
    operations.gc(elsewhere, Wanted(grace=timedelta(0)), delete=True)
    assert list(elsewhere.truth.list()) == []


def test_a_run_whose_machine_never_comes_back_is_given_up(workspace: Workspace):
    plan = put(workspace, b"no plan")
    announce(workspace, Request(id=RUN, name="n", plan=plan, origin=Origin(kind="submit"), created="c"))
    dropping = Wanted(policy=Policy(drop=frozenset([RUN])), grace=timedelta(0))
    with pytest.raises(Corruption):
        operations.gc(workspace, Wanted(grace=timedelta(0)), delete=True)
    operations.gc(workspace, dropping, delete=True)
    assert list(workspace.records.list("live/")) == []
    operations.gc(workspace, Wanted(grace=timedelta(0)), delete=True)
    assert not workspace.truth.has(plan)

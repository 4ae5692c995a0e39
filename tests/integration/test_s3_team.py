"""A team on one store in S3: one submits, another replays on a machine that has nothing yet, and hands out links."""

from __future__ import annotations

import json
import urllib.request
import uuid

import pytest
from desk import Desk
from servers.given import give_base

from orchestrator import operations
from orchestrator.errors import EnvironmentProblem, UsageError
from orchestrator.operations.linking import links
from orchestrator.settings.model import Settings
from orchestrator.workspace import Workspace

JOB = """
import pathlib
pathlib.Path("/outputs/weights.bin").write_bytes(bytes(range(256)) * 40_000)
pathlib.Path("/outputs/notes").mkdir()
pathlib.Path("/outputs/notes/résumé.txt").write_text("done")
"""


@pytest.mark.engine
def test_one_submits_and_another_replays(ceph, s3, desk: Desk, tmp_path):
    def workspace(home) -> Workspace:
        return Workspace(settings=Settings(home=home, store=s3[0], store_endpoint=s3[1]))

    first = workspace(desk.home)
    give_base(desk, first)
    spec = desk.write(JOB)
    run = operations.submit(first, spec).run
    assert run is not None
    assert run.status == "finished"

    other = workspace(tmp_path / "other")
    replayed = operations.replay(other, run.id)
    assert replayed.verdict.answer == "identical"
    assert {row.id for row in operations.ls(first, name=run.name)} >= {run.id}

    made = links(other, run.id, seconds=600)
    assert [link.path for link in made] == ["outputs/notes/résumé.txt", "outputs/weights.bin"]
    with urllib.request.urlopen(made[1].url) as answer:  # noqa: S310
        assert answer.read() == bytes(range(256)) * 40_000
        assert 'filename="weights.bin"' in answer.headers["Content-Disposition"]
    with pytest.raises(UsageError, match="seven days"):
        links(other, run.id, seconds=8 * 24 * 3600)

    there = {"ORCHESTRATOR_STORE": s3[0], "ORCHESTRATOR_STORE_ENDPOINT": s3[1]}
    said = json.loads(desk.cli("--json", "show", run.id, "--links", "--for", "10m", **there).stdout)
    assert [link["path"] for link in said["data"]["links"]] == [link.path for link in made]
    assert "X-Amz-Expires=600" in said["data"]["links"][0]["url"]


def test_a_store_on_this_disk_makes_no_links(home):
    with pytest.raises(EnvironmentProblem, match="nobody else can be sent there"):
        links(Workspace(home), uuid.uuid4().hex)

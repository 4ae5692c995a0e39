"""A team: two people with homes of their own, one store in S3, one index in PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from desk import Desk
from servers.given import give_base
from servers.postgres import PASSWORD, Postgres

from orchestrator.settings.model import Settings
from orchestrator.workspace import Workspace

pytestmark = pytest.mark.engine
JOB = """
import orchestrator
orchestrator.log_metric("loss", 0.25, step=1)
open("/outputs/model.txt", "w").write("weights")
print("trained")
"""


class Team:
    """What both have in their files and their environment."""

    def __init__(self, store: tuple[str, str], index: str) -> None:
        self.settings = {"store": store[0], "store_endpoint": store[1], "index": index}
        self.variables = {
            "ORCHESTRATOR_STORE": store[0],
            "ORCHESTRATOR_STORE_ENDPOINT": store[1],
            "ORCHESTRATOR_INDEX": index,
        }

    def workspace(self, home: Path) -> Workspace:
        return Workspace(settings=Settings(home=home, **self.settings))  # type: ignore[arg-type]


@pytest.fixture
def team(s3: tuple[str, str], postgres: Postgres) -> Team:
    return Team(s3, postgres.fresh())


def test_what_one_submits_another_sees_and_replays(team: Team, new_desk: Callable[[], Desk], tmp_path: Path):
    one = new_desk()
    give_base(one, team.workspace(one.home))
    one.write(JOB)
    submitted = one.cli("submit", "runspec.yaml", "--json", **team.variables)
    assert submitted.returncode == 0, submitted.stderr
    run_id = json.loads(submitted.stdout)["data"]["id"]
    assert not (one.home / "index.sqlite").exists() and not any((one.home / "records").glob("runs/*"))

    other = Desk(tmp_path / "other", tmp_path / "work")
    listed = other.cli("ls", "--json", **team.variables)
    assert [row["id"] for row in json.loads(listed.stdout)["data"]["runs"]] == [run_id], listed.stderr
    shown = other.cli("show", run_id, **team.variables)
    assert b"outputs/model.txt" in shown.stdout, shown.stderr
    assert other.cli("logs", run_id, **team.variables).stdout == b"trained\n"
    replayed = other.cli("replay", run_id, "--json", **team.variables)
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    assert json.loads(replayed.stdout)["data"]["verdict"]["answer"] == "identical"
    again = one.cli("ls", "--json", **team.variables)
    assert len(json.loads(again.stdout)["data"]["runs"]) == 2

    detached = other.cli("submit", "--detach", str(one.folder / "runspec.yaml"), **team.variables)
    third = detached.stdout.decode().split()[0]
    followed = other.cli("logs", "-f", third, **team.variables)
    assert followed.stdout == b"trained\n", followed.stderr
    assert one.cli("show", third, **team.variables).returncode == 0
    said = [submitted, listed, shown, replayed, again, detached, followed, other.cli("doctor", **team.variables)]
    assert not any(PASSWORD.encode() in one.stdout + one.stderr for one in said)
    assert PASSWORD.encode() not in (other.home / "supervise.log").read_bytes()

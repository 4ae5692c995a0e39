"""The page of somebody who ran nothing: the store is in S3, the index in PostgreSQL, the runs are another's."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from desk import Desk
from playwright.sync_api import expect
from servers.given import give_base, workspace_of_team
from servers.page import serving

from orchestrator import operations

pytestmark = pytest.mark.engine
JOB = """
import sys
import orchestrator
for step in range(20):
    orchestrator.log_metric("loss", 1 / (step + int(sys.argv[1])), step=step)
open("/outputs/table.csv", "w").write("name,score\\nfirst,0.5\\n")
print("trained")
"""


@pytest.fixture
def team(ceph: Any, s3: tuple[str, str], postgres: Any, desk: Desk, tmp_path: Any) -> Any:
    """The runs that one has made, and the workspace of the other."""
    index = postgres.fresh()
    mine, other = (workspace_of_team(s3, index, home) for home in (desk.home, tmp_path / "other"))
    give_base(desk, mine)
    spec = desk.write(JOB, run={"command": "python job.py {params.start}"}, params={"start": 1})
    runs = [operations.submit(mine, spec, overrides=(f"params.start={start}",)).id for start in (1, 2)]
    replayed = operations.replay(mine, runs[0])
    return SimpleNamespace(runs=runs, replay=replayed.replay.id, workspace=other)


@pytest.fixture
def served(team: Any):
    """The other's page."""
    with serving(lambda: team.workspace) as page:
        yield page


def test_all_pages_of_runs_that_lie_elsewhere(tab: Any, team: Any):
    page = tab.go("/?where=params.start = 1")
    expect(page.locator("table.rows tbody tr")).to_have_count(2)
    page = tab.go(f"/runs/{team.runs[0]}")
    expect(page.locator("canvas").first).to_be_visible()
    expect(page.get_by_text("identical").first).to_be_visible()
    expect(page.get_by_text("trained")).to_be_visible()
    page.get_by_text("outputs/table.csv").click()
    expect(page.get_by_role("cell", name="first")).to_be_visible()
    page = tab.go(f"/runs/{team.runs[0]}/verdicts/{team.replay}")
    expect(page.locator(".heading .answer")).to_have_text("identical")
    expect(page.get_by_text("comparing")).to_have_count(0)
    page = tab.go(f"/compare?run={team.runs[0]}&run={team.runs[1]}")
    expect(page.get_by_role("rowheader", name="start", exact=True)).to_be_visible()
    operations.tag(team.workspace, [team.runs[1]], {"stage": "best"})
    page = tab.go("/?where=tags.stage = 'best'")
    expect(page.locator("table.rows tbody tr")).to_have_count(1)

"""Many at once on one store, from processes of their own."""

from __future__ import annotations

import json
import subprocess

import pytest
from desk import Desk
from wheels import make_wheel

from crash.lab import Lab
from orchestrator import operations

pytestmark = pytest.mark.engine


def ended(commands: list[subprocess.Popen[bytes]], seconds: int) -> list[tuple[bytes, bytes]]:
    said = [command.communicate(timeout=seconds) for command in commands]
    assert [command.returncode for command in commands] == [0] * len(commands), [err.decode() for _, err in said][:3]
    return said


@pytest.mark.parametrize("many", [24, pytest.param(100, marks=pytest.mark.soak)])
def test_many_submits(desk: Desk, many: int):
    desk.write("import orchestrator\norchestrator.log_metric('one', 1)\nprint('said')", resources={"memory": "256MiB"})
    assert desk.cli("build").returncode == 0
    said = ended([desk.start("submit", "--json") for _ in range(many)], 900)
    assert not [err for _, err in said if b"database is locked" in err]
    ids = {json.loads(out)["data"]["id"] for out, _ in said}
    assert len(ids) == many
    runs = desk.recorded(many)
    assert {run.id for run in runs} == ids
    assert len({(run.plan, run.outcome, run.status) for run in runs}) == 1
    assert {row.id for row in operations.ls(desk.workspace, limit=2 * many)} == ids
    Lab(desk).check_runs()


def test_several_builds_of_one_image_do_the_work_once(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    wheels = desk.folder / "wheels"
    wheels.mkdir()
    make_wheel(wheels, "onlyonce", "1.0", {"onlyonce.py": f"here = {str(desk.folder)!r}\n".encode()})
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    desk.write("", image={"requirements": ["onlyonce==1.0"]})
    assert desk.cli("lock").returncode == 0
    said = ended([desk.start("build", "--json") for _ in range(4)], 300)
    assert len({json.loads(out)["data"]["image"]["manifest"] for out, _ in said}) == 1
    built = [err for _, err in said if b"laying down" in err]
    assert len(built) == 1, [err.decode() for _, err in said]
    assert sum(b"waiting for it" in err for _, err in said) >= 1

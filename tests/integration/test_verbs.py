"""Verbs that act on runs: stop one that goes on, check one out into a folder."""

from __future__ import annotations

import json

import pytest
from desk import wait_for

from orchestrator import operations
from orchestrator.errors import EnvironmentProblem, ExitCode, UsageError

pytestmark = pytest.mark.engine


def test_a_detached_run_is_stopped_and_recorded(desk):
    spec = desk.write("import time\nprint('begun', flush=True)\ntime.sleep(600)\n")
    run_id = operations.submit(desk.workspace, spec, detach=True).id
    wait_for(lambda: b"begun" in b"".join(piece.data for piece in operations.logs(desk.workspace, run_id)))
    assert operations.stop(desk.workspace, run_id) == run_id
    wait_for(lambda: not (desk.home / "live" / run_id).exists())
    done = operations.show(desk.workspace, run_id)
    assert done.run.status == "killed"
    assert done.outcome is not None
    assert done.outcome.exit_code == 143


def test_a_run_is_checked_out(desk, tmp_path):
    run = desk.submit("open('/outputs/model.bin', 'wb').write(b'weights')\nopen('beside.txt', 'w').write('x')\n")
    (desk.folder / "job.py").write_text("print('changed since')\n")
    out = tmp_path / "new" / "out"
    assert operations.checkout(desk.workspace, run.id, out).files == 8
    assert (out / "artifacts/outputs/model.bin").read_bytes() == b"weights"
    assert (out / "artifacts/workspace/beside.txt").read_text() == "x"
    assert (out / "code/job.py").read_text().startswith("open('/outputs/model.bin'")
    assert json.loads((out / "runspec.yaml").read_text())["name"] == "test"
    assert "python=3.11.2" in (out / "environment.yml").read_text()
    with pytest.raises(UsageError, match="is there already"):
        operations.checkout(desk.workspace, run.id, out)


def test_a_failed_run_tells_its_exit_code(desk):
    desk.write("import sys; sys.exit(3)")
    done = desk.cli("submit")
    assert done.returncode == ExitCode.FAILED
    assert b"failed, exit code 3 (`orchestrator logs " in done.stdout


def test_more_cpus_than_there_are_is_said_before_anything_runs(desk):
    with pytest.raises(EnvironmentProblem, match="asks for 1000 CPUs, this machine has"):
        desk.submit("pass", resources={"cpus": 1000})
    assert operations.ls(desk.workspace) == []

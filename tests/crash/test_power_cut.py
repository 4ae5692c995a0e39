"""The machine's power is cut: what was acknowledged is on the disk, and what is on the disk is no half of anything.

A real file system whose unflushed writes are dropped (disk.py). That the check can fail is tested too: with fsync made
to do nothing, an acknowledged run is gone.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from desk import Desk, wait_for

from crash import whole
from crash.disk import Disk, another_boot
from crash.lab import JOB
from crash.stocked import stock_base
from orchestrator.failpoint import VARIABLE
from orchestrator.run import Run

pytestmark = pytest.mark.engine

CLI = [sys.executable, "-m", "orchestrator.cli.main"]
CUTS = [
    "blob.renamed",
    "record.linked",
    "record.indexed",
    *(
        pytest.param(point, marks=pytest.mark.soak)
        for point in (
            "begin.claimed",
            "live.requested",
            "launch.done",
            "follow.begun",
            "blob.settled",
            "collect.stored",
            "record.flushed",
            "clean.container",
            "clean.folder",
        )
    ),
]


@pytest.fixture(scope="module")
def stocked(shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    """A disk with a home that holds the base image, and one run."""
    assert os.geteuid() == 0, "a disk whose power can be cut is mounted by root"
    folder = tmp_path_factory.mktemp("stocked")
    disk = Disk.made(folder / "disk", gigabytes=3)
    home = disk.folder / "home"
    stock_base(shelf, home, folder / "shelf")
    work = Desk(home, disk.folder / "work")
    assert work.submit(JOB).status == "finished"
    disk.flush()
    yield disk
    disk.remove()


@pytest.fixture
def disk(stocked: Disk, tmp_path: Path) -> Iterator[Disk]:
    """A copy of it, for this test."""
    copy = stocked.copied(tmp_path / "disk")
    yield copy
    copy.remove()


class Machine:
    """One home on one disk; its power may go."""

    def __init__(self, disk: Disk, tmp_path: Path) -> None:
        self.disk = disk
        self.desk = Desk(disk.folder / "home", disk.folder / "work")
        self._boot = tmp_path / "boot"
        self._started_anew = False

    def command(
        self, *argv: str, failpoint: str | None = None, prefix: tuple[str, ...] = ()
    ) -> subprocess.CompletedProcess[bytes]:
        whole = [*prefix, *CLI, *argv]
        armed = {VARIABLE: failpoint} if failpoint else {}
        return subprocess.run(
            another_boot(whole, self._boot) if self._started_anew else whole,
            cwd="/",
            env=self.desk.environment(**armed),
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=300,
        )

    def submit(self, **how: object) -> subprocess.CompletedProcess[bytes]:
        return self.command("submit", str(self.desk.folder), "--json", **how)  # type: ignore[arg-type]

    def cut_power(self) -> None:
        """Containers end, unflushed writes are lost, the machine starts anew."""
        _end_containers(self.desk)
        self.disk.cut_power()
        self._started_anew = True

    def listed(self) -> list[str]:
        done = self.command("ls", "--json")
        assert done.returncode == 0, done.stderr.decode()
        return [row["id"] for row in json.loads(done.stdout)["data"]["runs"]]

    def check_store(self) -> dict[str, Run]:
        """Every record can be read, everything it names is there, and every blob is whole."""
        workspace = self.desk.workspace
        runs = whole.runs(workspace)
        for run in runs.values():
            whole.check_needs(workspace, run)
        whole.check_blobs(workspace)
        return runs


def _end_containers(desk: Desk) -> None:
    client = docker.from_env()
    for name in desk.containers():
        with contextlib.suppress(docker.errors.APIError):  # the killed command may have begun with it
            client.api.remove_container(name.removeprefix("/"), force=True)
    client.close()
    wait_for(lambda: not desk.containers())


@pytest.fixture
def machine(disk: Disk, tmp_path: Path) -> Machine:
    return Machine(disk, tmp_path)


def acknowledged(done: subprocess.CompletedProcess[bytes]) -> str:
    assert done.returncode == 0, done.stderr.decode()
    run_id: str = json.loads(done.stdout)["data"]["id"]
    return run_id


def test_an_acknowledged_run_is_on_the_disk(machine: Machine):
    run_id = acknowledged(machine.submit())
    machine.cut_power()
    assert run_id in machine.listed()
    assert machine.check_store()[run_id].status == "finished"


def test_a_detached_run_that_was_acknowledged_is_recorded_as_lost(machine: Machine):
    machine.desk.write("import time\ntime.sleep(600)")
    run_id = acknowledged(machine.command("submit", str(machine.desk.folder), "--detach", "--json"))
    supervisor_ends = machine.desk.live("record/started.json")
    _kill_holder(supervisor_ends)
    machine.cut_power()
    assert run_id in machine.listed()
    assert machine.check_store()[run_id].status == "lost"


def test_what_a_job_had_written_and_nobody_flushed_is_not_taken_for_its_outcome(machine: Machine):
    """The job has ended, and its exit record is flushed; its artifacts are not."""
    done = machine.submit(failpoint="collect.asked=kill")
    assert done.returncode == -9, done.stderr.decode()
    before = set(machine.check_store())
    machine.cut_power()
    (run_id,) = set(machine.listed()) - before
    run = machine.check_store()[run_id]
    assert (run.status, run.outcome) == ("lost", None)
    assert "started anew" in run.facts.notes[0]


@pytest.mark.parametrize("point", CUTS)
def test_wherever_it_is_cut_the_store_is_whole_and_a_retry_succeeds(machine: Machine, point: str):
    done = machine.submit(failpoint=f"{point}=kill")
    assert done.returncode == -9, done.stderr.decode()
    known = {run_id for run_id, run in machine.check_store().items() if run.status == "finished"} if point in (
        "record.flushed", "record.indexed", "clean.container", "clean.folder",
    ) else set()  # fmt: skip
    machine.cut_power()
    machine.listed()
    runs = machine.check_store()
    assert known <= runs.keys()
    again = acknowledged(machine.submit())
    assert machine.check_store()[again].status == "finished"


def test_without_fsync_the_same_check_fails(machine: Machine):
    """Else the disk above would not drop anything, and all these tests would show nothing."""
    deaf = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:retval=0")
    run_id = acknowledged(machine.submit(prefix=deaf))
    machine.cut_power()
    assert run_id not in machine.listed()


def _kill_holder(folder: Path) -> None:
    """End the background process: with the power, it ends too."""
    holders = subprocess.run(["fuser", str(folder / "lock")], capture_output=True, text=True).stdout.split()
    for pid in holders:
        os.kill(int(pid), 9)

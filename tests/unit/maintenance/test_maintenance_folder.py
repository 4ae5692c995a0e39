"""What dead processes left in ``tmp/``: told at once, removed only when nothing has touched it for a day."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.maintenance import folder
from orchestrator.maintenance.folder import DAY


@pytest.fixture
def tmp(tmp_path: Path) -> Path:
    (tmp_path / "tmp").mkdir()
    return tmp_path / "tmp"


def named(pid: int) -> str:
    return f"{pid}-{'0' * 16}"


def dead() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def found(tmp: Path, later: float = 0.0) -> dict[str, bool]:
    now = tmp.stat().st_ctime + later
    return {path.name: may_go for path, may_go in folder.left_over(tmp.parent, now)}


def test_a_living_processs_file_is_nobodys_business(tmp: Path):
    (tmp / named(os.getpid())).touch()
    assert found(tmp) == found(tmp, 9 * DAY) == {}


def test_a_dead_processs_file_goes_after_a_day(tmp: Path):
    name = named(dead())
    (tmp / name).touch()
    assert found(tmp, DAY / 2) == {name: False}
    assert found(tmp, 2 * DAY) == {name: True}


def test_a_folder_counts_as_touched_with_what_is_in_it(tmp: Path):
    (tmp / "bytecode-x0y1z2_3" / "work").mkdir(parents=True)
    assert found(tmp, 2 * DAY) == {"bytecode-x0y1z2_3": True}
    folder.remove(tmp / "bytecode-x0y1z2_3")
    assert found(tmp, 2 * DAY) == {}


def test_what_has_no_name_of_ours_stays(tmp: Path, tmp_path: Path):
    """The home may have been somebody's folder before, or ``tmp`` may lead into one."""
    (tmp / "thesis.tex").touch()
    (tmp / "work-1").mkdir()
    assert found(tmp, 9 * DAY) == {}
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / named(dead())).touch()
    (tmp_path / "home2").mkdir()
    (tmp_path / "home2" / "tmp").symlink_to(elsewhere)
    assert list(folder.left_over(tmp_path / "home2", elsewhere.stat().st_ctime + 9 * DAY)) == []


def test_an_id_that_was_given_anew_protects_nothing(tmp: Path):
    """Process 1 of this machine began before the file; one that begins later is another than its writer."""
    (tmp / named(1)).touch()
    assert found(tmp, 2 * DAY) == {}
    younger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        started = folder._started(younger.pid)
        assert started is not None
        assert not folder._is_at_work(named(younger.pid), started - 60)
        assert folder._is_at_work(named(younger.pid), started + 60)
    finally:
        younger.communicate(b"\n")


def test_no_home_no_leftovers(tmp_path: Path):
    assert list(folder.left_over(tmp_path / "absent", 0.0)) == []
    assert list(folder.foreign_files(tmp_path / "absent")) == []

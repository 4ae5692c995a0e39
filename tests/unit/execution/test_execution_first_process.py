"""A container's first process, seen from here: its end is known at once, and no other process is taken for it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from desk import wait_for

from orchestrator.execution.first_process import FirstProcess


@pytest.fixture
def first():
    """The id of a process that is first in a PID name space of its own, and what started it."""
    command = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child", "sleep", "600"]
    starter = subprocess.Popen(command)
    children = Path(f"/proc/{starter.pid}/task/{starter.pid}/children")
    pid = int(wait_for(lambda: children.read_text().strip()))
    wait_for(lambda: Path(f"/proc/{pid}/comm").read_text() == "sleep\n")
    yield pid
    starter.kill()
    starter.wait()


def test_it_is_found_and_its_end_is_seen(first):
    found = FirstProcess.found(first)
    assert found is not None
    assert not found.has_ended()
    os.kill(first, 9)
    wait_for(found.has_ended)


def test_a_zombie_has_ended():
    child = subprocess.Popen(["sleep", "600"])
    stat = Path(f"/proc/{child.pid}/stat")
    found = FirstProcess(stat, stat.read_text().rpartition(")")[2].split()[19])
    assert not found.has_ended()
    child.kill()
    wait_for(found.has_ended)  # nobody has waited for it yet
    assert stat.exists()
    child.wait()
    assert found.has_ended()


def test_another_process_of_the_same_number_is_not_it():
    assert FirstProcess(Path("/proc/self/stat"), "1").has_ended()


@pytest.mark.parametrize("pid", [None, 0, os.getpid(), 2**22 + 1])
def test_what_cannot_be_a_containers_first_process_is_not_trusted(pid):
    assert FirstProcess.found(pid) is None

"""What a job sees from inside its container: the walls, the mounts, the names it goes by."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from desk import Desk

from orchestrator.agent import wire
from orchestrator.determinism import EPOCH

pytestmark = pytest.mark.engine

LOOK = (Path(__file__).parent / "look_around.py").read_text()


@pytest.fixture(scope="module")
def desk_of_module(new_desk: Callable[[], Desk]) -> Desk:
    desk = new_desk()
    (desk.folder / "words" / "a").mkdir(parents=True)
    (desk.folder / "words" / "a" / "b.txt").write_text("word")
    (desk.folder / "one.txt").write_text("one")
    return desk


@pytest.fixture(scope="module")
def seen(desk_of_module: Desk) -> dict[str, Any]:
    return desk_of_module.answers(
        LOOK,
        data={"words": {"source": "words"}, "one": {"source": "one.txt"}},
        resources={"cpus": 1, "memory": "300m"},
        env={"MINE": "own"},
    )


def test_it_has_no_rights(seen):
    assert (seen["uid"], seen["gid"], seen["groups"]) == (1000, 1000, [1000])
    no_capability = ["0" * 16]
    assert {name: seen["caps"][name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == dict.fromkeys(
        ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), no_capability
    )
    assert (seen["caps"]["NoNewPrivs"], seen["caps"]["Seccomp"]) == (["1"], ["2"])
    assert (seen["chown"], seen["setuid"], seen["mknod"]) == ("EPERM", "EPERM", "EPERM")
    assert seen["core"] == [0, 0]
    assert seen["socket"] is False


def test_it_has_no_network(seen):
    assert seen["interfaces"] == ["lo"]
    assert seen["connect"] == "ENETUNREACH"


def test_it_writes_only_where_it_may(seen):
    assert seen["read_only"] == ["/", "/etc/passwd", "/etc/group", "/data/words", "/data/one/one.txt", wire.PACKAGE]
    refused = {seen[name] for name in ("root", "etc", "data_write", "data_new", "data_mode", "agent", "agent_new")}
    assert refused <= {"EROFS", "EACCES", "EPERM"}
    assert (seen["tmp"], seen["outputs"], seen["code"], seen["home"][2]) == ("done", "done", "done", "done")


def test_what_it_changes_is_its_own_copy(seen, desk_of_module):
    assert (desk_of_module.folder / "job.py").read_text() == LOOK
    assert (desk_of_module.folder / "words" / "a" / "b.txt").read_text() == "word"


def test_it_is_always_the_same_one(seen):
    assert (seen["pid"], seen["session"]) == (32, 32)
    assert seen["host"] == "orchestrator"
    assert seen["user"] == ["job", "job", "job"]
    assert seen["home"][:2] == [wire.HOME, wire.HOME]
    assert (seen["cwd"], seen["umask"], seen["mtime"]) == (wire.WORKSPACE, 0o22, EPOCH)
    assert set(seen["files"]) >= {"job.py", "runspec.yaml", "words", "one.txt"}
    assert (seen["zone"], seen["encoding"]) == ("UTC", "utf-8")
    assert (seen["stdin"], seen["terminal"]) == ("", [False, False, False])
    assert seen["descriptors"] == [0, 1, 2, 3]  # the third is the listing itself


def test_its_environment_is_the_plans_and_nothing_of_this_host(seen):
    env = seen["env"]
    fixed = {"HOME": wire.HOME, "USER": "job", "LOGNAME": "job", "TZ": "UTC", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    assert {name: env[name] for name in fixed} == fixed
    assert env["MINE"] == "own"
    assert (env["PYTHONHASHSEED"], env["OMP_NUM_THREADS"]) == ("0", "1")
    assert not [name for name in env if name.startswith(("DOCKER", "PYTEST", "ORCHESTRATOR_HOME", "PIP_"))]


def test_its_data_is_there(seen):
    assert (seen["data"], seen["data_file"]) == ("word", "one")


def test_its_limits_are_set(seen):
    limits = seen["cgroup"]
    assert {limits.get("memory.max", limits.get("memory.limit_in_bytes"))} == {str(300 << 20)}
    assert limits["pids.max"] == "4096"
    assert limits.get("cpu.cfs_quota_us", "100000") == "100000"


def test_it_cannot_end_its_supervisor(seen):
    assert seen["kill"] == "done"  # said the kernel, and dropped it: all that stands in `seen` was said afterwards

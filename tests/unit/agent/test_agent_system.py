"""Samples of what the container uses: control groups of both versions, /proc, and the file they go to."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from orchestrator.agent.append import Appender
from orchestrator.agent.cgroup import Container
from orchestrator.agent.system import Sampler, interval

VERSION_1 = {
    "cpuacct/cpuacct.usage": "2500000000\n",
    "memory/memory.usage_in_bytes": "1000000\n",
    "memory/memory.stat": "cache 7\nrss 8\ntotal_cache 600000\ntotal_rss 300000\ntotal_shmem 100000\n",
    "blkio/blkio.throttle.io_service_bytes": "8:0 Read 100\n8:0 Write 20\n8:0 Total 120\n8:16 Read 1\n8:16 Write 2\n"
    "Total 123\n",
}
VERSION_2 = {
    "cpu.stat": "usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\n",
    "memory.current": "1000000\n",
    "memory.stat": "anon 300000\nfile 600000\nshmem 100000\n",
    "io.stat": "8:16 rbytes=100 wbytes=20 rios=1 wios=1 dbytes=0 dios=0\n8:0 rbytes=1 wbytes=2\n254:0 \n",
}


def lay(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize("files", [VERSION_1, VERSION_2], ids=["version 1", "version 2"])
def test_control_groups_of_either_version(files, tmp_path):
    container = Container(str(lay(tmp_path, files)), "/nowhere")
    assert container.cpu_seconds() == 2.5
    assert container.memory() == 1000000 - (600000 - 100000)
    assert container.disk() == (101, 22)


def test_without_control_groups_the_processes_tell(tmp_path):
    process = "stat (a) b) S 1 1 1 0 -1 4194560 1 1 1 1 {} 20 0 1 0 5 6 7 8\n"
    ticks = os.sysconf("SC_CLK_TCK")
    proc = lay(
        tmp_path,
        {
            "1/stat": process.format(f"{ticks} {ticks} {2 * ticks} 0"),
            "1/statm": "100 10 5 1 0 50 0\n",
            "32/stat": process.format(f"0 0 0 {ticks}"),
            "32/statm": "100 20 5 1 0 50 0\n",
            "self/stat": "",
        },
    )
    container = Container("/nowhere", str(proc))
    assert (container.cpu_seconds(), container.memory()) == (5.0, 30 * os.sysconf("SC_PAGE_SIZE"))
    with pytest.raises(ValueError, match="no source"):
        container.disk()


def test_this_machine_tells_something():
    container = Container()
    before = container.cpu_seconds()
    sum(range(3_000_000))
    assert container.cpu_seconds() >= before > 0
    assert container.memory() > 1 << 20


@pytest.mark.parametrize(("elapsed", "wait"), [(0, 0.5), (99, 0.5), (1000, 5), (6000, 30), (1e6, 30)])
def test_long_runs_are_looked_at_less_often(elapsed, wait):
    assert interval(elapsed) == wait


@pytest.mark.parametrize(("hours", "most"), [(1 / 60, 121), (1, 1000), (24, 4000)])
def test_there_are_never_many_samples(hours, most):
    moment, count = 0.0, 1
    while moment < hours * 3600:
        moment += interval(moment)
        count += 1
    assert count <= most


def test_samples_are_lines(tmp_path):
    sampler = Sampler(Appender(str(tmp_path / "system")), str(tmp_path))
    began = time.time_ns()
    sampler.refresh()
    sampler.refresh()  # not due yet
    sum(range(1_000_000))
    sampler.close()
    first, last = (json.loads(line) for line in (tmp_path / "system").read_text().splitlines())
    assert began <= first["time"] < last["time"] <= time.time_ns()
    assert "cpu" not in first
    assert last["cpu"] >= 0
    assert min(first["memory"], first["outputs_free"]) > 0
    assert sampler.due > time.monotonic()


def test_what_vanishes_is_left_out(tmp_path):
    outputs = tmp_path / "outputs"
    outputs.mkdir()
    sampler = Sampler(Appender(str(tmp_path / "system")), str(outputs))
    outputs.rmdir()
    sampler.sample()
    assert "outputs_free" not in json.loads((tmp_path / "system").read_text())


def test_a_full_disk_costs_samples_and_nothing_else(tmp_path):
    import resource

    sampler = Sampler(Appender(str(tmp_path / "system")), str(tmp_path))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, limits[1]))
    try:
        sampler.sample()
        sampler.sample()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    sampler.sample()
    whole = [line for line in (tmp_path / "system").read_text().splitlines() if line.endswith("}")]
    assert [json.loads(line)["time"] > 0 for line in whole] == [True]


@pytest.mark.parametrize("name", ["memory.stat", "cpu.stat", "io.stat"])
def test_a_source_that_breaks_later_is_silent(name, tmp_path):
    root = lay(tmp_path / "cgroup", VERSION_2)
    container = Container(str(root), "/nowhere")
    shutil.copy(root / name, root / "copy")
    (root / name).write_text("rubbish\n" if name != "io.stat" else "8:0 rbytes=many")
    silent = {"memory.stat": container.memory, "cpu.stat": container.cpu_seconds, "io.stat": container.disk}[name]
    from orchestrator.agent.cgroup import SILENT

    with pytest.raises(SILENT):
        silent()
    (root / "copy").rename(root / name)
    assert silent()

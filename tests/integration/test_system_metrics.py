"""What a container used is sampled while it runs: facts beside the outcome."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.engine

BUSY = """
import json, os, time

block = bytearray(os.urandom(1 << 20)) * 200
with open("/outputs/file", "wb") as file:
    file.write(b"x" * (1 << 20))
    os.fsync(file.fileno())

def sampled():
    with open("/run/orchestrator/system.jsonl") as lines:
        found = [json.loads(line) for line in lines if line.endswith("\\n")]
    return any(one.get("memory", 0) > len(block) and "cpu" in one for one in found)

while not sampled():
    sum(range(10_000))
"""


def test_what_it_used_is_known(desk):
    run = desk.submit(BUSY, resources={"cpus": 1, "memory": "600m"})
    used = desk.show(run).observed.usage
    assert used.samples >= 3
    assert 200 << 20 < used.memory_peak < 600 << 20
    assert 0 < used.memory_mean <= used.memory_peak
    assert 0 < used.cpu_mean <= used.cpu_peak
    assert used.outputs_free > 0
    assert used.seconds > 0
    assert used.gpus == ()
    assert run.facts.system is not None


def test_it_is_no_part_of_the_outcome(desk):
    runs = [desk.submit("pass") for _ in range(2)]
    assert runs[0].outcome == runs[1].outcome
    assert runs[0].facts.system != runs[1].facts.system
    assert b"system.jsonl" not in desk.blob(runs[0].outcome)


def test_a_short_run_has_its_first_and_last_sample(desk):
    used = desk.show(desk.submit("pass")).observed.usage
    assert used.samples >= 2
    assert used.cpu_mean is not None


def test_show_tells(desk):
    run = desk.submit("pass", resources={"cpus": 2})
    shown = desk.cli("show", run.id).stdout.decode()
    (line,) = [line for line in shown.splitlines() if line.startswith("used ")]
    assert " of 2 CPUs, " in line
    assert line.endswith(("MB at most", "kB at most", "written"))
    told = json.loads(desk.cli("--json", "show", run.id).stdout)["data"]["usage"]
    assert told["samples"] >= 2
    assert told["memory_peak"] > 0


def test_a_job_that_removes_its_samples_is_recorded_all_the_same(desk):
    run = desk.submit("import os; os.unlink('/run/orchestrator/system.jsonl')")
    assert (run.status, run.facts.system, desk.show(run).observed.usage) == ("finished", None, None)


def test_a_job_that_is_stopped_has_samples_too(desk):
    run = desk.submit("import time; time.sleep(600)", resources={"timeout": 1})
    assert run.status == "killed"
    assert desk.show(run).observed.usage.samples >= 2

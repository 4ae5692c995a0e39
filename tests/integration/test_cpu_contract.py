"""A machine that cannot keep to a plan's instruction set says so before anything runs. Its facts come in as values."""

from __future__ import annotations

import pytest
from desk import Desk

from orchestrator import operations
from orchestrator.errors import EnvironmentProblem, ExitCode, NotReplayable
from orchestrator.execution import cpu, host
from orchestrator.workspace import Workspace

pytestmark = pytest.mark.engine

NEHALEM = """
vendor_id : GenuineIntel
model name : Intel(R) Xeon(R) CPU X5550
flags : cx16 lahf_lm pni popcnt sse4_1 sse4_2 ssse3
"""
SCRIPT = "import orchestrator; orchestrator.log_metric('loss', 0.5)"


def on_a_nehalem(desk: Desk) -> Workspace:
    """The same home and engine, as they would be on a machine of 2009."""
    return Workspace(
        desk.home,
        report=desk.said.append,
        host=lambda gpus=False: {**host.describe(gpus=gpus), "cpu": cpu.describe(NEHALEM)},
    )


def test_the_record_has_the_cpu(desk: Desk):
    run = desk.submit(SCRIPT)
    assert run.facts.host["cpu"] == cpu.read()
    assert set(run.facts.host["cpu"]) == {"vendor", "model", "machine", "features"}


def test_a_replay_that_cannot_keep_to_the_pins_does_not_begin(desk: Desk):
    original = desk.submit(SCRIPT)
    with pytest.raises(NotReplayable) as refused:
        operations.replay(on_a_nehalem(desk), original.id)
    assert refused.value.exit_code == ExitCode.ENGINE == 3
    assert "Intel(R) Xeon(R) CPU X5550 (x86-64-v2), lacks abm, avx, avx2" in refused.value.message
    assert f"the original ran on {cpu.name(original.facts.host['cpu'])}" in refused.value.message
    assert "--force" in refused.value.hint
    assert [run.id for run in desk.recorded()] == [original.id]


def test_force_tries_it_anyway_and_says_so(desk: Desk):
    original = desk.submit(SCRIPT)
    again = operations.replay(on_a_nehalem(desk), original.id, force=True)
    assert again.verdict.passed
    assert any(line.startswith("--force: the run's arithmetic is pinned to x86-64-v3") for line in desk.said)
    assert again.replay.facts.host["cpu"]["model"] == "Intel(R) Xeon(R) CPU X5550"


def test_verify_refuses_and_can_be_forced_likewise(desk: Desk):
    original = desk.submit(SCRIPT)
    with pytest.raises(NotReplayable):
        operations.verify(on_a_nehalem(desk), original.id)
    assert operations.verify(on_a_nehalem(desk), original.id, force=True).passed
    assert desk.cli("verify", original.id, "--force").returncode == 0


def test_a_submit_is_refused_and_told_what_would_do(desk: Desk):
    spec = desk.write(SCRIPT)
    with pytest.raises(EnvironmentProblem) as refused:
        operations.submit(on_a_nehalem(desk), spec)
    assert refused.value.exit_code == ExitCode.ENGINE
    assert refused.value.hint.startswith("`determinism: {cpu: x86-64-v2}`")
    assert desk.recorded(0) == []


def test_what_it_is_told_does(desk: Desk):
    done = operations.submit(on_a_nehalem(desk), desk.write(SCRIPT, determinism={"cpu": "x86-64-v2"})).run
    assert done is not None
    assert done.status == "finished"
    assert operations.replay(on_a_nehalem(desk), done.id).verdict.passed
    assert operations.replay(desk.workspace, done.id).verdict.passed

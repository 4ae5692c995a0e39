"""doctor finds what is wrong, and never fails itself."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import orchestrator.agent
from orchestrator.execution import cpu
from orchestrator.operations import checkup, doctor
from orchestrator.workspace import Workspace


def states(workspace):
    return {check.name: check for check in doctor(workspace)}


def test_a_dead_engine_is_a_problem_with_a_next_step(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    engine = states(Workspace(tmp_path / "home"))["engine"]
    assert engine.state == "problem"
    assert "DOCKER_HOST" in engine.next_step


def test_a_clock_in_the_past_is_a_problem(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    workspace = Workspace(tmp_path / "home", now=lambda: datetime(1970, 1, 1, tzinfo=UTC))
    assert states(workspace)["clock"].state == "problem"


def test_find_links_that_are_gone_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    monkeypatch.setenv("PIP_FIND_LINKS", "/nowhere/wheels")
    wheels = states(Workspace(tmp_path / "home"))["wheels"]
    assert wheels.state == "warning"
    assert "/nowhere/wheels" in wheels.text


def test_the_interposer_is_told_by_its_digest(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    library = Path(orchestrator.agent.__file__).parent / "interpose" / "libinterpose.so"
    interposer = states(Workspace(tmp_path / "home"))["interposer"]
    assert interposer.state == "ok", "`make python` compiles it"
    assert hashlib.sha256(library.read_bytes()).hexdigest()[:12] in interposer.text


def test_without_an_interposer_the_next_step_is_a_compiler_then_the_build(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    monkeypatch.setenv("CC", "no-such-compiler")
    monkeypatch.setattr(checkup, "_AGENT", tmp_path / "orchestrator" / "agent")
    interposer = states(Workspace(tmp_path / "home"))["interposer"]
    assert interposer.state == "warning"
    assert "entropy, clock and directory listings are not owned" in interposer.text
    assert interposer.next_step.startswith("install a C compiler (apt-get install gcc libc6-dev), then `pip install")


def test_a_cpu_that_cannot_keep_to_the_default_pin_is_told_which_it_can(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    nehalem = cpu.describe("model name: X5550\nflags: cx16 lahf_lm pni popcnt sse4_1 sse4_2 ssse3\n")
    found = states(Workspace(tmp_path / "home", host=lambda gpus=False: {"cpu": nehalem}))["cpu"]
    assert (found.state, found.next_step) == ("warning", "`determinism: {cpu: x86-64-v2}` in the spec")
    assert "X5550 (x86-64-v2) lacks abm, avx, avx2" in found.text

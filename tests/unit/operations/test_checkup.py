"""doctor finds what is wrong, and never fails itself."""

from __future__ import annotations

from datetime import UTC, datetime

from orchestrator.operations import doctor
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

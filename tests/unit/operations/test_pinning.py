"""The controls in force for a spec on this installation, and the interposer that goes with the agent."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

import orchestrator.agent
from orchestrator.cli.render.plans import controls_line as shown
from orchestrator.determinism.controls import Controls
from orchestrator.digest import Digest
from orchestrator.errors import EnvironmentProblem, ExitCode
from orchestrator.operations.pinning import agent_tree, controls_of
from orchestrator.runspec.model import RunSpec
from orchestrator.store import tree
from orchestrator.workspace import Workspace


def spec(determinism="standard", **fields):
    return RunSpec(version=1, name="x", run={"command": "python x.py"}, determinism=determinism, **fields)


@pytest.mark.parametrize("level", ["off", "standard", "strict"])
def test_a_level(level):
    assert controls_of(spec(level), interposer=True) == (Controls.of(level), ())


def test_what_cannot_be_had_here():
    controls, notes = controls_of(spec("strict", network="bridge"), interposer=False)
    assert controls.missing("strict") == ("entropy", "clock", "listings")
    assert len(notes) == 2
    with pytest.raises(EnvironmentProblem, match=r"determinism\.clock` and `determinism\.listings`") as caught:
        controls_of(spec({"clock": "on", "listings": True, "entropy": "off"}), interposer=False)
    assert caught.value.exit_code == ExitCode.ENGINE
    assert "orchestrator doctor" in caught.value.hint


def test_the_interposer_is_the_agents(home):
    workspace = Workspace(home)
    agent, interposer = agent_tree(workspace)
    file = Path(orchestrator.agent.__file__).parent / "interpose" / "libinterpose.so"
    assert interposer == (Digest.of(file.read_bytes()) if file.exists() else None)
    assert ("interpose/libinterpose.so" in tree.load(workspace.blobs, agent).files) is file.exists()


@pytest.mark.parametrize(
    ("determinism", "line"),
    [
        ("off", "off"),
        ({"level": "off", "hash": True}, "off: hash"),
        (
            {"level": "strict", "clock": "off", "cpu": "x86-64-v2"},
            "strict: identity hash dates seeds algorithms threads one_thread joblib entropy listings addresses "
            "cpu=x86-64-v2; without clock",
        ),
        (
            {"algorithms": False, "cpu": "off"},
            "standard: identity hash dates seeds threads entropy clock listings; without algorithms cpu",
        ),
    ],
)
def test_how_it_is_shown(determinism, line):
    level = determinism if isinstance(determinism, str) else determinism.get("level", "standard")
    controls, _ = controls_of(spec(determinism), interposer=True)
    assert shown(SimpleNamespace(controls=controls, determinism=level)) == line
    assert shown(SimpleNamespace(controls=None, determinism=level)) == level, "plans of before"

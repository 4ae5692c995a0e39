"""A record folder, and the agent's package as a job finds it: without anything of this program around it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tracking import Tracking, serving

import orchestrator.agent
from orchestrator.agent import api, wire

AGENT = Path(orchestrator.agent.__file__).parent


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This process becomes a job: its record folder, with the parameters lr and kept."""
    folder = tmp_path / "record"
    folder.mkdir()
    (folder / wire.JOB).write_text(json.dumps({"params": {"lr": 0.1, "kept": "yes"}}))
    monkeypatch.setattr(wire, "RECORD", str(folder))
    monkeypatch.setattr(wire, "OUTPUTS", str(tmp_path / "outputs"))
    forget(monkeypatch)
    return folder


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """The API's state as it is in a process that has just begun."""
    for name, value in {"_append": None, "_names": {}, "_steps": {}}.items():
        monkeypatch.setattr(api, name, value)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A folder for PYTHONPATH in which the agent is the package ``orchestrator``."""
    folder = tmp_path / "lib"
    folder.mkdir()
    (folder / "orchestrator").symlink_to(AGENT)
    return folder


@pytest.fixture
def python(library: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a script in a Python of its own, as a job runs; ``env`` is all of its environment but PATH."""

    def run(script: str, *options: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *options, "-c", script],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(library), **env},
            cwd=library.parent,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


@pytest.fixture
def tracking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tracking]:
    """The agent's MLflow server."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", wire.TRACKING_URI)
    with serving(tmp_path / "record") as server:
        yield server

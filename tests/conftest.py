"""What every test shares: an engine or a loud failure, a home of its own, hypothesis without a clock."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import pytest
from hypothesis import settings

# A slow machine is no failure; in CI the examples are the same each time.
settings.register_profile("house", deadline=None, derandomize="CI" in os.environ, print_blob=True)
settings.load_profile("house")


@functools.cache
def engine_problem() -> str | None:
    """Why no Docker Engine answers; None where one does."""
    import docker

    try:
        docker.from_env(timeout=30).ping()
    except Exception as error:
        return str(error)
    return None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test marked ``engine`` fails where no engine answers: a skip would pass for a success."""
    if item.get_closest_marker("engine") and (problem := engine_problem()):
        pytest.fail(
            f"this test needs a Docker Engine, and none answers (`make setup` starts one): {problem}",
            pytrace=False,
        )


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty ORCHESTRATOR_HOME, for this test alone."""
    path = tmp_path / "home"
    path.mkdir()
    monkeypatch.setenv("ORCHESTRATOR_HOME", str(path))
    return path

"""The native API: harmless outside a run, exact inside, and nothing that was logged is lost."""

from __future__ import annotations

import errno
import math
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.agent import api, wire
from orchestrator.execution import events

Python = Callable[..., subprocess.CompletedProcess[str]]


def points(record: Path, name: str) -> list[tuple[int, float]]:
    return list(events.read(record).own.metrics[name])


def test_outside_a_run_nothing_happens(python: Python, tmp_path: Path):
    script = """
import orchestrator, sys
orchestrator.log_metric("loss", 0.5)
orchestrator.log_metrics({"a": 1, "b": 2}, step=3)
orchestrator.log_param("lr", 0.1)
orchestrator.log_params({"a": 1})
orchestrator.log_artifact("/no/such/file")
orchestrator.set_tag("team", "x")
assert orchestrator.params() == {}
print(orchestrator.__all__)
"""
    done = python(script)
    assert (done.returncode, done.stderr) == (0, "")
    assert "log_metric" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["lib"]


def test_it_needs_only_what_a_job_has_anyway(python: Python):
    script = "import sys, orchestrator; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = python(script, "-S")
    assert not {"numpy", "torch", "typing", "asyncio", "socket", "pydantic"} & set(done.stdout.split())


def test_metrics_are_read_back(record: Path):
    api.log_metric("loss", 0.1)
    api.log_metric("loss", 0.2)
    api.log_metric("loss", 0.3, step=10)
    api.log_metric("loss", 0.4)
    api.log_metrics({"loss": -0.0, "other": math.inf}, step=-1)
    assert points(record, "loss") == [(-1, -0.0), (0, 0.1), (1, 0.2), (10, 0.3), (11, 0.4)]
    assert points(record, "other") == [(-1, math.inf)]


def test_params_are_read_back_and_the_last_one_counts(record: Path):
    api.log_params({"lr": 1, "name": "x", "\udcff": "\udcff"})
    api.log_param("lr", 0.5)
    assert events.read(record).own.params == {"lr": 0.5, "name": "x", "\\udcff": "\\udcff"}
    assert api.params() == {"lr": 0.1, "kept": "yes"}


def test_tags_are_read_back_as_text(record: Path):
    api.set_tag("team", "x")
    api.set_tag("team", 7)
    assert events.read(record).own.tags == {"team": "7"}


class Scalar:
    """As NumPy's scalars and one-element tensors are."""

    def __float__(self) -> float:
        return 0.1

    def __int__(self) -> int:
        return 7

    def __index__(self) -> int:
        return 7


def test_whatever_is_a_number_is_taken(record: Path):
    api.log_metric("loss", Scalar(), step=Scalar())
    api.log_metric("loss", True)
    api.log_metric("loss", 10**300)
    assert points(record, "loss") == [(7, 0.1), (8, 1.0), (9, 1e300)]


@pytest.mark.parametrize(
    ("name", "value", "step"),
    [
        ("", 1, 0), ("x" * 10_240, 1, 0), ("x", "no number", 0), ("x", None, 0), ("x", [1.0], 0), ("x", 10**400, 0),
        ("x", 1j, 0), ("x", 1, 2**63), ("x", 1, -(2**63)), ("x", 1, math.nan), ("x", 1, math.inf), ("x", 1, [1]),
    ],
)  # fmt: skip
def test_what_cannot_be_recorded_is_refused_and_nothing_is_written(record: Path, name, value, step):
    with pytest.raises(ValueError):
        api.log_metric(name, value, step)
    assert not (record / wire.EVENTS).exists()
    api.log_metric("x", 1)
    assert points(record, "x") == [(0, 1.0)]


def test_a_full_disk_is_said_and_costs_one_point(record: Path):
    api.log_metric("loss", 1)
    size = (record / wire.EVENTS).stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, limits[1]))  # Python ignores SIGXFSZ
    try:
        with pytest.raises(OSError, match="cut short"):
            api.log_metric("loss", 2)
        with pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
            api.log_metric("loss", 3)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    api.log_metric("loss", 4)
    api.log_metric("loss", 5)
    logged = events.read(record)
    assert [value for _, value in logged.own.metrics["loss"]] == [1, 4, 5]
    assert logged.damaged == 1


def test_processes_share_the_file_and_tear_nothing(record: Path):
    children = []
    for number in range(4):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                for step in range(500):
                    api.log_metric(f"child{number}", step / 3, step)
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4
    logged = events.read(record)
    assert logged.damaged == 0
    for number in range(4):
        assert list(logged.own.metrics[f"child{number}"]) == [(step, step / 3) for step in range(500)]


def test_a_child_goes_on_where_its_parent_was(record: Path):
    api.log_metric("loss", 1)
    child = os.fork()
    if child == 0:
        api.log_metric("loss", 2)
        os._exit(0)
    os.waitpid(child, 0)
    assert points(record, "loss") == [(0, 1.0), (1, 2.0)]


def test_a_kill_loses_no_point(record: Path, library: Path):
    script = f"""
import os, signal
from orchestrator import log_metric, wire
wire.RECORD = {str(record)!r}
for step in range(1000):
    log_metric("loss", step)
os.kill(os.getpid(), signal.SIGKILL)
"""
    env = {**os.environ, "PYTHONPATH": str(library)}
    done = subprocess.run([sys.executable, "-c", script], env=env, cwd=library, check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(points(record, "loss")) == 1000


def test_artifacts_are_copied(record: Path, tmp_path: Path, monkeypatch):
    outputs = Path(wire.OUTPUTS)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.bin").write_bytes(b"weights")
    (tmp_path / "folder" / "deep").mkdir(parents=True)
    (tmp_path / "folder" / "deep" / "file").write_text("x")
    (tmp_path / "folder" / "link").symlink_to("deep/file")
    api.log_artifact("model.bin")
    api.log_artifact("model.bin", "models/last.bin")
    api.log_artifact("folder")
    api.log_artifact("folder")  # twice is once
    api.log_artifact(str(outputs / "model.bin"))  # there already
    found = {str(path.relative_to(outputs)) for path in outputs.rglob("*")}
    assert found == {
        "model.bin", "models", "models/last.bin", "folder", "folder/deep", "folder/deep/file", "folder/link",
    }  # fmt: skip
    assert (outputs / "models" / "last.bin").read_bytes() == b"weights"
    assert os.readlink(outputs / "folder" / "link") == "deep/file"


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", ".", ".."])
def test_an_artifact_stays_in_outputs(record: Path, tmp_path: Path, name):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ValueError, match="stays inside"):
        api.log_artifact(str(tmp_path / "file"), name)
    assert not Path(wire.OUTPUTS).exists()


def test_half_an_artifact_is_none(record: Path, tmp_path: Path):
    (tmp_path / "model").write_bytes(b"x" * 100_000)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(OSError):
            api.log_artifact(str(tmp_path / "model"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(Path(wire.OUTPUTS).iterdir()) == []


def test_an_artifact_that_is_not_there_is_said(record: Path, tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        api.log_artifact(str(tmp_path / "nothing"))

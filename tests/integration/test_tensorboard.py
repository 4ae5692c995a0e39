"""Jobs that log through TensorBoard's real writers: we read of their files what TensorBoard itself reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from desk import Desk

from orchestrator.execution import tensorboard
from orchestrator.metrics import Series
from orchestrator.operations.runs import Shown

pytestmark = [pytest.mark.engine, pytest.mark.slow]

SCRIPT = (Path(__file__).parent / "log_to_tensorboard.py").read_text()
IMAGE = {"requirements": ["torch==2.13.0", "tensorboard", "tensorboardX"]}
WRITERS = ("tensorboardX", "torch.utils.tensorboard")


@dataclass
class Logged:
    """What a job left, and what TensorBoard read of it: folder -> tag -> [step, text of the value]."""

    desk: Desk
    shown: Shown
    theirs: dict[str, dict[str, list]]

    @property
    def files(self) -> dict[str, Path]:
        """Its event files, in the store."""
        found = self.shown.artifacts.files
        return {path: self.desk.place(found[path].digest) for path in found if tensorboard.is_event_file(path)}

    def folder(self, top: str) -> dict[str, Path]:
        return {path: file for path, file in self.files.items() if path.startswith(f"{top}/")}


@pytest.fixture(scope="module")
def writers_lock(shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The lock of an image with the writers; it is kept, for making it takes minutes the first time."""
    desk = Desk(shelf, tmp_path_factory.mktemp("writers"))
    return desk.build(IMAGE)


@pytest.fixture(scope="module", params=WRITERS)
def logged(request: pytest.FixtureRequest, writers_lock: bytes, new_desk: Callable[[], Desk]) -> Logged:
    desk = new_desk()
    (desk.folder / "runspec.lock").write_bytes(writers_lock)
    done, streams = desk.seen(SCRIPT, image=IMAGE, run={"command": f"python job.py {request.param}"})
    assert done.status == "finished", streams["stderr"].decode()
    assert done.facts.notes == ()
    return Logged(desk, desk.show(done), json.loads(streams["stdout"]))


def rows(series: Series) -> list:
    return [[step, repr(value)] for step, value in series]


def test_we_read_what_tensorboard_reads(logged: Logged):
    assert len(logged.theirs) == 7
    for folder, tags in logged.theirs.items():
        files = {path: file for path, file in logged.files.items() if Path(path).parent == Path(folder)}
        found = tensorboard.read(files)
        assert {tag: rows(series) for tag, series in found.series.items()} == tags
        assert found.notes == ()


def test_what_was_logged_is_there(logged: Logged):
    """By value: float32 is what a writer keeps, unless it is told otherwise."""
    found = tensorboard.read(logged.folder("workspace")).series
    assert [step for step, _ in found["train/loss"]] == list(range(300))
    assert all(value == pytest.approx(1 / (step + 3), rel=1e-7) for step, value in found["train/loss"])
    odd = [[-2, "nan"], [-1, "inf"], [0, "-inf"], [1, "-0.0"], [2, "1.401298464324817e-45"]]
    assert rows(found["ödd"]) == odd
    assert list(found["high"]) == [(2**62, 1.0)]
    assert list(found["hparam/accuracy"]) == [(0, 0.5)]
    names = {"train/loss", "ödd", "high", "hparam/accuracy"}
    if "new" in found:
        assert [value for _, value in found["double"]] == [0.1]
        assert found.keys() == names | {"new", "double", "many_a/many", "many_b/many"}
    else:
        assert found.keys() == names | {"many/a/many", "many/b/many"}


def test_each_writer_of_a_job_has_its_own_names(logged: Logged):
    found = tensorboard.read(logged.folder("outputs")).series
    assert [value for _, value in found["train/loss"]] == pytest.approx([5, 5 / 2, 5 / 3, -1.0])
    assert [value for _, value in found["val/loss"]] == pytest.approx([3, 3 / 2, 1, -1.0])
    numbers = {name.removeprefix("tensors/number/"): list(series) for name, series in found.items() if "number" in name}
    values = {
        "float32": 0.10000000149011612, "float64": 0.1, "float16": 0.0999755859375,
        "int32": -5.0, "uint8": 200.0, "int64": -(2.0**53), "bool": 1.0,
    }  # fmt: skip
    assert numbers == {name: [(0, value), (1, value)] for name, value in values.items()}


def test_they_are_the_metrics_of_the_run(logged: Logged):
    assert logged.shown.metrics == tensorboard.read(logged.files).series
    assert len(logged.shown.metrics["workspace/runs/train/loss"]) == 300
    assert len(logged.shown.metrics["outputs/tb/val/loss"]) == 4

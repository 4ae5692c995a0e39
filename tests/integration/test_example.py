"""The examples that come with the project train, and come back bit for bit."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from desk import Desk

from orchestrator import operations

pytestmark = [pytest.mark.engine, pytest.mark.slow]

EXAMPLES = Path(__file__).parents[2] / "runspecs"


@pytest.fixture
def example(shelf: Path, new_desk: Callable[[], Desk], tmp_path: Path) -> Callable[[str], tuple[Desk, Path]]:
    """A desk that has an example's image, and a copy of the example."""

    def get(name: str) -> tuple[Desk, Path]:
        spec = tmp_path / name
        shutil.copytree(EXAMPLES / name, spec)
        operations.build(Desk(shelf, tmp_path / "shelf").workspace, spec)  # kept: it takes minutes the first time
        return new_desk(), spec

    return get


def test_simple_nn_comes_back_bit_for_bit(example):
    desk, spec = example("simple_nn")
    original = operations.submit(desk.workspace, spec, overrides=("params.epochs=3",)).run
    assert original is not None
    assert original.status == "finished"
    shown = desk.show(original)
    assert (len(shown.metrics["train_loss"]), len(shown.metrics["test_accuracy"])) == (75, 3)
    assert "outputs/model.pt" in shown.artifacts.files
    assert shown.outcome is not None
    assert shown.outcome.params["hidden"] == 32
    again = operations.replay(desk.workspace, original.id)
    assert again.verdict.answer == "identical"
    other = operations.submit(desk.workspace, spec, overrides=("params.epochs=3", "seed=8")).run
    assert other is not None
    assert other.outcome != original.outcome


def test_an_unmodified_mlflow_script_comes_back_bit_for_bit(example):
    desk, spec = example("mlflow_simple_nn")
    assert "orchestrator" not in (spec / "train.py").read_text().partition('"""\n\n')[2]
    original = operations.submit(desk.workspace, spec, overrides=("params.epochs=3",)).run
    assert original is not None
    shown = desk.show(original)
    assert (len(shown.metrics["train_loss"]), len(shown.metrics["test_accuracy"])) == (3, 3)
    assert shown.outcome.params == {"hidden": 16, "lr": 0.01, "epochs": 3}
    assert [model.path for model in original.facts.models] == ["models/model"]
    assert "models/model/data/model.pt2" in shown.artifacts.files
    again = operations.replay(desk.workspace, original.id)
    assert again.verdict.answer == "identical", again.verdict

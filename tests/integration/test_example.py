"""The example that comes with the project trains, and comes back bit for bit."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from desk import Desk

from orchestrator import operations

pytestmark = [pytest.mark.engine, pytest.mark.slow]

EXAMPLE = Path(__file__).parents[2] / "runspecs" / "simple_nn"


def test_simple_nn_comes_back_bit_for_bit(shelf: Path, new_desk, tmp_path: Path):
    shutil.copytree(EXAMPLE, tmp_path / "simple_nn")
    spec = tmp_path / "simple_nn"
    operations.build(Desk(shelf, tmp_path / "shelf").workspace, spec)  # kept: it takes minutes the first time
    desk = new_desk()
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

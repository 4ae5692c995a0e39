"""A desk whose jobs can speak MLflow's REST API with the standard library alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import Desk

CLIENT = Path(__file__).parent / "say_to_mlflow.py"


@pytest.fixture
def desk(desk: Desk) -> Desk:
    (desk.folder / CLIENT.name).write_text(CLIENT.read_text())
    return desk

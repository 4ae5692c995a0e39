"""Desks by image."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from desk import Desk
from rows import IMAGES

from orchestrator import operations

Desks = Callable[[str], Desk]


@pytest.fixture(scope="module")
def desks(shelf: Path, new_desk: Callable[[], Desk], tmp_path_factory: pytest.TempPathFactory) -> Desks:
    """A desk for each image, which is kept."""
    made: dict[str, Desk] = {}

    def get(image: str) -> Desk:
        if image not in made:
            maker = Desk(shelf, tmp_path_factory.mktemp(image))
            spec = maker.write("", image={"requirements": IMAGES[image]})
            operations.build(maker.workspace, spec)
            made[image] = new_desk()
            shutil.copy(spec.with_suffix(".lock"), made[image].folder)
        return made[image]

    return get

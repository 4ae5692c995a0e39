"""What is mended in Python, in jobs with the real joblib, scikit-learn and torch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from desk import Desk

pytestmark = [pytest.mark.engine, pytest.mark.slow]

SCRIPT = (Path(__file__).parent / "parallel_with_joblib.py").read_text()
IMAGE = {"requirements": ["torch==2.13.0", "scikit-learn==1.9.1"]}
SHARED = ["shared memory", "shared memory, scikit-learn", "shared memory, by context"]


@pytest.fixture(scope="module")
def lock(shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The lock of an image with all three, which is built and in the engine."""
    desk = Desk(shelf, tmp_path_factory.mktemp("mends"))
    return desk.build(IMAGE)


@pytest.fixture
def answers(lock: bytes, new_desk: Callable[[], Desk]) -> Callable[..., dict[str, Any]]:
    def answers(determinism: Any) -> dict[str, Any]:
        desk = new_desk()
        (desk.folder / "runspec.lock").write_bytes(lock)
        return desk.answers(SCRIPT, image=IMAGE, seed=7, determinism=determinism)

    return answers


def test_without_mends(answers):
    """The forest's predictions differ, as a rule: that they do is no promise."""
    found = answers("off")
    assert (found["alone"], found["executors"], found["torch"][:2]) == ([], [3, 4, 3], [False, False])
    assert found["torch"][2] != 7


def test_standard_has_one_worker_where_memory_is_shared(answers):
    found = answers("standard")
    assert (found["alone"], found["forests"], found["executors"]) == (SHARED, 1, [3, 4, 3])
    assert found["torch"] == [True, True, 7]


def test_strict_has_one_worker(answers):
    found = answers("strict")
    assert found["alone"] == ["loky", "generator", "scikit-learn", "pool", "threads", *SHARED]
    assert (found["forests"], found["executors"], found["torch"]) == (1, [1, 1, 1], [True, True, 7])


def test_each_mend_by_itself(answers):
    found = answers({"level": "standard", "algorithms": "off", "seeds": "off"})
    assert (found["alone"], found["torch"][:2]) == ([], [False, False])
    assert found["torch"][2] != 7

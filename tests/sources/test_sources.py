"""Every known source of chance: a job differs where it is let in, and comes back bit for bit where it is kept out.

The sources and what mends them: docs/determinism.md.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from desk import Desk
from rows import JOBS, ROWS, Row

from orchestrator import operations
from orchestrator.operations.replaying import Replayed
from orchestrator.run import Run

pytestmark = [pytest.mark.engine, pytest.mark.slow]

TRIES = 4
"""Replays after which all has differed: those that race may come in the same order, runs begin in the same second."""


def submit(desk: Desk, row: Row, determinism) -> Run:
    done = desk.submit((JOBS / f"{row.job}.py").read_text(), determinism=determinism, **row.spec)
    assert done.status == "finished", desk.blob(done.facts.stderr).decode()
    return done


def differing(replayed: Replayed) -> set[str]:
    return {finding.path for finding in replayed.verdict.failures}


def unseen(wanted: tuple[str, ...], seen: set[str]) -> list[str]:
    return [one for one in wanted if not any(path == one or _begins(path, one) for path in seen)]


def _begins(path: str, wanted: str) -> bool:
    return wanted.endswith("*") and path.startswith(wanted[:-1])


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_differs_without_its_mend(desks: Callable[[str], Desk], row: Row):
    desk, seen = desks(row.image), set[str]()
    original = submit(desk, row, row.without)
    for _ in range(TRIES):
        replayed = operations.replay(desk.workspace, original.id)
        seen |= differing(replayed)
        if not unseen(row.differs, seen):
            return
    pytest.fail(f"{TRIES} replays, and the same each time: {unseen(row.differs, seen)}")


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_comes_back_with_its_mend(desks: Callable[[str], Desk], row: Row):
    desk = desks(row.image)
    original = submit(desk, row, row.mended)
    for _ in range(row.replays):
        replayed = operations.replay(desk.workspace, original.id)
        assert (replayed.verdict.answer, differing(replayed)) == ("identical", set())
        assert replayed.verdict.exactness == "bit-exact"

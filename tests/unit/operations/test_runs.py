"""Naming runs: an id, a unique prefix, last, last~N."""

from __future__ import annotations

import pytest

from orchestrator.errors import NotFound, UsageError
from orchestrator.index.port import Row
from orchestrator.operations.runs import resolve
from orchestrator.workspace import Workspace

OLDEST, MIDDLE, NEWEST = "20261101-101010-000aaa", "20261102-101010-000bbb", "20261102-111111-000ccc"


@pytest.fixture
def workspace(tmp_path):
    made = Workspace(tmp_path / "home")
    made.index.fill([])
    for run_id in (MIDDLE, OLDEST, NEWEST):
        made.index.add(Row(run_id, "n", "finished", "submit", None, "sha256:0", None, "2026-11-02T00:00:00Z"))
    return made


@pytest.mark.parametrize(
    ("text", "run_id"),
    [
        (OLDEST, OLDEST),
        ("20261101", OLDEST),
        ("20261102-11", NEWEST),
        ("last", NEWEST),
        ("last~0", NEWEST),
        ("last~2", OLDEST),
    ],
)
def test_a_run_is_found(workspace, text, run_id):
    assert resolve(workspace, text) == run_id


def test_an_ambiguous_prefix_lists_the_runs(workspace):
    with pytest.raises(UsageError, match=f"{NEWEST}, {MIDDLE}"):
        resolve(workspace, "20261102")


@pytest.mark.parametrize("text", ["2025", "last~3", "latest", "", "%", "_"])
def test_no_run_is_an_error_of_its_own(workspace, text):
    with pytest.raises((NotFound, UsageError)):
        resolve(workspace, text)


def test_last_without_any_run(tmp_path):
    with pytest.raises(NotFound, match="there are no runs yet"):
        resolve(Workspace(tmp_path / "empty"), "last")

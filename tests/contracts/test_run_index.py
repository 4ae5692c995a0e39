"""What every index promises, held against each adapter."""

from __future__ import annotations

import multiprocessing
import sqlite3

import pytest

from orchestrator.errors import Corruption, EnvironmentProblem
from orchestrator.index.memory import MemoryIndex
from orchestrator.index.port import Row
from orchestrator.index.sqlite import SqliteIndex

ADAPTERS = {"sqlite": lambda folder: SqliteIndex(folder / "index.sqlite"), "memory": lambda folder: MemoryIndex()}
WRITERS = 20
fork = multiprocessing.get_context("fork")


@pytest.fixture(params=ADAPTERS)
def index(request, tmp_path):
    return ADAPTERS[request.param](tmp_path)


def row(id: str, name: str = "job", status: str = "succeeded", **more) -> Row:
    fixed = {"kind": "run", "of": None, "plan": "p", "outcome": None, "created": "2026-01-01T00:00:00.000Z"}
    return Row(id=id, name=name, status=status, **{**fixed, **more})


def test_a_row_comes_back_whole(index):
    full = row("1", of="0", outcome="o", metrics={"loss": "0.1", "größe": "nan", "": "-0.0"})
    bare = row("2")
    index.add(full)
    index.add(bare)
    assert index.rows(name=None, status=None, parent=None, limit=10) == [bare, full]


def test_adding_again_replaces(index):
    index.add(row("1", status="running"))
    index.add(row("1", status="failed"))
    assert [found.status for found in index.rows(name=None, status=None, parent=None, limit=10)] == ["failed"]


def test_several_are_added_at_once(index):
    index.add(row("1", status="running"))
    index.add(row("1"), row("2"), row("3", parent="2"))
    index.add()
    assert index.rows(name=None, status=None, parent=None, limit=10) == [row("2"), row("1")]
    assert index.rows(name=None, status=None, parent="2", limit=10) == [row("3", parent="2")]


def test_the_newest_come_first_and_no_more_than_asked_for(index):
    for id in ("20260102", "20260101", "20260103"):
        index.add(row(id))
    assert [found.id for found in index.rows(name=None, status=None, parent=None, limit=2)] == ["20260103", "20260102"]
    assert index.ids("2026", 2) == ["20260103", "20260102"]
    assert index.ids("", 10) == ["20260103", "20260102", "20260101"]
    assert index.ids("2026", 0) == []


def test_a_prefix_is_no_pattern(index):
    for id in ("a%b", "a_b", "axb", "A%b", "'; DROP TABLE runs; --"):
        index.add(row(id))
    assert index.ids("a%", 10) == ["a%b"]
    assert index.ids("a_", 10) == ["a_b"]
    assert index.ids("a", 10) == ["axb", "a_b", "a%b"]
    assert index.ids("'; DROP", 10) == ["'; DROP TABLE runs; --"]
    assert index.ids("axbc", 10) == []


def test_name_and_status_are_exact(index):
    index.add(row("1", name="a", status="failed"))
    index.add(row("2", name="a", status="succeeded"))
    index.add(row("3", name="ab", status="failed"))

    def ids(name: str | None, status: str | None) -> list[str]:
        return [found.id for found in index.rows(name=name, status=status, parent=None, limit=10)]

    assert ids("a", None) == ["2", "1"]
    assert ids(None, "failed") == ["3", "1"]
    assert ids("a", "failed") == ["1"]
    assert ids("A", None) == ids("", None) == []


def test_runs_within_runs_are_listed_with_their_parent_only(index):
    for id, parent in (("a1", None), ("a1.1", "a1"), ("a1.2", "a1"), ("a2", None), ("a2.1", "a2")):
        index.add(row(id, parent=parent))
    listed = [found.id for found in index.rows(name=None, status=None, parent=None, limit=10)]
    within = [found.id for found in index.rows(name=None, status=None, parent="a1", limit=10)]
    assert (listed, within) == (["a2", "a1"], ["a1.2", "a1.1"])
    assert index.ids("a", 10) == ["a2", "a1"]


def test_filling_replaces_everything_and_makes_it_complete(index):
    index.add(row("1"))
    assert not index.is_complete()
    index.fill([row("3"), row("2")])
    assert index.is_complete()
    assert index.ids("", 10) == ["3", "2"]
    index.add(row("4"))
    assert index.ids("", 10) == ["4", "3", "2"]


def test_filling_that_is_interrupted_changes_nothing(index):
    def rows():
        yield row("9")
        raise KeyboardInterrupt

    index.add(row("1"))
    with pytest.raises(KeyboardInterrupt):
        index.fill(rows())
    assert index.ids("", 10) == ["1"]
    assert not index.is_complete()


def test_sqlite_keeps_its_rows(tmp_path):
    SqliteIndex(tmp_path / "i").add(row("1"))
    assert SqliteIndex(tmp_path / "i").rows(name=None, status=None, parent=None, limit=1) == [row("1")]


def test_the_table_of_an_older_version_is_dropped_and_filled_again(tmp_path):
    with sqlite3.connect(tmp_path / "i") as old:
        old.executescript(
            "CREATE TABLE runs (id TEXT PRIMARY KEY); INSERT INTO runs VALUES ('1'); PRAGMA user_version = 1"
        )
    index = SqliteIndex(tmp_path / "i")
    assert (index.is_complete(), index.ids("", 10)) == (False, [])
    index.fill([row("2")])
    assert (SqliteIndex(tmp_path / "i").is_complete(), index.ids("", 10)) == (True, ["2"])


def test_many_processes_write_at_once(tmp_path):
    barrier = fork.Barrier(WRITERS)

    def write(number: int) -> None:
        barrier.wait()
        index = SqliteIndex(tmp_path / "index.sqlite")  # they create the table at once, too
        for turn in range(5):
            index.add(row(f"{number:02}-{turn}"))
            index.rows(name="job", status=None, parent=None, limit=3)

    workers = [fork.Process(target=write, args=(number,)) for number in range(WRITERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * WRITERS
    assert len(SqliteIndex(tmp_path / "index.sqlite").ids("", 1000)) == 5 * WRITERS


def test_a_damaged_file_is_called_damaged(tmp_path):
    file = tmp_path / "index.sqlite"
    file.write_bytes(b"not a database at all" * 100)
    with pytest.raises(Corruption) as caught:
        SqliteIndex(file)
    assert str(file) in caught.value.hint


def test_a_file_that_cannot_be_opened_is_not_called_damaged(tmp_path):
    with pytest.raises(EnvironmentProblem, match="cannot be reached"):
        SqliteIndex(tmp_path / "no" / "such" / "folder")

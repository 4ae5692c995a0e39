"""What is true of the index in SQLite alone: older tables, damaged files, what a killed writer leaves."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import threading

import pytest

from orchestrator import process
from orchestrator.errors import Corruption, EnvironmentProblem
from orchestrator.index.port import Row
from orchestrator.index.query import Query
from orchestrator.index.sqlite import SqliteIndex

OF_OLD = {
    1: "CREATE TABLE runs (id TEXT PRIMARY KEY); INSERT INTO runs VALUES ('1'); PRAGMA user_version = 1",
    2: """
CREATE TABLE runs_2 (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, status TEXT NOT NULL, kind TEXT NOT NULL, of TEXT,
    plan TEXT NOT NULL, outcome TEXT, created TEXT NOT NULL, parent TEXT, metrics TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO runs_2 VALUES ('1', 'n', 'finished', 'submit', NULL, 'p', NULL, 'c', NULL, '{}');
PRAGMA user_version = 2;
""",
}


def row(id: str) -> Row:
    return Row(id, "n", "finished", "submit", None, "p", None, "2026-01-01T00:00:00.000Z")


@pytest.fixture
def file(tmp_path):
    return tmp_path / "index.sqlite"


def test_it_keeps_its_rows(file):
    SqliteIndex(file).add(row("1"))
    assert SqliteIndex(file).rows(Query()) == [row("1")]


@pytest.mark.parametrize("version", OF_OLD)
def test_the_table_of_an_older_version_is_dropped_and_filled_again(file, version):
    with sqlite3.connect(file) as old:
        old.executescript(OF_OLD[version])
    assert (SqliteIndex(file).is_complete(), SqliteIndex(file).ids("", 10)) == (False, [])
    SqliteIndex(file).add(row("3"))
    tables = {name for (name,) in sqlite3.connect(file).execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert not tables & {"runs", "runs_2"}
    SqliteIndex(file).fill([row("2")])
    assert (SqliteIndex(file).is_complete(), SqliteIndex(file).ids("", 10)) == (True, ["2"])


def damage_nothing_like_it(file):
    file.write_bytes(b"not a database at all" * 1000)


def damage_within(file):
    with file.open("r+b") as stream:
        stream.seek(4096)
        stream.write(b"\xff" * (file.stat().st_size - 4096))


def damage_cut_short(file):
    os.truncate(file, file.stat().st_size // 2)


def damage_tables(file):
    with sqlite3.connect(file) as database:
        database.execute("DROP TABLE run_index")


@pytest.mark.parametrize(
    "damage", [damage_nothing_like_it, damage_within, damage_cut_short, damage_tables], ids=lambda one: one.__name__
)
def test_a_damaged_file_is_called_damaged_and_filling_makes_it_anew(file, damage):
    SqliteIndex(file).fill(row(f"{number:05}") for number in range(500))
    damage(file)
    with pytest.raises(Corruption) as caught:
        SqliteIndex(file).rows(Query(limit=1000))
    assert str(file) in caught.value.message
    assert "index rebuild" in caught.value.hint
    SqliteIndex(file).fill([row("1")])
    assert SqliteIndex(file).rows(Query()) == [row("1")]


def test_a_journal_that_a_killed_writer_left_is_no_part_of_what_is_filled_after_it(file, tmp_path):
    SqliteIndex(file).fill(row(f"{number:05}") for number in range(2000))
    writer = f"""
import os, signal, sqlite3
database = sqlite3.connect({str(file)!r}, isolation_level=None)
database.execute("PRAGMA cache_size = 1")
database.execute("BEGIN IMMEDIATE")
database.execute("UPDATE run_index SET document = 'half written'")
os.kill(os.getpid(), signal.SIGKILL)
"""  # noqa: S608
    with pytest.raises(process.ProgramFailed):
        process.run([sys.executable, "-c", writer])
    journal = file.with_name("index.sqlite-journal")
    assert journal.exists()
    for part in (file, journal):
        shutil.copy(part, tmp_path / f"copy-{part.name}")
    assert SqliteIndex(tmp_path / "copy-index.sqlite").ids("", 1) == ["01999"]  # rolled back by who reads it
    SqliteIndex(file).fill([row("1")])
    assert not journal.exists()
    assert SqliteIndex(file).rows(Query()) == [row("1")]


def test_a_file_that_cannot_be_opened_is_not_called_damaged(tmp_path):
    with pytest.raises(EnvironmentProblem, match="cannot be reached"):
        SqliteIndex(tmp_path / "no" / "such" / "folder").ids("", 1)


def test_another_program_that_reads_the_file_makes_a_writer_wait(file):
    SqliteIndex(file).add(row("1"))
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN")
    other.execute("SELECT * FROM run_index").fetchall()
    writer = threading.Thread(target=lambda: SqliteIndex(file).add(row("2")))
    writer.start()
    writer.join(0.3)
    assert writer.is_alive()
    other.execute("ROLLBACK")
    writer.join(60)
    assert SqliteIndex(file).ids("", 2) == ["2", "1"]

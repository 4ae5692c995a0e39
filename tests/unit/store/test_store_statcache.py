"""Unchanged files are not read again; whatever may have changed is."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path
from typing import IO

import pytest

from orchestrator.digest import Digest
from orchestrator.store.capture import capture, find, store_file
from orchestrator.store.memory import MemoryBlobs
from orchestrator.store.statcache import StatCache

SECOND = 10**9


class Counting(MemoryBlobs):
    """Counts what is read into it."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    def put(self, stream: IO[bytes]) -> Digest:
        self.reads += 1
        return super().put(stream)


class Bench:
    """A folder, a store that counts, and a cache file. Each capture is a command of its own, a while later."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "data"
        self.folder.mkdir()
        self.file = self.folder / "file"
        self.cache_file = folder / "stat.sqlite"
        self.blobs = Counting()
        self.file.write_bytes(b"first")

    def capture(self, later: float = 60) -> tuple[Digest, int]:
        """The digest of ``file``, and how many files were read for it."""
        before = self.blobs.reads
        cache = StatCache(self.cache_file, time.time_ns() + int(later * SECOND))
        digest = store_file(self.file, self.blobs, cache)
        return digest, self.blobs.reads - before


FIRST = Digest.of(b"first")


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path)
    assert made.capture() == (FIRST, 1)
    return made


def test_an_unchanged_file_is_not_read_again(bench):
    assert bench.capture() == (FIRST, 0)
    assert bench.capture() == (FIRST, 0)


def test_all_files_of_a_folder_are_remembered(bench):
    for number in range(30):
        (bench.folder / f"{number}").write_bytes(b"%d" % number)
    for reads in (30, 0):  # ``file`` is known already
        cache = StatCache(bench.cache_file, time.time_ns() + 60 * SECOND)
        before = bench.blobs.reads
        entries = capture(bench.folder, find(bench.folder, lambda path: False), bench.blobs, cache=cache)
        assert (bench.blobs.reads - before, len(entries)) == (reads, 31)


def rewritten(file: Path) -> None:
    file.write_bytes(b"other")


def rewritten_with_its_old_time(file: Path) -> None:
    state = file.stat()
    time.sleep(0.02)
    file.write_bytes(b"other")
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))


def replaced_by_one_that_looks_the_same(file: Path) -> None:
    state = file.stat()
    new = file.with_name("new")
    new.write_bytes(b"other")
    os.utime(new, ns=(state.st_atime_ns, state.st_mtime_ns))
    new.replace(file)


@pytest.mark.parametrize(
    "change", [rewritten, rewritten_with_its_old_time, replaced_by_one_that_looks_the_same], ids=lambda f: f.__name__
)
def test_a_changed_file_is_read_again(bench, change):
    time.sleep(0.02)  # the clock of file times ticks every few milliseconds
    change(bench.file)
    assert bench.capture() == (Digest.of(b"other"), 1)


def test_the_executable_bit_is_not_taken_from_memory(bench):
    bench.file.chmod(0o755)
    cache = StatCache(bench.cache_file, time.time_ns() + 60 * SECOND)
    (entry,) = capture(bench.folder, find(bench.folder, lambda path: False), bench.blobs, cache=cache)
    assert entry.executable


def test_a_file_written_moments_before_is_not_trusted(tmp_path):
    bench = Bench(tmp_path)
    assert [bench.capture(later=1.0)[1] for _ in range(3)] == [1, 1, 1]
    assert [bench.capture(later=-5)[1] for _ in range(2)] == [1, 1]
    assert [bench.capture(later=60)[1] for _ in range(2)] == [1, 0]


def test_a_blob_that_the_store_has_lost_is_read_again(bench):
    bench.blobs = Counting()
    assert bench.capture() == (FIRST, 1)
    assert bench.blobs.has(FIRST)


def junk(file: Path) -> None:
    file.write_bytes(b"this is no database " * 500)


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def pages_overwritten(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[:100] + b"\xff" * (len(data) - 100))


def another_table(file: Path) -> None:
    file.unlink()
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE files (other TEXT)")


def digests_overwritten(file: Path) -> None:
    with sqlite3.connect(file) as database:
        database.execute("UPDATE files SET digest = 'junk'")


def bytes_for_digests(file: Path) -> None:
    with sqlite3.connect(file) as database:
        database.execute("UPDATE files SET digest = x'ff00'")


def a_folder_in_its_place(file: Path) -> None:
    file.unlink()
    file.mkdir()


def cut_short(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


DAMAGE = [
    junk,
    emptied,
    pages_overwritten,
    cut_short,
    another_table,
    digests_overwritten,
    bytes_for_digests,
    a_folder_in_its_place,
]


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda function: function.__name__)
def test_a_damaged_cache_costs_a_read_and_nothing_else(bench, damage):
    damage(bench.cache_file)
    assert bench.capture() == (FIRST, 1)


@pytest.mark.parametrize(
    "damage", [junk, emptied, pages_overwritten, cut_short, digests_overwritten, bytes_for_digests]
)
def test_a_damaged_cache_heals(bench, damage):
    damage(bench.cache_file)
    for _ in range(2):
        bench.capture()
    assert bench.capture() == (FIRST, 0)


def test_a_folder_whose_name_is_no_text_does_not_lock_others_out(tmp_path):
    odd = tmp_path / os.fsdecode(b"\xff")
    odd.mkdir()
    (odd / "file").write_bytes(b"x")
    cache = StatCache(tmp_path / "stat.sqlite", time.time_ns() + 60 * SECOND)
    assert store_file(odd / "file", MemoryBlobs(), cache) == Digest.of(b"x")
    with sqlite3.connect(tmp_path / "stat.sqlite", timeout=0) as database:
        database.execute("BEGIN EXCLUSIVE")


def test_two_commands_at_once(bench, tmp_path):
    (bench.folder / "two").write_bytes(b"two")
    now = time.time_ns() + 60 * SECOND
    one, other = StatCache(bench.cache_file, now), StatCache(bench.cache_file, now)
    store_file(bench.folder / "two", bench.blobs, one)
    store_file(bench.file, bench.blobs, other)
    assert store_file(bench.folder / "two", Counting(), other) == Digest.of(b"two")
    assert bench.capture() == (FIRST, 0)

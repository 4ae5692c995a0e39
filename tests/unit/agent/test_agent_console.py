"""The console as the agent keeps it: whole lines and their order, what has begun beside them, nothing that is lost."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from orchestrator.agent import wire
from orchestrator.agent.console import Console
from orchestrator.agent.redact import Secrets
from orchestrator.execution.follow import Follower


class Job:
    """Holds the other ends of a console's pipes."""

    def __init__(self, folder: Path, **secrets: bytes) -> None:
        self.console = Console(str(folder), Secrets(secrets))
        self._ends = dict(zip("oe", zip(self.console.writing_ends, self.console.pipes(), strict=True), strict=True))

    def write(self, letter: str, data: bytes) -> None:
        """Written by the job and copied by the agent."""
        end, pipe = self._ends[letter]
        os.write(end, data)
        assert self.console.copy(pipe)

    def end(self) -> None:
        self.console.close_writing_ends()
        self.console.drain()
        assert self.console.pipes() == []


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


@pytest.fixture
def follower(tmp_path: Path) -> Iterator[Follower]:
    made = Follower(tmp_path)
    yield made
    made.close()


def test_a_secret_never_reaches_a_file(tmp_path: Path, follower: Follower):
    job = Job(tmp_path, TOKEN=b"kanarie-7Q2xWv9z")

    def written() -> bytes:
        return b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()) if path.name != wire.CONSOLE)

    for data in (b"a kanarie-7Q", b"2xWv9z b\n", b"over kana\n", b"rie-7Q2xWv9z lines\n", b"prompt: kanarie-7Q2x"):
        job.write("o", data)
        job.console.due = 0.0
        job.console.refresh()
        assert b"kana" not in written() and b"2xWv" not in written()
    assert b"".join(piece.data for piece in follower.read()) == b"a *** b\nover ***\n lines\n"
    assert follower.tails() == [("stdout", b"prompt: ")]
    job.end()
    assert b"".join(piece.data for piece in follower.read()) == b"prompt: ***"
    assert job.console.folded == 0


def test_lines_keep_their_bytes_and_their_order(job: Job, follower: Follower):
    for letter, data in (("o", b"\x00\xff\n"), ("e", b"e\n\n"), ("o", b"2\n3"), ("e", b"4\n"), ("o", b"5\n6")):
        job.write(letter, data)
    seen = [
        ("stdout", b"\x00\xff\n"),
        ("stderr", b"e\n\n"),
        ("stdout", b"2\n"),
        ("stderr", b"4\n"),
        ("stdout", b"35\n"),
    ]
    assert follower.read() == seen
    job.end()
    assert follower.read() == [("stdout", b"6")]
    assert (job.console.lost, job.console.folded) == (0, 0)


def test_one_piece_is_all_complete_lines(job: Job, tmp_path: Path):
    job.write("o", b"line\n" * 1000 + b"begun")
    assert (tmp_path / wire.CONSOLE).read_bytes().split()[1:] == [b"o", b"5000"]
    job.end()


def test_a_bar_leaves_how_it_looked_last(job: Job, tmp_path: Path):
    for step in range(1001):
        job.write("e", b"\r%4d of 1000" % step)
    job.write("e", b"\n")
    job.end()
    assert (tmp_path / wire.STDERR).read_bytes() == b"1000 of 1000\n"
    assert (tmp_path / wire.CONSOLE).read_bytes().count(b"\n") == 1
    assert (job.console.lost, job.console.folded) == (0, 1000 * 13 + 1)


def test_more_than_a_piece_holds_comes_in_several(job: Job, follower: Follower, tmp_path: Path):
    wide = b"x" * 60_000
    bars = b"".join(b"\n" * row + b"\r%d" % row + wide + b"\x1b[A" * row for row in range(8)) * 2
    for start in range(0, len(bars), 4096):
        job.write("o", bars[start : start + 4096])
    job.end()
    pieces = list(follower.drain())
    assert max(len(piece.data) for piece in pieces) == wire.MAX_PIECE
    assert b"".join(piece.data for piece in pieces) == (tmp_path / wire.STDOUT).read_bytes()


def test_what_has_begun_is_shown_until_it_is_kept(job: Job, follower: Follower):
    job.write("o", b"hello\nyour name? ")
    job.write("e", b"\r 50%")
    assert job.console.due is not None
    job.console.refresh()
    assert job.console.due is None
    assert follower.tails() == [("stderr", b" 50%")]  # the other comes after what was not read yet
    assert follower.read() == [("stdout", b"hello\n")]
    assert follower.tails() == [("stdout", b"your name? "), ("stderr", b" 50%")]
    job.write("o", b"me\n")
    assert follower.tails() == [("stdout", b"your name? "), ("stderr", b" 50%")]
    assert follower.read() == [("stdout", b"your name? me\n")]
    assert follower.tails() == [("stderr", b" 50%")]  # the other is stale, though nobody has rewritten it
    job.end()


def test_no_more_than_the_end_of_a_long_line_is_shown(job: Job, follower: Follower, tmp_path: Path):
    job.write("o", b"a" * 10_000 + b"end")
    job.console.refresh()
    (tail,) = follower.tails()
    assert (len(tail.data), tail.data[-4:]) == (wire.MAX_TAIL, b"aend")
    assert (tmp_path / wire.TAIL_OF["o"]).stat().st_size < 2 * wire.MAX_TAIL
    job.end()


def test_a_shorter_tail_takes_the_place_of_a_longer_one(job: Job, follower: Follower):
    job.write("o", b"\rlong")
    job.console.refresh()
    job.write("o", b"\rs")
    while job.console.due is not None:
        job.console.refresh()
    assert follower.tails() == [("stdout", b"s")]
    job.end()


def test_a_job_without_begun_lines_leaves_no_tails(job: Job, tmp_path: Path):
    job.write("o", b"line\n")
    job.console.refresh()
    job.end()
    assert {file.name for file in tmp_path.iterdir()} == {wire.STDOUT, wire.STDERR, wire.CONSOLE}


def test_an_empty_pipe_does_not_block(job: Job):
    assert job.console.copy(job.console.pipes()[0]) is False
    assert job.console.copy(12345) is False
    job.end()


@contextmanager
def full_at(size: int) -> Iterator[None]:
    """No file may grow beyond this size."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_console_that_cannot_be_written_is_drained_and_counted(job: Job, tmp_path: Path):
    with full_at(5):
        for _ in range(3):
            job.write("o", b"12\n")
            job.write("e", b"begun")
            job.console.refresh()
        job.end()
    assert job.console.lost == 9 + 15 - sum((tmp_path / name).stat().st_size for name in wire.STREAM_OF.values())
    assert job.console.lost > 0
    assert job.console.folded == 0


def test_a_console_goes_on_after_a_full_disk(job: Job, follower: Follower):
    with full_at(5):  # the piece fits, its line in the index does not
        job.write("o", b"lost\n")
    job.write("o", b"kept\n")
    job.end()
    assert follower.read() == [("stdout", b"kept\n")]
    assert job.console.lost == 5

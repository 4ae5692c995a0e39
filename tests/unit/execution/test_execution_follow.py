"""The console of a live run: its pieces in their order, whole, and only once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.agent import wire
from orchestrator.execution.follow import Follower


class Console:
    """Writes as the agent does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in (wire.STDOUT, wire.STDERR, wire.CONSOLE):
            (folder / name).touch()

    def put(self, letter: str, data: bytes) -> None:
        self.add(wire.STREAM_OF[letter], data)
        self.add(wire.CONSOLE, b"1 %s %d\n" % (letter.encode(), len(data)))

    def add(self, name: str, data: bytes) -> None:
        with (self.folder / name).open("ab") as file:
            file.write(data)


@pytest.fixture
def console(tmp_path: Path) -> Console:
    return Console(tmp_path)


@pytest.fixture
def follower(tmp_path: Path) -> Iterator[Follower]:
    made = Follower(tmp_path)
    yield made
    made.close()


def test_before_anything_is_there(follower: Follower):
    assert follower.read() == []


def test_pieces_come_in_their_order_and_once(console: Console, follower: Follower):
    console.put("o", b"1")
    console.put("e", b"2")
    console.put("o", b"3\n")
    assert follower.read() == [("stdout", b"1"), ("stderr", b"2"), ("stdout", b"3\n")]
    assert follower.read() == []
    console.put("e", b"4")
    assert follower.read() == [("stderr", b"4")]


def test_a_line_that_is_being_written_is_waited_for(console: Console, follower: Follower):
    console.add(wire.STDOUT, b"12345")
    for part in (b"1", b"7", b" o", b" ", b"5"):
        console.add(wire.CONSOLE, part)
        assert follower.read() == []
    console.add(wire.CONSOLE, b"\n")
    assert follower.read() == [("stdout", b"12345")]


def test_bytes_stay_as_they_are(console: Console, follower: Follower):
    everything = bytes(range(256)) * 256
    console.put("o", everything)
    console.put("e", b"\n\n")
    assert follower.read() == [("stdout", everything), ("stderr", b"\n\n")]


@pytest.mark.parametrize("line", [b"nonsense\n", b"1 x 5\n", b"1 o many\n", b"\n", b"\xff \xff \xff\n", b"1 o 1 2\n"])
def test_a_damaged_line_is_passed_over(console: Console, follower: Follower, line):
    console.put("o", b"a")
    console.add(wire.CONSOLE, line)
    console.put("o", b"b")
    assert b"".join(piece.data for piece in follower.read()) == b"ab"


@pytest.mark.parametrize("length", [b"-1", b"99999999999999999999"])
def test_a_length_that_lies_gives_no_more_than_there_is(console: Console, follower: Follower, length):
    console.add(wire.STDOUT, b"short")
    console.add(wire.CONSOLE, b"1 o " + length + b"\n")
    assert b"".join(piece.data for piece in follower.read()) in (b"short", b"")


def test_a_tail_follows_what_was_read(console: Console, follower: Follower):
    console.put("o", b"line\n")
    console.add(wire.TAIL_OF["o"], b"5 3\n 50 and what was longer")
    assert follower.tails() == []
    follower.read()
    assert follower.tails() == [("stdout", b" 50")]
    console.put("o", b" 100\n")
    assert follower.tails() == [("stdout", b" 50")]
    follower.read()
    assert follower.tails() == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"0",
        b"0 3",
        b"0 0\nabc",
        b"0 -1\nabc",
        b"1 3\nabc",
        b"x y\nabc",
        b"0 1 2\nabc",
        b"9" * 5000 + b" 3\nabc",
    ],
)
def test_a_tail_that_is_none(console: Console, follower: Follower, content):
    console.add(wire.TAIL_OF["e"], content)
    assert follower.tails() == []


def test_a_tail_without_end_is_cut(console: Console, follower: Follower):
    console.add(wire.TAIL_OF["e"], b"0 99999999\n" + b"x" * (1 << 20))
    assert len(follower.tails()[0].data) < 2 * wire.MAX_TAIL


def test_a_link_is_not_followed_and_a_pipe_does_not_block(tmp_path: Path, follower: Follower):
    (tmp_path / "private").write_bytes(b"of the host")
    (tmp_path / wire.STDOUT).symlink_to(tmp_path / "private")
    os.mkfifo(tmp_path / wire.STDERR)
    (tmp_path / wire.TAIL_OF["o"]).symlink_to(tmp_path / "private")
    os.mkfifo(tmp_path / wire.TAIL_OF["e"])
    (tmp_path / wire.CONSOLE).write_bytes(b"1 o 11\n1 e 5\n")
    assert (follower.read(), follower.tails()) == ([], [])

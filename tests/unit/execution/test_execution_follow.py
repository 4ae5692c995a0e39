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


def test_a_link_is_not_followed_and_a_pipe_does_not_block(tmp_path: Path, follower: Follower):
    (tmp_path / "private").write_bytes(b"of the host")
    (tmp_path / wire.STDOUT).symlink_to(tmp_path / "private")
    os.mkfifo(tmp_path / wire.STDERR)
    (tmp_path / wire.CONSOLE).write_bytes(b"1 o 11\n1 e 5\n")
    assert follower.read() == []

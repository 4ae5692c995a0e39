"""What is kept of a stream: plain lines byte for byte, drawn-over ones as they looked last, however they were cut."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.agent.lines import LIMIT, WARY, Lines
from orchestrator.agent.screen import MAX_ROWS

UP = b"\x1b[A"
WORDS = (
    b"\r", b"\n", b"\r\n", b"a", b"bb", b" ", "é".encode(), b"x" * 9, b"\xff", b"\0",
    UP, b"\x1b[2A", b"\x1b[B", b"\x1b[F", b"\x1b[E", b"\x1b[K", b"\x1b[2K", b"\x1b[31m", b"\x1b",
)  # fmt: skip
streams = st.lists(st.sampled_from(WORDS), max_size=40).map(b"".join)
cuts = st.lists(st.integers(1, 100), max_size=20)
limits = st.integers(2, 20)


def kept(data: bytes, cuts: Iterable[int] = (), *, limit: int = LIMIT, wary: int = WARY) -> bytes:
    lines = Lines(limit, wary)
    ends = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    out = [lines.feed(data[start:end]) for start, end in pairwise(ends)]
    out.append(lines.finish())
    assert (lines.unfinished(), lines.finish()) == (b"", b"")
    return b"".join(out)


@given(streams, cuts, limits, st.integers(0, 12))
def test_it_does_not_matter_how_a_stream_is_cut(data, cuts, limit, wary):
    whole = kept(data, limit=limit, wary=wary)
    assert kept(data, cuts, limit=limit, wary=wary) == whole
    assert kept(data, range(len(data)), limit=limit, wary=wary) == whole
    assert len(whole) <= len(data)


@given(streams, cuts, limits)
def test_where_the_cursor_never_goes_back_nothing_changes(data, cuts, limit):
    data = data.replace(b"\r", b"").replace(b"b", b"\r\n").replace(b"A", b"B").replace(b"F", b"E")
    assert kept(data, cuts, limit=limit) == data


@given(st.lists(st.sampled_from([b"\xff", b"\0", b"\r", b"a", UP, b"\xc3"]), max_size=30).map(b"".join), cuts)
def test_a_line_that_is_no_text_stays_as_it_is(data, cuts):
    assert kept(data + b"\xff\n", cuts) == data + b"\xff\n"


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"ab", b"c", b"  ", "é".encode()])).map(b"".join), cuts)
def test_a_line_that_was_drawn_over_is_kept_as_it_looked_last(data, cuts):
    *lines, rest = data.split(b"\n")
    assert kept(data, cuts) == b"".join(looks(line, b"\n") for line in lines) + looks(rest, b"")


def looks(line: bytes, end: bytes) -> bytes:
    if b"\r" not in (line[:-1] if end else line):
        return line + end
    drawn = [text for text in line.split(b"\r") if text] or [b""]
    return (b"" if drawn[-1].isspace() else drawn[-1]) + end


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (b"\r 0%\r 50%\r100%\ndone\n", b"100%\ndone\n"),
        (b"\r 0%\r100%", b"100%"),
        (b"100%\r\n", b"100%\r\n"),
        (b" 50%\r100%\r\n", b"100%\n"),
        (b" 50%\r100%\r\r\n", b"100%\n"),
        (b"\r 50%\r    \rdone\n", b"done\n"),
        (b"\r 50%\r    \r", b""),
        (b"\r 50%\r    \r\n", b"\n"),
        (b"\r 50%\x1b[31m red\x1b[0m\r100%\x1b[31m red\x1b[0m\n", b"100%\x1b[31m red\x1b[0m\n"),
        (b"\r\x1b[2K 50%\r\x1b[2K100%\n", b"100%\n"),
        (b"\r100%\r\x1b[K\n", b"\n"),
        (b"\r 50%warning\nnext\n", b" 50%warning\nnext\n"),
    ],
)
def test_one_bar(written, expected):
    assert kept(written) == expected


def bars(*texts: bytes) -> bytes:
    """As tqdm draws bars below each other: down to each, and up again."""
    return b"".join(b"\n" * row + b"\r" + text + UP * row for row, text in enumerate(texts))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (b"".join(bars(b"a%d" % n, b"b%d" % n) for n in range(9)), b"a0\na8\nb8\n"),
        (b"".join(bars(b"a%d" % n, b"b%d" % n, b"c%d" % n) for n in range(9)), b"a0\na8\nb8\nc8\n"),
        (bars(b"a1", b"b1") + bars(b"a2", b"  ") + b"\ndone\n", b"a1\na2\ndone\n"),
        (bars(b"a1", b"b1") + b"\rb2\n" + bars(b"a2", b"c1"), b"a1\nb2\na2\nc1\n"),
        (bars(b"a1", b"b1") + bars(b" ", b" ") + b"\rsaid\n" + bars(b"a1", b"b1"), b"a1\nsaid\na1\nb1\n"),
        (bars(b"a1", b"b1") + b"said\n" + bars(b"a2", b"b2"), b"a1\nsaid\na2\nb2\n"),
        (bars(b"a1", b"b1") + bars(b"a2") + b"said\n", b"a1\na2said\nb1\n"),
        (b"1\n2\n" + b"\x1b[2F\x1b[2K3\n\x1b[2K4\n" * 9 + b"end\n", b"1\n2\n3\n4\nend\n"),
        (bars(b"a1", b"b1") + b"\n\xff\n", b"a1\nb1\n\xff\n"),
    ],
)
def test_bars_below_each_other(written, expected):
    assert kept(written) == expected


def test_a_cursor_that_goes_up_without_end_costs_nothing():
    assert kept((b"\r" + b"\x1b[999A" * 100 + b"top\n") * 100).count(b"\n") < 2 * MAX_ROWS + 100


def test_a_bar_that_never_ends_its_line_is_folded_all_the_same():
    lines = Lines()
    assert b"".join(lines.feed(b"\rstep %7d" % step) for step in range(200_000)) == b""
    assert lines.unfinished() == b"step  199999"
    assert lines.finish() == b"step  199999"


def test_a_line_without_an_end_is_not_held_for_ever():
    lines = Lines()
    assert lines.feed(b"x" * (LIMIT - 1)) == b""
    assert lines.feed(b"xx") == b"x" * (LIMIT + 1)
    assert lines.feed(b"\rx\r\x1b[A") == b"\rx\r\x1b[A"
    assert lines.feed(b"\n\ra\rb\n") == b"\nb\n"


def test_short_lines_amid_binary_data_are_no_bars():
    binary = b"\x89PNG\r\xff\n"
    assert kept(binary + b"\ra\rb\n") == binary + b"\ra\rb\n"
    far = b"x" * WARY + b"\n"
    assert kept(binary + far + b"\ra\rb\n") == binary + far + b"b\n"


def test_what_has_begun_can_be_seen():
    lines = Lines()
    assert lines.feed(b"before\nyour na") == b"before\n"
    lines.feed(b"me? ")
    assert lines.unfinished() == b"your name? "
    lines.feed(b"\n" + bars(b"a1", b"b1") + bars(b"a2"))
    assert lines.unfinished() == b"a2\nb1"

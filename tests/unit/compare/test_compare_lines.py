from __future__ import annotations

import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.compare.first import FirstLine
from orchestrator.compare.lines import first_difference
from orchestrator.errors import Corruption
from orchestrator.store.memory import MemoryBlobs
from orchestrator.store.verified import Verified


def line(number: int, left: str | None, right: str | None) -> FirstLine:
    return FirstLine(number=number, left=left, right=right)


def find(bench, left: bytes, right: bytes) -> FirstLine | None:
    return first_difference(bench.put(left), bench.put(right), bench.blobs)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (b"a\nb\nc\n", b"a\nX\nc\n", line(2, "b", "X")),
        (b"a\nb\n", b"a\n", line(2, "b\\n", None)),
        (b"", b"a", line(1, None, "a")),
        (b"a", b"a\n", line(1, "a", "a\\n")),
        (b"a\n\nb", b"a\nx\nb", line(2, "", "x")),
        (b"\x1b[31mred\r\n", b"\xff\x00\n", line(1, "\\x1b[31mred\\r", "\\xff\\x00")),
    ],
)
def test_first_line(bench, left, right, expected):
    assert find(bench, left, right) == expected


def test_equal_streams_have_none(bench):
    assert find(bench, b"same\n", b"same\n") is None


def test_a_long_line_shows_the_place_of_the_difference(bench):
    found = find(bench, b"x" * 5000 + b"LEFT" + b"y" * 5000, b"x" * 5000 + b"RIGHT" + b"y" * 5000)
    assert found.left.startswith("…x") and "LEFT" in found.left and "RIGHT" in found.right
    assert len(found.left) == len(found.right) == 200


def test_escaping_does_not_push_the_difference_out_of_sight(bench):
    found = find(bench, b"\x1b" * 500 + b"LEFT", b"\x1b" * 500 + b"RIGHT")
    assert found.left.endswith("LEFT") and found.right.endswith("RIGHT")


@given(st.lists(st.sampled_from([b"", b"a", b"bc", b"\xc3\xa9"]), max_size=12), st.data())
def test_agrees_with_splitting_whatever_the_chunk(some, data):
    others = data.draw(st.permutations(some))
    left, right = (b"".join(line + b"\n" for line in side) for side in (some, others))
    blobs = MemoryBlobs()
    digests = blobs.put(io.BytesIO(left)), blobs.put(io.BytesIO(right))
    found = first_difference(*digests, blobs, chunk=data.draw(st.integers(1, 5)))
    where = next((i for i, pair in enumerate(zip(some, others, strict=True), 1) if pair[0] != pair[1]), None)
    assert (found and found.number) == where
    if found:
        assert (found.left, found.right) == (some[where - 1].decode(), others[where - 1].decode())


def test_short_reads_are_no_end(bench):
    class Dribble(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(3, size) if size and size > 0 else size)

    left, right = bench.put(b"aaaaaaaaaa\nb\n"), bench.put(b"aaaaaaaaaa\nc\n")
    get = bench.blobs.get
    bench.blobs.get = lambda digest: Dribble(get(digest).read())
    assert first_difference(left, right, bench.blobs) == line(2, "b", "c")


def test_damage_after_the_difference_is_noticed(bench):
    left, right = bench.put(b"a\n" + b"x" * 10), bench.put(b"b\n" + b"x" * 10)
    bench.blobs._blobs[left] = b"a\n" + b"y" * 10
    with pytest.raises(Corruption):
        first_difference(left, right, Verified(bench.blobs))


def test_memory_is_bounded(bench):
    class Endless(io.RawIOBase):
        def __init__(self, last: bytes) -> None:
            self.left, self.last = 64 << 20, last

        def read(self, size: int = -1) -> bytes:
            size = min(size, self.left)
            self.left -= size
            if not size:
                self.last, tail = b"", self.last
                return tail
            return b"." * size

    sides = iter([Endless(b"a"), Endless(b"b")])
    left, right = bench.put(b"a"), bench.put(b"b")
    bench.blobs.get = lambda digest: next(sides)
    tracemalloc.start()
    found = first_difference(left, right, bench.blobs)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.left.endswith(".a") and found.right.endswith(".b")
    assert peak < 16 << 20

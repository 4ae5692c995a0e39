"""The ledger's form: made, read back with suspicion, packed, fed back."""

from __future__ import annotations

import io
import lzma
import struct
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.execution import ledger
from orchestrator.execution.ledger import Began, Mode, NoLedger

BEGAN = Began(1_764_000_000_000_000_000, 12_345)
Chunk = tuple[int, int, list[int]]
"""Key, room, values."""


def written(path: Path, chunks: Iterable[Chunk], **page: int) -> Path:
    """A ledger as the interposer leaves it. ``page``: what its first page says otherwise."""
    ledger.create(path, Mode.RECORD, BEGAN, capacity=1 << 20)
    with path.open("r+b") as file:
        file.seek(ledger.PAGE)
        for key, room, values in chunks:
            file.write(struct.pack(f"<QII{len(values)}q", key, room, len(values), *values))
            file.seek(8 * (room - len(values)), 1)
        used = page.get("used", file.tell())
        file.seek(24)
        file.write(struct.pack("<Q", used))
        file.seek(64)
        file.write(struct.pack(f"<{len(ledger.COUNTERS)}Q", *(page.get(name, 0) for name in ledger.COUNTERS)))
    return path


def packed(path: Path) -> bytes:
    with path.open("rb") as stream:
        return b"".join(ledger.pack(stream, ledger.read(stream)))


def chunks_of(data: bytes) -> list[tuple[int, list[int]]]:
    """What the interposer finds in a ledger, read as plainly as can be."""
    found, at = [], ledger.PAGE
    while at < len(data):
        key, room, count = struct.unpack_from("<QII", data, at)
        assert room == count
        found.append((key, list(struct.unpack_from(f"<{count}q", data, at + 16))))
        at += 16 + 8 * room
    return found


def test_a_new_one_is_empty_and_sparse(tmp_path: Path):
    path = tmp_path / "ledger"
    ledger.create(path, Mode.RECORD, BEGAN)
    assert path.stat().st_size == ledger.CAPACITY
    assert path.stat().st_blocks * 512 < 1 << 20
    head = struct.unpack("<8sIIQQqq", path.read_bytes()[:48])
    assert head == (b"ORCLEDG1", 1, 0, ledger.CAPACITY, 4096, *BEGAN)
    with path.open("rb") as stream:
        seen = ledger.read(stream)
    assert (seen.mode, seen.began, set(seen.counters.values())) == (Mode.RECORD, BEGAN, {0})
    assert list(seen.counters) == list(ledger.COUNTERS)


def test_counters_are_read_by_name(tmp_path: Path):
    with written(tmp_path / "ledger", [], waits=3, processes=2**64 - 1).open("rb") as stream:
        counters = ledger.read(stream).counters
    assert (counters["waits"], counters["beyond"]) == (3, 0)
    assert counters["processes"] == 2**53 - 1, "as much as JSON can carry"


values = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=40)
some_chunks = st.lists(
    st.tuples(st.integers(0, 2**64 - 1), values, st.integers(0, 9)).map(
        lambda made: (made[0], len(made[1]) + made[2], made[1])
    ),
    max_size=12,
)


@given(some_chunks)
def test_a_record_comes_back_without_its_empty_room(tmp_path_factory: pytest.TempPathFactory, chunks: list[Chunk]):
    folder = tmp_path_factory.mktemp("ledger")
    pack = packed(written(folder / "record", chunks))
    ledger.restore(folder / "replay", io.BytesIO(pack))
    data = (folder / "replay").read_bytes()
    assert chunks_of(data) == [(key, values) for key, _, values in chunks if values]
    assert struct.unpack_from("<8sIIQQqq", data) == (b"ORCLEDG1", 2, 0, len(data), len(data), *BEGAN)
    assert not any(data[48:4096])


def test_the_same_values_are_the_same_bytes_however_much_room_they_had(tmp_path: Path):
    narrow = packed(written(tmp_path / "narrow", [(7, 3, [1, 2, 3])], draws=5))
    wide = packed(written(tmp_path / "wide", [(1, 4, []), (7, 900, [1, 2, 3])], draws=6))
    assert narrow == wide


def test_the_last_reservation_may_have_failed(tmp_path: Path):
    path = written(tmp_path / "ledger", [(7, 3, [1, 2, 3])], used=2**63)
    with path.open("r+b") as file:
        file.seek(ledger.PAGE + 16 + 24)
        file.write(struct.pack("<QII", 8, 2**31, 5))
    assert chunks_of(lzma.decompress(packed(path))) == [(7, [1, 2, 3])]


def test_a_chunk_that_was_never_begun_hides_no_other(tmp_path: Path):
    path = written(tmp_path / "ledger", [(0, 0, []), (0, 0, []), (7, 1, [5])])
    assert chunks_of(lzma.decompress(packed(path))) == [(7, [5])]


def test_a_count_beyond_its_chunk_is_no_more_than_the_chunk(tmp_path: Path):
    path = written(tmp_path / "ledger", [(7, 2, [1, 2]), (8, 1, [3])])
    with path.open("r+b") as file:
        file.seek(ledger.PAGE + 12)
        file.write(struct.pack("<I", 2**32 - 1))
    assert chunks_of(lzma.decompress(packed(path))) == [(7, [1, 2]), (8, [3])]


def test_what_a_job_makes_of_it_is_bounded(tmp_path: Path):
    path = written(tmp_path / "ledger", [], used=2**64 - 1)
    with path.open("r+b") as file:
        file.truncate(1 << 42)
    with path.open("rb") as stream:
        assert ledger.read(stream).end == ledger.CAPACITY
    assert len(packed(path)) < 1000


@pytest.mark.parametrize("damage", [b"", b"ORCLEDG1", b"X" * 5000])
def test_what_is_no_ledger_is_refused(tmp_path: Path, damage: bytes):
    path = tmp_path / "ledger"
    path.write_bytes(damage)
    with path.open("rb") as stream, pytest.raises(NoLedger):
        ledger.read(stream)


@pytest.mark.parametrize("blob", [b"", b"nothing", lzma.compress(b"nothing")])
def test_what_is_no_record_is_not_fed_back(tmp_path: Path, blob: bytes):
    with pytest.raises(NoLedger):
        ledger.restore(tmp_path / "ledger", io.BytesIO(blob))


def test_many_values_do_not_fill_the_memory(tmp_path: Path):
    """A chunk that is larger than any piece that is read at once."""
    count = 300_000
    path = tmp_path / "ledger"
    ledger.create(path, Mode.RECORD, BEGAN, capacity=4 << 20)
    with path.open("r+b") as file:
        file.seek(24)
        file.write(struct.pack("<Q", ledger.PAGE + 16 + 8 * count))
        file.seek(ledger.PAGE)
        file.write(struct.pack(f"<QII{count}q", 1, count, count, *range(0, 700 * count, 700)))
    pack = packed(path)
    assert len(pack) < 8 * count / 20
    assert chunks_of(lzma.decompress(pack)) == [(1, list(range(0, 700 * count, 700)))]


def test_a_small_record_that_unpacks_to_a_large_one_is_refused(tmp_path):
    bomb = lzma.compress(b"\0" * (ledger.CAPACITY + 1), preset=0)
    with pytest.raises(ledger.NoLedger, match="more than a ledger has"):
        ledger.restore(tmp_path / "ledger", io.BytesIO(bomb))

"""Event files, byte by byte: every form of a scalar, every kind of damage."""

from __future__ import annotations

import math
import os
import struct
from pathlib import Path

import pytest
from event_writer import (
    VERSION,
    crc32c,
    double,
    event,
    head,
    message,
    metadata,
    number,
    record,
    scalar,
    simple,
    single,
    start,
    tensor,
)  # fmt: skip
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.execution.columns import Room
from orchestrator.execution.event_file import Folder
from orchestrator.execution.tfrecord import MAX_RECORD

REAL = bytes.fromhex(
    "1b000000000000001a0d9e1309abfb440a78c1da4110ac022a0d0a0b0a046c6f737315cdcccc3d47c1051234000000000000"
    "005e33175c0946fc440a78c1da4110feffffffffffffffff012a1e0a1c0a03616363420808012a040000403f4a0b0a090a07"
    "7363616c6172738d032d0a"
)
"""What torch.utils.tensorboard wrote of ``loss`` and, in its new style, of ``acc``."""

int64s = st.integers(-(2**63), 2**63 - 1)
floats = st.floats(width=32, allow_nan=False)
tags = st.binary(min_size=1, max_size=200)


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    """Where a test puts an event file; the next one overwrites it."""
    return tmp_path_factory.mktemp("events") / "events.out.tfevents.1700000000.orchestrator"


def read(file: Path, *parts: bytes, room: Room | None = None) -> tuple[dict[bytes, list], list[str]]:
    """The points of each tag, and the notes."""
    file.write_bytes(b"".join(parts))
    folder = Folder(room or Room())
    notes = folder.read(file)
    return points(folder), notes


def points(folder: Folder) -> dict[bytes, list]:
    return {tag: list(zip(*column, strict=True)) for tag, column in folder.columns.whole().items()}


def test_a_real_file(file):
    assert read(file, REAL) == ({b"loss": [(300, 0.10000000149011612)], b"acc": [(-2, 0.75)]}, [])
    assert head(27) == REAL[:12]
    assert crc32c(b"123456789") == 0xE3069283


def test_float32_becomes_float64_exactly_and_nothing_is_no_number(file):
    values = [0.1, 1e-45, 3.4e38, -0.0, math.inf, -math.inf, math.nan]
    found, _ = read(file, *(scalar(b"x", step, value) for step, value in enumerate(values)))
    assert [repr(value) for _, value in found[b"x"]] == [
        "0.10000000149011612", "1.401298464324817e-45", "3.3999999521443642e+38", "-0.0", "inf", "-inf", "nan",
    ]  # fmt: skip


def test_metadata_come_with_the_first_value_only(file):
    later = number(1, 1) + single(5, 2.0)
    found, notes = read(
        file,
        record(event(1, tensor(b"a", later))),
        record(event(2, tensor(b"a", later, None))),
        record(event(2, tensor(b"b", later, None))),
        record(event(2, tensor(b"c", later, b"histograms"))),
    )
    assert found == {b"a": [(1, 2.0), (2, 2.0)]}
    assert notes == []


def test_what_is_no_scalar_stays_out(file):
    many = number(1, 1) + message(2, message(2, number(1, 6))) + single(5, 2.0)
    found, notes = read(
        file,
        record(event(1, message(1, b"image") + message(4, b"\x89PNG"))),
        record(event(1, message(1, b"histogram") + message(5, double(1, 0.0)))),
        record(event(1, message(1, b"_hparams_/experiment") + metadata(b"hparams"))),
        record(event(1, tensor(b"text", number(1, 7) + message(8, b"hi"), b"text"))),
        record(event(1, tensor(b"curve", many, b"pr_curves"))),
        record(double(1, 1.7e9) + number(2, 4) + message(4, b"a graph")),
    )
    assert (found, notes) == ({}, [])


def test_a_scalar_that_is_no_single_number_is_noted(file):
    two = number(1, 1) + message(5, struct.pack("<ff", 1, 2))
    found, notes = read(file, record(event(1, tensor(b"a", two))), scalar(b"b", 1, 0.5))
    assert found == {b"b": [(1, 0.5)]}
    assert notes == ["tensors were left out: they hold no single number (1)"]


@given(st.lists(st.tuples(int64s, st.lists(st.tuples(tags, floats), max_size=3)), max_size=12), st.booleans())
def test_there_and_back(file, events, odd):
    """Odd events have a field that nobody knows, and the step behind the summary."""
    wanted: dict[bytes, list] = {}
    data = [VERSION]
    for step, logged in events:
        values = [simple(tag, value) for tag, value in logged]
        data.append(record(message(99, b"?") + event(0, *values) + number(2, step) if odd else event(step, *values)))
        for tag, value in logged:
            wanted.setdefault(tag, []).append((step, value))
    assert read(file, *data) == (wanted, [])


FIVE = [scalar(b"a", step, step / 2) for step in range(1, 6)]
EACH = len(FIVE[0])


def upto(count: int) -> dict[bytes, list]:
    return {b"a": [(step, step / 2) for step in range(1, count + 1)]} if count else {}


@pytest.mark.parametrize("end", range(5 * EACH + 1))
def test_a_file_that_is_cut_short_gives_what_is_before(file, end):
    count, rest = divmod(end, EACH)
    assert read(file, b"".join(FIVE)[:end]) == (upto(count), [f"cut short after {count} events"] if rest else [])


@given(st.integers(0, 5 * EACH - 1), st.integers(1, 255))
def test_a_damaged_file_gives_what_is_before(file, at, change):
    data = bytearray(b"".join(FIVE))
    data[at] ^= change
    found, notes = read(file, bytes(data))
    count, place = divmod(at, EACH)
    before = upto(count).get(b"a", [])
    assert found.get(b"a", [])[:count] == before
    if place < 12:
        assert (found, notes) == (upto(count), [f"damaged after {count} events"])


@given(st.binary(max_size=300))
def test_any_bytes_are_read_somehow(file, data):
    _, notes = read(file, data)
    assert notes or len(data) == 0


@given(st.lists(st.binary(max_size=60), max_size=20))
def test_any_bytes_in_a_frame_spoil_nothing_else(file, datas):
    found, _ = read(file, scalar(b"before", 1, 1.0), *map(record, datas), scalar(b"after", 2, 2.0))
    assert (found[b"before"][0], found[b"after"][-1]) == ((1, 1.0), (2, 2.0))


@given(st.data())
def test_an_event_with_a_damaged_byte_spoils_nothing_else(file, data):
    content = number(1, 1) + message(2, message(2, number(1, 1))) + single(5, 2.0)
    kinds = [event(7, simple(b"a", 1.0)), event(7, tensor(b"a", content)), start(3)]
    spoilt = bytearray(data.draw(st.sampled_from(kinds)))
    spoilt[data.draw(st.integers(0, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
    found, _ = read(file, scalar(b"before", 1, 1.0), record(bytes(spoilt)), scalar(b"after", 2, 2.0))
    assert found[b"after"][-1] == (2, 2.0)


ENDLESS = b"\xff" * 30


@pytest.mark.parametrize(
    "data",
    [
        double(1, 0) + b"\x10" + ENDLESS,
        double(1, 0) + b"\x10" + b"\x80" * 10 + b"\x01",
        double(1, 0) + b"\x10\x80",
        double(1, 0)[:5],
        message(5, message(1, message(1, b"a") + b"\x15\0")),
        message(5, b"\x0a\x7f"),
        message(5, message(1, b"\x0b")),
        message(5, message(1, tensor(b"a", message(1, b"")) + b"\x42")),
        message(5, message(1, tensor(b"a", number(1, 1) + message(2, b"\x12\x02\x08")))),
        message(7, b"\x08"),
        ENDLESS,
    ],
)
def test_a_damaged_event_is_skipped_and_counted(file, data):
    found, notes = read(file, FIVE[0], record(data), FIVE[1])
    assert (found, notes) == (upto(2), ["damaged events were skipped (1)"])


@pytest.mark.parametrize("data", [number(5, 1), number(7, 1), message(5, number(1, 1)), message(2, b"x"), b""])
def test_fields_of_another_kind_are_other_fields(file, data):
    assert read(file, FIVE[0], record(data), FIVE[1]) == (upto(2), [])


def test_a_record_larger_than_any_scalar_is_passed_over(file):
    with file.open("wb") as stream:
        stream.write(FIVE[0] + head(MAX_RECORD + 1))
        stream.seek(MAX_RECORD + 1 + 4, os.SEEK_CUR)
        stream.write(FIVE[1])
    folder = Folder(Room())
    assert folder.read(file) == ["events of more than 64 MiB were not looked into (1)"]
    assert points(folder) == upto(2)


@pytest.mark.parametrize("length", [100, MAX_RECORD, MAX_RECORD + 1, 2**63, 2**64 - 1])
def test_a_record_that_is_longer_than_the_file(file, length):
    assert read(file, FIVE[0], head(length), b"\0" * 50) == (upto(1), ["cut short after 1 events"])


def test_zeros_at_the_end_as_a_crash_may_leave_them(file):
    assert read(file, FIVE[0], bytes(1000)) == (upto(1), ["damaged after 1 events"])


def test_tags_that_are_no_names(file):
    found, notes = read(
        file,
        scalar(b"", 1, 1.0),
        scalar(b"x" * 1025, 1, 1.0),
        record(event(1, tensor(b"y" * 1025, number(1, 1) + single(5, 1.0)))),
        scalar(b"x" * 1024, 1, 1.0),
        record(event(1, single(2, 1.0))),
    )
    assert found == {b"x" * 1024: [(1, 1.0)]}
    assert notes == [
        "values without a tag were left out (2)",
        "values were left out: a tag of more than 1024 bytes (2)",
    ]


def test_a_restart_takes_back_what_comes_after(file):
    """As ``SummaryWriter(purge_step=3)`` means it: all tags, from that step on, whatever was written before."""
    old = [record(start(9)), *(scalar(tag, step, 1.0) for step in (1, 2, 4, 3) for tag in (b"a", b"b"))]
    new = [scalar(b"a", step, 2.0) for step in (3, 4)]
    found, notes = read(file, *old, record(start(3)), *new)
    assert found == {b"a": [(1, 1.0), (2, 1.0), (3, 2.0), (4, 2.0)], b"b": [(1, 1.0), (2, 1.0)]}
    assert notes == []
    found, _ = read(file, *old, record(start(4)), *new, record(start(2)), record(start(3)), scalar(b"a", 2, 3.0))
    assert found == {b"a": [(1, 1.0), (2, 3.0)], b"b": [(1, 1.0)]}
    assert read(file, *old, record(start(-5)))[0] == {}


def test_the_first_start_takes_nothing_back(file):
    found, _ = read(file, *FIVE, record(start(2)), record(message(7, number(1, 3))), scalar(b"a", 6, 3.0))
    assert found == upto(6)


def test_there_is_room_for_so_many_points(file):
    room = Room(points=3)
    assert read(file, *FIVE, room=room) == (
        upto(3), ["left out from event 4 on: there are more points than are kept of event files"],
    )  # fmt: skip
    found, notes = read(file, record(event(0, *[simple(b"a", 1.0)] * 5)), room=Room(points=3))
    assert (len(found[b"a"]), len(notes)) == (3, 1)


def test_there_is_room_for_so_many_metrics(file):
    parts = [scalar(b"%d" % number, 0, 1.0) for number in (1, 2, 3, 3, 1)]
    found, notes = read(
        file, *parts, record(event(1, tensor(b"4", number(1, 1) + single(5, 1.0)))), room=Room(columns=2)
    )
    assert found == {b"1": [(0, 1.0), (0, 1.0)], b"2": [(0, 1.0)]}
    assert notes == ["values were left out: there are more metrics than are kept of event files (3)"]


def test_only_regular_files_are_read(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"".join(FIVE))
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "folder", "pipe", "nothing"):
        folder = Folder(Room())
        [note] = folder.read(tmp_path / name)
        assert note.startswith("not readable after 0 events: ")
        assert str(tmp_path) not in note
        assert points(folder) == {}

"""Sealed records: whatever happens to the bytes, they are not handed on as what was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import Corruption
from orchestrator.maintenance.records import check
from orchestrator.store.memory import MemoryRecords
from orchestrator.store.sealed import Sealed, sealed

KEY = "runs/20261126-120000-000000"
RECORD = b"""{"facts":{"created":"2026-11-26T12:00:00.000Z","notes":["a note"],"tags":{"team":"x"}},\
"format":"orchestrator.run/1","id":"20261126-120000-000000","name":"n","origin":{"kind":"submit"},"outcome":null,\
"plan":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","status":"lost"}"""
LYING = sealed(KEY, RECORD)


def lying(data: bytes, key: str = KEY) -> Sealed:
    inner = MemoryRecords()
    inner.create(key, data)
    return Sealed(inner)


def is_found(records: Sealed, key: str = KEY) -> bool:
    (*found,) = check(records, [key])
    return [finding.kind for finding in found] == ["damaged record"]


def test_whole_records_pass():
    assert lying(LYING).read(KEY) == RECORD
    assert not is_found(lying(LYING))


def test_a_record_of_before_there_were_seals_is_handed_on():
    assert lying(RECORD).read(KEY) == RECORD
    assert not is_found(lying(RECORD))


@given(st.integers(0, len(LYING) - 1), st.integers(0, 7))
def test_every_flipped_bit_is_found(position, bit):
    flipped = bytearray(LYING)
    flipped[position] ^= 1 << bit
    assert is_found(lying(bytes(flipped)))


@given(st.integers(0, len(LYING) - 1))
def test_every_lost_end_is_found_but_that_of_the_seal_alone(length):
    assert is_found(lying(LYING[:length])) == (length not in (len(RECORD), len(RECORD) + 1))  # the whole record


@given(st.binary(min_size=1, max_size=200))
def test_every_addition_is_found(more):
    assert is_found(lying(LYING + more)) or more.isspace()


def test_the_record_of_another_key_is_found():
    with pytest.raises(Corruption, match="seal"):
        lying(LYING, "runs/20261126-120000-000001").read("runs/20261126-120000-000001")
    key = "layers/" + "a" * 64
    pin = b'{"diff_id":"sha256:' + b"b" * 64 + b'","size":1}'
    assert not is_found(lying(sealed(key, pin), key), key)
    assert is_found(lying(sealed("layers/" + "c" * 64, pin), key), key)


@given(st.binary(max_size=300))
def test_what_is_written_comes_back(data):
    records = Sealed(MemoryRecords())
    assert records.create("a/b", data)
    assert not records.create("a/b", b"another")
    assert records.read("a/b") == data

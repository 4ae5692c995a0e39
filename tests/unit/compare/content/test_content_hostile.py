"""Whatever a file holds, looking into it raises nothing, and ends."""

from __future__ import annotations

import io
import random
import sqlite3
import tarfile
import zipfile
from collections.abc import Iterator

import h5py
import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from orchestrator.compare.content.hdf5 import HDF5
from orchestrator.compare.content.inspect import SHOWN, look_into
from orchestrator.compare.content.parquet import PARQUET
from orchestrator.compare.content.port import Comparator, Side
from orchestrator.compare.content.raw import RAW
from orchestrator.compare.content.registry import COMPARATORS
from orchestrator.compare.content.sqlite import SQLITE
from orchestrator.compare.content.tar import TAR
from orchestrator.compare.content.zip import NPZ
from orchestrator.compare.difference import Difference
from orchestrator.errors import Interrupted

HERE = (HDF5, SQLITE, PARQUET, NPZ, TAR, RAW)
"""In this process: starting one for each of a thousand files would take minutes."""
KEPT = [
    "state.pt",
    "old.pt",
    "a.safetensors",
    "model.joblib",
    "packed.joblib",
    "model.pkl",
    "model.skops",
    "picture.png",
]


def made(name: str, tmp_path) -> bytes:
    sink = io.BytesIO()
    if name == "a.h5":
        with h5py.File(sink, "w") as file:
            file["x"], file["s"] = np.arange(9.0), ["a", "b"]
            file.attrs["n"] = 1
    elif name == "a.parquet":
        parquet.write_table(pa.table({"x": [1.0, 2.0], "s": ["a", None]}), sink)
    elif name == "a.npz":
        np.savez_compressed(sink, x=np.arange(9), o=np.array([1, "x"], dtype=object))
    elif name == "a.tar":
        with tarfile.open(fileobj=sink, mode="w") as archive:
            archive.addfile(tarfile.TarInfo("x"), io.BytesIO())
    elif name == "a.db":
        connection = sqlite3.connect(tmp_path / name)
        connection.executescript("CREATE TABLE t (a); INSERT INTO t VALUES (1); CREATE INDEX i ON t (a);")
        connection.close()
        return (tmp_path / name).read_bytes()
    return sink.getvalue()


def spoilt(data: bytes, chance: random.Random) -> Iterator[bytes]:
    """The file with some bytes changed, cut short, and with more behind its end."""
    other = bytearray(data)
    for _ in range(chance.choice([1, 1, 3])):
        other[chance.randrange(len(data))] = chance.randrange(256)
    yield from (bytes(other), data[: chance.randrange(len(data))], bytes(other) + b"more")


@pytest.mark.parametrize("name", [*KEPT, "a.h5", "a.parquet", "a.npz", "a.tar", "a.db"])
def test_damaged_files(kept, tmp_path, name):
    data = kept(name) if name in KEPT else made(name, tmp_path)
    comparators = COMPARATORS if name in KEPT else HERE
    chance = random.Random(name)  # noqa: S311
    for other in (other for _ in range(40) for other in spoilt(data, chance)):
        for pair in ((data, other), (other, data)):
            found = look_into(*(Side.of(name, io.BytesIO(side)) for side in pair), comparators)
            assert found.state in ("changed", "content")
            Difference.model_validate_json(found.model_dump_json())


def test_a_table_that_needs_more_memory_than_is_given(look):
    def bomb(last):
        text = pa.array(["x" * (3 << 20) + last])
        rows = pa.DictionaryArray.from_arrays(np.zeros(4000, "i4"), text)
        sink = io.BytesIO()
        parquet.write_table(pa.table({"s": rows}), sink, store_schema=False)
        return sink.getvalue()

    one, other = bomb("a"), bomb("b")
    assert len(one) < 1 << 20
    found = look("a.parquet", one, other)
    assert (found.state, found.comparator) == ("changed", "bytes") and "not readable as Parquet" in found.detail


@pytest.mark.parametrize("name", ["a.pt", "a.npy", "a.h5", "a.json", "a.yaml", "MLmodel", "x.tfevents.1", "a.png", "a"])
def test_empty_files(look, name):
    assert look(name, b"", b"x").state == "changed"


def test_many_parts_are_counted():
    def compare(left, right, desk):
        return (Difference(name=f"{i}", state="changed") for i in range(SHOWN + 1234))

    sides = [Side.of("a", io.BytesIO(data)) for data in (b"1", b"2")]
    found = look_into(*sides, [Comparator("x", lambda side: True, compare)])
    assert len(found.children) == SHOWN + 1
    assert (found.children[-1].name, found.children[-1].detail) == ("(more)", "1,234 further parts")


def test_a_difference_behind_many_alike_is_not_lost():
    def compare(left, right, desk):
        yield from (Difference(name=f"{i}", state="content") for i in range(SHOWN + 5))
        yield Difference(name="last", state="removed")

    sides = [Side.of("a", io.BytesIO(data)) for data in (b"1", b"2")]
    assert look_into(*sides, [Comparator("x", lambda side: True, compare)]).state == "changed"


def test_a_zip_of_very_many_members_is_given_up(look, monkeypatch):
    monkeypatch.setattr("orchestrator.compare.content.zip.MOST", 99)

    def crowded(last):
        sink = io.BytesIO()
        with zipfile.ZipFile(sink, "w") as archive:
            for i in range(100):
                archive.writestr(zipfile.ZipInfo(str(i)), last if i == 0 else b"")
        return sink.getvalue()

    assert "more than 99 members" in look("a.zip", crowded(b"1"), crowded(b"2")).detail


def test_a_signal_is_not_taken_for_a_damaged_file():
    def stopped(left, right, desk):
        raise Interrupted("interrupted", 2)

    sides = [Side.of("a", io.BytesIO(data)) for data in (b"1", b"2")]
    with pytest.raises(Interrupted):
        look_into(*sides, [Comparator("x", lambda side: True, stopped)])

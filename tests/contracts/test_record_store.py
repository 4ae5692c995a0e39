"""What every record store promises, held against each adapter."""

from __future__ import annotations

import multiprocessing
import os
import threading

import pytest

from orchestrator.errors import UsageError
from orchestrator.store.local import LocalRecords
from orchestrator.store.memory import MemoryRecords
from orchestrator.store.s3 import open_store
from orchestrator.store.sealed import Sealed

ADAPTERS = {
    "local": LocalRecords,
    "memory": lambda folder: MemoryRecords(),
    "sealed": lambda folder: Sealed(MemoryRecords()),
}
WRITERS = 16
fork = multiprocessing.get_context("fork")

HOSTILE = [
    "",
    "/",
    "alone",
    "runs/",
    "/runs/x",
    "runs//x",
    "runs/..",
    "../runs",
    "runs/../../x",
    "runs/./x",
    "runs/...",
    "runs/a\0b",
    "runs/a\nb",
    "runs/\ud800",
    "runs/é",
    "runs/" + "x" * 256,
]


@pytest.fixture(params=[*ADAPTERS, "s3"])
def records(request, tmp_path):
    if request.param in ADAPTERS:
        return ADAPTERS[request.param](tmp_path / "store")
    url, endpoint = request.getfixturevalue("s3")
    return open_store(url, endpoint=endpoint)[1]


def test_a_record_comes_back(records):
    assert records.read("runs/one") is None
    assert records.create("runs/one", b"bytes") is True
    assert records.read("runs/one") == b"bytes"


@pytest.mark.parametrize("second", [b"first", b"second", b""])
def test_the_first_writer_wins(records, second):
    assert records.create("runs/one", b"first") is True
    assert records.create("runs/one", second) is False
    assert records.read("runs/one") == b"first"


def test_the_same_object_written_twice_is_still_twice(records):
    data = b"one object"
    assert [records.create("runs/one", data), records.create("runs/one", data)] == [True, False]


def test_list_is_in_order_and_by_prefix(records):
    keys = ["runs/2", "runs/1", "runs-old/1", "runs/10", "verdicts/1/2", "verdicts/1/1"]
    for key in keys:
        records.create(key, b"x")
    assert list(records.list("")) == sorted(keys)
    assert list(records.list("runs/")) == ["runs/1", "runs/10", "runs/2"]
    assert list(records.list("runs/1")) == ["runs/1", "runs/10"]
    assert list(records.list("verdicts/1/")) == ["verdicts/1/1", "verdicts/1/2"]
    assert list(records.list("../")) == []


@pytest.mark.parametrize("key", HOSTILE, ids=ascii)
def test_a_hostile_key_is_refused(records, tmp_path, key):
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError, match="not a record key"):
        records.create(key, b"x")
    with pytest.raises(UsageError, match="not a record key"):
        records.read(key)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_is_no_record(records):
    records.create("verdicts/1/2", b"x")
    assert records.read("verdicts/1") is None
    assert records.read("verdicts/1/2/3") is None


def test_what_has_a_folder_of_its_own_is_found_without_a_look_at_all_else(tmp_path, monkeypatch):
    records = LocalRecords(tmp_path)
    for key in ("runs/1", "verdicts/1/2", "verdicts/2/3", "annotations/1/then"):
        records.create(key, b"x")
    looked: list[str] = []
    scandir = os.scandir
    monkeypatch.setattr(
        os, "scandir", lambda folder: looked.append(os.path.relpath(folder, tmp_path)) or scandir(folder)
    )
    assert list(records.list("verdicts/1/")) == ["verdicts/1/2"]
    assert list(records.list("verdicts/3/")) == []
    assert looked == ["records/verdicts/1", "records/verdicts/3"]


def test_a_link_to_a_file_is_a_record_and_one_to_a_folder_is_none(tmp_path):
    records = LocalRecords(tmp_path)
    records.create("runs/1", b"x")
    for name, target in {"2": "1", "3": ".", "4": "4", "5": "nowhere"}.items():
        (tmp_path / "records" / "runs" / name).symlink_to(target)
    assert list(records.list("runs/")) == ["runs/1", "runs/2"]


def test_one_of_many_threads_wins_and_no_reader_sees_half(records):
    payloads = [bytes([number]) * 200_000 for number in range(WRITERS)]
    barrier = threading.Barrier(WRITERS + 1)
    won: list[int] = []
    seen: set[bytes | None] = set()

    def write(number: int) -> None:
        barrier.wait()
        if records.create("runs/raced", payloads[number]):
            won.append(number)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    barrier.wait()
    while any(writer.is_alive() for writer in writers):
        seen.add(records.read("runs/raced"))
    for writer in writers:
        writer.join()
    assert len(won) == 1
    assert records.read("runs/raced") == payloads[won[0]]
    assert seen <= {None, payloads[won[0]]}


def test_one_of_many_processes_wins(tmp_path):
    barrier = fork.Barrier(WRITERS)
    won = fork.Array("b", WRITERS)

    def write(number: int) -> None:
        records = LocalRecords(tmp_path)
        barrier.wait()
        won[number] = records.create("runs/raced", bytes([number]) * 500_000)

    workers = [fork.Process(target=write, args=(number,)) for number in range(WRITERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * WRITERS
    assert sum(won) == 1
    assert LocalRecords(tmp_path).read("runs/raced") == bytes([list(won).index(1)]) * 500_000
    assert os.listdir(tmp_path / "tmp") == []


def test_a_record_that_is_removed_is_gone_and_may_be_written_anew(records):
    records.create("runs/one", b"first")
    records.create("runs/two", b"second")
    records.remove("runs/one")
    assert (records.read("runs/one"), list(records.list("runs/"))) == (None, ["runs/two"])
    assert records.create("runs/one", b"another") is True
    assert records.read("runs/one") == b"another"


def test_removing_what_is_not_there_is_no_error(records):
    records.create("verdicts/1/2", b"x")
    for key in ("runs/one", "verdicts/1", "verdicts/1/2/3"):
        records.remove(key)
    assert list(records.list("")) == ["verdicts/1/2"]


@pytest.mark.parametrize("key", HOSTILE, ids=ascii)
def test_a_hostile_key_is_not_removed(records, key):
    with pytest.raises(UsageError, match="not a record key"):
        records.remove(key)

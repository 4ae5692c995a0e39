"""What every blob store promises, held against each adapter."""

from __future__ import annotations

import functools
import hashlib
import io
import multiprocessing
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.digest import Digest
from orchestrator.errors import Corruption, EnvironmentProblem, NotFound
from orchestrator.store import tree
from orchestrator.store.cached import Cached
from orchestrator.store.local import LocalBlobs
from orchestrator.store.memory import MemoryBlobs
from orchestrator.store.s3.address import Address
from orchestrator.store.s3.blobs import S3Blobs
from orchestrator.store.s3.bucket import Bucket
from orchestrator.store.s3.client import Connection, Server
from orchestrator.store.streams import chunks, from_chunks, seekable
from orchestrator.store.verified import Verified

ADAPTERS = {
    "local": LocalBlobs,
    "memory": lambda folder: MemoryBlobs(),
    "verified-local": lambda folder: Verified(LocalBlobs(folder)),
    "verified-memory": lambda folder: Verified(MemoryBlobs()),
    "cached-memory": lambda folder: Cached(Verified(LocalBlobs(folder)), Verified(MemoryBlobs()), folder / "tmp"),
}
IN_S3 = {
    "s3": lambda folder, s3: in_s3(folder, s3),
    "verified-s3": lambda folder, s3: Verified(in_s3(folder, s3)),
    "cached-s3": lambda folder, s3: Cached(Verified(LocalBlobs(folder)), Verified(in_s3(folder, s3)), folder / "tmp"),
}
fork = multiprocessing.get_context("fork")


@pytest.fixture(params=[*ADAPTERS, *IN_S3])
def blobs(request, tmp_path):
    folder = tmp_path / "store"
    if request.param in ADAPTERS:
        return ADAPTERS[request.param](folder)
    return IN_S3[request.param](folder, request.getfixturevalue("s3"))


@functools.cache
def connection(endpoint: str) -> Connection:
    return Connection(Server(endpoint))


def in_s3(folder: Path, s3: tuple[str, str]) -> S3Blobs:
    folder.mkdir(exist_ok=True)
    return S3Blobs(Bucket(Address.parse(s3[0]), connection(s3[1])), folder)


def put(blobs, data: bytes) -> Digest:
    return blobs.put(io.BytesIO(data))


def read(blobs, digest: Digest) -> bytes:
    with blobs.get(digest) as stream:
        return stream.read()


def together(count: int, work: Callable[[int], object]) -> list[object]:
    """Run ``work(n)`` in this many threads at once; what each returned or raised."""
    barrier = threading.Barrier(count)
    results: list[object] = [None] * count

    def one(number: int) -> None:
        barrier.wait()
        try:
            results[number] = work(number)
        except Exception as error:
            results[number] = error

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.parametrize("data", [b"", b"x", b"line\nline\n", bytes(range(256)) * 9000], ids=len)
def test_what_is_put_comes_back(blobs, data):
    digest = put(blobs, data)
    assert digest == "sha256:" + hashlib.sha256(data).hexdigest()
    assert blobs.has(digest)
    assert read(blobs, digest) == data


def test_only_what_is_left_in_the_stream_is_taken(blobs):
    stream = io.BytesIO(b"head and tail")
    stream.read(9)
    assert read(blobs, blobs.put(stream)) == b"tail"


def test_putting_again_changes_nothing(blobs):
    assert put(blobs, b"twice") == put(blobs, b"twice")
    assert list(blobs.list()) == [Digest.of(b"twice")]


def test_list_is_in_order_of_digests(blobs):
    wanted = sorted(put(blobs, bytes([number])) for number in range(40))
    assert list(blobs.list()) == wanted


def test_what_is_not_there(blobs):
    absent = Digest.of(b"absent")
    put(blobs, b"another")
    assert not blobs.has(absent)
    with pytest.raises(NotFound, match=absent):
        blobs.get(absent)


def test_a_source_that_breaks_off_leaves_nothing(blobs, tmp_path):
    def broken() -> Iterator[bytes]:
        yield b"the first half"
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        blobs.put(from_chunks(broken()))
    assert list(blobs.list()) == []
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} <= {"format"}


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=2000), sizes=st.lists(st.integers(0, 700), max_size=12))
def test_any_partial_reads_come_to_the_whole(blobs, data, sizes):
    with blobs.get(put(blobs, data)) as stream:
        pieces = [stream.read(size) for size in sizes]
        assert all(len(piece) <= size for piece, size in zip(pieces, sizes, strict=True))
        assert b"".join([*pieces, stream.read()]) == data
        assert stream.read(1) == b""


def test_many_threads_put_one_blob(blobs):
    data = os.urandom(3 << 20)
    assert set(together(8, lambda _: put(blobs, data))) == {Digest.of(data)}
    assert list(blobs.list()) == [Digest.of(data)]
    assert read(blobs, Digest.of(data)) == data


def test_many_processes_put_one_blob(tmp_path):
    data = os.urandom(2 << 20)
    barrier = fork.Barrier(8)

    def one() -> None:
        barrier.wait()
        put(LocalBlobs(tmp_path), data)

    workers = [fork.Process(target=one) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 8
    assert read(LocalBlobs(tmp_path), Digest.of(data)) == data
    assert list((tmp_path / "tmp").iterdir()) == []


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "first bit": lambda data: bytes([data[0] ^ 1]) + data[1:],
    "last bit": lambda data: data[:-1] + bytes([data[-1] ^ 128]),
    "truncated": lambda data: data[:-1],
    "emptied": lambda data: b"",
    "longer": lambda data: data + b"\0",
    "swapped": lambda data: b"another blob altogether",
}
WAYS: dict[str, Callable] = {
    "at once": lambda blobs, digest: read(blobs, digest),
    "in pieces": lambda blobs, digest: list(chunks(blobs.get(digest))),
    "byte by byte": lambda blobs, digest: list(iter(partial(blobs.get(digest).read, 1), b"")),
    "by line": lambda blobs, digest: list(blobs.get(digest)),
    "copied": lambda blobs, digest: shutil.copyfileobj(blobs.get(digest), io.BytesIO()),
    "seekable": lambda blobs, digest: seekable(blobs, digest),
    "as a tree": lambda blobs, digest: tree.load(blobs, digest),
}


class TestDamage:
    """No damaged byte sequence passes for the blob: reading it to its end raises."""

    GOOD = b"\n".join(b"line %d" % number for number in range(1000))

    @pytest.fixture(params=["local", "memory"])
    def damaged(self, request, tmp_path) -> Callable[[Callable[[bytes], bytes]], tuple[Verified, Digest]]:
        def make(damage: Callable[[bytes], bytes]) -> tuple[Verified, Digest]:
            digest = Digest.of(self.GOOD)
            if request.param == "memory":
                return Verified(Forged(damage(self.GOOD))), digest
            inner = LocalBlobs(tmp_path)
            put(inner, self.GOOD)
            inner.path(digest).chmod(0o600)
            inner.path(digest).write_bytes(damage(self.GOOD))
            return Verified(inner), digest

        return make

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("kind", DAMAGE)
    def test_is_noticed(self, damaged, kind, way):
        blobs, digest = damaged(DAMAGE[kind])
        with pytest.raises(Corruption, match=digest):
            WAYS[way](blobs, digest)

    @pytest.mark.parametrize("way", [way for way in WAYS if way != "as a tree"])
    def test_whole_bytes_pass_every_way(self, damaged, way):
        blobs, digest = damaged(lambda data: data)
        WAYS[way](blobs, digest)

    def test_a_path_is_not_named(self, tmp_path):
        inner = LocalBlobs(tmp_path)
        digest = put(inner, self.GOOD)
        inner.path(digest).chmod(0o600)
        inner.path(digest).write_bytes(b"swapped")
        with pytest.raises(Corruption, match=digest):
            Verified(inner).path(digest)

    def test_putting_the_blob_again_heals_it(self, tmp_path):
        blobs = LocalBlobs(tmp_path)
        digest = put(blobs, self.GOOD)
        blobs.path(digest).chmod(0o600)
        blobs.path(digest).write_bytes(b"junk")
        put(blobs, self.GOOD)
        assert read(Verified(blobs), digest) == self.GOOD


class Forged(MemoryBlobs):
    """Answers every question with the same bytes."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._data = data

    def get(self, digest: Digest) -> IO[bytes]:
        return io.BytesIO(self._data)


def test_a_wrapper_of_memory_has_no_files(tmp_path):
    blobs = Verified(MemoryBlobs())
    digest = put(blobs, b"x")
    with pytest.raises(EnvironmentProblem):
        blobs.path(digest)
    with seekable(blobs, digest) as stream:
        assert (stream.seek(0), stream.read()) == (0, b"x")


def test_a_blobs_size_is_known_without_reading_it(blobs):
    for data in (b"", b"x", bytes(70_000)):
        assert blobs.size(put(blobs, data)) == len(data)
    with pytest.raises(NotFound):
        blobs.size(Digest.of(b"absent"))


def test_a_store_knows_since_when_it_has_a_blob(blobs):
    before = time.time() - 2  # servers tell whole seconds, by clocks of their own
    digest = put(blobs, b"dated")
    assert before <= blobs.since(digest) <= time.time() + 2
    with pytest.raises(NotFound):
        blobs.since(Digest.of(b"absent"))


def test_a_blob_that_is_removed_is_gone_and_may_be_put_anew(blobs):
    digest, other = put(blobs, b"one"), put(blobs, b"other")
    blobs.remove(digest)
    blobs.remove(digest)  # nothing happens where it is not there
    assert (blobs.has(digest), blobs.has(other), list(blobs.list())) == (False, True, [other])
    with pytest.raises(NotFound):
        read(blobs, digest)
    assert put(blobs, b"one") == digest
    assert read(blobs, digest) == b"one"


def test_a_blob_that_is_set_aside_is_gone_and_said_to_lie_elsewhere(blobs):
    digest = put(blobs, b"one")
    assert digest.hex[:12] in blobs.set_aside(digest)
    assert (blobs.has(digest), list(blobs.list())) == (False, [])
    with pytest.raises(NotFound):
        blobs.set_aside(digest)
    assert put(blobs, b"one") == digest
    assert blobs.has(digest)

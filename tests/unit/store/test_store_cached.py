"""A store elsewhere, with copies here: which of the two is believed, and when."""

from __future__ import annotations

import io

import pytest

from orchestrator.digest import Digest
from orchestrator.errors import NotFound
from orchestrator.store.cached import Cached
from orchestrator.store.local import LocalBlobs
from orchestrator.store.memory import MemoryBlobs
from orchestrator.store.verified import Verified


class Store:
    def __init__(self, folder) -> None:
        self.local, self.remote = LocalBlobs(folder), MemoryBlobs()
        self.blobs = Cached(Verified(self.local), Verified(self.remote), folder / "tmp")

    def put(self, data: bytes) -> Digest:
        return self.blobs.put(io.BytesIO(data))

    def read(self, digest: Digest) -> bytes:
        with self.blobs.get(digest) as stream:
            return stream.read()


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path)


def damage(local: LocalBlobs, digest: Digest) -> None:
    local.path(digest).chmod(0o600)
    local.path(digest).write_bytes(b"junk")


def test_a_copy_here_is_no_proof(store):
    """Another machine may have removed it, or this one was stopped before it was sent."""
    digest = store.local.put(io.BytesIO(b"x"))
    assert (store.blobs.has(digest), list(store.blobs.list())) == (False, [])
    assert store.put(b"x") == digest
    assert (store.blobs.has(digest), store.remote.has(digest)) == (True, True)


def test_what_is_elsewhere_is_brought_here_once(store):
    digest = store.remote.put(io.BytesIO(b"x"))
    assert not store.local.has(digest)
    assert store.read(digest) == b"x"
    store.remote.remove(digest)
    assert store.read(digest) == b"x"


def test_a_damaged_copy_is_fetched_again(store):
    digest = store.put(b"x" * 1000)
    damage(store.local, digest)
    assert store.read(digest) == b"x" * 1000
    assert store.local.path(digest).read_bytes() == b"x" * 1000


def test_a_copy_that_is_damaged_and_not_elsewhere_is_never_read(store):
    digest = store.local.put(io.BytesIO(b"x"))
    damage(store.local, digest)
    with pytest.raises(NotFound):
        store.read(digest)


def test_removing_removes_both(store):
    digest = store.put(b"x")
    store.blobs.remove(digest)
    assert (store.local.has(digest), store.remote.has(digest)) == (False, False)


def test_setting_aside_leaves_a_copy_that_is_good(store):
    digest = store.put(b"x")
    store.blobs.set_aside(digest)
    assert (store.blobs.has(digest), store.local.has(digest)) == (False, True)
    store.put(b"x")
    damage(store.local, digest)
    places = store.blobs.set_aside(digest)
    assert (len(places.split(", ")), store.local.has(digest)) == (2, False)
    with pytest.raises(NotFound):
        store.blobs.set_aside(digest)


def test_size_and_age_are_those_of_the_store(store):
    digest = store.put(b"xyz")
    assert store.blobs.size(digest) == 3
    assert store.blobs.since(digest) == store.remote.since(digest)

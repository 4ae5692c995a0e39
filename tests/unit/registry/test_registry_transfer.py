"""Blobs move several at a time, and one that fails does not wait for the others."""

from __future__ import annotations

import io
from threading import Event

import pytest
from servers import small_registry
from servers.small_registry import Fault

from orchestrator.digest import Digest
from orchestrator.errors import Corruption
from orchestrator.registry import transfer
from orchestrator.registry.errors import RegistryProblem
from orchestrator.registry.manifest import Descriptor, parse
from orchestrator.store.memory import MemoryBlobs


def blob(name: str) -> Descriptor:
    return Descriptor(mediaType="x", digest=Digest.of(name.encode()), size=1)


def test_an_error_stops_what_is_under_way():
    stopped: list[bool] = []
    waiting = Event()

    def work(one: Descriptor, stop: Event) -> None:
        if one == blob("slow"):
            waiting.set()
            stopped.append(stop.wait(60))
        else:
            waiting.wait(60)
            raise Corruption("the quick one")

    with pytest.raises(Corruption, match="quick"):
        transfer._side_by_side(work, [blob("slow"), blob("quick")])
    assert stopped == [True]


def test_a_transfer_that_was_given_up_keeps_nothing(registry, repository):
    data = b"x" * (3 << 20)
    registry.add_blob(data)
    blobs, stop = MemoryBlobs(), Event()
    stop.set()
    one = Descriptor(mediaType="x", digest=Digest.of(data), size=len(data))
    with pytest.raises(RegistryProblem, match="given up"):
        transfer.pull_blob(repository, blobs, one, stop)
    assert not list(blobs.list())


def test_the_manifest_comes_after_its_blobs(registry, repository):
    store = MemoryBlobs()
    layers = [b"one", b"two", b"three"]
    for data in layers:
        store.put(io.BytesIO(data))
    with small_registry.running() as other:
        digest = small_registry.image(other, *layers)
        manifest = other.manifests[digest]
        store.put(io.BytesIO(other.blobs[parse(manifest, "it").config.digest]))
    transfer.push(manifest, store, repository, "v1")
    asked = [(method, path) for method, path, _ in registry.asked]
    first = next(at for at, (method, path) in enumerate(asked) if method == "PUT" and "/manifests/" in path)
    assert not any(method == "PUT" and "/blobs/" in path for method, path in asked[first:])
    assert registry.manifests["v1"] == manifest


def test_a_registry_that_gives_back_another_manifest(registry, repository):
    store = MemoryBlobs()
    with small_registry.running() as other:
        manifest = other.manifests[small_registry.image(other)]
        store.put(io.BytesIO(other.blobs[parse(manifest, "it").config.digest]))
    registry.faults["GET"] = [Fault(), Fault(status=200, body=b"{}")]
    with pytest.raises(Corruption, match="gives back"):
        transfer.push(manifest, store, repository, "v1")

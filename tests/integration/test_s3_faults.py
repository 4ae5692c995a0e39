"""A store in S3 behind a network that breaks: never a corrupt read, never a lost acknowledged write."""

from __future__ import annotations

import functools
import io
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from servers import fault_proxy
from servers.fault_proxy import Fault, FaultProxy, Request, answer, breaks_off_after

from orchestrator.digest import Digest
from orchestrator.errors import Corruption, EnvironmentProblem, OrchestratorError
from orchestrator.store.cached import Cached
from orchestrator.store.local import LocalBlobs
from orchestrator.store.s3.address import Address
from orchestrator.store.s3.blobs import S3Blobs
from orchestrator.store.s3.bucket import Bucket
from orchestrator.store.s3.client import Connection, Server
from orchestrator.store.s3.patience import Patience
from orchestrator.store.s3.records import S3Records
from orchestrator.store.verified import Verified

PART = 5 << 20
CALM = Patience(attempts=6, base=0.01, longest=0.05)  # a busy machine is no fault: the server has all the time it wants
HASTY = replace(CALM, connect=2, read=1)
SMALL = b"a small blob" * 100
LARGE = b"".join(number.to_bytes(8, "big") for number in range((2 * PART + 1000) // 8))
RECORD = b'{"a": "record"}'

FAULTS: dict[str, Fault] = {
    "500": answer(500, "InternalError"),
    "503": answer(503, "SlowDown"),
    "412": answer(412, "PreconditionFailed"),
    "reset": fault_proxy.reset,
    "lost answer": fault_proxy.lost,
    "truncated": fault_proxy.truncated,
    "slow": fault_proxy.slow,
    "wrong bytes": fault_proxy.wrong_bytes,
    "wrong bytes up": fault_proxy.wrong_bytes_up,
}
OF_LARGE_ONES = ["list uploads", "begin", "part", "complete"]
KINDS = ["put", "get", "head", "list", "delete", *OF_LARGE_ONES]
HAVE_A_BODY = ["put", "part", "complete"]
CASES = [
    (fault, kind)
    for fault in FAULTS
    for kind in KINDS
    if (fault, kind) != ("wrong bytes", "list")  # a name that was changed on its way is another name: TLS is for that
    and (fault != "wrong bytes up" or kind in HAVE_A_BODY)
]


@dataclass
class Store:
    """One store, asked directly and through the proxy."""

    proxy: FaultProxy
    blobs: Verified
    records: S3Records
    good_blobs: Verified
    good_records: S3Records


@pytest.fixture(scope="module")
def behind_proxy(ceph) -> Iterator[FaultProxy]:
    with fault_proxy.in_front_of(ceph.port) as proxy:
        yield proxy


@pytest.fixture
def store(ceph, behind_proxy, s3) -> Store:
    return make_store(ceph.endpoint, behind_proxy)


@functools.cache
def connection(endpoint: str, patience: Patience) -> Connection:
    return Connection(Server(endpoint), patience)


def make_store(endpoint: str, proxy: FaultProxy, patience: Patience = CALM) -> Store:
    address = Address.parse(f"s3://stores/{uuid.uuid4().hex}")
    proxy.choose = lambda request: None
    proxy.seen.clear()
    through, direct = Bucket(address, connection(proxy.endpoint, patience)), Bucket(address, connection(endpoint, CALM))
    blobs, good_blobs = Verified(S3Blobs(through, part=PART)), Verified(S3Blobs(direct, part=PART))
    return Store(proxy, blobs, S3Records(through), good_blobs, S3Records(direct))


class Striking:
    """This fault to requests of this kind: to all, or so many times."""

    def __init__(self, fault: Fault, kind: str, times: int | None = None) -> None:
        self.fault, self.kind, self.times, self.struck = fault, kind, times, 0

    def __call__(self, request: Request) -> Fault | None:
        if request.kind != self.kind or self.struck == self.times:
            return None
        self.struck += 1
        return self.fault


def read(blobs, digest: Digest) -> bytes:
    with blobs.get(digest) as stream:
        return stream.read()


def use(store: Store, data: bytes) -> list[str]:
    """Do all that can be done with a store, and hold both promises. Returns what did not work, and said so."""
    digest = Digest.of(data)
    refused: list[str] = []

    def attempt(what: str, act):
        try:
            return act()
        except OrchestratorError as error:
            refused.append(f"{what}: {error.message}")
            return None

    if attempt("put", partial(store.blobs.put, io.BytesIO(data))):
        assert read(store.good_blobs, digest) == data, "an acknowledged write is lost"
        assert attempt("has", partial(store.blobs.has, digest)) in (True, None)
    store.good_blobs.put(io.BytesIO(data))
    assert attempt("get", partial(read, store.blobs, digest)) in (data, None), "a corrupt read"
    created = attempt("create", partial(store.records.create, "runs/one", RECORD))
    assert created in (True, None)
    assert store.good_records.read("runs/one") == RECORD if created else True, "an acknowledged write is lost"
    store.good_records.create("runs/one", RECORD)
    assert attempt("create again", partial(store.records.create, "runs/one", RECORD)) in (False, None)
    assert attempt("read", partial(store.records.read, "runs/one")) in (RECORD, None), "a corrupt read"
    assert attempt("list", lambda: list(store.records.list("runs/"))) in (["runs/one"], None)
    removed = attempt("remove", lambda: store.blobs.remove(digest) or "removed")
    assert removed is None or not store.good_blobs.has(digest)
    return refused


def data_for(kind: str) -> bytes:
    return LARGE if kind in OF_LARGE_ONES else SMALL


@pytest.mark.parametrize(("fault", "kind"), CASES)
def test_a_fault_that_passes_is_got_over(ceph, behind_proxy, s3, fault, kind):
    store = make_store(ceph.endpoint, behind_proxy, HASTY if fault == "slow" else CALM)
    striking = store.proxy.choose = Striking(FAULTS[fault], kind, times=2)
    refused = use(store, data_for(kind))
    assert striking.struck, "the fault never struck"
    told = [line for line in refused if "damaged: its bytes hash to" not in line]  # a stream is read only once
    assert told == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", ["503", "lost answer", "truncated", "412"])
def test_a_fault_that_stays_is_told(store, fault, kind):
    striking = store.proxy.choose = Striking(FAULTS[fault], kind)
    data = data_for(kind)
    use(store, data)
    assert striking.struck, "the fault never struck"
    store.proxy.choose = lambda request: None
    store.blobs.put(io.BytesIO(data))
    assert read(store.blobs, Digest.of(data)) == data


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(faults=st.lists(st.sampled_from(["", "500", "reset", "lost answer", "truncated", "412"]), max_size=24))
def test_any_order_of_faults(ceph, behind_proxy, s3, faults):
    store = make_store(ceph.endpoint, behind_proxy)
    left = list(faults)
    store.proxy.choose = lambda request: FAULTS.get(left.pop()) if left else None
    use(store, SMALL)


def test_a_read_that_breaks_off_goes_on_from_there(store):
    digest = store.good_blobs.put(io.BytesIO(LARGE))
    store.proxy.choose = lambda request: breaks_off_after(1_500_000) if "/blobs/" in request.path else None
    assert read(store.blobs, digest) == LARGE
    ranges = [request.headers.get("range") for request in store.proxy.seen if "/blobs/" in request.path]
    starts = [int(value.removeprefix("bytes=").rstrip("-")) for value in ranges if value]
    assert len(starts) > 4
    assert starts == sorted(set(starts)), "bytes were asked for again that had come"


def test_a_read_that_breaks_off_for_good_ends(store):
    digest = store.good_blobs.put(io.BytesIO(LARGE))
    breaks_off = breaks_off_after(1_500_000)
    store.proxy.choose = lambda request: fault_proxy.reset if "range" in request.headers else breaks_off
    with store.blobs.get(digest) as stream:
        assert stream.read(1000) == LARGE[:1000]
        with pytest.raises(EnvironmentProblem, match="does not answer"):
            stream.read()


@pytest.mark.parametrize("fault", ["wrong bytes", "truncated", "reset", "500"])
@pytest.mark.parametrize("data", [SMALL, LARGE], ids=len)
def test_a_cache_fetches_again_what_came_damaged(store, tmp_path, data, fault):
    digest = store.good_blobs.put(io.BytesIO(data))
    cached = Cached(Verified(LocalBlobs(tmp_path)), store.blobs, tmp_path / "tmp")
    damaging = [FAULTS[fault]]
    store.proxy.choose = lambda request: damaging.pop() if damaging and "/blobs/" in request.path else None
    assert cached.path(digest).read_bytes() == data
    assert damaging == []
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_cache_keeps_nothing_that_is_damaged(store, tmp_path):
    digest = store.good_blobs.put(io.BytesIO(SMALL))
    local = LocalBlobs(tmp_path)
    cached = Cached(Verified(local), store.blobs, tmp_path / "tmp")
    store.proxy.choose = lambda request: fault_proxy.wrong_bytes if "/blobs/" in request.path else None
    with pytest.raises(Corruption, match=digest):
        cached.get(digest)
    assert not local.has(digest)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_nothing_is_acknowledged_before_the_store_has_it(store, tmp_path):
    cached = Cached(Verified(LocalBlobs(tmp_path)), store.blobs, tmp_path / "tmp")
    store.proxy.choose = lambda request: fault_proxy.reset
    with pytest.raises(EnvironmentProblem, match="does not answer"):
        cached.put(io.BytesIO(SMALL))
    store.proxy.choose = lambda request: None
    assert not cached.has(Digest.of(SMALL)), "the copy here passes for the blob"
    assert cached.put(io.BytesIO(SMALL)) == Digest.of(SMALL)
    assert read(store.good_blobs, Digest.of(SMALL)) == SMALL


def test_who_created_a_record_is_told_so_when_the_answer_was_lost(store):
    store.proxy.choose = Striking(fault_proxy.lost, "put", times=1)
    assert store.records.create("runs/one", RECORD) is True
    store.proxy.choose = Striking(fault_proxy.lost, "put", times=1)
    assert store.records.create("runs/one", RECORD) is False, "the same bytes, but another's"

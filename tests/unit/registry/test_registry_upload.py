"""Blobs go up whole, whatever happens on the way; and each byte once, where the registry lets an upload go on."""

from __future__ import annotations

import io
from functools import partial
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from servers.small_registry import Fault

from orchestrator.digest import Digest
from orchestrator.errors import Corruption
from orchestrator.registry.errors import Refused, RegistryProblem, Transient, Unreachable
from orchestrator.registry.upload import Source
from orchestrator.store.memory import MemoryBlobs
from orchestrator.store.verified import Verified

DATA = Random(5).randbytes(3 << 20)  # noqa: S311


def source(data: bytes = DATA) -> Source:
    return Source(Digest.of(data), len(data), partial(io.BytesIO, data))


def test_a_blob_goes_up_in_one_piece(registry, repository):
    assert repository.upload(source())
    assert registry.blobs[source().digest] == DATA
    assert registry.methods() == ["POST", "PATCH", "PUT"]


def test_an_empty_blob(registry, repository):
    assert repository.upload(source(b""))
    assert registry.blobs[Digest.of(b"")] == b""


def test_a_break_in_the_middle_costs_no_byte_twice(registry, repository):
    registry.faults["PATCH"] = [Fault(cut=1_000_000), Fault(cut=500_000)]
    assert repository.upload(source())
    assert registry.blobs[source().digest] == DATA
    assert registry.received == len(DATA)


def test_a_registry_that_has_forgotten_gets_it_from_the_start(registry, repository):
    registry.faults["PATCH"] = [Fault(cut=1_000_000)]
    registry.faults["GET"] = [Fault(forget=True)]
    assert repository.upload(source())
    assert registry.blobs[source().digest] == DATA
    assert registry.received == len(DATA) + 1_000_000


def test_a_registry_that_claims_to_have_more_than_it_has(registry, repository):
    registry.faults["PATCH"] = [Fault(cut=1_000_000)]
    registry.faults["GET"] = [Fault(lie=True)]
    assert repository.upload(source())
    assert registry.blobs[source().digest] == DATA


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_where_only_the_answer_was_lost_nothing_is_sent_again(registry, repository, method):
    registry.faults[method] = [Fault(mute=True)]
    assert repository.upload(source())
    assert registry.received == len(DATA)


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT"])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_registry_is_asked_again(registry, repository, waits, method, status):
    registry.faults[method] = [Fault(status=status), Fault(status=status)]
    assert repository.upload(source())
    assert registry.blobs[source().digest] == DATA
    assert len(waits) == 2
    assert waits[1] >= waits[0]


def test_it_waits_as_long_as_it_is_asked_to_within_limits(registry, repository, waits):
    registry.faults["POST"] = [
        Fault(status=429, headers={"Retry-After": "7"}),
        Fault(status=503, headers={"Retry-After": "9" * 30}),
    ]
    assert repository.upload(source())
    assert 7 <= waits[0] < 8
    assert waits[1] <= 40


def test_in_the_end_it_gives_up(registry, repository, waits):
    registry.faults["PATCH"] = [Fault(cut=10) for _ in range(100)]
    with pytest.raises(Unreachable):
        repository.upload(source())
    assert len(waits) == 4


def test_a_lying_registry_cannot_keep_it_busy_for_ever(registry, repository):
    registry.faults["PATCH"] = [Fault(cut=2_500_000) for _ in range(100)]
    registry.faults["GET"] = [Fault(forget=True) for _ in range(100)]
    with pytest.raises(Transient):
        repository.upload(source())


def test_a_refusal_is_no_break(registry, repository, waits):
    registry.faults["POST"] = [Fault(status=405, body=b'{"errors":[{"code":"UNSUPPORTED","message":"read-only"}]}')]
    with pytest.raises(Refused, match="UNSUPPORTED: read-only"):
        repository.upload(source())
    assert not waits


@pytest.mark.parametrize("place", ["https://elsewhere.example/v2/", "file:///etc/passwd", "//169.254.169.254/", ""])
def test_an_upload_goes_on_at_the_registry_or_nowhere(registry, repository, place):
    registry.faults["POST"] = [Fault(status=202, headers={"Location": place})]
    with pytest.raises(RegistryProblem):
        repository.upload(source())
    assert registry.received == 0


def test_damaged_bytes_are_never_committed(registry, repository):
    blobs = MemoryBlobs()
    digest = blobs.put(io.BytesIO(DATA))
    blobs._blobs[digest] = b"X" * len(DATA)
    with pytest.raises(Corruption):
        repository.upload(Source(digest, len(DATA), partial(Verified(blobs).get, digest)))
    assert "PUT" not in registry.methods()
    assert not registry.blobs


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["POST", "PATCH", "PUT", "GET", "HEAD"]),
            st.one_of(
                st.builds(Fault, status=st.sampled_from([408, 429, 500, 502, 503, 504])),
                st.builds(Fault, cut=st.integers(0, 1 << 18)),
                st.builds(Fault, mute=st.just(True)),
                st.builds(Fault, forget=st.just(True)),
                st.builds(Fault, lie=st.just(True)),
            ),
        ),
        max_size=4,
    )
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_goes_wrong_the_registry_has_it_or_we_know_it_does_not(registry, repository, faults):
    data = Random(repr(faults)).randbytes(1 << 17)  # noqa: S311
    registry.faults.clear()
    for method, fault in faults:
        registry.faults[method].append(fault)
    try:
        repository.upload(source(data))
    except RegistryProblem:
        assert faults
    else:
        assert registry.blobs[Digest.of(data)] == data

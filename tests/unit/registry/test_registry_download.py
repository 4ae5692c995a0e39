"""What comes from a registry is exactly what was asked for, or an error; and is never kept as something else."""

from __future__ import annotations

import gzip
import json
from random import Random

import pytest
from servers import small_registry
from servers.small_registry import Fault

from orchestrator.digest import Digest
from orchestrator.errors import Corruption, ExitCode, OrchestratorError
from orchestrator.image.oci import MAX_MANIFEST
from orchestrator.registry import manifest as manifests
from orchestrator.registry.errors import Absent, RegistryProblem, Transient, Unreachable
from orchestrator.registry.images import bring, pull_image
from orchestrator.registry.transport import Pace
from orchestrator.store.local import LocalBlobs
from orchestrator.store.memory import MemoryBlobs
from orchestrator.store.verified import Verified

LAYER = Random(6).randbytes(3 << 20)  # noqa: S311
LAYER_DIGEST = Digest.of(LAYER)


@pytest.fixture
def blobs(tmp_path):
    return Verified(LocalBlobs(tmp_path))


@pytest.fixture
def manifest(registry) -> str:
    return small_registry.image(registry, LAYER, b"a small one")


def of_the_layer(registry, *faults: Fault) -> None:
    """These go wrong with the layer, and with nothing before it: manifest and config come first."""
    registry.faults["GET"] = [Fault(), Fault(), *faults]


@pytest.fixture
def one_layer(registry) -> str:
    return small_registry.image(registry, LAYER)


@pytest.mark.parametrize("by", ["tag", "digest"])
def test_an_image_comes_whole(repository, blobs, manifest, by):
    image, moved = pull_image(manifest if by == "digest" else "v1", repository, blobs)
    assert image.manifest == manifest
    assert [layer.diff_id for layer in image.layers] == [LAYER_DIGEST, Digest.of(b"a small one")]
    assert (moved.manifest, moved.blobs, moved.sent) == (manifest, 3, 3)
    assert sorted(blobs.list()) == sorted([manifest, image.config, *(layer.diff_id for layer in image.layers)])


def test_what_is_there_is_not_fetched(registry, repository, blobs, manifest):
    pull_image(manifest, repository, blobs)
    before = registry.sent
    _, moved = pull_image(manifest, repository, blobs)
    assert moved.bytes == 0
    assert registry.sent - before < 10_000


def test_a_damaged_blob_in_the_store_is_replaced(repository, blobs, manifest):
    pull_image(manifest, repository, blobs)
    place = blobs._inner.path(LAYER_DIGEST)
    place.chmod(0o600)
    place.write_bytes(b"X" * len(LAYER))
    pull_image(manifest, repository, blobs)
    assert blobs.path(LAYER_DIGEST).read_bytes() == LAYER


def test_after_a_break_it_goes_on_where_it_was(registry, repository, blobs, one_layer):
    of_the_layer(registry, Fault(cut=1_000_000), Fault(cut=1_500_000))
    before = registry.sent
    pull_image("v1", repository, blobs)
    assert blobs.path(LAYER_DIGEST).read_bytes() == LAYER
    assert registry.sent - before < len(LAYER) + 10_000


def test_a_server_that_knows_no_ranges(registry, repository, blobs, one_layer):
    of_the_layer(registry, Fault(cut=1_000_000), Fault(from_the_start=True))
    pull_image("v1", repository, blobs)
    assert blobs.path(LAYER_DIGEST).read_bytes() == LAYER


def test_a_server_that_is_busy(registry, repository, blobs, one_layer):
    of_the_layer(registry, Fault(status=503), Fault(status=429, headers={"Retry-After": "1"}))
    pull_image("v1", repository, blobs)
    assert blobs.path(LAYER_DIGEST).read_bytes() == LAYER


def test_in_the_end_it_gives_up_and_nothing_is_kept(registry, repository, blobs, one_layer, tmp_path):
    of_the_layer(registry, *(Fault(cut=10) for _ in range(50)))
    with pytest.raises(Transient):
        pull_image("v1", repository, blobs)
    assert not blobs.has(LAYER_DIGEST)
    assert not blobs.has(one_layer)
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.parametrize(
    "fault",
    [
        Fault(flip=True),
        Fault(more=1),
        Fault(more=1 << 20),
        Fault(status=200, body=b""),
        Fault(status=200, body=LAYER[:-1]),
        Fault(status=200, body=gzip.compress(LAYER), headers={"Content-Encoding": "gzip"}),
        Fault(status=200, body=gzip.compress(b"\0" * (64 << 20)), headers={"Content-Encoding": "gzip"}),
        Fault(status=206, body=LAYER, headers={"Content-Range": f"bytes 5-9/{len(LAYER)}"}),
        Fault(status=206, body=LAYER),
        Fault(status=204),
        Fault(status=418),
        Fault(status=304),
    ],
    ids=[
        "flipped", "one byte more", "many more", "empty", "short", "gzip", "bomb", "other part", "no part", "204",
        "418", "304",
    ],
)  # fmt: skip
def test_wrong_bytes_are_refused_and_not_kept(registry, repository, blobs, one_layer, fault, tmp_path):
    of_the_layer(registry, *[fault] * 20)
    with pytest.raises(OrchestratorError):
        pull_image("v1", repository, blobs)
    assert not blobs.has(LAYER_DIGEST)
    assert not blobs.has(one_layer)
    assert len(list(blobs.list())) == 1  # the config
    assert not list((tmp_path / "tmp").iterdir())


def test_wrong_bytes_after_a_break(registry, repository, blobs, one_layer):
    of_the_layer(registry, Fault(cut=1_000_000), Fault(flip=True))
    with pytest.raises(Corruption) as caught:
        pull_image("v1", repository, blobs)
    assert caught.value.exit_code == ExitCode.CORRUPT
    assert not blobs.has(LAYER_DIGEST)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=200, body=b"x" * (MAX_MANIFEST + 1)),
        Fault(status=200, body=gzip.compress(b"\0" * (64 << 20)), headers={"Content-Encoding": "gzip"}),
        Fault(status=200, body=b"[" * 100_000),
        Fault(status=200, body=b"{}"),
        Fault(status=200, body=b'{"schemaVersion":1}'),
        Fault(status=200, body=b"\xff\xfe"),
        Fault(status=200),
        Fault(flip=True),
        Fault(status=302, headers={"Location": "file:///etc/passwd"}),
        Fault(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data"}),
        Fault(status=302, headers={"Location": "ftp://127.0.0.1/"}),
        Fault(status=302, headers={"Location": "http://user:word@127.0.0.1/"}),
        Fault(status=302, headers={"Location": "http://127.0.0.1:99999/"}),
        Fault(status=302, headers={"Location": "http://[::1/"}),
        Fault(status=302),
        Fault(status=302, headers={"Location": "."}),
    ],
    ids=[
        "huge", "bomb", "deep", "empty object", "version 1", "no text", "nothing", "flipped", "file", "metadata", "ftp",
        "with a password", "no port", "half an address", "no place", "round in circles",
    ],
)  # fmt: skip
@pytest.mark.parametrize("by", ["tag", "digest"])
def test_manifests_that_are_none(registry, repository, blobs, manifest, fault, by):
    registry.faults["GET"] = [fault] * 20
    with pytest.raises(OrchestratorError):
        pull_image("v1" if by == "tag" else manifest, repository, blobs)
    assert not list(blobs.list())


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("mediaType", "application/vnd.oci.image.layer.v1.tar+gzip"),
        ("mediaType", 7),
        ("size", -1),
        ("size", 1 << 60),
        ("size", "12"),
        ("size", 12.5),
        ("digest", "sha256:../../etc/passwd"),
        ("digest", "sha512:" + "0" * 128),
        ("urls", ["http://127.0.0.1/"]),
    ],
)
@pytest.mark.parametrize("of", ["config", "layer"])
def test_manifests_that_lie(registry, repository, blobs, manifest, part, value, of):
    changed = json.loads(registry.manifests[manifest])
    (changed["config"] if of == "config" else changed["layers"][0])[part] = value
    registry.add_manifest(json.dumps(changed).encode(), "v2")
    with pytest.raises(OrchestratorError):
        pull_image("v2", repository, blobs)
    assert not blobs.has(LAYER_DIGEST)


@pytest.mark.parametrize(
    "config",
    [
        b"{}",
        b"[" * 50_000,
        b"null",
        b'{"config":{"Cmd":["x"]},"rootfs":{"diff_ids":[]}}',
        b'{"config":{"Cmd":[]},"rootfs":{}}',
        b'{"config":{"Cmd":[7]},"rootfs":{"diff_ids":[]}}',
    ],
)
def test_configs_that_lie(registry, repository, blobs, manifest, config):
    changed = json.loads(registry.manifests[manifest])
    changed["config"].update(digest=registry.add_blob(config), size=len(config))
    registry.add_manifest(json.dumps(changed).encode(), "v2")
    with pytest.raises(Corruption):
        pull_image("v2", repository, blobs)
    assert not blobs.has(LAYER_DIGEST)


@pytest.mark.parametrize("target", ["http://169.254.169.254/latest/meta-data", "https://[fe80::1]/"])
def test_nobody_sends_us_to_a_machines_own_secrets(registry, repository, blobs, manifest, target):
    registry.faults["GET"] = [Fault(status=302, headers={"Location": target})]
    with pytest.raises(RegistryProblem, match="sends us to"):
        pull_image("v1", repository, blobs)


def test_another_good_image_under_the_digest_that_was_asked_for(registry, repository, blobs, manifest):
    other = small_registry.image(registry, b"another", tag="v2")
    registry.manifests[manifest] = registry.manifests[other]
    with pytest.raises(Corruption, match=f"asked for {manifest}"):
        pull_image(manifest, repository, blobs)
    assert not list(blobs.list())


def test_what_is_not_there(repository, blobs):
    with pytest.raises(Absent) as caught:
        pull_image("v9", repository, blobs)
    assert caught.value.exit_code == ExitCode.NOT_FOUND


def test_bringing_an_image_back_never_fails_it_says_why_instead(registry, manifest):
    said: list[str] = []
    assert bring(f"{registry.host}/a", Digest(manifest), MemoryBlobs(), said.append).manifest == manifest
    assert bring(f"{registry.host}/a", Digest.of(b"another"), MemoryBlobs(), said.append) is None
    assert bring("not a reference", Digest(manifest), MemoryBlobs(), said.append) is None
    assert "1" in said[0]
    assert "does not help" in said[1]
    assert "does not help" in said[2]


def test_a_body_that_drips_is_noticed():
    now = [0.0]
    pace = Pace(lambda: now[0])
    for _ in range(59):
        now[0] += 1
        assert not pace.too_slow(1)
    now[0] += 1
    assert pace.too_slow(1)


def test_a_slow_but_steady_body_is_left_alone():
    now = [0.0]
    pace = Pace(lambda: now[0])
    for _ in range(1000):
        now[0] += 1
        assert not pace.too_slow(2048)


def test_a_dripping_registry_is_given_up(registry, repository, blobs, one_layer):
    seconds = iter(range(0, 10**9, 100))
    repository._connection._transport._clock = lambda: next(seconds)
    with pytest.raises(Unreachable, match="hardly"):
        repository.manifest("v1")


def test_a_manifest_with_more_than_we_know_is_refused():
    with pytest.raises(Corruption, match="schemaVersion"):
        manifests.parse(b'{"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}', "x")


def test_nobody_listens(patience):
    from servers.loopback import free_port

    from orchestrator.registry.repository import connect

    with pytest.raises(RegistryProblem, match="refused"):
        connect(f"127.0.0.1:{free_port()}", "a", write=False, patience=patience).manifest("v1")


def test_what_comes_with_a_redirect_is_not_read(registry, repository, blobs, one_layer):
    there = {"Location": f"http://{registry.host}/v2/a/blobs/{LAYER_DIGEST}"}
    of_the_layer(registry, Fault(status=307, body=b"\0" * (64 << 20), headers=there))
    pull_image("v1", repository, blobs)
    assert blobs.path(LAYER_DIGEST).read_bytes() == LAYER
    assert registry.sent < 2 * len(LAYER)

"""Against Debian's docker-registry: what is pushed keeps its digest, and comes back bit for bit."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from servers import certificates, tokens
from servers import registry as servers
from servers.registry import PASSWORD, USER, Registry

from orchestrator.digest import Digest
from orchestrator.errors import Corruption, NotFound
from orchestrator.image import oci
from orchestrator.image.oci import Image
from orchestrator.lock.model import LayerPin
from orchestrator.registry import transfer
from orchestrator.registry.credentials import Credentials
from orchestrator.registry.errors import Absent, Refused, RegistryProblem
from orchestrator.registry.images import pull_image
from orchestrator.registry.repository import Repository, connect
from orchestrator.registry.retry import Patience
from orchestrator.store.local import LocalBlobs
from orchestrator.store.port import BlobStore
from orchestrator.store.verified import Verified

USER_HERE = Credentials(USER, PASSWORD)
AT_ONCE = Patience(sleep=lambda seconds: None)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with servers.running(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return Verified(LocalBlobs(tmp_path / "store"))


@pytest.fixture
def image(blobs: BlobStore, request: pytest.FixtureRequest) -> Image:
    """One that no other test has: of an empty layer, a small one, and one that takes a while."""
    chance = Random(request.node.name)  # noqa: S311
    contents = [chance.randbytes(size) for size in (0, 100, 3 << 20)]
    layers = tuple(LayerPin(diff_id=blobs.put(io.BytesIO(data)), size=len(data)) for data in contents)
    return oci.assemble(layers, {"A": "b"}, "/usr/bin/python3", blobs)


@pytest.fixture
def open_(registry: Registry) -> Callable[..., Repository]:
    """A repository of the registry."""

    def make(name: str = "team/images", who: Credentials | None = USER_HERE, host: str = "", **more) -> Repository:
        more = {"write": True, "patience": AT_ONCE, "find_credentials": lambda host: who, **more}
        return connect(host or registry.host, name, **more)

    return make


def read(blobs: BlobStore, digest: Digest) -> bytes:
    with blobs.get(digest) as stream:
        return stream.read()


def push(image: Image, blobs: BlobStore, repository: Repository, tag: str | None = "v1") -> transfer.Moved:
    return transfer.push(read(blobs, image.manifest), blobs, repository, tag)


def test_there_and_back(registry, open_, blobs, image, tmp_path):
    moved = push(image, blobs, open_())
    assert (moved.manifest, moved.blobs, moved.sent) == (image.manifest, 4, 4)
    assert registry.blob(image.manifest).read_bytes() == read(blobs, image.manifest)
    back = Verified(LocalBlobs(tmp_path / "other"))
    assert pull_image("v1", open_(write=False), back)[0] == image
    assert sorted(back.list()) == sorted(blobs.list())
    for digest in blobs.list():
        assert read(back, digest) == read(blobs, digest)


def test_what_the_registry_has_is_not_sent_again(open_, blobs, image):
    push(image, blobs, open_())
    assert push(image, blobs, open_(), "v2").bytes == 0


def test_another_repository_lends_its_blobs(open_, blobs, image):
    push(image, blobs, open_())
    assert push(image, blobs, open_("other", lender="team/images")).bytes == 0
    assert pull_image("v1", open_("other"), blobs)[0] == image


@pytest.mark.parametrize("who", [None, Credentials(USER, "canary-wrong"), Credentials("nobody", PASSWORD)])
def test_without_the_right_password(open_, blobs, image, who):
    for what in (lambda: push(image, blobs, open_(who=who)), lambda: pull_image("v1", open_(who=who), blobs)):
        with pytest.raises(Refused) as caught:
            what()
        assert not any(secret in f"{caught.value}{caught.value.hint}" for secret in ("canary-wrong", PASSWORD))


@pytest.mark.parametrize("name", ["v9", str(Digest.of(b"nothing"))])
@pytest.mark.parametrize("repository", ["team/images", "never/there"])
def test_what_is_not_there(open_, blobs, image, name, repository):
    push(image, blobs, open_())
    with pytest.raises(Absent):
        pull_image(name, open_(repository), blobs)


def test_a_layer_that_the_store_lacks(registry, open_, blobs, image):
    blobs.remove(image.layers[-1].diff_id)
    with pytest.raises(NotFound):
        push(image, blobs, open_("incomplete"))
    assert not (registry.files / "repositories" / "incomplete" / "_manifests").exists()


def test_a_damaged_layer_is_not_committed(registry, open_, blobs, image):
    place = blobs.path(image.layers[-1].diff_id)
    place.chmod(0o600)
    place.write_bytes(b"X" * image.layers[-1].size)
    with pytest.raises(Corruption):
        push(image, blobs, open_("damaged"))
    assert not registry.blob(image.layers[-1].diff_id).exists()
    assert not (registry.files / "repositories" / "damaged" / "_manifests").exists()


def test_a_registry_whose_disk_is_damaged(registry, open_, blobs, image, tmp_path):
    push(image, blobs, open_())
    stored = registry.blob(image.layers[-1].diff_id)
    stored.write_bytes(b"X" * image.layers[-1].size)
    back = Verified(LocalBlobs(tmp_path / "other"))
    with pytest.raises(Corruption):
        pull_image("v1", open_(), back)
    assert not back.has(image.layers[-1].diff_id)
    assert not back.has(image.manifest)


def test_a_registry_that_takes_nothing(open_, blobs, image, tmp_path):
    readonly = {"maintenance": {"readonly": {"enabled": True}}}
    with servers.running(tmp_path / "readonly", storage=readonly) as running, pytest.raises(Refused, match="write"):
        push(image, blobs, open_(host=running.host))


def test_tls(open_, blobs, image, tmp_path):
    files = certificates.self_signed(tmp_path / "tls")
    with servers.running(tmp_path / "secure", tls=files) as running:
        with pytest.raises(RegistryProblem, match="not trusted here") as caught:
            push(image, blobs, open_(host=running.host))
        assert f"{running.host}/ca.crt" in caught.value.hint
        trusted = tmp_path / "certs.d" / running.host
        trusted.mkdir(parents=True)
        shutil.copy(files[0], trusted / "ca.crt")
        known = open_(host=running.host, certificates=tmp_path / "certs.d")
        assert known._connection.registry.scheme == "https"
        push(image, blobs, known)
        assert pull_image(image.manifest, known, blobs)[0] == image


def test_tokens(open_, blobs, image, tmp_path):
    with tokens.running(tmp_path / "tokens") as (registry, realm):
        push(image, blobs, open_(host=registry.host))
        assert realm.asked[0] == (USER, ["repository:team/images:pull,push"])
        pull_image("v1", open_(host=registry.host, write=False), blobs)
        assert realm.asked[-1] == (USER, ["repository:team/images:pull"])
        push(image, blobs, open_("b", host=registry.host, lender="team/images"))
        assert realm.asked[-1] == (USER, ["repository:b:pull,push", "repository:team/images:pull"])
        with pytest.raises(Refused):
            push(image, blobs, open_("forbidden/a", host=registry.host))
        with pytest.raises(Refused) as caught:
            push(image, blobs, open_(host=registry.host, who=Credentials(USER, "canary-wrong")))
        assert "canary-wrong" not in str(caught.value)


def test_connections_that_break(registry, open_, blobs, image, tmp_path):
    """Each of a session's connections is cut after a while, and the image arrives all the same, both ways."""
    from servers.cutting import cutting

    with cutting(registry.host, [900_000, 5_000, 1_500_000]) as (host, cuts):
        push(image, blobs, open_("broken", host=host))
        assert not cuts, "the connections did not break as often as they were to"
    back = Verified(LocalBlobs(tmp_path / "other"))
    with cutting(registry.host, [1_000, 700_000, 300, 1_200_000]) as (host, cuts):
        assert pull_image("v1", open_("broken", host=host), back)[0] == image
        assert not cuts
    assert sorted(back.list()) == sorted(blobs.list())

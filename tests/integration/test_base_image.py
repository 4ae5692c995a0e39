"""The base image comes back bit for bit: from its packages alone, on what looks like another host."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import kept
import pytest

from orchestrator.digest import Digest
from orchestrator.errors import Corruption, NotReplayable
from orchestrator.image import debian
from orchestrator.lock.model import DebianBase
from orchestrator.store.local import LocalBlobs
from orchestrator.store.memory import MemoryBlobs

pytestmark = pytest.mark.slow

PYTHON = Path(__file__).parents[2] / "images" / "python3.11"
RECIPE, BASE = debian.read_recipe(PYTHON), debian.read_lock(PYTHON)


@pytest.fixture(scope="module")
def store() -> LocalBlobs:
    """A store that outlives the session, so that packages are fetched once per machine."""
    return LocalBlobs(kept.HOME)


@pytest.fixture(scope="module")
def ours(store: LocalBlobs, tmp_path_factory: pytest.TempPathFactory) -> LocalBlobs:
    """The session's store, with the base and every package of it."""
    if not all(store.has(pin.sha256) for pin in BASE.debs):
        fetched = LocalBlobs(tmp_path_factory.mktemp("fetched"))
        debian.build(RECIPE, BASE, fetched, tmp_path_factory.mktemp("scratch"), print)
        for digest in fetched.list():
            store.put(fetched.get(digest))
    debian.build(RECIPE, BASE, store, tmp_path_factory.mktemp("scratch"), print)
    return store


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Another host, as far as a process can tell, and one that reaches no mirror."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.setenv("ORCHESTRATOR_DEBIAN_MIRROR", "http://127.0.0.1:9/none")
    mask = os.umask(0o077)
    yield
    os.umask(mask)


def packages_of(store: LocalBlobs, base: DebianBase) -> MemoryBlobs:
    blobs = MemoryBlobs()
    for pin in base.debs:
        blobs.put(store.get(pin.sha256))
    return blobs


def test_it_comes_back_from_its_packages(ours: LocalBlobs, elsewhere: None, tmp_path: Path) -> None:
    scratch = tmp_path / "another place"
    scratch.mkdir()
    blobs = packages_of(ours, BASE)
    assert debian.build(RECIPE, BASE, blobs, scratch, print) == BASE.rootfs
    assert blobs.has(BASE.rootfs.diff_id)
    assert list(scratch.iterdir()) == []


def test_another_digest_is_refused_and_not_stored(ours: LocalBlobs, tmp_path: Path) -> None:
    wrong = BASE.model_copy(update={"rootfs": BASE.rootfs.model_copy(update={"diff_id": Digest.of(b"something else")})})
    blobs = packages_of(ours, BASE)
    with pytest.raises(NotReplayable, match=BASE.rootfs.diff_id) as caught:
        debian.build(RECIPE, wrong, blobs, tmp_path, print)
    assert wrong.rootfs.diff_id in caught.value.message
    assert not blobs.has(BASE.rootfs.diff_id)


def test_a_damaged_package_is_refused(ours: LocalBlobs, tmp_path: Path) -> None:
    blobs = packages_of(ours, BASE)
    blobs._blobs[BASE.debs[0].sha256] = b"damaged"
    with pytest.raises(Corruption, match=BASE.debs[0].sha256):
        debian.build(RECIPE, BASE, blobs, tmp_path, print)


def test_a_missing_package_is_fetched_or_named(ours: LocalBlobs, elsewhere: None, tmp_path: Path) -> None:
    blobs = packages_of(ours, BASE)
    del blobs._blobs[BASE.debs[0].sha256]
    with pytest.raises(Exception, match="apt-get") as caught:
        debian.build(RECIPE, BASE, blobs, tmp_path, print)
    assert "ORCHESTRATOR_DEBIAN_MIRROR" in caught.value.hint


def test_the_tar_tells_nothing_of_the_host(ours: LocalBlobs) -> None:
    with tarfile.open(fileobj=io.BytesIO(ours.get(BASE.rootfs.diff_id).read())) as tar:
        names = {member.name for member in tar}
        assert {member.mtime for member in tar} == {315_532_800}
        assert {member.uid for member in tar} == {0}
        status = tar.extractfile("./var/lib/dpkg/status")
        assert status is not None
        installed = {line[9:] for line in status.read().decode().splitlines() if line.startswith("Package: ")}
    assert installed == {pin.package for pin in BASE.debs}
    for name in ("etc/apt/sources.list", "etc/resolv.conf", "etc/hostname", "etc/machine-id", "var/lib/apt"):
        assert f"./{name}" not in names
    assert not [name for name in names if name.startswith(("./var/log/", "./var/cache/apt", "./tmp/"))]
    assert {"./usr/bin/python3", "./usr/bin/python3.11"} <= names

"""uv and pip against a folder of wheels: nothing here reaches a network."""

from __future__ import annotations

import tarfile
from io import BytesIO
from pathlib import Path

import pytest
from documents import make_base
from wheels import make_wheel, pin

from orchestrator.digest import Digest
from orchestrator.errors import LockError
from orchestrator.lock import sources
from orchestrator.lock.create import create
from orchestrator.lock.fetch import fetch
from orchestrator.lock.model import Asked
from orchestrator.lock.resolve import resolve
from orchestrator.lock.target import Target
from orchestrator.store.memory import MemoryBlobs

MANYLINUX = "cp311-cp311-manylinux_2_28_x86_64"
OLD_MANYLINUX = "cp311-cp311-manylinux_2_17_x86_64"


def make_sdist(folder: Path, name: str, version: str) -> None:
    metadata = f"Metadata-Version: 2.2\nName: {name}\nVersion: {version}\n".encode()
    with tarfile.open(folder / f"{name}-{version}.tar.gz", "w:gz") as archive:
        item = tarfile.TarInfo(f"{name}-{version}/PKG-INFO")
        item.size = len(metadata)
        archive.addfile(item, BytesIO(metadata))


def make_index(folder: Path, wheels: list[Path]) -> None:
    """A package index of files: pip learns the hashes before it chooses."""
    (folder / "alpha").mkdir(parents=True)
    anchors = [f'<a href="{wheel.as_uri()}#sha256={pin(wheel).sha256.hex}">{wheel.name}</a>' for wheel in wheels]
    (folder / "alpha/index.html").write_text("<!DOCTYPE html><html><body>" + "".join(anchors) + "</body></html>")


class TestResolve:
    def test_all_that_is_needed_by_name_and_hash(self, links, target):
        markers = ['beta>=1; python_version == "3.11"', 'gamma; sys_platform == "win32"', "Delta.Pkg"]
        alpha = make_wheel(links, "alpha", requires=markers)
        beta = make_wheel(links, "beta", "2.0")
        delta = make_wheel(links, "delta_pkg")
        make_wheel(links, "beta", "1.0")
        found = resolve(("Alpha",), target)
        assert [(found.name, found.file) for found in found] == [
            ("alpha", alpha.name),
            ("beta", beta.name),
            ("delta-pkg", delta.name),
        ]
        assert [pin.sha256 for pin in found] == [Digest.of(wheel.read_bytes()) for wheel in (alpha, beta, delta)]

    def test_the_wheel_is_chosen_for_the_images_glibc(self, links, target):
        new = make_wheel(links, "alpha", tag=MANYLINUX)
        old = make_wheel(links, "alpha", tag=OLD_MANYLINUX)
        make_wheel(links, "alpha", tag="cp311-cp311-musllinux_1_2_x86_64")
        make_wheel(links, "alpha", tag="cp312-cp312-manylinux_2_17_x86_64")
        make_wheel(links, "alpha", tag="cp311-cp311-macosx_11_0_arm64")
        assert [found.file for found in resolve(("alpha",), target)] == [new.name]
        assert [found.file for found in resolve(("alpha",), Target("3.11.2", "2.17"))] == [old.name]

    def test_nothing_asked_is_nothing_run(self, target, monkeypatch):
        monkeypatch.setenv("PATH", "")
        assert resolve((), target) == ()

    def test_a_package_without_a_wheel(self, links, target):
        make_sdist(links, "alpha", "1.0")
        with pytest.raises(LockError, match="alpha") as caught:
            resolve(("alpha",), target)
        assert "only wheels are installed" in caught.value.hint

    def test_a_wheel_for_a_newer_glibc_only(self, links, target):
        make_wheel(links, "alpha", tag=MANYLINUX)
        with pytest.raises(LockError, match="alpha"):
            resolve(("alpha",), Target("3.11.2", "2.17"))

    def test_a_contradiction(self, links, target):
        make_wheel(links, "alpha", requires=["beta<2"])
        make_wheel(links, "beta", "1.0")
        make_wheel(links, "beta", "2.0")
        with pytest.raises(LockError, match="beta"):
            resolve(("alpha", "beta>=2"), target)

    def test_an_unknown_package(self, links, target):
        with pytest.raises(LockError, match="nowhere"):
            resolve(("nowhere",), target)


class TestFetch:
    def test_what_is_missing_is_fetched_and_the_rest_is_not(self, links, target):
        blobs = MemoryBlobs()
        pins = [pin(make_wheel(links, "alpha")), pin(make_wheel(links, "beta", tag=MANYLINUX))]
        blobs.put(BytesIO((links / pins[0].file).read_bytes()))
        assert fetch(pins, target, blobs) == 1
        assert all(blobs.has(wanted.sha256) for wanted in pins)
        for wheel in links.iterdir():
            wheel.unlink()
        assert fetch(pins, target, blobs) == 0

    def test_another_file_of_that_name(self, links, target):
        wanted = pin(make_wheel(links, "alpha"))
        make_wheel(links, "alpha", files={"alpha.py": b"evil = True\n"})
        blobs = MemoryBlobs()
        with pytest.raises(LockError, match="HASH") as caught:
            fetch([wanted], target, blobs)
        assert "find-links" in caught.value.hint.lower() or "PIP_FIND_LINKS" in caught.value.hint
        assert list(blobs.list()) == []

    def test_a_wheel_that_is_gone(self, links, target):
        wanted = pin(make_wheel(links, "alpha"))
        (links / wanted.file).unlink()
        with pytest.raises(LockError, match="alpha"):
            fetch([wanted], target, MemoryBlobs())

    @pytest.mark.parametrize("kind", ["folder", "url", "index"])
    def test_the_hash_picks_among_wheels_of_one_version(self, links, target, monkeypatch, kind):
        wheels = [make_wheel(links, "alpha", tag=tag) for tag in (OLD_MANYLINUX, MANYLINUX)]
        wanted = pin(wheels[0])
        if kind == "url":
            monkeypatch.setenv("PIP_FIND_LINKS", links.as_uri())
        if kind == "index":
            make_index(links.parent / "simple", wheels)
            monkeypatch.setenv("PIP_FIND_LINKS", str(links / "none"))
            monkeypatch.setenv("PIP_NO_INDEX", "0")
            monkeypatch.setenv("PIP_INDEX_URL", (links.parent / "simple").as_uri())
        blobs = MemoryBlobs()
        fetch([wanted], target, blobs)
        assert list(blobs.list()) == [wanted.sha256]


class TestCreate:
    BASE = make_base()
    ASKED = Asked(kind="debian", base="b", origin=None, python="3.11", requirements=("alpha",), builder="b/1")

    def test_a_lock_has_every_wheel_its_size_and_its_layer(self, links):
        alpha = make_wheel(links, "alpha", requires=["beta"])
        beta = make_wheel(links, "beta", files={"beta.bin": bytes(range(256)) * 20})
        blobs = MemoryBlobs()
        lock = create(self.ASKED, self.BASE, blobs)
        assert lock.wheels == (pin(alpha), pin(beta))
        assert lock.layers == ((alpha.name, beta.name),)
        assert set(blobs.list()) == {wheel.sha256 for wheel in lock.wheels}
        assert str(links) not in lock.to_bytes().decode()
        assert create(self.ASKED, self.BASE, MemoryBlobs()) == lock

    @pytest.mark.parametrize("python", ["3.1", "3.12", "3.110"])
    def test_a_base_with_another_python(self, python):
        with pytest.raises(LockError, match=r"brings 3\.11\.2"):
            create(self.ASKED.model_copy(update={"python": python}), self.BASE, MemoryBlobs())


class TestSources:
    def test_pips_configuration_file_is_read(self, tmp_path, links, monkeypatch):
        monkeypatch.delenv("PIP_FIND_LINKS")
        monkeypatch.delenv("PIP_NO_INDEX")
        (tmp_path / "pip.conf").write_text("[global]\nno-index = true\nfind-links =\n    /one\n    /two\n")
        monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
        sources._configured.cache_clear()
        assert sources.find_links() == ("/one", "/two")
        assert sources.uv_options() == ["--find-links", "/one", "--find-links", "/two", "--no-index"]

    def test_the_environment_goes_first(self, monkeypatch, links):
        monkeypatch.setenv("PIP_FIND_LINKS", "/mine /yours")
        monkeypatch.setenv("PIP_NO_INDEX", "0")
        monkeypatch.setenv("PIP_INDEX_URL", "file:///index")
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "file:///a file:///b")
        assert sources.uv_options() == [
            "--find-links", "/mine", "--find-links", "/yours",
            "--default-index", "file:///index", "--index", "file:///a", "--index", "file:///b",
        ]  # fmt: skip

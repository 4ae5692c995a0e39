"""Trees laid down as folders."""

from __future__ import annotations

import io
import os
import stat
import tempfile
from pathlib import Path

import pytest

from orchestrator.determinism import EPOCH
from orchestrator.digest import Digest
from orchestrator.errors import Corruption
from orchestrator.store import checkout
from orchestrator.store.capture import capture, find
from orchestrator.store.local import LocalBlobs
from orchestrator.store.tree import FileEntry, FolderEntry, LinkEntry, Tree
from orchestrator.store.verified import Verified

DEEP = 1200
"""Folders in one another: more than Python's stack has room for."""


@pytest.fixture
def blobs(tmp_path):
    return Verified(LocalBlobs(tmp_path / "store"))


def file(blobs, path: str, data: bytes = b"x", executable: bool = False) -> FileEntry:
    return FileEntry(path=path, digest=blobs.put(io.BytesIO(data)), size=len(data), executable=executable)


@pytest.fixture
def tree(blobs):
    return Tree.of(
        [file(blobs, "plain"), file(blobs, "deep/er/run", executable=True), LinkEntry(path="deep/link", target="/etc"),
         FolderEntry(path="empty")]
    )  # fmt: skip


def modes(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): stat.S_IMODE(path.lstat().st_mode)
        for path in [folder, *folder.rglob("*")]
        if not path.is_symlink()
    }


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_modes_do_not_depend_on_the_umask(tree, tmp_path, blobs, umask):
    before = os.umask(umask)
    try:
        checkout.to_read(tree, tmp_path / "read", blobs)
        checkout.to_write(tree, tmp_path / "write", blobs, None)
    finally:
        os.umask(before)
    folders = dict.fromkeys([".", "deep", "deep/er", "empty"], 0o755)
    assert modes(tmp_path / "read") == {**folders, "plain": 0o444, "deep/er/run": 0o555}
    assert modes(tmp_path / "write") == {**folders, "plain": 0o644, "deep/er/run": 0o755}


def test_on_another_file_system_modes_are_the_same(tree, blobs):
    before = os.umask(0o077)
    try:
        with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
            checkout.to_read(tree, Path(folder) / "read", blobs)
            assert modes(Path(folder) / "read")["plain"] == 0o444
            checkout.file_to_read(Digest.of(b"x"), Path(folder) / "alone", blobs)
            assert stat.S_IMODE((Path(folder) / "alone").stat().st_mode) == 0o444
    finally:
        os.umask(before)


@pytest.mark.parametrize("lay_down", [checkout.to_read, lambda *args: checkout.to_write(*args, None)])
def test_every_time_is_the_same(tree, tmp_path, blobs, lay_down):
    lay_down(tree, tmp_path / "laid", blobs)
    paths = [tmp_path / "laid", *(tmp_path / "laid").rglob("*")]
    assert len(paths) == 7
    assert {path.lstat().st_mtime_ns for path in paths} == {EPOCH * 10**9}


def test_read_only_files_are_the_blobs_and_written_ones_are_not(tree, tmp_path, blobs):
    checkout.to_read(tree, tmp_path / "read", blobs)
    checkout.to_write(tree, tmp_path / "write", blobs, None)
    assert (tmp_path / "read/plain").samefile(blobs.path(Digest.of(b"x")))
    (tmp_path / "write/plain").write_bytes(b"changed by the job")
    (tmp_path / "write/deep/er/run").write_bytes(b"changed by the job")
    assert blobs.get(Digest.of(b"x")).read() == b"x"
    assert (tmp_path / "read/plain").read_bytes() == b"x"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_everything_belongs_to_the_owner(tree, tmp_path, blobs):
    checkout.to_write(tree, tmp_path / "laid", blobs, (1234, 2345))
    paths = [tmp_path / "laid", *(tmp_path / "laid").rglob("*")]
    assert {(path.lstat().st_uid, path.lstat().st_gid) for path in paths} == {(1234, 2345)}
    assert Path("/etc").stat().st_uid == 0


@pytest.mark.parametrize("lay_down", [checkout.to_read, lambda *args: checkout.to_write(*args, None)])
def test_a_damaged_blob_is_not_laid_down(tree, tmp_path, blobs, lay_down):
    blob = blobs.path(Digest.of(b"x"))
    blob.chmod(0o600)
    blob.write_bytes(b"y")
    with pytest.raises(Corruption):
        lay_down(tree, tmp_path / "laid", blobs)


def test_an_existing_folder_is_left_alone(tree, tmp_path, blobs):
    (tmp_path / "laid").mkdir()
    with pytest.raises(FileExistsError):
        checkout.to_write(tree, tmp_path / "laid", blobs, None)
    assert list((tmp_path / "laid").iterdir()) == []


@pytest.mark.parametrize("lay_down", [checkout.to_read, lambda *args: checkout.to_write(*args, None)])
@pytest.mark.parametrize("order", [1, -1])
def test_nothing_is_written_through_a_link(tmp_path, blobs, lay_down, order):
    """A document like this is refused when it is read; were one made in another way, laying it down fails."""
    outside = tmp_path / "outside"
    outside.mkdir()
    for inner in (file(blobs, "way/file"), FolderEntry(path="way/folder"), LinkEntry(path="way/deep/link", target="x")):
        entries = (LinkEntry(path="way", target=str(outside)), inner)[::order]
        laid = tmp_path / f"laid-{type(inner).__name__}"
        with pytest.raises(FileExistsError):
            lay_down(Tree.model_construct(entries=entries), laid, blobs)
    assert list(outside.iterdir()) == []


def test_folders_in_one_another(tmp_path, blobs):
    path = "/".join(["d"] * DEEP)
    try:
        checkout.to_write(Tree.of([FolderEntry(path=path)]), tmp_path / "laid", blobs, None)
        found = find(tmp_path / "laid", lambda path: False)
        assert found.folders == [path]
        assert capture(tmp_path / "laid", found, blobs) == [FolderEntry(path=path)]
    finally:
        remove_chain(tmp_path / "laid" / path, tmp_path)


def remove_chain(folder: Path, top: Path) -> None:
    """rmtree calls itself: it would not come to the end."""
    while folder != top:
        folder.rmdir()
        folder = folder.parent

"""What a blob store promises whose blobs are files on this machine, held against each adapter."""

from __future__ import annotations

import io
import stat
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from orchestrator.digest import Digest
from orchestrator.errors import NotFound, UsageError
from orchestrator.store.cached import Cached
from orchestrator.store.local import LocalBlobs
from orchestrator.store.memory import MemoryBlobs
from orchestrator.store.port import FileBacked
from orchestrator.store.verified import Verified

ADAPTERS = {
    "local": LocalBlobs,
    "verified": lambda folder: Verified(LocalBlobs(folder)),
    "cached": lambda folder: Cached(Verified(LocalBlobs(folder)), Verified(MemoryBlobs()), folder / "tmp"),
}


@pytest.fixture(params=ADAPTERS)
def files(request, tmp_path):
    return ADAPTERS[request.param](tmp_path / "store")


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A folder on another file system than the store's."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


def read(blobs, digest: Digest) -> bytes:
    with blobs.get(digest) as stream:
        return stream.read()


def test_a_blob_is_a_read_only_file(files):
    assert isinstance(files, FileBacked)
    path = files.path(files.put(io.BytesIO(b"x")))
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"x", 0o444)
    with pytest.raises(NotFound):
        files.path(Digest.of(b"absent"))


def test_adopting_shares_the_file(files, tmp_path):
    (tmp_path / "made").write_bytes(b"x")
    files.adopt(tmp_path / "made", Digest.of(b"x"))
    assert files.path(Digest.of(b"x")).samefile(tmp_path / "made")
    assert stat.S_IMODE((tmp_path / "made").stat().st_mode) == 0o444


def test_adopting_across_file_systems_copies(files, tmp_path, elsewhere):
    made = elsewhere / "made"
    made.write_bytes(b"x")
    assert made.stat().st_dev != tmp_path.stat().st_dev, "/dev/shm and the temporary folder are one file system"
    files.adopt(made, Digest.of(b"x"))
    made.write_bytes(b"written to later")
    assert read(files, Digest.of(b"x")) == b"x"
    with pytest.raises(UsageError, match="changed"):
        files.adopt(made, Digest.of(b"something else"))


def test_adopting_twice(files, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(b"x")
        files.adopt(tmp_path / name, Digest.of(b"x"))
    assert list(files.list()) == [Digest.of(b"x")]
    assert files.path(Digest.of(b"x")).samefile(tmp_path / "one")


def test_adopting_one_file_by_two_names_at_once(files, tmp_path):
    for number in range(12):
        data = b"%d" % number
        (tmp_path / "first").write_bytes(data)
        for name in range(8):
            (tmp_path / f"name{name}").unlink(missing_ok=True)
            (tmp_path / f"name{name}").hardlink_to(tmp_path / "first")
        with ThreadPoolExecutor(8) as pool:
            adopted = [pool.submit(files.adopt, tmp_path / f"name{name}", Digest.of(data)) for name in range(8)]
        assert [done.exception() for done in adopted] == [None] * 8
        assert read(files, Digest.of(data)) == data
        (tmp_path / "first").unlink()
    assert list((tmp_path / "store" / "tmp").iterdir()) == []


def test_a_link_is_not_adopted(files, tmp_path):
    (tmp_path / "secret").write_bytes(b"x")
    (tmp_path / "secret").chmod(0o600)
    (tmp_path / "link").symlink_to("secret")
    with pytest.raises(UsageError, match="no regular file"):
        files.adopt(tmp_path / "link", Digest.of(b"x"))
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert not files.has(Digest.of(b"x"))
    assert list((tmp_path / "store" / "tmp").iterdir()) == []

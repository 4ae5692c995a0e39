"""The store on this machine's disk: ``blobs/sha256/ab/abcd…`` and ``records/folder/name``."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from orchestrator.determinism import EPOCH
from orchestrator.digest import Digest
from orchestrator.errors import Corruption, NotFound, UsageError
from orchestrator.failpoint import reached
from orchestrator.store import durable, layout
from orchestrator.store.port import is_key, key_parts

_CHUNK = 1 << 20
_MADE_WITH_THE_STORE = {folder.partition("/")[2] for folder in layout.FOLDERS if folder.startswith("records/")}


class LocalBlobs:
    """Blobs as read-only files. Writing is idempotent and safe beside other writers."""

    def __init__(self, root: Path) -> None:
        self._root = root / "blobs" / "sha256"
        self._scratch = root / "tmp"
        self._damaged = root / "damaged"
        layout.ensure(root)

    def get(self, digest: Digest) -> IO[bytes]:
        """See :class:`~orchestrator.store.port.BlobStore`."""
        return self.path(digest).open("rb")

    def put(self, stream: IO[bytes]) -> Digest:
        """See :class:`~orchestrator.store.port.BlobStore`."""
        hasher = hashlib.sha256()
        with durable.aside(self._scratch) as (written, sink):
            while chunk := stream.read(_CHUNK):
                hasher.update(chunk)
                sink.write(chunk)
        digest = Digest.from_hex(hasher.hexdigest())
        try:
            _read_back(written, digest)
            self._commit(written, digest)
        finally:
            written.unlink(missing_ok=True)
        return digest

    def adopt(self, file: Path, digest: Digest) -> None:
        """See :class:`~orchestrator.store.port.FileBacked`. Across file systems the bytes are copied instead."""
        if self.has(digest) and self._is_intact(digest):
            return
        linked = self._scratch / f"{os.getpid()}-{secrets.token_hex(8)}"
        try:
            os.link(file, linked, follow_symlinks=False)
        except OSError:
            with file.open("rb") as stream:
                copied = self.put(stream)
            if copied != digest:
                raise UsageError(f"{file} changed while it was being stored") from None
            return
        try:
            if not stat.S_ISREG(linked.lstat().st_mode):
                raise UsageError(f"{file} is no regular file")
            with linked.open("rb") as stream:
                os.fsync(stream.fileno())
            self._commit(linked, digest)
        finally:
            linked.unlink(missing_ok=True)  # rename does nothing where both names are one file already

    def has(self, digest: Digest) -> bool:
        """See :class:`~orchestrator.store.port.BlobStore`. What is there is durable: it may be built upon."""
        place = self._place(digest)
        try:
            mode = place.lstat().st_mode  # a link may lead to what anybody changes
        except FileNotFoundError:
            return False
        if stat.S_ISREG(mode) and mode & stat.S_IWUSR:
            _settle(place)  # whoever renamed it may have been killed before the name was flushed
        return stat.S_ISREG(mode)

    def list(self) -> Iterator[Digest]:
        """See :class:`~orchestrator.store.port.BlobStore`."""
        for folder in sorted(self._root.iterdir()):
            for file in sorted(folder.iterdir()):
                if re.fullmatch("[0-9a-f]{64}", file.name):  # whatever else lies there is none of ours
                    yield Digest.from_hex(file.name)

    def path(self, digest: Digest) -> Path:
        """See :class:`~orchestrator.store.port.FileBacked`."""
        path = self._place(digest)
        if path.is_symlink() or not path.is_file():
            raise NotFound(f"the store has no blob {digest}")
        return path

    def size(self, digest: Digest) -> int:
        """See :class:`~orchestrator.store.port.Sized`."""
        return self.path(digest).stat().st_size

    def since(self, digest: Digest) -> float:
        """See :class:`~orchestrator.store.port.Dated`: a link to the file, as a run's mounts are, counts as a use."""
        return self.path(digest).stat().st_ctime

    def remove(self, digest: Digest) -> None:
        """See :class:`~orchestrator.store.port.Removable`. Names need not be gone for good: no fsync."""
        self._place(digest).unlink(missing_ok=True)

    def set_aside(self, digest: Digest) -> str:
        """See :class:`~orchestrator.store.port.Removable`: into ``damaged/`` beside the blobs."""
        place = self.path(digest)
        durable.make_folder(self._damaged)
        aside = self._damaged / f"{digest.hex}-{secrets.token_hex(4)}"
        place.rename(aside)
        durable.fsync_directory(self._damaged)
        durable.fsync_directory(place.parent)
        return str(aside)

    def _is_intact(self, digest: Digest) -> bool:
        with self._place(digest).open("rb") as stream:
            return Digest.of_stream(stream) == digest

    def _place(self, digest: Digest) -> Path:
        return self._root / digest.hex[:2] / digest.hex

    def _commit(self, written: Path, digest: Digest) -> None:
        place = self._place(digest)
        if os.geteuid() == 0:
            os.chown(written, 0, 0, follow_symlinks=False)
        with contextlib.suppress(PermissionError):  # adopted from a container's user: readable is enough
            written.chmod(0o644)
            os.utime(written, (EPOCH, EPOCH))
        reached("blob.rename")
        try:
            written.rename(place)
        except FileNotFoundError:  # its folder is gone
            layout.make(self._root.parents[1])
            written.rename(place)
        reached("blob.renamed")
        _settle(place)
        reached("blob.settled")


class LocalRecords:
    """Records as files. A record is written once; the first of several writers wins."""

    def __init__(self, root: Path) -> None:
        self._root = root / "records"
        self._scratch = root / "tmp"
        layout.ensure(root)

    def read(self, key: str) -> bytes | None:
        """See :class:`~orchestrator.store.port.RecordStore`."""
        try:
            return self._place(key).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    def create(self, key: str, data: bytes) -> bool:
        """See :class:`~orchestrator.store.port.RecordStore`."""
        place = self._place(key)
        with durable.aside(self._scratch) as (written, sink):
            sink.write(data)
        try:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            reached("record.link")
            os.link(written, place)
            reached("record.linked")
        except FileExistsError:
            return False
        finally:
            written.unlink()
            self._flush(place.parent)  # that of another, too: we go on as if it were there for good
        reached("record.flushed")
        return True

    def remove(self, key: str) -> None:
        """See :class:`~orchestrator.store.port.RemovableRecords`."""
        place = self._place(key)
        if place.is_file():
            place.unlink(missing_ok=True)
            durable.fsync_directory(place.parent)

    def list(self, prefix: str) -> Iterator[str]:
        """See :class:`~orchestrator.store.port.RecordStore`. Only the prefix's own folder is looked through."""
        folder = prefix.rpartition("/")[0]
        if folder and not is_key(f"{folder}/name"):
            return iter(())
        start = len(str(self._root)) + 1
        keys = (file[start:] for file in _files(str(self._root / folder)))
        return iter(sorted(key for key in keys if key.startswith(prefix) and is_key(key)))

    def _flush(self, folder: Path) -> None:
        """Make what is in a folder durable, and the folder itself."""
        while folder.is_relative_to(self._root) and folder.is_dir():
            durable.fsync_directory(folder)
            if folder.parent == self._root and folder.name in _MADE_WITH_THE_STORE:
                break
            folder = folder.parent

    def _place(self, key: str) -> Path:
        return self._root.joinpath(*key_parts(key))


def _files(folder: str) -> Iterator[str]:
    """The paths of all files in a folder, and in those within it. What is removed meanwhile may be left out."""
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _files(entry.path)
        elif entry.is_file(follow_symlinks=False) or (entry.is_symlink() and Path(entry.path).is_file()):
            yield entry.path


def _read_back(written: Path, digest: Digest) -> None:
    """What the disk gives back must be what was written.

    Raises:
        Corruption: it is not: the disk or the memory is damaged.
    """
    with written.open("rb") as stream:
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)  # from the disk, not from the cache
        found = Digest.of_stream(stream)
    if found != digest:
        raise Corruption(f"what was written as {digest} reads back as {found}", hint="check this machine's disk")


def _settle(place: Path) -> None:
    """Make a blob's name durable, then say so: its owner may write to it only as long as it is not."""
    durable.fsync_directory(place.parent)
    with contextlib.suppress(PermissionError):
        place.chmod(0o444)

"""A bundle file, read in one pass. Nothing in it decides where anything goes.

What comes next is known before it is read: index, manifest and document announce every further member, its name and its
size. So a header is not interpreted but expected: it must be, byte for byte, the one that ``export`` writes. Links,
devices, other names, second copies, sizes that lie and every dialect of tar fail that one comparison.
"""

from __future__ import annotations

import io
import json
import re
from typing import IO, cast

from orchestrator.bundle.file import INDEX
from orchestrator.bundle.model import BadBundle, DamagedBundle, Descriptor, index
from orchestrator.bundle.receive import Incoming
from orchestrator.digest import Digest
from orchestrator.image.oci import LAYOUT, MAX_MANIFEST, place
from orchestrator.image.tar import BLOCK, header

_MAX_INDEX = 1 << 20
_CUT = "the file ends in the middle: it was cut short"
_SIZE = re.compile(rb"[0-7]{11}\0")


class BundleFile:
    """One bundle in a stream that need not be seekable.

    Raises:
        BadBundle: it is no bundle.
        DamagedBundle: it is cut short, or the manifest is not what its name says.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._open: _Member | None = None
        try:
            layout = self._announced(LAYOUT[0], len(LAYOUT[1]))
        except DamagedBundle as error:
            raise BadBundle("no bundle: there are not even as many bytes as one begins with") from error
        if layout != LAYOUT[1]:
            raise BadBundle("no bundle: its oci-layout is of another version")
        self._index = self._announced(INDEX, _MAX_INDEX)
        digest, size = _first(self._index)
        with self._member(place(digest), size) as member:
            self.manifest = member.read()
        if Digest.of(self.manifest) != digest:
            raise DamagedBundle(f"the manifest is not what its name says: {digest}")

    def open(self, descriptor: Descriptor) -> IO[bytes]:
        """The next blob, which must be this one; the one before must have been read to its end."""
        return self._member(place(descriptor.digest), descriptor.size)

    def finish(self, incoming: Incoming) -> None:
        """After the last blob: nothing more may follow, and the index must have said what the document says."""
        self._close()
        if self._exactly(2 * BLOCK).strip(b"\0") or self._stream.read(1):
            raise BadBundle("something follows the last blob that the manifest names")
        sizes = {layer.digest: layer.size for layer in incoming.manifest.layers}
        expected = index(self.manifest, [(digest, sizes[digest]) for digest in incoming.document.images])
        if self._index != expected:
            raise BadBundle("index.json does not name what the bundle document names")

    def _announced(self, name: str, limit: int) -> bytes:
        """A small member whose size only its header knows."""
        self._close()
        block = self._exactly(BLOCK)
        size = int(block[124:135], 8) if _SIZE.fullmatch(block[124:136]) else limit + 1
        _same(block, header(name, min(size, limit), 0o644, b"0", 0), name)
        self._open = _Member(self._stream, size)
        return self._open.read()

    def _member(self, name: str, size: int) -> IO[bytes]:
        self._close()
        expected = header(name, size, 0o644, b"0", 0)
        _same(self._exactly(len(expected)), expected, name)
        self._open = _Member(self._stream, size)
        return cast(IO[bytes], self._open)

    def _close(self) -> None:
        if self._open and not self._open.ended():
            raise BadBundle("a member was not read to its end")

    def _exactly(self, size: int) -> bytes:
        return _read(self._stream, size)


class _Member(io.RawIOBase):
    """The bytes of one member; its padding is looked at once they are read."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self._stream = stream
        self._left = size
        self._padding = -size % BLOCK

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        data = _read(self._stream, wanted)
        self._left -= wanted
        return data

    def ended(self) -> bool:
        """Whether all of it was read; takes the padding, once."""
        if self._left == 0 and self._padding:
            if _read(self._stream, self._padding).strip(b"\0"):
                raise BadBundle("there is something between two members")
            self._padding = 0
        return self._left == 0


def _read(stream: IO[bytes], size: int) -> bytes:
    """Exactly so many bytes; a pipe gives them in pieces, and a size that lies does not get its memory in advance."""
    pieces = []
    while size:
        piece = stream.read(min(size, 1 << 20))
        if not piece:
            raise DamagedBundle(_CUT)
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _same(found: bytes, expected: bytes, name: str) -> None:
    if found == expected:
        return
    there = found[:100].rstrip(b"\0").decode(errors="replace")
    if found[257:262] != b"ustar":
        raise BadBundle(f"no bundle: there is no tar header where {name} should begin")
    if there != name:
        raise BadBundle(f"no bundle that `orchestrator export` wrote: {name} should come next, not {there[:120]!r}")
    raise BadBundle(f"no bundle that `orchestrator export` wrote: the header of {name} is another one")


def _first(data: bytes) -> tuple[Digest, int]:
    """The artifact that an index names first; the whole of it is compared in the end."""
    try:
        named = json.loads(data)["manifests"][0]
        digest, size = Digest(named["digest"]), named["size"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        raise BadBundle("no bundle: its index.json names no artifact") from error
    if type(size) is not int or not 0 < size <= MAX_MANIFEST:
        raise BadBundle(f"the manifest has {str(size)[:40]} bytes; {MAX_MANIFEST} is the limit")
    return digest, size

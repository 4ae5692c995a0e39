"""What stands behind the end of what a file's format tells: no reader shows it, and it is content."""

from __future__ import annotations

from hashlib import blake2b

from orchestrator.compare.content.port import CHUNK, Desk, Side, read


def trailing(side: Side, start: int, desk: Desk) -> str:
    """A digest of all bytes from ``start`` on; zeros at the end of a file are padding, and left out.

    Raises:
        Unreadable: there are more than may be read.
    """
    desk.budget.spend(max(side.size - start, 0))
    side.stream.seek(start)
    digest, zeros = blake2b(), 0
    while chunk := read(side.stream, CHUNK):
        kept = chunk.rstrip(b"\0")
        if kept:
            digest.update(b"%d %d " % (zeros, len(kept)) + kept)
            zeros = 0
        zeros += len(chunk) - len(kept)
    return digest.hexdigest()

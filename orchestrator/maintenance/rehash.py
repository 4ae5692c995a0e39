"""Every blob read and hashed again, several at once: hashing lets go of the interpreter's lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

from orchestrator.digest import Digest
from orchestrator.errors import Corruption, NotFound
from orchestrator.maintenance.finding import Tally
from orchestrator.store.port import BlobStore
from orchestrator.store.streams import chunks

_AT_ONCE = 512
_SAY_EVERY = 1 << 30

Damaged = dict[Digest, str]
"""Which, and in what way."""


@dataclass
class Read:
    """What reading blobs came to."""

    tally: Tally = field(default_factory=Tally)
    damaged: Damaged = field(default_factory=dict)
    gone: set[Digest] = field(default_factory=set)
    """Not there, or no longer."""


def rehash(blobs: BlobStore, digests: Iterable[Digest], report: Callable[[str], None]) -> Read:
    """Read blobs of a store that verifies, each to its end."""
    done = Read()
    waiting, told = iter(digests), 0
    with ThreadPoolExecutor(min(16, 2 * (os.cpu_count() or 1))) as pool:
        while group := list(islice(waiting, _AT_ONCE)):
            for digest, (size, problem) in zip(group, pool.map(lambda one: _read(blobs, one), group), strict=True):
                if size is None:
                    done.gone.add(digest)
                    continue
                done.tally.add(size)
                if problem:
                    done.damaged[digest] = problem
            if done.tally.bytes // _SAY_EVERY > told:
                told = done.tally.bytes // _SAY_EVERY
                report(f"{done.tally.count} blobs, {done.tally.bytes / 1e9:.1f} GB read")
    return done


def _read(blobs: BlobStore, digest: Digest) -> tuple[int | None, str]:
    size = 0
    try:
        for chunk in chunks(blobs.get(digest)):
            size += len(chunk)
    except NotFound:
        return None, ""
    except Corruption as error:
        return size, error.message
    except OSError as error:
        return size, f"cannot be read: {error.strerror}"
    return size, ""

"""Reading: as a stream that goes on where it broke off, or in ranges, several at a time, into a file.

What is read is not verified here: that is :class:`~orchestrator.store.verified.Verified`'s business.
"""

from __future__ import annotations

import contextlib
import io
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from botocore.response import StreamingBody

from orchestrator.errors import Corruption
from orchestrator.store.s3 import failures
from orchestrator.store.s3.bucket import Bucket

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

RANGE = 8 << 20
WORKERS = 4
_BUFFER = 1 << 18


def stream(bucket: Bucket, name: str, size: int) -> IO[bytes]:
    """An object of this size, to be read from its beginning.

    Raises:
        Corruption: it is not there, or not of this size. While it is read: it was replaced by a shorter one.
        EnvironmentProblem: also while it is read: the server does not answer.
    """
    body = _open(bucket, name, 0, size)
    return cast(IO[bytes], io.BufferedReader(_Resuming(bucket, name, size, body), _BUFFER))


def into_file(bucket: Bucket, name: str, size: int, file: Path) -> None:
    """Write an object of this size to a file that is there and empty. Raises as :func:`stream` does."""
    with file.open("r+b") as sink:
        if size <= RANGE:
            with stream(bucket, name, size) as whole:
                sink.write(whole.read())
            return
        head = bucket.head(name)  # the size that a marker tells is only what somebody wrote
        if head is None or head.size != size:
            raise _damaged(bucket, name, size)
        handle = sink.fileno()
        with ThreadPoolExecutor(WORKERS) as pool:
            pieces = pool.map(lambda start: _fill(bucket, name, start, size, handle), range(0, size, RANGE))
            try:
                list(pieces)
            finally:
                pool.shutdown(cancel_futures=True)


def _fill(bucket: Bucket, name: str, start: int, size: int, handle: int) -> None:
    length = min(RANGE, size - start)
    data = bucket.read_range(name, start, length)
    if data is None:
        raise _damaged(bucket, name, size)
    while data:
        written = os.pwrite(handle, data, start)
        data, start = data[written:], start + written


def _open(bucket: Bucket, name: str, start: int, size: int) -> StreamingBody:
    opened = bucket.open(name, start)
    if opened is None or opened[1] != size:
        if opened:
            opened[0].close()
        raise _damaged(bucket, name, size)
    return opened[0]


def _damaged(bucket: Bucket, name: str, size: int) -> Corruption:
    return Corruption(
        f"{bucket.address}: {name} is gone, or no longer of its {size} bytes",
        hint="whoever still has the right bytes stores them anew (for code and data: `submit`), or `orchestrator fsck`",
    )


class _Resuming(io.RawIOBase):
    """An object's bytes. Where the connection breaks off it is opened again from there on."""

    def __init__(self, bucket: Bucket, name: str, size: int, body: StreamingBody) -> None:
        self._bucket = bucket
        self._name = name
        self._size = size
        self._at = 0
        self._failed = 0
        self._body: StreamingBody | None = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), self._size - self._at)
        if not wanted:
            return 0
        data = self._next(wanted)
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        self._let_go()
        super().close()

    def _next(self, wanted: int) -> bytes:
        """At least one of the next bytes."""
        while True:
            try:
                if self._body is None:
                    self._body = _open(self._bucket, self._name, self._at, self._size)
                if data := self._body.read(wanted):
                    self._failed = 0
                    return data
                raise ConnectionError  # it ended early
            except failures.FOREIGN as error:
                self._let_go()
                self._failed += 1
                if self._failed >= self._bucket.patience.attempts:
                    raise self._bucket.explained(error, self._failed) from error
                self._bucket.patience.wait(self._failed)

    def _let_go(self) -> None:
        if self._body is not None:
            with contextlib.suppress(Exception):  # it may be broken already
                self._body.close()
            self._body = None

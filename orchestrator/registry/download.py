"""A blob as it comes from a registry: taken up again where the connection breaks, and in the end what its name says."""

from __future__ import annotations

import contextlib
import hashlib
import io
import re

from orchestrator.digest import Digest
from orchestrator.errors import Corruption
from orchestrator.registry.connection import Connection, Request
from orchestrator.registry.errors import RegistryProblem, Transient, Unreachable
from orchestrator.registry.transport import Answer

_PROGRESS = 1 << 20
"""So many bytes since the last break, and the attempts are counted anew."""
_CHUNK = 1 << 20


class Download(io.RawIOBase):
    """Reading to the end yields exactly the blob's bytes, or raises.

    Raises:
        Corruption: the bytes are not what their name says, or more than there should be.
        Transient: the connection broke off too often.
        RegistryProblem: the registry refused.
    """

    def __init__(self, connection: Connection, path: str, digest: Digest, size: int) -> None:
        self._connection = connection
        self._path = path
        self._digest = digest
        self._size = size
        self._hasher = hashlib.sha256()
        self._offset = 0
        self._answer: Answer | None = None
        self._failed = 0
        self._broke_at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, at most ``size``; none at the end, which has been checked then."""
        if size is None or size < 0:
            return b"".join(iter(lambda: self.read(_CHUNK), b""))
        left = self._size - self._offset
        data = self._next(min(size, left)) if left else self._end()
        self._hasher.update(data)
        self._offset += len(data)
        return data

    def close(self) -> None:
        """Leave the rest."""
        if self._answer is not None:
            self._answer.close()
        super().close()

    def _next(self, size: int) -> bytes:
        while True:
            try:
                self._answer = self._answer or self._open()
                if data := self._answer.read(size):
                    return data
                raise Unreachable(f"{self._connection.registry} sends less of {self._digest} than there is")
            except Transient as problem:
                self._break(problem)

    def _end(self) -> bytes:
        with contextlib.suppress(Transient):  # nothing more is wanted
            if self._answer and self._answer.read(1):
                raise Corruption(f"the registry sends more bytes of {self._digest} than its manifest says")
        if (found := Digest.from_hex(self._hasher.hexdigest())) != self._digest:
            raise Corruption(
                f"the registry sends other bytes than {self._digest}: they hash to {found}",
                hint="nothing of it was kept; ask who runs the registry",
            )
        return b""

    def _open(self) -> Answer:
        wanted = {"Range": f"bytes={self._offset}-"} if self._offset else {}
        answer = self._connection.once(Request("GET", self._path, expect=(200, 206), headers=wanted))
        if answer.status == 206:
            _check_range(answer, self._offset)
        else:
            _skip(answer, self._offset)
        return answer

    def _break(self, problem: Transient) -> None:
        if self._answer is not None:
            self._answer.close()
            self._answer = None
        if self._offset - self._broke_at >= _PROGRESS:
            self._failed = 0
        self._failed, self._broke_at = self._failed + 1, self._offset
        self._connection.patience.wait(self._failed, problem)


def _check_range(answer: Answer, offset: int) -> None:
    given = re.match(r"bytes (\d{1,20})-", answer.headers.get("Content-Range", ""))
    if not given or int(given[1]) != offset:
        answer.close()
        raise RegistryProblem("the registry sends another part of a blob than was asked for")


def _skip(answer: Answer, count: int) -> None:
    """Of a server that begins at the beginning, whatever was asked."""
    while count:
        skipped = answer.read(min(count, _CHUNK))
        if not skipped:
            raise Unreachable("the registry sends less of a blob than it did before")
        count -= len(skipped)

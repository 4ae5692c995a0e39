"""An engine in a process of its own: docker-py is imported and connected there while this process reads the spec.

The two imports take about a tenth of a second each; side by side they cost one. What streams (loading and exporting
images) needs an engine in this process, which is made when that is asked for.

The process is forked before anything heavy is imported and before any thread is started. It ends when this one does.
"""

from __future__ import annotations

import os
import pickle
import signal
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from orchestrator.errors import EngineError, OrchestratorError

if TYPE_CHECKING:
    from orchestrator.digest import Digest
    from orchestrator.engine.docker import DockerEngine
    from orchestrator.engine.port import ContainerSpec, ContainerState

_UNANSWERED = {"remove"}
_LENGTH = struct.Struct("<Q")


class EngineApart:
    """Container and image calls go to the other process, one at a time."""

    def __init__(self, make: Callable[[], DockerEngine]) -> None:
        self._make = make
        self._turn = threading.Lock()
        self._accompanied = threading.local()
        ours, theirs = socket.socketpair()
        if os.fork() == 0:
            ours.close()
            _serve(theirs, make)
        theirs.close()
        self._socket = ours

    def launch(self, spec: ContainerSpec) -> None:
        """See :class:`~orchestrator.engine.port.ContainerEngine`."""
        self._call("launch", spec, held=self._accompanied.__dict__.pop("descriptor", None))

    def accompany(self, descriptor: int) -> None:
        """See :class:`~orchestrator.engine.port.Accompanies`: what we ask for is done even after our end.

        It goes with the next launch of this thread: between the two another thread may launch its own.
        """
        self._accompanied.descriptor = descriptor

    def inspect(self, name: str) -> ContainerState | None:
        """See :class:`~orchestrator.engine.port.ContainerEngine`."""
        state: ContainerState | None = self._call("inspect", name)
        return state

    def signal(self, name: str, number: int) -> None:
        """See :class:`~orchestrator.engine.port.ContainerEngine`."""
        self._call("signal", name, number)

    def remove(self, name: str) -> None:
        """See :class:`~orchestrator.engine.port.ContainerEngine`. The other process sees to it, even after our end."""
        with self._turn:
            try:
                _send(self._socket, ("remove", (name,)))
            except OSError as error:
                raise EngineError(f"the process that talks to the engine has gone: {error}") from error

    def find(self, config: Digest, manifest: Digest) -> str | None:
        """See :class:`~orchestrator.engine.port.ImageEngine`."""
        name: str | None = self._call("find", config, manifest)
        return name

    def load(self, archive: Iterable[bytes]) -> None:
        """See :class:`~orchestrator.engine.port.ImageEngine`."""
        self._here.load(archive)

    def layer_chains(self) -> Iterator[tuple[str, ...]]:
        """See :class:`~orchestrator.engine.port.ImageEngine`."""
        return self._here.layer_chains()

    def export(self, reference: str) -> Iterator[bytes]:
        """See :class:`~orchestrator.engine.port.ImageSource`."""
        return self._here.export(reference)

    def build(self, dockerfile: Path) -> str:
        """See :class:`~orchestrator.engine.port.ImageSource`."""
        return self._here.build(dockerfile)

    def describe(self) -> dict[str, Any]:
        """See :class:`~orchestrator.engine.port.Described`."""
        said: dict[str, Any] = self._call("describe")
        return said

    def version(self) -> dict[str, Any]:
        """See :class:`~orchestrator.engine.port.Described`."""
        said: dict[str, Any] = self._call("version")
        return said

    @cached_property
    def _here(self) -> DockerEngine:
        return self._make()

    def _call(self, method: str, *arguments: object, held: int | None = None) -> Any:
        with self._turn:
            try:
                if held is not None:
                    _send(self._socket, ("accompany", ()))
                    socket.send_fds(self._socket, [b"\0"], [held])
                _send(self._socket, (method, arguments))
                failed, value = _receive(self._socket)
            except (OSError, EOFError) as error:
                raise EngineError(f"the process that talks to the engine has gone: {error}") from error
        if failed:
            kind, message, hint = value
            raise kind(message, hint=hint)
        return value


def _serve(theirs: socket.socket, make: Callable[[], DockerEngine]) -> NoReturn:
    """The other process: answer until the first one has gone. A signal to both is the first one's affair."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # whoever reads our output must not wait for this process
        os.dup2(nowhere, stream)
    try:
        engine = _Eventually(make)
        held: list[int] = []
        while True:
            method, arguments = _receive(theirs)
            if method == "accompany":
                _, held, _, _ = socket.recv_fds(theirs, 1, 1)
                continue
            answer = engine.answer(method, arguments)
            while method == "launch" and held:
                os.close(held.pop())
            if method not in _UNANSWERED:
                _send(theirs, answer)
    finally:
        os._exit(0)


class _Eventually:
    """An engine that is made at once; where that fails, each call says why."""

    def __init__(self, make: Callable[[], DockerEngine]) -> None:
        self._make = make
        self._engine: DockerEngine | None = None
        self.answer("version", ())

    def answer(self, method: str, arguments: tuple[object, ...]) -> tuple[bool, Any]:
        """(False, what the call returned) or (True, the error's class, message and hint)."""
        try:
            self._engine = self._engine or self._make()
            return False, getattr(self._engine, method)(*arguments)
        except OrchestratorError as error:
            return True, (type(error), error.message, error.hint)


def _send(channel: socket.socket, value: object) -> None:
    data = pickle.dumps(value)
    channel.sendall(_LENGTH.pack(len(data)) + data)


def _receive(channel: socket.socket) -> Any:
    (length,) = _LENGTH.unpack(_exactly(channel, _LENGTH.size))
    return pickle.loads(_exactly(channel, length))  # noqa: S301  (from our own other half)


def _exactly(channel: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = channel.recv(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data

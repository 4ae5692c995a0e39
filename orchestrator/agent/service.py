"""The MLflow server within the agent's loop. Until a client comes it is a socket that listens, and nothing else."""

from __future__ import annotations

import _socket
import os

from . import wire

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    import selectors
    from collections.abc import Generator
    from typing import Any

    from .http import Exchange, Request

MAX_CLIENTS = 512
_READ = 1  # selectors.EVENT_READ


def listen(address: tuple[str, int] = wire.TRACKING_ADDRESS) -> _socket.socket | None:
    """A socket for the server, where the job is told to log there; None where the address cannot be had."""
    if os.environ.get("MLFLOW_TRACKING_URI") != wire.TRACKING_URI:
        return None
    listener = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    try:
        listener.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(MAX_CLIENTS)
    except OSError:
        listener.close()
        return None
    listener.setblocking(False)
    return listener


class Service:
    """Accepts clients and goes on with their conversations as their sockets become ready.

    Args:
        listener: from :func:`listen`.
        record: the record folder.
        identity: what the ids of runs and models are made of: the same for each execution of a plan.
    """

    def __init__(self, listener: _socket.socket, record: str, identity: str) -> None:
        self._listener = listener
        self._record = record
        self._identity = identity
        self._server: Any = None
        self._listening = False
        self._clients: dict[int, tuple[_socket.socket, Generator[int, None, None]]] = {}

    def join(self, selector: selectors.BaseSelector) -> None:
        """Be told by this selector; its user calls ``data(fd, selector)`` of each key that is ready."""
        selector.register(self._listener, _READ, self._accept)
        self._listening = True

    def _accept(self, descriptor: int, selector: selectors.BaseSelector) -> None:
        try:
            accepted, _ = self._listener._accept()  # type: ignore[attr-defined]  # as socket.accept does
        except BlockingIOError:
            return
        except OSError:  # no descriptor is left: listen again when a client has gone
            self._stop_listening(selector)
            return
        client = _socket.socket(fileno=accepted)
        try:
            self._begin_conversation(client, selector)
        except Exception:  # the server may fail, the agent must not
            self._clients.pop(accepted, None)
            client.close()

    def _begin_conversation(self, client: _socket.socket, selector: selectors.BaseSelector) -> None:
        from .http import converse
        from .mlflow.server import refuse

        client.setblocking(False)
        self._clients[client.fileno()] = (client, converse(client, self._begin, refuse))
        selector.register(client, _READ, self._resume)
        self._resume(client.fileno(), selector)
        if len(self._clients) >= MAX_CLIENTS:
            self._stop_listening(selector)

    def _stop_listening(self, selector: selectors.BaseSelector) -> None:
        selector.unregister(self._listener)
        self._listening = False

    def _begin(self, request: Request) -> Exchange:
        """The server is made for the first request; where the record has no room for it, each is refused."""
        from .http import Refused
        from .mlflow.server import Refusal, Server

        if self._server is None:
            try:
                self._server = Server(self._record, self._identity)
            except OSError as error:
                return Refusal(Refused(400, "nothing can be recorded: %s" % error.strerror, "INTERNAL_ERROR"))
        exchange: Exchange = self._server.begin(request)
        return exchange

    def _resume(self, descriptor: int, selector: selectors.BaseSelector) -> None:
        client, conversation = self._clients[descriptor]
        try:
            wanted = next(conversation)
            if selector.get_key(descriptor).events != wanted:
                selector.modify(descriptor, wanted, self._resume)
        except Exception:  # the end of the conversation, or an error of ours: in neither case that of the agent
            selector.unregister(descriptor)
            client.close()
            del self._clients[descriptor]
            if not self._listening:
                self.join(selector)

"""A tracking store for MLflow's own plugin registry (entry point ``mlflow.tracking_store``): the client's usual one,
but for the calls that a training loop makes. They say the same to the same server over a connection of their own: the
client's general way (proxies, retries, authentication, protobuf) takes most of a millisecond for each.

Where anything here does not fit the client that is installed, its usual store is used as it is.
"""

from __future__ import annotations

import _socket
import importlib
import json
import os
import sys
import threading

from .. import wire
from . import redirect

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_UTILS = "mlflow.tracking._tracking_service.utils"
_ANSWER = 1 << 16

if _UTILS in sys.modules:  # it is what looks for plugins: nobody has taken a function out of it yet
    redirect.install(sys.modules[_UTILS])


def store(store_uri: str, artifact_uri: str | None = None) -> Any:
    """What MLflow asks for when a tracking URI begins with ``http``."""
    usual = importlib.import_module(_UTILS)._get_rest_store(store_uri)
    if store_uri.rstrip("/") in redirect.OURS:
        for name, method in _calls(Connection()).items():
            setattr(usual, name, method)
    return usual


def _calls(connection: Connection) -> dict[str, Any]:
    """The methods of a tracking store that are worth it, as all versions from 2 on have them."""

    def log_metric(run_id: str, metric: Any) -> None:
        connection.say("runs/log-metric", {"run_id": run_id, **_metric(metric)})

    def log_param(run_id: str, param: Any) -> None:
        connection.say("runs/log-parameter", {"run_id": run_id, **_pair(param)})

    def set_tag(run_id: str, tag: Any) -> None:
        connection.say("runs/set-tag", {"run_id": run_id, **_pair(tag)})

    def log_batch(run_id: str, metrics: Sequence[Any], params: Sequence[Any], tags: Sequence[Any]) -> None:
        batch = {"metrics": list(map(_metric, metrics)), "params": list(map(_pair, params))}
        connection.say("runs/log-batch", {"run_id": run_id, **batch, "tags": list(map(_pair, tags))})

    return {"log_metric": log_metric, "log_param": log_param, "set_tag": set_tag, "log_batch": log_batch}


def _metric(metric: Any) -> dict[str, Any]:
    said = {"key": metric.key, "value": float(metric.value), "timestamp": metric.timestamp, "step": metric.step}
    model_id = getattr(metric, "model_id", None)
    return {**said, "model_id": model_id} if model_id else said


def _pair(item: Any) -> dict[str, str]:
    return {"key": item.key, "value": str(item.value)}


class Connection:
    """A socket for each thread of each process, which is kept open."""

    def __init__(self) -> None:
        self._own = threading.local()

    def say(self, call: str, body: dict[str, Any]) -> None:
        """Make one call; its answer says nothing but that it was done.

        Raises:
            mlflow.exceptions.RestException: the server refused it.
            OSError: it does not answer.
        """
        data = json.dumps(body).encode()
        head = "POST /api/2.0/mlflow/%s HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (call, len(data))
        client = self._socket()
        try:
            client.sendall(head.encode() + data)
            status, answer = _receive(client)
        except BaseException:  # half a conversation cannot be gone on with, whatever ended it
            self._own.client = None
            client.close()
            raise
        if status != 200:
            raise importlib.import_module("mlflow.exceptions").RestException(json.loads(answer))

    def _socket(self) -> _socket.socket:
        """This thread's; a forked process must not share its parent's."""
        if getattr(self._own, "client", None) is None or self._own.process != os.getpid():
            client = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
            client.connect(wire.TRACKING_ADDRESS)
            client.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
            self._own.client, self._own.process = client, os.getpid()
        known: _socket.socket = self._own.client
        return known


def _receive(client: _socket.socket) -> tuple[int, bytes]:
    """Status and body of an answer of :mod:`~orchestrator.agent.http`."""
    held = b""
    while b"\r\n\r\n" not in held:
        held += _more(client)
    head, _, body = held.partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length:"))
    while len(body) < length:
        body += _more(client)
    return int(head[9:12]), body


def _more(client: _socket.socket) -> bytes:
    piece = client.recv(_ANSWER)
    if not piece:
        raise ConnectionResetError("the agent has closed the connection")
    return piece

"""The agent's MLflow server in a thread of the test, and a client that says what it is told to."""

from __future__ import annotations

import contextlib
import http.client
import json
import selectors
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orchestrator.agent import service, wire

API = "/api/2.0/mlflow/"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"


class Tracking:
    """One server and its record folder."""

    def __init__(self, record: Path, port: int) -> None:
        self.record = record
        self.port = port

    def connect(self) -> socket.socket:
        client = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    def raw(self, data: bytes) -> bytes:
        """All that comes back, until the server closes."""
        with self.connect() as client:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := client.recv(1 << 16):
                answer += piece
            return answer

    def request(self, method: str, path: str, body: bytes | Iterator[bytes] | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def call(self, method: str, call: str, **body: Any) -> tuple[int, dict[str, Any]]:
        status, answer = self.request(method, API + call, json.dumps(body).encode())
        return status, json.loads(answer)

    def post(self, call: str, **body: Any) -> dict[str, Any]:
        """A call that succeeds."""
        status, answer = self.call("POST", call, **body)
        assert status == 200, answer
        return answer

    def refused(self, method: str, call: str, **body: Any) -> str:
        """The error code of a call that does not: never one that clients retry."""
        status, answer = self.call(method, call, **body)
        assert status in (400, 404), answer
        return answer["error_code"]

    def new_run(self, **body: Any) -> str:
        return self.post("runs/create", experiment_id="0", start_time=1, **body)["run"]["info"]["run_id"]


@contextlib.contextmanager
def serving(record: Path, identity: str = "a plan") -> Iterator[Tracking]:
    record.mkdir(exist_ok=True)
    listener = service.listen(("127.0.0.1", 0))
    assert listener is not None
    ended, told = socket.socketpair()
    selector = selectors.DefaultSelector()
    service.Service(listener, str(record), identity).join(selector)
    selector.register(ended, selectors.EVENT_READ, None)

    def loop() -> None:
        while True:
            for key, _ in selector.select():
                if key.data is None:
                    return
                key.data(key.fd, selector)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield Tracking(record, listener.getsockname()[1])
    finally:
        told.send(b"x")
        thread.join()
        for one in (listener, ended, told):
            one.close()


def notes(record: Path) -> list[list[Any]]:
    return [json.loads(line) for line in (record / wire.MLFLOW_NOTES).read_text().splitlines()]

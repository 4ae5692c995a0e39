"""A proxy whose connections break: the first after so many bytes, the next after so many others, then no more."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def cutting(to: str, cuts: list[int]) -> Iterator[tuple[str, list[int]]]:
    """The proxy's ``host:port`` in front of ``to``, and how often it is still to break.

    A connection breaks, with a reset, once that many bytes went through it, both ways counted; one that carries fewer
    leaves its number to the next.
    """
    left = list(cuts)
    lock = threading.Lock()
    listener = socket.create_server(("127.0.0.1", 0))
    host, port = to.rsplit(":", 1)

    def serve(client: socket.socket) -> None:
        server = socket.create_connection((host, int(port)))
        carried = [0]

        def pump(source: socket.socket, target: socket.socket) -> None:
            with contextlib.suppress(OSError):
                while data := source.recv(1 << 14):
                    target.sendall(data)
                    with lock:
                        carried[0] += len(data)
                        broken = bool(left) and carried[0] >= left[0]
                        if broken:
                            left.pop(0)
                    if broken:
                        break
            for one in (client, server):
                _reset(one)

        for ends in ((client, server), (server, client)):
            threading.Thread(target=pump, args=ends, daemon=True).start()

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                serve(listener.accept()[0])

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}", left
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _reset(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.shutdown(socket.SHUT_RDWR)
        one.close()

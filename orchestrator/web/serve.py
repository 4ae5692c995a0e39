"""Serve the page on this machine's loopback until somebody ends it."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable

import uvicorn

from orchestrator.errors import EnvironmentProblem, UsageError
from orchestrator.web.app import make_app
from orchestrator.web.guard import ENTRANCE, Keys
from orchestrator.workspace import Workspace

PORT = 8620
"""Where the page is, if nobody is there yet."""


class Page:
    """A page that has its port, and is not served yet.

    Args:
        workspace: makes one for each request, as each command has its own.
        host: an address of this machine's loopback.
        port: None: :data:`PORT`, or any where that one is taken.

    Raises:
        UsageError: others could reach it there.
        EnvironmentProblem: the port cannot be had.
    """

    def __init__(self, workspace: Callable[[], Workspace], host: str = "127.0.0.1", port: int | None = None) -> None:
        self._socket = _bound(_loopback(host), port)
        self._keys = Keys.new()
        self.port: int = self._socket.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        self.address = f"http://{shown}:{self.port}{ENTRANCE}?token={self._keys.token}"
        """What opens it."""
        app = make_app(workspace, self._keys, self.port)
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)

    def serve(self) -> None:
        """Answer until :meth:`stop`, or a signal."""
        with self._socket:
            self._server.run(sockets=[self._socket])

    def stop(self) -> None:
        """End :meth:`serve`, soon."""
        self._server.should_exit = True


def _loopback(host: str) -> str:
    """The address itself."""
    text = "127.0.0.1" if host == "localhost" else host
    try:
        alone = ipaddress.ip_address(text) in (ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1"))
    except ValueError:
        alone = False
    if not alone:
        raise UsageError(
            f"the page is served on this machine's loopback alone, not on {host}",
            hint="from elsewhere: `ssh -L 8620:127.0.0.1:8620 THIS-MACHINE`, and the same address (docs/ui.md)",
        )
    return text


def _bound(host: str, port: int | None) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # said out loud, or asyncio delays each answer
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, PORT if port is None else port))
        made.listen(128)
        return made
    except OSError as error:
        made.close()
        if port is None:
            return _bound(host, 0)
        raise EnvironmentProblem(f"port {port} of {host}: {error.strerror}", hint="choose another --port") from error

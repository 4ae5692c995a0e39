"""A script may name a tracking server that cannot be reached from here. Where there is no network at all, what it logs
comes to the agent instead, and it is told so: otherwise the client tries for minutes, and then nothing is kept.
"""

from __future__ import annotations

import _socket
import os
import sys

from .. import wire

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

OURS = (wire.TRACKING_URI, "http://localhost:%d" % wire.TRACKING_ADDRESS[1])
_NETWORKS = "/sys/class/net"
_LOOPBACK = ("127.0.0.1", "localhost", "0.0.0.0", "[::1]")  # noqa: S104
_known: dict[str, str] = {}  # where a tracking URI leads


def install(utils: Any) -> None:
    """``utils``: the client's module that says where it logs; from now on it names the agent in its place."""
    if not (_is_alone() and _answers(wire.TRACKING_URI)):  # a spec can send MLflow elsewhere: then no agent listens
        return
    for name in ("get_tracking_uri", "_resolve_tracking_uri"):
        setattr(utils, name, _redirected(getattr(utils, name)))


def reachable(uri: object) -> object:
    """The URI, or the agent's where it is that of a server and nobody answers there."""
    if not isinstance(uri, str) or not uri.startswith(("http://", "https://")) or uri.rstrip("/") in OURS:
        return uri
    if uri not in _known:
        _known[uri] = uri if _answers(uri) else wire.TRACKING_URI
        if _known[uri] != uri:
            sys.stderr.write("orchestrator: %s cannot be reached from here: MLflow logs into this run instead\n" % uri)
    return _known[uri]


def _redirected(usual: Callable[..., object]) -> Callable[..., object]:
    def name(*args: Any, **fields: Any) -> object:
        return reachable(usual(*args, **fields))

    return name


def _is_alone() -> bool:
    """Whether there is no network but the container's own loopback."""
    try:
        return os.listdir(_NETWORKS) == ["lo"]
    except OSError:
        return False


def _answers(uri: str) -> bool:
    """Whether a server of the job's own listens there; any other cannot."""
    place = uri.partition("://")[2].partition("/")[0].rpartition("@")[2]
    host, _, port = place.rpartition(":") if place.rpartition(":")[2].isdigit() else (place, "", "80")
    if host not in _LOOPBACK:
        return False
    client = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    try:
        return client.connect_ex(("127.0.0.1", int(port))) == 0
    except (OSError, OverflowError):
        return False
    finally:
        client.close()

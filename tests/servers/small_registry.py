"""A registry in memory that keeps to the specification, resumed uploads included, until it is told not to.

Debian's registry forgets an upload whose connection broke in the middle of a request; this one does not. What it does
wrong, and when, is said by ``Fault``s: each strikes once.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from servers.loopback import HOST, serving

from orchestrator.digest import Digest
from orchestrator.image.oci import CONFIG_TYPE, LAYER_TYPE, MANIFEST_TYPE


@dataclass
class Fault:
    """Something that goes wrong once."""

    status: int = 0
    """Answer with this status, and do nothing else."""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: int = -1
    """Take, or send, this many bytes of the body; then close the connection."""
    mute: bool = False
    """Do what was asked, and close the connection instead of saying so."""
    forget: bool = False
    """Uploads under way are gone."""
    lie: bool = False
    """Say that an upload has come further than it has."""
    flip: bool = False
    """Send other bytes than were asked for."""
    more: int = 0
    """Send so many bytes too many."""
    from_the_start: bool = False
    """Take no notice of ``Range``."""


class SmallRegistry:
    """What it has, what it was asked, and what is still to go wrong."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, bytes] = {}
        self.uploads: dict[str, bytearray] = {}
        self.faults: dict[str, list[Fault]] = defaultdict(list)
        """By method, in the order in which they strike."""
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        """Method, path, headers."""
        self.received = 0
        """Bytes of blobs that came in."""
        self.sent = 0
        self.host = ""

    def add_manifest(self, data: bytes, *names: str) -> Digest:
        digest = Digest.of(data)
        for name in (digest, *names):
            self.manifests[name] = data
        return digest

    def add_blob(self, data: bytes) -> Digest:
        self.blobs[Digest.of(data)] = data
        return Digest.of(data)

    def methods(self) -> list[str]:
        return [method for method, _, _ in self.asked]

    def next_fault(self, method: str) -> Fault:
        waiting = self.faults[method]
        return waiting.pop(0) if waiting else Fault()


@contextlib.contextmanager
def running() -> Iterator[SmallRegistry]:
    """One on a free port, until the block ends."""
    registry = SmallRegistry()

    class Handler(_Handler):
        state = registry

    server = ThreadingHTTPServer((HOST, 0), Handler)
    server.daemon_threads = True
    registry.host = f"{HOST}:{server.server_port}"
    with serving(server):
        yield registry


class _Broken(Exception):
    """The connection is to be closed."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: SmallRegistry

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _one(self) -> None:
        self.state.asked.append((self.command, self.path, dict(self.headers)))
        fault = self.state.next_fault(self.command)
        try:
            if fault.forget:
                self.state.uploads.clear()
            if fault.status:
                self._drain()
                self._answer(fault.status, fault.body, **fault.headers)
            else:
                getattr(self, f"_{self.command.lower()}")(fault)
        except (_Broken, ConnectionError):
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = _one

    def _head(self, fault: Fault) -> None:
        self._answer(200 if self._name() in self.state.blobs else 404)

    def _get(self, fault: Fault) -> None:
        if self.path == "/v2/":
            return self._answer(200)
        if upload := self._upload():
            had = len(self.state.uploads[upload]) + (7 if fault.lie else 0)
            return self._answer(204, Location=self.path, Range=f"0-{max(0, had - 1)}")
        known = self.state.manifests if "/manifests/" in self.path else self.state.blobs
        if self._name() not in known:
            return self._answer(404, b'{"errors":[{"code":"UNKNOWN","message":"no such thing"}]}')
        return self._body(known[self._name()], fault)

    def _post(self, fault: Fault) -> None:
        self._drain()
        mount = re.search(r"mount=(sha256[^&]*)", self.path)
        if mount and mount[1].replace("%3A", ":") in self.state.blobs:
            return self._answer(201)
        name = f"u{len(self.state.asked)}"
        self.state.uploads[name] = bytearray()
        return self._answer(202, Location=f"/v2/a/blobs/uploads/{name}", Range="0-0")

    def _patch(self, fault: Fault) -> None:
        upload = self._upload()
        wanted = re.match(r"(\d+)-", self.headers.get("Content-Range", "0-"))
        if upload is None or not wanted or int(wanted[1]) != len(self.state.uploads[upload]):
            self._drain()
            return self._answer(404 if upload is None else 416)
        self._take(upload, fault)
        if fault.mute:
            raise _Broken
        return self._answer(202, Location=self.path, Range=f"0-{len(self.state.uploads[upload]) - 1}")

    def _put(self, fault: Fault) -> None:
        if "/manifests/" in self.path:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            self.state.add_manifest(data, self._name())
            return self._answer(201)
        upload = self._upload()
        self._drain()
        if upload is None:
            return self._answer(404)
        data = bytes(self.state.uploads.pop(upload))
        if Digest.of(data) not in self.path.replace("%3A", ":"):
            return self._answer(400, b'{"errors":[{"code":"DIGEST_INVALID"}]}')
        self.state.add_blob(data)
        if fault.mute:
            raise _Broken
        return self._answer(201)

    def _take(self, upload: str, fault: Fault) -> None:
        left = int(self.headers["Content-Length"])
        most = left if fault.cut < 0 else min(left, fault.cut)
        while most and (data := self.rfile.read(min(most, 1 << 16))):
            self.state.uploads[upload] += data
            self.state.received += len(data)
            most -= len(data)
        if fault.cut >= 0:
            raise _Broken

    def _body(self, data: bytes, fault: Fault) -> None:
        asked = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked and not fault.from_the_start else 0
        part = data[start:]
        if fault.flip:
            part = bytes([part[0] ^ 1]) + part[1:]
        part += b"!" * fault.more
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part if fault.cut < 0 else part[: fault.cut])
        self.state.sent += len(part) if fault.cut < 0 else fault.cut
        if fault.cut >= 0:
            raise _Broken

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
            self.state.sent += len(body)

    def _drain(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _name(self) -> str:
        return self.path.partition("?")[0].rpartition("/")[2]

    def _upload(self) -> str | None:
        name = self._name()
        return name if "/uploads/" in self.path and name in self.state.uploads else None


def image(registry: SmallRegistry, *layers: bytes, tag: str = "v1") -> Digest:
    """Have the registry hold an image of ours; returns its manifest digest."""
    for layer in layers:
        registry.add_blob(layer)
    config = json.dumps(
        {
            "config": {"Cmd": ["/usr/bin/python3"]},
            "rootfs": {"type": "layers", "diff_ids": list(map(Digest.of, layers))},
        }
    ).encode()
    registry.add_blob(config)
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": {"mediaType": CONFIG_TYPE, "digest": Digest.of(config), "size": len(config)},
        "layers": [{"mediaType": LAYER_TYPE, "digest": Digest.of(one), "size": len(one)} for one in layers],
    }
    return registry.add_manifest(json.dumps(manifest).encode(), tag)

"""Debian's docker-registry, on a free port of this machine: with passwords, with tokens, with TLS, read-only."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from servers.loopback import HOST, free_port

USER, PASSWORD = "ci", "open-sesame-0b7e"
_HTPASSWD = "ci:$2y$05$abcdefghijklmnopqrstuu8ve6CzJkRJw3fYwqRkfme/b.S8h6kza\n"
"""The password above, by bcrypt: the only kind that the registry takes."""


@dataclass(frozen=True)
class Registry:
    """A registry that runs."""

    host: str
    folder: Path
    scheme: str = "http"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    @property
    def files(self) -> Path:
        """Where it keeps what it was given."""
        return self.folder / "data" / "docker" / "registry" / "v2"

    def blob(self, digest: str) -> Path:
        """The file of a blob that it has."""
        digits = digest.removeprefix("sha256:")
        return self.files / "blobs" / "sha256" / digits[:2] / digits / "data"


@contextlib.contextmanager
def running(
    folder: Path, *, passwords: bool = True, data: Path | None = None, tls: tuple[Path, Path] | None = None, **more: Any
) -> Iterator[Registry]:
    """A registry, until the block ends.

    ``data``: another one's ``folder / "data"``; ``tls``: certificate and key; ``more``: sections of its configuration.
    """
    folder.mkdir(parents=True, exist_ok=True)
    host = f"{HOST}:{free_port()}"
    (folder / "htpasswd").write_text(_HTPASSWD)
    storage = {"filesystem": {"rootdirectory": str(data or folder / "data")}, "delete": {"enabled": True}}
    http: dict[str, Any] = {"addr": host, "secret": "a test's"}
    if tls:
        http["tls"] = {"certificate": str(tls[0]), "key": str(tls[1])}
    config: dict[str, Any] = {"version": 0.1, "log": {"level": "warn"}, "storage": storage, "http": http}
    if passwords:
        config["auth"] = {"htpasswd": {"realm": "ci", "path": str(folder / "htpasswd")}}
    for name, section in more.items():
        config[name] = {**config.get(name, {}), **section}
    (folder / "config.yml").write_text(json.dumps(config))
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            ["docker-registry", "serve", str(folder / "config.yml")],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "OTEL_TRACES_EXPORTER": "none"},
        )
    registry = Registry(host, folder, "https" if tls else "http")
    try:
        _wait_for(server, registry)
        yield registry
    finally:
        server.kill()
        server.wait()


def docker_config(folder: Path, host: str, user: str = USER, password: str = PASSWORD) -> Path:
    """What ``docker login`` would have written; returns the folder, for $DOCKER_CONFIG."""
    import base64

    folder.mkdir(parents=True, exist_ok=True)
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))
    return folder


def _wait_for(server: subprocess.Popen[bytes], registry: Registry) -> None:
    port = int(registry.host.rpartition(":")[2])
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if server.poll() is not None:
            raise AssertionError(f"docker-registry has ended: {registry.log}")
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), 1):
            return
        time.sleep(0.02)
    raise AssertionError(f"docker-registry does not listen: {registry.log}")

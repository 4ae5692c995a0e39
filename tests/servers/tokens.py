"""A docker-registry that wants bearer tokens, and the realm that signs them with a certificate that openssl makes."""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from servers import certificates
from servers import registry as registries
from servers.loopback import HOST, serving
from servers.registry import PASSWORD, USER, Registry

_SERVICE, _ISSUER = "a registry", "a realm"


class Realm:
    """Gives tokens to one user, for all repositories but those below ``forbidden/``."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self.asked: list[tuple[str, list[str]]] = []
        """User and scopes, each time."""
        self._key = key
        lines = certificate.read_text().splitlines()
        self._chain = ["".join(line for line in lines if not line.startswith("-----"))]

    def token(self, scopes: list[str]) -> str:
        now = int(time.time())
        access = []
        for scope in scopes:
            kind, name, actions = scope.split(":")
            access.append({"type": kind, "name": name, "actions": _allowed(name, actions.split(","))})
        claims = {
            "iss": _ISSUER, "sub": USER, "aud": _SERVICE, "jti": str(len(self.asked)),
            "nbf": now - 10, "iat": now, "exp": now + 300, "access": access,
        }  # fmt: skip
        signed = f"{_part({'typ': 'JWT', 'alg': 'RS256', 'x5c': self._chain})}.{_part(claims)}"
        argv = ["openssl", "dgst", "-sha256", "-sign", str(self._key)]
        signature = subprocess.run(argv, input=signed.encode(), capture_output=True, check=True).stdout
        return f"{signed}.{_base64(signature)}"


@contextlib.contextmanager
def running(folder: Path) -> Iterator[tuple[Registry, Realm]]:
    """Both, until the block ends."""
    certificate, key = certificates.self_signed(folder / "tls")
    realm = Realm(certificate, key)

    class Handler(_Handler):
        state = realm

    server = ThreadingHTTPServer((HOST, 0), Handler)
    auth = {
        "token": {
            "realm": f"http://{HOST}:{server.server_port}/token",
            "service": _SERVICE,
            "issuer": _ISSUER,
            "rootcertbundle": str(certificate),
        }
    }
    with serving(server), registries.running(folder / "registry", passwords=False, auth=auth) as registry:
        yield registry, realm


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: Realm

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        who = base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        user, _, password = who.partition(":")
        scopes = asked.get("scope", [])
        self.state.asked.append((user, scopes))
        known = (user, password) == (USER, PASSWORD) and asked["service"] == [_SERVICE]
        body = json.dumps({"token": self.state.token(scopes)} if known else {"errors": []}).encode()
        self.send_response(200 if known else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _allowed(name: str, actions: list[str]) -> list[str]:
    return [] if name.startswith("forbidden/") else actions


def _part(value: Any) -> str:
    return _base64(json.dumps(value).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

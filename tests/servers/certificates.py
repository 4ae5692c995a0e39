"""An authority and a server's certificate, made by openssl: for one test, trusted by nobody else."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


@dataclass(frozen=True)
class Certificates:
    """What a server needs to speak TLS, and what a client needs to believe it."""

    authority: Path
    """PEM."""
    context: ssl.SSLContext
    """The server's."""


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key, of the kind that tokens are signed with."""
    folder.mkdir(parents=True, exist_ok=True)
    certificate, key = folder / "server.crt", folder / "server.key"
    kind = ["-newkey", "rsa:2048", "-nodes", "-days", "2"]
    about = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"]
    _openssl("req", "-x509", *kind, *about, "-out", str(certificate), "-keyout", str(key))
    return certificate, key


def make(folder: Path, host: str = "127.0.0.1") -> Certificates:
    """Certificates for a server on this machine."""
    folder.mkdir(parents=True)
    authority, server = folder / "authority", folder / "server"
    subject = ["-subj", "/CN=an authority of the tests"]
    _openssl("req", "-x509", *_KEY, "-keyout", f"{authority}.key", "-out", f"{authority}.pem", *subject, "-days", "2")
    _openssl("req", *_KEY, "-keyout", f"{server}.key", "-out", f"{server}.csr", "-subj", f"/CN={host}")
    (folder / "names").write_text(f"subjectAltName=IP:{host}\n")
    signed_by = ["-CA", f"{authority}.pem", "-CAkey", f"{authority}.key", "-CAcreateserial", "-days", "2"]
    names = ["-extfile", str(folder / "names")]
    _openssl("x509", "-req", "-in", f"{server}.csr", *signed_by, "-out", f"{server}.pem", *names)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{server}.pem", f"{server}.key")
    return Certificates(Path(f"{authority}.pem"), context)


def _openssl(*arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], capture_output=True)
    assert done.returncode == 0, done.stderr.decode(errors="replace")

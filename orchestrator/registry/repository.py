"""A repository of a registry: the verbs of the OCI distribution API that pushing and pulling are made of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import IO, cast

from orchestrator.digest import Digest
from orchestrator.errors import Corruption
from orchestrator.image.oci import MANIFEST_TYPE, MAX_MANIFEST
from orchestrator.registry import credentials, transport
from orchestrator.registry.connection import Connection, Request, registry_at
from orchestrator.registry.credentials import Credentials
from orchestrator.registry.download import Download
from orchestrator.registry.retry import Patience
from orchestrator.registry.tokens import Authority
from orchestrator.registry.transport import Transport
from orchestrator.registry.upload import Source, is_there, upload

_SMALL = 1 << 20


class Repository:
    """One repository. Threads may share it."""

    def __init__(self, connection: Connection, name: str, lender: str | None = None) -> None:
        self._connection = connection
        self.name = name
        self._lender = lender

    def manifest(self, tag_or_digest: str) -> bytes:
        """A manifest's bytes. Asked for by digest, they are what that says.

        Raises:
            Absent: there is no such manifest.
            Corruption: the registry sent another one.
        """
        path = f"/v2/{self.name}/manifests/{tag_or_digest}"
        asked = Request("GET", path, expect=(200,), headers={"Accept": MANIFEST_TYPE})
        data = self._connection.patience.keep_trying(lambda: self._connection.once(asked).whole(MAX_MANIFEST))
        if tag_or_digest.startswith("sha256:") and (found := Digest.of(data)) != tag_or_digest:
            raise Corruption(f"asked for {tag_or_digest}, the registry sends bytes that hash to {found}")
        return data

    def put_manifest(self, tag_or_digest: str, data: bytes) -> None:
        """Write a manifest, whose blobs are all there."""
        path = f"/v2/{self.name}/manifests/{tag_or_digest}"
        kind = {"Content-Type": MANIFEST_TYPE}
        self._connection.ask(Request("PUT", path, expect=(200, 201), headers=kind, body=lambda: data)).whole(_SMALL)

    def has(self, digest: Digest) -> bool:
        """Whether a blob is there."""
        return is_there(self._connection, self.name, digest)

    def upload(self, source: Source) -> bool:
        """Have a blob there; whether its bytes had to be sent. Raises as :func:`upload` does."""
        return upload(self._connection, self.name, source, mount_from=self._lender)

    def open(self, digest: Digest, size: int) -> IO[bytes]:
        """A blob as a stream that raises at its end where it is not what its name says: see :class:`Download`."""
        return cast(IO[bytes], Download(self._connection, f"/v2/{self.name}/blobs/{digest}", digest, size))


def connect(
    host: str,
    name: str,
    *,
    write: bool,
    insecure: bool = False,
    lender: str | None = None,
    find_credentials: Callable[[str], Credentials | None] | None = None,
    certificates: Path = transport.CERTIFICATES,
    patience: Patience | None = None,
) -> Repository:
    """The repository ``name`` of the registry at ``host``. Nothing is asked of it yet, but how it is spoken to.

    Args:
        write: whether the right to push is asked for.
        insecure: allow plain HTTP, which is allowed on this machine's own addresses anyway.
        lender: another repository, from which the registry may take blobs instead of having them sent.
        find_credentials: by default what Docker's config says.

    Raises:
        RegistryProblem: its certificate is not trusted here.
    """
    wire = Transport(host, certificates=certificates)
    registry = registry_at(host, wire, insecure=insecure)
    scope = f"repository:{name}:{'pull,push' if write else 'pull'}"
    if lender:
        scope += f" repository:{lender}:pull"
    look_up = find_credentials or (lambda host: credentials.find(host, credentials.config_file()))
    authority = Authority(registry, scope, lambda: look_up(host), wire)
    return Repository(Connection(registry, authority, wire, patience or Patience()), name, lender)

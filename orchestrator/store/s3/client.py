"""How boto3 is made. Keys come the way they come for every AWS tool: environment, profile, or the machine's role."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3.session
from botocore.config import Config

from orchestrator.store.s3.patience import Patience

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECTIONS = 32


@dataclass(frozen=True)
class Server:
    """Which S3."""

    endpoint: str | None = None
    """``https://host:port``; None: the one of AWS, or what ``AWS_ENDPOINT_URL`` names."""
    region: str | None = None
    ca: Path | None = None
    """The certificates, in PEM, that the server's own is checked against; None: those of this machine."""

    def __str__(self) -> str:
        return self.endpoint or "the S3 server"


class Connection:
    """A client that is made when it is first needed: to import boto3 and to make one takes its time.

    Safe to share between threads and buckets, and across a fork.
    """

    def __init__(self, server: Server, patience: Patience | None = None) -> None:
        self.server = server
        self.patience = patience or Patience()
        self._made: tuple[int, S3Client] | None = None

    @property
    def client(self) -> S3Client:
        """The client of this process. What it raises is boto3's."""
        if self._made is None or self._made[0] != os.getpid():  # sockets are not to be shared across a fork
            self._made = (os.getpid(), make(self.server, self.patience))
        return self._made[1]


def make(server: Server, patience: Patience) -> S3Client:
    """A client. It asks once; :class:`~orchestrator.store.s3.bucket.Bucket` asks again.

    Checksums beyond those we send are off: servers other than AWS refuse them, or take a wrong one without a word.
    """
    config = Config(
        signature_version="s3v4",
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        retries={"mode": "standard", "total_max_attempts": 1},
        connect_timeout=patience.connect,
        read_timeout=patience.read,
        max_pool_connections=CONNECTIONS,
        tcp_keepalive=True,
        s3={"addressing_style": "path" if server.endpoint else "auto"},
    )
    session = boto3.session.Session()
    region = server.region or session.region_name or "us-east-1"
    verify = str(server.ca) if server.ca else None
    return session.client("s3", endpoint_url=server.endpoint, region_name=region, verify=verify, config=config)

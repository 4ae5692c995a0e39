"""A store in S3, or in any server that speaks it: blobs and records under one prefix of one bucket."""

from __future__ import annotations

from pathlib import Path

from orchestrator.errors import UsageError
from orchestrator.store.port import BlobStore, RecordStore
from orchestrator.store.s3.address import Address, check_endpoint
from orchestrator.store.s3.blobs import S3Blobs
from orchestrator.store.s3.bucket import Bucket
from orchestrator.store.s3.client import Connection, Server
from orchestrator.store.s3.patience import Patience
from orchestrator.store.s3.records import S3Records
from orchestrator.store.verified import Verified


def open_store(
    url: str,
    *,
    endpoint: str | None = None,
    region: str | None = None,
    ca: str | Path | None = None,
    scratch: Path | None = None,
    patience: Patience | None = None,
) -> tuple[BlobStore, RecordStore]:
    """The blobs and the records at ``s3://bucket/prefix``. Nothing is asked of the server yet.

    Args:
        url: which bucket, and what the names of all objects begin with.
        endpoint: ``https://host[:port]``; None: AWS, or what ``AWS_ENDPOINT_URL`` names.
        region: of the bucket; None: what boto3 finds.
        ca: certificates, in PEM, to check the server's against; None: those of this machine.
        scratch: a folder for large streams on their way; None: the system's.
        patience: how long the server is waited for.

    Raises:
        UsageError: an address that cannot be right, or no such file of certificates.
    """
    address = Address.parse(url)
    if endpoint is not None:
        check_endpoint(endpoint)
        endpoint = endpoint.rstrip("/")
    if ca is not None and not Path(ca).is_file():
        raise UsageError(f"no such file of certificates: {ca}", hint="correct store-ca")
    bucket = Bucket(address, Connection(Server(endpoint, region, Path(ca) if ca else None), patience))
    return Verified(S3Blobs(bucket, scratch)), S3Records(bucket)

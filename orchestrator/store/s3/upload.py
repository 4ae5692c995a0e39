"""Upload: small blobs at once, large ones in parts, several at a time. One that was broken off goes on where it was."""

from __future__ import annotations

import base64
import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from orchestrator.errors import EnvironmentProblem
from orchestrator.store.s3 import failures
from orchestrator.store.s3.bucket import Bucket
from orchestrator.store.s3.source import Part, Source

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, ListPartsOutputTypeDef

WORKERS = 4
_ROUNDS = 5


class _Gone(Exception):
    """Another process has finished this upload, or given it up."""


def upload(bucket: Bucket, name: str, source: Source) -> None:
    """Have the source's bytes under this name, whatever was there.

    Raises:
        EnvironmentProblem: the server does not take them.
        UsageError: the source has changed meanwhile.
    """
    if len(source.parts) == 1:
        bucket.write(name, source.read(source.parts[0]))
        return
    for failed in range(1, _ROUNDS + 1):
        try:
            _in_parts(bucket, name, source)
            return
        except _Gone:
            if is_there(bucket, name, source):
                return
            bucket.patience.wait(failed)
    raise EnvironmentProblem(
        f"{bucket.address}: the upload of {source.digest} was ended by others, {_ROUNDS} times",
        hint="run the command again: what is there already is not sent anew",
    )


def is_there(bucket: Bucket, name: str, source: Source) -> bool:
    """Whether the server says that it holds these very bytes."""
    there = bucket.head(name)
    return there is not None and (there.size, there.etag) == (source.size, source.etag)


def _in_parts(bucket: Bucket, name: str, source: Source) -> None:
    upload_id, done, others = _begun(bucket, name, source)
    missing = [part for part in source.parts if part.number not in done]
    with ThreadPoolExecutor(WORKERS) as pool:
        sent = pool.map(lambda part: _send(bucket, name, upload_id, part, source.read(part)), missing)
        try:
            done.update(zip((part.number for part in missing), sent, strict=True))
        finally:
            pool.shutdown(cancel_futures=True)
    _complete(bucket, name, upload_id, done)
    for other in others:
        _give_up(bucket, name, other)


def _give_up(bucket: Bucket, name: str, upload_id: str) -> None:
    with contextlib.suppress(failures.AccessRefused):  # it costs space, and stops nobody
        bucket.ask_unless(
            failures.NO_UPLOAD, lambda s3: s3.abort_multipart_upload(**bucket.target(name), UploadId=upload_id)
        )


def _begun(bucket: Bucket, name: str, source: Source) -> tuple[str, dict[int, str], list[str]]:
    """The upload to go on with, the ETags of those parts that it has already, and the uploads nobody needs.

    Who may not see the uploads that were begun begins a new one.
    """
    known: list[tuple[str, dict[int, str]]] = []
    with contextlib.suppress(failures.AccessRefused):
        known = [(upload_id, _parts_there(bucket, name, upload_id, source)) for upload_id in _uploads(bucket, name)]
    if not known:
        made = bucket.ask(lambda s3: s3.create_multipart_upload(**bucket.target(name)))
        return made["UploadId"], {}, []
    upload_id, done = max(known, key=lambda item: len(item[1]))
    return upload_id, done, [other for other, _ in known if other != upload_id]


def _uploads(bucket: Bucket, name: str) -> list[str]:
    """The uploads of this name that were begun and not finished."""
    key = bucket.address.key(name)
    told = bucket.ask(lambda s3: s3.list_multipart_uploads(Bucket=bucket.address.bucket, Prefix=key))
    return [item["UploadId"] for item in told.get("Uploads", ()) if item["Key"] == key]


def _parts_there(bucket: Bucket, name: str, upload_id: str, source: Source) -> dict[int, str]:
    """The ETags of those parts that the server has, and has right."""
    wanted = {part.number: (part.md5, part.size) for part in source.parts}
    found: dict[int, str] = {}
    marker = 0

    def request(s3: S3Client) -> ListPartsOutputTypeDef:
        return s3.list_parts(**bucket.target(name), UploadId=upload_id, PartNumberMarker=marker)

    while True:
        told = bucket.ask_unless(failures.NO_UPLOAD, request)
        for item in told.get("Parts", ()) if told else ():
            number, etag = item["PartNumber"], item["ETag"].strip('"')
            if wanted.get(number) == (etag, item["Size"]):
                found[number] = etag
        if not told or not told.get("IsTruncated"):
            return found
        marker = told["NextPartNumberMarker"]


def _send(bucket: Bucket, name: str, upload_id: str, part: Part, data: bytes) -> str:
    told = bucket.ask_unless(
        failures.NO_UPLOAD,
        lambda s3: s3.upload_part(
            **bucket.target(name),
            UploadId=upload_id,
            PartNumber=part.number,
            Body=data,
            ContentMD5=base64.b64encode(bytes.fromhex(part.md5)).decode(),
        ),
    )
    if told is None:
        raise _Gone
    return told["ETag"].strip('"')


def _complete(bucket: Bucket, name: str, upload_id: str, etags: dict[int, str]) -> None:
    """Make the parts one object. An upload with parts that are none of ours is given up: it fits nothing."""
    parts: list[CompletedPartTypeDef] = [{"PartNumber": number, "ETag": etag} for number, etag in sorted(etags.items())]
    told = bucket.ask_unless(
        failures.NO_UPLOAD | failures.OTHER_PARTS,
        lambda s3: s3.complete_multipart_upload(
            **bucket.target(name), UploadId=upload_id, MultipartUpload={"Parts": parts}
        ),
    )
    if told is None:
        _give_up(bucket, name, upload_id)
        raise _Gone

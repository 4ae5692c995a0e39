"""The requests that a store makes: each sent again where that may help, its errors explained, its bytes checked."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict, TypeVar

from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from orchestrator.errors import Corruption, EnvironmentProblem
from orchestrator.store.s3 import failures
from orchestrator.store.s3.address import Address
from orchestrator.store.s3.client import Connection

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

T = TypeVar("T")
_WRITER = "writer"
SMALL = 64 << 20
"""Bytes: what is read whole is never larger."""


class Target(TypedDict):
    """The arguments that name an object in a request."""

    Bucket: str
    Key: str


@dataclass(frozen=True)
class Head:
    """What a server tells of an object."""

    size: int
    """In bytes."""
    etag: str
    """Without quotes. Of an object put whole its MD5 in hexadecimal, with most servers and settings."""
    metadata: Mapping[str, str]
    modified: float
    """Seconds since 1970."""


class Bucket:
    """The objects under one prefix, by their names within it."""

    def __init__(self, address: Address, connection: Connection) -> None:
        self.address = address
        self.patience = connection.patience
        self._connection = connection

    def ask(self, request: Callable[[S3Client], T]) -> T:
        """Send a request, again and again where the failure may pass.

        Raises:
            EnvironmentProblem, UsageError: what is wrong, and what to do.
        """
        failed = 0
        while True:
            try:
                return request(self._connection.client)
            except failures.FOREIGN as error:
                failed += 1
                if failed >= self.patience.attempts or not failures.passes(error):
                    raise self.explained(error, failed) from error
                self.patience.wait(failed)

    def ask_unless(self, codes: frozenset[str], request: Callable[[S3Client], T]) -> T | None:
        """As :meth:`ask`; None where the server answers with one of these codes."""

        def asked(s3: S3Client) -> T | None:
            try:
                return request(s3)
            except ClientError as error:
                if failures.code(error) in codes:
                    return None
                raise

        return self.ask(asked)

    def explained(self, error: BaseException, tries: int) -> Exception:
        """An error of a request of this bucket's, in our words."""
        return failures.explained(error, f"{self.address} at {self._connection.server}", tries)

    def target(self, name: str) -> Target:
        """The arguments that name an object in a request."""
        return Target(Bucket=self.address.bucket, Key=self.address.key(name))

    def head(self, name: str) -> Head | None:
        """What is known of an object; None where it is not there."""

        def request(s3: S3Client) -> Head:
            told = s3.head_object(**self.target(name))
            return Head(
                told["ContentLength"], told["ETag"].strip('"'), told["Metadata"], told["LastModified"].timestamp()
            )

        return self._if_there(name, request)

    def read(self, name: str) -> tuple[bytes, Head] | None:
        """A small object, whole; None where it is not there."""

        def request(s3: S3Client) -> tuple[bytes, Head]:
            told = s3.get_object(**self.target(name))
            data = told["Body"].read(SMALL + 1)
            if len(data) > SMALL:
                raise Corruption(f"{self.address}: {name} is larger than any record or marker of ours")
            return data, Head(len(data), told["ETag"].strip('"'), told["Metadata"], told["LastModified"].timestamp())

        return self._if_there(name, request)

    def open(self, name: str, start: int = 0) -> tuple[StreamingBody, int] | None:
        """An object from a byte on, and the size of the whole; None where it is not there, or not that long."""

        def request(s3: S3Client) -> tuple[StreamingBody, int] | None:
            if not start:
                told = s3.get_object(**self.target(name))
                return told["Body"], told["ContentLength"]
            told = s3.get_object(**self.target(name), Range=f"bytes={start}-")
            return told["Body"], _whole(told.get("ContentRange", ""), start)

        return self._if_there(name, request, failures.ABSENT | failures.BEYOND)

    def read_range(self, name: str, start: int, length: int) -> bytes | None:
        """Some bytes of an object; None where it is not there, or not that long."""

        def request(s3: S3Client) -> bytes:
            return s3.get_object(**self.target(name), Range=f"bytes={start}-{start + length - 1}")["Body"].read()

        data = self._if_there(name, request, failures.ABSENT | failures.BEYOND)
        return data if data is not None and len(data) == length else None

    def write(self, name: str, data: bytes, metadata: Mapping[str, str] | None = None) -> None:
        """Put an object whole, over one that may be there. The server checks the bytes by their MD5."""
        self.ask(
            lambda s3: s3.put_object(
                **self.target(name), Body=data, ContentMD5=md5(data), Metadata=dict(metadata or {})
            )
        )

    def create(self, name: str, data: bytes, metadata: Mapping[str, str] | None = None) -> bool:
        """Put an object that is not there yet; False (and nothing is written) where it is.

        Each writer signs with a random word: whose answer was lost on the way recognises their own object.
        """
        signed = {**(metadata or {}), _WRITER: secrets.token_hex(16)}
        for failed in range(1, self.patience.attempts + 1):
            done = self.ask_unless(
                failures.EXISTS,
                lambda s3: s3.put_object(
                    **self.target(name), Body=data, ContentMD5=md5(data), Metadata=signed, IfNoneMatch="*"
                ),
            )
            if done is not None:
                return True
            if there := self.head(name):
                return there.metadata.get(_WRITER) == signed[_WRITER]
            self.patience.wait(failed)  # it has just been removed, or the server spoke too soon
        raise EnvironmentProblem(
            f"{self.address} at {self._connection.server}: {name} is neither there nor can it be made",
            hint="a store needs a server that honours `If-None-Match: *`; docs/stores.md lists some",
        )

    def remove(self, name: str) -> None:
        """Delete an object; nothing happens where it is not there."""
        self.ask_unless(failures.ABSENT, lambda s3: s3.delete_object(**self.target(name)))

    def copy(self, name: str, to: str) -> None:
        """Copy an object within the store; the server does it."""
        goal = self.target(to)
        source = self.target(name)
        self.ask(lambda s3: s3.copy({"Bucket": source["Bucket"], "Key": source["Key"]}, goal["Bucket"], goal["Key"]))

    def link(self, name: str, seconds: int, disposition: str) -> str:
        """An address under which anyone can read an object, for so long."""
        what = {**self.target(name), "ResponseContentDisposition": disposition}
        what["ResponseContentType"] = "application/octet-stream"
        return self.ask(lambda s3: s3.generate_presigned_url("get_object", Params=what, ExpiresIn=seconds))

    def names(self, beginning: str, *, at_most: int = 1000) -> Iterator[str]:
        """The names that begin so, in order; asked for page by page, each of ``at_most`` names."""
        after = ""
        while True:
            page, more = self._page(beginning, after, at_most)
            if page and page[0] <= after:
                raise EnvironmentProblem(
                    f"{self.address} at {self._connection.server} lists the same objects again and again",
                    hint="a store needs a server that honours `start-after` when it lists",
                )
            yield from map(self.address.name, page)
            if not more or not page:
                return
            after = page[-1]

    def _page(self, beginning: str, after: str, at_most: int) -> tuple[list[str], bool]:
        """Keys, and whether there are more."""
        prefix = self.address.key(beginning)
        told = self.ask(
            lambda s3: s3.list_objects_v2(Bucket=self.address.bucket, Prefix=prefix, StartAfter=after, MaxKeys=at_most)
        )
        return [item["Key"] for item in told.get("Contents", ())], told["IsTruncated"]

    def _if_there(
        self, name: str, request: Callable[[S3Client], T], absent: frozenset[str] = failures.ABSENT
    ) -> T | None:
        """None where there is no such object. Who may list a prefix only is told 403 for it by some servers."""
        try:
            return self.ask_unless(absent, request)
        except failures.AccessRefused:
            if self.address.key(name) not in self._page(name, "", 1)[0]:
                return None
            raise


def md5(data: bytes) -> str:
    """The value of Content-MD5. It guards the way to the server; a blob's own sha256 guards the rest."""
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def _whole(content_range: str, start: int) -> int:
    """The size of the whole object, from ``bytes 5-9/10``; -1 where the server sent another range."""
    span, _, size = content_range.removeprefix("bytes ").partition("/")
    return int(size) if size.isdigit() and span.partition("-")[0] == str(start) else -1

"""Where a store lies: ``s3://bucket/prefix``, and the names of its objects. None is outside the prefix."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from orchestrator.errors import UsageError

_BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_PART = r"[A-Za-z0-9!_.*'()=@+,-]{1,200}"
_HINT = "it reads s3://BUCKET/PREFIX"


@dataclass(frozen=True)
class Address:
    """A bucket and a prefix in it: the whole of a tenant's store."""

    bucket: str
    prefix: str
    """Without slashes at its ends; may be empty."""

    @classmethod
    def parse(cls, url: str) -> Address:
        """The address that a URL names.

        Raises:
            UsageError: it is none.
        """
        match = re.fullmatch(rf"s3://({_BUCKET})(?:/(.*))?", url, re.DOTALL)
        if match is None:
            raise UsageError(f"not the address of an S3 store: {_shown(url)!r}", hint=_HINT)
        prefix = (match[2] or "").strip("/")
        if not all(_is_part(part) for part in prefix.split("/") if prefix):
            raise UsageError(f"not a prefix for a store: {prefix!r}", hint=_HINT)
        return cls(match[1], prefix)

    def key(self, name: str) -> str:
        """The key, in the bucket, of an object of the store."""
        return f"{self.prefix}/{name}" if self.prefix else name

    def name(self, key: str) -> str:
        """The name, in the store, of a key; the opposite of :meth:`key`."""
        return key[len(self.key("")) :]

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


def check_endpoint(url: str) -> None:
    """A server is named by scheme, host and port, and nothing else.

    Raises:
        UsageError: it is not. The message holds no password that may have stood in it.
    """
    try:
        parts = urlsplit(url)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise UsageError(f"not the address of an S3 server: {_shown(url)!r}") from None
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "the address of an S3 server holds no user and no password",
            hint="keys come from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) or from AWS_PROFILE",
        )
    if not whole or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise UsageError(f"not the address of an S3 server: {_shown(url)!r}", hint="it reads https://HOST[:PORT]")


def _is_part(part: str) -> bool:
    return bool(re.fullmatch(_PART, part)) and part.strip(".") != ""


def _shown(url: str) -> str:
    """For a message: without what may be a user's password."""
    return re.sub(r"//[^/]*@", "//…@", url)[:200]

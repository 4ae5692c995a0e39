"""Content digests and canonical JSON: the two things every name in this project is made of."""

from __future__ import annotations

import hashlib
import re
from typing import IO, TYPE_CHECKING, Any

import rfc8785

from orchestrator.errors import UsageError

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema

_PATTERN = r"sha256:[0-9a-f]{64}"
_CHUNK = 1 << 20


class Digest(str):
    """``sha256:`` and 64 lower-case hexadecimal digits; checked whenever one is made.

    It is a ``str`` so that it serialises as itself, and a type so that no unchecked text passes for one.

    Raises:
        UsageError: the text is not a sha256 digest.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Digest:  # noqa: D102  (the class says it)
        if not re.fullmatch(_PATTERN, text):
            raise UsageError(f"not a digest: {text!r}", hint="a digest reads sha256:<64 hexadecimal digits>")
        return super().__new__(cls, text)

    @property
    def hex(self) -> str:
        """The 64 hexadecimal digits alone."""
        return self[7:]

    @property
    def short(self) -> str:
        """Twelve digits: enough for a person, never for a lookup."""
        return self[7:19]

    @classmethod
    def from_hex(cls, digits: str) -> Digest:
        """The digest with these 64 hexadecimal digits."""
        return cls("sha256:" + digits)

    @classmethod
    def of(cls, data: bytes) -> Digest:
        """The digest of these bytes."""
        return cls.from_hex(hashlib.sha256(data).hexdigest())

    @classmethod
    def of_stream(cls, stream: IO[bytes]) -> Digest:
        """The digest of what is left in a binary stream."""
        hasher = hashlib.sha256()
        while chunk := stream.read(_CHUNK):
            hasher.update(chunk)
        return cls.from_hex(hasher.hexdigest())

    @classmethod
    def of_json(cls, value: Any) -> Digest:
        """The digest of a value's canonical JSON."""
        return cls.of(canonical(value))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema(pattern=f"^{_PATTERN}$"))

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{_PATTERN}$"}


def canonical(value: Any) -> bytes:
    """The RFC 8785 canonical JSON of a value: one byte string per value, on any machine.

    Raises:
        UsageError: what JSON cannot carry exactly (NaN, an infinity, an integer beyond 2**53, half a character).
    """
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeError, RecursionError) as error:
        raise UsageError(f"no canonical JSON for this value: {error}") from error

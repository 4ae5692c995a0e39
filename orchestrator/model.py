"""What every recorded model shares: frozen, strict about unknown fields, one canonical JSON, one digest."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from orchestrator.digest import Digest, canonical
from orchestrator.errors import Corruption


class Frozen(BaseModel):
    """A value: compared by content, never changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


def build_all() -> None:
    """Build every model that is known by now: else each is when it is first used, and two threads could be at it."""
    waiting: list[type[Frozen]] = [Frozen]
    while waiting:
        model = waiting.pop()
        model.model_rebuild()
        waiting += model.__subclasses__()


class Document(Frozen):
    """A value that is stored by digest, as canonical JSON."""

    def to_bytes(self) -> bytes:
        """Canonical JSON; equal documents give equal bytes."""
        return canonical(self.model_dump(mode="json"))

    @property
    def digest(self) -> Digest:
        """The sha256 of :meth:`to_bytes`."""
        return Digest.of(self.to_bytes())

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Parse stored bytes.

        Raises:
            Corruption: the bytes are not such a document.
        """
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            raise Corruption(f"not a {cls.__name__}: {error}") from error

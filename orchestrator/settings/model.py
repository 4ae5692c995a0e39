"""The settings: which stores, which index, which registry. Keys in files are written with hyphens.

No pydantic here: every command reads its settings, and listing runs needs nothing else that takes as long to import.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from orchestrator.settings import kinds
from orchestrator.settings.urls import shown

Kind = Callable[[Any, Path], Any]
"""Reads a value as a file has it; relative paths are taken from the folder. Raises a ValueError that says why."""


def default_home() -> Path:
    """``orchestrator`` in the XDG data directory."""
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data).absolute() / "orchestrator"


def _said(kind: Kind, description: str) -> dict[str, Any]:
    return {"kind": kind, "description": description}


@dataclass(frozen=True, repr=False)
class Settings:
    """What is in force. Everything lies in ``home`` unless it is said otherwise."""

    home: Path = field(
        default_factory=default_home,
        metadata=_said(
            kinds.folder,
            "the folder for everything that is kept on this machine; default: `orchestrator` in the XDG data directory",
        ),
    )
    store: str | None = field(
        default=None,
        metadata=_said(
            kinds.bucket,
            "where a team keeps its runs: `s3://BUCKET/PREFIX`, with `home` as a cache; default: in `home`",
        ),
    )
    store_endpoint: str | None = field(
        default=None,
        metadata=_said(kinds.endpoint, "the S3 server, where it is not Amazon's: `https://HOST:PORT`"),
    )
    store_region: str | None = field(default=None, metadata=_said(kinds.region, "the bucket's region"))
    store_ca: Path | None = field(
        default=None,
        metadata=_said(kinds.folder, "a file with the certificates that the S3 server's is checked against"),
    )
    second_store: str | Path | None = field(
        default=None,
        metadata=_said(
            kinds.bucket_or_folder,
            "a copy of the store, which `fsck --repair` heals from: a folder or `s3://BUCKET/PREFIX`",
        ),
    )
    index: str | None = field(
        default=None,
        metadata=_said(kinds.postgres, "a team's index: `postgresql://USER@HOST/DATABASE`; default: SQLite in `home`"),
    )
    registry: str | None = field(
        default=None,
        metadata=_said(kinds.registry, "where `push` and `pull` keep images and bundles: `HOST:PORT/REPOSITORY`"),
    )

    def shown(self, key: str) -> str | None:
        """A value as people may see it: without a password."""
        value = getattr(self, name_of(key))
        return None if value is None else shown(str(value))

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{name_of(key)}={self.shown(key)!r}' for key in KEYS)})"


def name_of(key: str) -> str:
    """A key's name in Python."""
    return key.replace("-", "_")


def variable_of(key: str) -> str:
    """A key's environment variable."""
    return f"ORCHESTRATOR_{name_of(key).upper()}"


_FIELDS = {one.name.replace("_", "-"): one for one in fields(Settings)}
KEYS = tuple(_FIELDS)
"""As files have them."""
PROFILE = "profile"


def describe(key: str) -> str:
    """What a key means."""
    return str(_FIELDS[key].metadata["description"])


def parse(key: str, value: Any, base: Path) -> Any:
    """A value as a file has it, or text, read as the key's kind. Relative paths are taken from ``base``.

    Raises:
        ValueError: it cannot be right; the message holds no password.
    """
    kind: Kind = _FIELDS[key].metadata["kind"]
    return kind(value, base)

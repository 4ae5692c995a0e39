"""Homes that go at the end: copies of one that is kept, their files hard-linked."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from orchestrator.digest import Digest
from orchestrator.workspace import Workspace


def copied(source: Workspace, work: Path, keep: Callable[[Digest], bool] | None = None) -> Workspace:
    """A new home in ``work`` that has what another has; with ``keep``, only those blobs and no record."""
    home = Path(tempfile.mkdtemp(dir=work, prefix="home-"))
    for digest in filter(keep, source.blobs.list()):
        link(place(source.home, digest), place(home, digest))
    for key in source.records.list("") if keep is None else ():
        link(source.home / "records" / key, home / "records" / key)
    return Workspace(home)


def place(home: Path, digest: Digest) -> Path:
    """Where a home has a blob."""
    return home / "blobs" / "sha256" / digest.hex[:2] / digest.hex


def link(source: Path, target: Path) -> None:
    """Have a file in another place too, not to be written to; one that is there stays."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        target.hardlink_to(source)

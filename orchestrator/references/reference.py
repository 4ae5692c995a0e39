"""One step from what names a blob to the blob."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from orchestrator.digest import Digest

Kind = Literal[
    "plan", "outcome", "metrics", "tree", "file", "facts", "text",
    "lock", "base", "deb", "wheel", "manifest", "config", "layer",
]  # fmt: skip
"""tree, outcome, plan, lock, base, manifest: documents that name others. The rest are leaves."""


@dataclass(frozen=True)
class Reference:
    """A blob that something names."""

    digest: Digest
    kind: Kind
    by: str
    """Who names it, for a person: ``run 01AB…: code: src/train.py``."""
    rebuildable: bool = False
    """Whether it is made again from other blobs, which are references too: an image's parts, from its lock."""
    part: str = ""
    """The part of the run it belongs to: code, data, agent, image, outcome, facts, origin."""

"""Links to artifacts: each on a line of its own, to be copied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestrator.cli.render.basics import columns, size
from orchestrator.compare.values import printable

if TYPE_CHECKING:
    from orchestrator.operations.linking import Link


def listing(links: Sequence[Link]) -> str:
    """Links as a table."""
    if not links:
        return "no artifacts"
    return columns(("artifact", "size", "link"), [(printable(link.path), size(link.size), link.url) for link in links])

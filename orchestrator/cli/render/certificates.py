"""Certificates, and the causes of what did not come back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from orchestrator.compare.values import printable

if TYPE_CHECKING:
    from orchestrator.run import CertificateRecord


def rows(record: CertificateRecord | None) -> list[tuple[str, object]]:
    """A certificate in the table of its run; nothing where there is none."""
    if record is None:
        return []
    by = f" ({', '.join(record.comparators)})" if record.comparators else ""
    return [
        ("certified", f"{record.answer}{by}, by replay {record.replay}"),
        *(("cause", printable(cause)) for cause in record.causes),
    ]


def reasons(causes: Iterable[str]) -> list[str]:
    """What could not be owned, below a verdict."""
    lines = [f"  · {printable(cause)}" for cause in causes]
    return [click.style("what could not be owned, and may be the cause:", bold=True), *lines] if lines else []

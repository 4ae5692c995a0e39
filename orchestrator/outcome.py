"""The Outcome: what a plan produced and must produce again. Its digest is the *result digest*."""

from __future__ import annotations

from typing import Literal

from orchestrator.digest import Digest
from orchestrator.model import Document
from orchestrator.runspec.model import RecordedScalar


class Outcome(Document):
    """Two executions reproduce each other bit for bit when their outcomes have equal digests."""

    format: Literal["orchestrator.outcome/1"] = "orchestrator.outcome/1"
    exit_code: int
    """As a shell sees it: 128 + n where signal n ended the job."""
    params: dict[str, RecordedScalar]
    """Those of the plan, then those that the job logged."""
    metrics: Digest
    """A metrics table (:mod:`orchestrator.metrics`)."""
    artifacts: Digest
    """A tree object; paths begin with ``outputs/`` or ``workspace/``."""

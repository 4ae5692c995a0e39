"""The Outcome: what a plan produced and must produce again. Its digest is the *result digest*."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from orchestrator.digest import Digest
from orchestrator.model import Document
from orchestrator.runspec.model import RecordedScalar


class Outcome(Document):
    """Two executions reproduce each other bit for bit when their outcomes have equal digests."""

    format: Literal["orchestrator.outcome/1"] = "orchestrator.outcome/1"
    exit_code: int
    """As a shell sees it: 128 + n where signal n ended the job. -1: unknown, in what a lost run left."""
    params: dict[str, RecordedScalar]
    """Those of the plan, then those that the job logged."""
    metrics: Digest
    """A metrics table (:mod:`orchestrator.metrics`)."""
    artifacts: Digest
    """A tree object; paths begin with ``outputs/``, ``workspace/``, ``mlflow/`` or ``models/``."""
    children: dict[str, Digest] = Field(default={}, exclude_if=lambda value: not value)
    """The outcomes of the runs within the run, by name: MLflow's nested ones, and each of several."""

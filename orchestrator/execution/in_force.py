"""Which of a plan's controls the host has to see to, in plans of before there were any too."""

from __future__ import annotations

from orchestrator.plan import Plan

PRELOAD = "LD_PRELOAD"
"""The interposer is for the job: the container's first process runs without it, and hands it on."""


def in_force(plan: Plan, control: str) -> bool:
    """Whether a control is in force."""
    return plan.controls is not None and plan.controls.has(control)


def fixed_identity(plan: Plan) -> bool:
    """Whether hostname and process id are the same in each run; before there were controls, they always were."""
    return plan.controls is None or plan.controls.identity

"""What differs between two runs: plans, outcomes, facts."""

from __future__ import annotations

from orchestrator.compare.difference import Difference, group
from orchestrator.compare.facts import compare_facts
from orchestrator.compare.plans import compare_plans
from orchestrator.operations import runs
from orchestrator.operations.replaying import outcome_difference
from orchestrator.workspace import Workspace


def diff(workspace: Workspace, left: str, right: str) -> Difference:
    """Lay two recorded runs side by side. A run without an outcome has only its plan and facts compared.

    Raises:
        NotFound: there is no such run.
    """
    one, other = runs.find(workspace, left), runs.find(workspace, right)
    plans = compare_plans(runs.plan_of(workspace, one), runs.plan_of(workspace, other), workspace.blobs)
    facts = compare_facts(one.facts, other.facts, (one.origin, other.origin))
    outcomes = [outcome_difference(workspace, one, other)] if one.outcome and other.outcome else []
    return group("runs", [plans, *outcomes, facts], left=one.id, right=other.id)

"""Replay a run: the recorded plan once more, then the two outcomes laid side by side and judged."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from orchestrator.bundle.foreign import Ask
from orchestrator.compare.causes import causes
from orchestrator.compare.difference import Difference
from orchestrator.compare.outcomes import compare_outcomes
from orchestrator.compare.policy import judge
from orchestrator.compare.verdict import Verdict
from orchestrator.errors import UsageError
from orchestrator.operations import allowing, building, contract, execute, runs
from orchestrator.operations import cold as cold_start
from orchestrator.operations.cold import ColdStart
from orchestrator.operations.execute import Watcher
from orchestrator.run import Origin, Run, VerdictRecord
from orchestrator.workspace import Workspace


@dataclass(frozen=True)
class Replayed:
    """A replay and what it came to."""

    original: Run
    replay: Run
    difference: Difference
    verdict: Verdict
    causes: tuple[str, ...] = ()
    """What could not be owned, where it is not the same bit for bit."""
    cold: ColdStart | None = None
    """How its image was made, where it was made for this replay."""


def replay(
    workspace: Workspace,
    run: str,
    *,
    watcher: Watcher | None = None,
    force: bool = False,
    cold: bool = False,
    allow: Collection[Ask] = (),
) -> Replayed:
    """Replay a run: its recorded agent, code, data and image, not today's.

    Args:
        workspace: where it is recorded.
        run: an id, a unique prefix, ``last``.
        watcher: sees the console and may stop the replay.
        force: try it, even where this machine's CPU or GPUs cannot keep to what the run was pinned to.
        cold: make the image again from its lock, wheels and .debs, as if this machine had never had it.
        allow: what the plan of an imported run may ask of this machine.

    Raises:
        NotFound: there is no such run, or it has no outcome to compare with.
        UsageError: it is a run within a run.
        NotReplayable: its image can be had no more, or comes out as another one, or this machine cannot keep to what it
            was pinned to, or its data did not come along.
        NotAllowed: it was imported, and asks for more than is allowed.
        Interrupted: stopped by a signal.
    """
    original = runs.find(workspace, run)
    if original.origin.parent:
        raise UsageError(
            f"{original.id} was made within {original.origin.parent}: it comes back with that one",
            hint=f"`orchestrator replay {original.origin.parent}`",
        )
    runs.outcome_of(workspace, original)  # speak up before anything runs
    if original.status == "killed":
        workspace.report(f"{original.id} was stopped before its end: its replay will not be, and so will differ")
    plan = runs.plan_of(workspace, original)
    allowing.check(workspace, original, plan, allow, cold=cold)
    contract.check_replay(workspace, plan, original, force=force)
    origin = original.origin.model_copy(update={"kind": "replay", "of": original.id})
    clock = original.facts.clock
    with workspace.claims.shared():  # until the live run names what it needs
        runs.find(workspace, original.id)  # somebody may have removed it while we waited
        image, done = (
            cold_start.provide(workspace, plan.image) if cold else (building.provide(workspace, plan.image), None)
        )
        live = execute.begin(workspace, plan, original.name, Origin.model_validate(origin.model_dump()), clock)
    workspace.report(f"replaying {original.id} as {live.request.id}")
    replayed = compare(workspace, original, execute.in_foreground(workspace, live, image, watcher or Watcher()))
    return replace(replayed, cold=done)


def compare(workspace: Workspace, original: Run, again: Run) -> Replayed:
    """Judge a replay by the policy in the original's plan, and record the verdict."""
    plan = runs.plan_of(workspace, original)
    difference = outcome_difference(workspace, original, again)
    verdict = judge(difference, plan.verify, workspace.blobs)
    same = verdict.exactness == "bit-exact" and not verdict.failures
    why = () if same else causes(plan, original.facts, again.facts)
    record = VerdictRecord(of=original.id, replay=again.id, verdict=verdict.model_dump(mode="json"), causes=why)
    workspace.records.create(f"verdicts/{original.id}/{again.id}", record.to_bytes())
    return Replayed(original, again, difference, verdict, why)


def outcome_difference(workspace: Workspace, left: Run, right: Run) -> Difference:
    """How two runs' outcomes and consoles differ.

    Raises:
        NotFound: one of them has no outcome.
    """
    return compare_outcomes(
        runs.outcome_of(workspace, left),
        runs.outcome_of(workspace, right),
        workspace.blobs,
        streams={
            "stdout": (left.facts.stdout, right.facts.stdout),
            "stderr": (left.facts.stderr, right.facts.stderr),
        },
    )

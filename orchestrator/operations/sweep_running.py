"""Run the trials of a sweep: from a spec, or from where another command left it."""

from __future__ import annotations

from pathlib import Path

from orchestrator.errors import Interrupted, UsageError
from orchestrator.failpoint import reached
from orchestrator.operations import building, contract, recover, sweep_holding, sweeping
from orchestrator.operations.pinning import pin_and_build
from orchestrator.operations.signals import Stop
from orchestrator.operations.spec import read_spec
from orchestrator.operations.submitting import origin_of
from orchestrator.operations.sweep_driving import shared_by_threads
from orchestrator.operations.sweep_session import Session
from orchestrator.operations.sweep_strategy import strategy
from orchestrator.operations.sweep_trials import Setup
from orchestrator.operations.sweeping import SweepState
from orchestrator.plan import Plan
from orchestrator.run import Origin
from orchestrator.runspec.model import RunSpec
from orchestrator.store.streams import put_bytes, read_document
from orchestrator.sweep.model import SweepRecord, means_sweep, new_id, sweep_key
from orchestrator.sweep.strategy import budget
from orchestrator.workspace import Workspace


def sweep(
    workspace: Workspace, target: Path, *, overrides: tuple[str, ...] = (), stop: Stop | None = None
) -> SweepState:
    """Run a sweep, or go on with one.

    Args:
        workspace: where.
        target: a spec, or the folder of a ``runspec.yaml``: a new sweep; a sweep's id: what is left of it.
        overrides: ``sweep.trials=…`` and the like; a sweep that has begun keeps its own.
        stop: stops the trials that run; they are recorded, and run again when the sweep goes on.

    Raises:
        SpecError, LockError, UsageError: the spec, its lock, code or data cannot be right. Nothing has run.
        NotFound: there is no such sweep.
        NotReplayable: what was recorded would be suggested otherwise today.
        EnvironmentProblem: Optuna is asked for, and not installed.
        EngineError: no engine answers, or it refused.
        Interrupted: stopped by a signal.
    """
    if means_sweep(str(target)) and not target.exists():
        if overrides:
            raise UsageError(f"{target} keeps what it was begun with", hint="a spec begins another sweep")
        return resume(workspace, str(target), stop=stop)
    recover.recover(workspace)
    begun = begin(workspace, target, overrides)
    workspace.report(f"sweep {begun.id}")
    return _run(workspace, begun, stop or Stop())


def resume(workspace: Workspace, text: str, *, stop: Stop | None = None) -> SweepState:
    """Go on with a sweep; one that is finished stays as it is. Raises as :func:`sweep` does."""
    recover.recover(workspace)
    state = sweeping.sweep_state(workspace, text)
    if state.summary.state == "finished":
        return state
    return _run(workspace, state.record, stop or Stop())


def begin(workspace: Workspace, spec: Path, overrides: tuple[str, ...] = ()) -> SweepRecord:
    """Pin everything, build the image, and record the sweep: no trial has run. Raises as :func:`sweep` does."""
    read = read_spec(spec, overrides)
    section = sweeping.section_of(read.spec)
    strategy(section, seed_of(read.spec))  # what is missing is said before anything is built
    with workspace.claims.shared():  # until the record names what it needs
        pinned = pin_and_build(workspace, spec, overrides)
        contract.check_submit(workspace, pinned.plan)
        return record(workspace, pinned.spec.spec, pinned.plan, origin_of(workspace, pinned), overrides)


def record(
    workspace: Workspace, spec: RunSpec, plan: Plan, origin: Origin, overrides: tuple[str, ...] = ()
) -> SweepRecord:
    """Record a sweep that begins now."""
    section = sweeping.section_of(spec)
    made = SweepRecord(
        id=new_id(workspace.now(), workspace.chance()),
        name=spec.name,
        created=workspace.timestamp(),
        origin=origin,
        overrides=overrides,
        plan=put_bytes(workspace.blobs, plan.to_bytes()),
        method=section.method,
        metric=section.objective.metric,
        direction=section.objective.direction,
        trials=budget(section),
        parallel=section.parallel,
        pruner=section.pruner,
        seed=seed_of(spec),
        sampler=strategy(section, seed_of(spec)).name,
    )
    while not workspace.records.create(sweep_key(made.id), made.to_bytes()):
        made = made.model_copy(update={"id": new_id(workspace.now(), workspace.chance())})
    reached("sweep.begun")
    return made


def seed_of(spec: RunSpec) -> int:
    """What the suggestions start from."""
    said = sweeping.section_of(spec).seed
    return spec.seed if said is None else said


def setup_of(workspace: Workspace, of: SweepRecord) -> Setup:
    """What all trials share, from the store alone, with the image in the engine.

    Raises:
        NotReplayable: the image can be had no more.
        EnvironmentProblem: this machine cannot keep to what the plan pins.
    """
    spec = sweeping.spec_of(workspace, of)
    plan = read_document(workspace.blobs, Plan, of.plan)
    contract.check_submit(workspace, plan)
    return Setup(of, spec, sweeping.section_of(spec), plan, building.provide(workspace, plan.image))


def _run(workspace: Workspace, of: SweepRecord, stop: Stop) -> SweepState:
    with sweep_holding.held(workspace, of.id), shared_by_threads(workspace):
        session = Session.of(workspace, setup_of(workspace, of), stop)
        session.run()
    ended = len(session.ended)
    left = ended < of.trials
    if stop.requested and left:
        raise Interrupted(
            f"sweep {of.id} was stopped: {ended} of {of.trials} trials have ended",
            stop.requested,
            hint=f"`orchestrator sweep {of.id}` goes on",
        )
    if left:
        workspace.report(f"the time is up: {ended} of {of.trials} trials; `orchestrator sweep {of.id}` goes on")
    return sweeping.state_of(workspace, of)

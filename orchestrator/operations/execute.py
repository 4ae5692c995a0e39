"""Run a plan: the part that submit, replay, the background process and recovery share."""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from orchestrator import process, runid
from orchestrator.agent.redact import NO_SECRETS, Secrets
from orchestrator.digest import Digest
from orchestrator.engine.port import ContainerSpec
from orchestrator.errors import EnvironmentProblem
from orchestrator.execution import values
from orchestrator.execution.collect import Collected, Machine, collect
from orchestrator.execution.container import container_spec
from orchestrator.execution.follow import Piece
from orchestrator.execution.live import LiveRun, Request
from orchestrator.execution.prepare import prepare
from orchestrator.execution.supervise import Supervision, supervise
from orchestrator.failpoint import reached
from orchestrator.operations.announcing import announce, withdraw
from orchestrator.operations.hiding import Hiding
from orchestrator.operations.indexing import tell_index
from orchestrator.operations.signals import Stop
from orchestrator.plan import Plan
from orchestrator.run import Origin, Run
from orchestrator.settings import handing_on
from orchestrator.store.streams import put_bytes, read_document
from orchestrator.workspace import Workspace

_RESTARTED = "the machine was started anew before the run was recorded: what it had written may be incomplete"
_WRITERS = 16
"""At once: their fsyncs share the disk's flushes."""


@dataclass(frozen=True)
class Watcher:
    """Who watches a run in the foreground: sees its console, and may stop it."""

    console: Callable[[Piece], None] = lambda piece: None
    stop: Stop = field(default_factory=Stop)
    progress: Callable[[dict[str, tuple[int, float]]], None] | None = None
    tails: Callable[[list[Piece]], None] = lambda tails: None


def begin(workspace: Workspace, plan: Plan, name: str, origin: Origin, clock: Digest | None = None) -> LiveRun:
    """Store the plan, lay down everything that will be mounted, and hold the run.

    ``clock``: the recorded one to be fed back, for a replay.

    Raises:
        UsageError: a secret cannot be read, or its value stands in the plan.
        NotFound, Corruption: the store lacks something that the plan names, or it is damaged.
    """
    _check_host(plan)
    secrets = values.read(plan.secrets)
    reached("begin.asked")
    data = plan.to_bytes()
    values.refuse(Secrets(secrets), data)
    _tell_short(workspace, secrets)
    request = Request(
        id=runid.new(workspace.now(), workspace.chance()),
        name=name,
        plan=put_bytes(workspace.blobs, data),
        origin=origin,
        created=workspace.timestamp(),
        clock=clock,
        store=workspace.settings.store,
        boot=workspace.boot(),
    )
    reached("begin.planned")
    run = _claim(workspace, request)
    reached("begin.claimed")
    plan = Plan.from_bytes(data)  # as a replay reads it: JSON writes 1.0 as 1
    try:
        prepare(plan, run, workspace.blobs, secrets)
        reached("begin.prepared")
    except BaseException:
        withdraw(workspace, run.request.id)
        run.remove()
        raise
    return run


def _tell_short(workspace: Workspace, secrets: Mapping[str, bytes]) -> None:
    for name in (name for name, value in secrets.items() if not Secrets({name: value})):
        workspace.report(f"secret {name} is too short to be told from other text: it is not hidden in the record")


def _claim(workspace: Workspace, request: Request) -> LiveRun:
    """The run's folder; where another run of this millisecond has its id, here or elsewhere, it gets another."""
    while True:
        with contextlib.suppress(FileExistsError):
            run = LiveRun.begin(workspace.live, request)
            try:
                if announce(workspace, request):
                    return run
            except BaseException:
                run.remove()
                raise
            run.remove()
        request = request.model_copy(update={"id": runid.new(workspace.now(), workspace.chance())})


def in_foreground(workspace: Workspace, run: LiveRun, image: str, watcher: Watcher) -> Run:
    """Look after a run that has begun, to its end.

    Raises:
        Interrupted: a signal asked to stop it; it is recorded.
        EngineError: the engine refused it, or went away; then the next command takes it up.
    """
    watcher.stop.shield()
    plan = load_plan(workspace, run)
    known = values.of(plan, run)
    secrets = known or NO_SECRETS
    if known is None:  # the machine was started anew: nobody can say what may be shown
        watcher = Watcher(stop=watcher.stop)
    hiding = Hiding(secrets)
    with_ = supervision(
        workspace,
        container=lambda: container_spec(plan, run, image),
        collect=collector(workspace, run, plan, stopped=lambda: watcher.stop.requested is not None),
        watcher=_discreet(watcher, hiding, secrets),
    )
    recorded = supervise(run, with_, may_launch=True)
    for piece in hiding.rest():
        watcher.console(piece)
    watcher.stop.raise_if_requested(recorded.id)
    return recorded


def _discreet(watcher: Watcher, hiding: Hiding, secrets: Secrets) -> Watcher:
    """Shows no value of a secret, whatever the job writes into its record folder by itself."""
    if not secrets:
        return watcher

    progress = watcher.progress
    return Watcher(
        console=lambda piece: watcher.console(hiding.piece(piece)),
        stop=watcher.stop,
        progress=progress and (lambda points: progress({secrets.text(name): last for name, last in points.items()})),
        tails=lambda tails: watcher.tails(hiding.tails(tails)),
    )


def in_background(workspace: Workspace, run: LiveRun, image: str | None) -> None:
    """Hand a run over to a process of its own. ``image``: None for a run that was launched before."""
    what = [run.request.id, str(run.lock_descriptor), *([image] if image else [])]
    process.detach(
        [sys.executable, "-m", "orchestrator.cli.main", "supervise", *what],
        log=workspace.home / "supervise.log",
        env=handing_on.environment(workspace.settings),
        keep=[run.lock_descriptor],
    )
    reached("detach.spawned")
    run.release()
    reached("detach.released")


def supervision(
    workspace: Workspace, *, container: Callable[[], ContainerSpec], collect: Callable[[], Collected], watcher: Watcher
) -> Supervision:
    """The ports of :func:`~orchestrator.execution.supervise.supervise`, from a workspace."""
    return Supervision(
        engine=workspace.engine,
        container=container,
        collect=collect,
        record=lambda recorded: record(workspace, recorded),
        claim=workspace.claims.shared,
        console=watcher.console,
        tails=watcher.tails,
        stop=watcher.stop.take,
        progress=watcher.progress,
    )


def collector(
    workspace: Workspace, run: LiveRun, plan: Plan, *, stopped: Callable[[], bool] = lambda: False
) -> Callable[[], Collected]:
    """Makes a Run of what a run has left. The engine is asked now: later it is busy removing the container.

    ``stopped``: whether we asked the run to stop; a second signal leaves the agent no time to say so.
    """
    machine = Machine(workspace.host(gpus=plan.resources.gpus > 0), workspace.engine.version())

    def collected() -> Collected:
        found = collect(plan, run, workspace.blobs, machine, workspace.timestamp())
        if run.request.boot not in (None, workspace.boot()):
            return found.unsure(_RESTARTED)
        if found.run.status == "lost" and stopped():
            return Collected(found.run.model_copy(update={"status": "killed"}), found.children)
        return found

    return collected


def record(workspace: Workspace, collected: Collected) -> None:
    """Make a run part of the store, then of the index; the runs within it first. Repeating it changes nothing."""

    def create(run: Run) -> None:
        workspace.records.create(f"runs/{run.id}", run.to_bytes())

    with ThreadPoolExecutor(_WRITERS) as pool:
        list(pool.map(create, collected.children))
    reached("record.children")
    create(collected.run)
    reached("record.run")
    withdraw(workspace, collected.run.id)
    index(workspace, collected.run)
    reached("record.indexed")


def index(workspace: Workspace, run: Run) -> None:
    """Make a recorded run, and those within it, known to the index."""
    tell_index(workspace, [*children(workspace, run.id), run])


def children(workspace: Workspace, run_id: str) -> Iterator[Run]:
    """The recorded runs within a run, as they were made."""
    for number in itertools.count(1):
        record = workspace.records.read(f"runs/{runid.child(run_id, number)}")
        if record is None:
            return
        yield Run.from_bytes(record)


def load_plan(workspace: Workspace, run: LiveRun) -> Plan:
    """The plan of a live run."""
    return read_document(workspace.blobs, Plan, run.request.plan)


def _check_host(plan: Plan) -> None:
    """What this machine cannot give is said before anything begins."""
    usable = len(os.sched_getaffinity(0))
    if plan.resources.cpus > usable:
        raise EnvironmentProblem(
            f"the plan asks for {plan.resources.cpus} CPUs, this machine has {usable}",
            hint="run it on a machine that has them; fewer threads may give other results",
        )

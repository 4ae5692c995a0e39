"""What a run left behind becomes an Outcome and Facts. Nothing is moved: it can be repeated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestrator import metrics, runid
from orchestrator.agent import wire
from orchestrator.digest import Digest
from orchestrator.execution import (
    accesses,
    artifacts,
    ending,
    events,
    interposed,
    notes,
    tensorboard,
    tracked,
    untrusted,
    values,
)
from orchestrator.execution.artifacts import Left
from orchestrator.execution.clean import clean
from orchestrator.execution.ending import Ended, Started
from orchestrator.execution.live import LiveRun
from orchestrator.execution.tracked import Child, Own
from orchestrator.execution.untrusted import is_readable
from orchestrator.failpoint import reached
from orchestrator.metrics import Series
from orchestrator.outcome import Outcome
from orchestrator.plan import Plan
from orchestrator.run import Facts, Origin, Run, Status
from orchestrator.store import capture, tree
from orchestrator.store.port import FileBlobs
from orchestrator.store.streams import put_bytes

_VALUES_GONE = "nothing that it wrote is kept: the values of its secrets are gone, and nobody can say what holds one"
MAX_NOTES = 50
UNKNOWN_EXIT = -1
_WRITERS = 16
"""At once: their fsyncs share the disk's flushes."""
TENSORBOARD = "tensorboard"


@dataclass(frozen=True)
class Collected:
    """A run and the runs within it, ready to be recorded."""

    run: Run
    children: tuple[Run, ...] = ()

    def unsure(self, why: str) -> Collected:
        """The same, where nobody can say that all is there: the runs are lost, and what is left of them is partial."""
        return Collected(_lost(self.run, why), tuple(_lost(child, why) for child in self.children))


def _lost(run: Run, why: str) -> Run:
    partial = run.facts.partial or run.outcome
    facts = run.facts.model_copy(update={"partial": partial, "notes": (why, *run.facts.notes)})
    return run.model_copy(update={"status": "lost", "outcome": None, "facts": facts})


@dataclass(frozen=True)
class Machine:
    """Where a run was executed: facts."""

    host: dict[str, Any]
    engine: dict[str, Any]


def collect(plan: Plan, run: LiveRun, blobs: FileBlobs, machine: Machine, ended: str) -> Collected:
    """Store what the run produced and describe it. ``ended``: the time to note where the agent noted none."""
    exit_record = ending.ended(run.record)
    started = ending.started(run.record)
    if exit_record is None and started is None:
        facts = _facts(run, machine, None, None, ended, ["the container was never started"], {})
        return Collected(_run(run, "lost", None, facts))
    secrets = values.of(plan, run)
    if secrets is None:
        facts = _facts(run, machine, None, None, ended, [_VALUES_GONE], {})
        return Collected(_run(run, "lost", None, facts))
    clean(run.record, secrets)
    started = ending.started(run.record)
    reached("collect.begun")
    logged = events.read(run.record)
    reached("collect.events")
    left = artifacts.keep(plan, run, blobs, secrets)
    reached("collect.artifacts")
    noted = notes.complete(notes.read(run.record), logged)
    own, children = tracked.share_out(noted, logged, left.proxied)
    outcomes = _outcomes_of(children, blobs)
    reached("collect.children")
    exit_code = exit_record.code if exit_record else UNKNOWN_EXIT
    scalars = _scalars(plan, left)
    table = _merged(own.logged.metrics, scalars.series)
    outcome = put_bytes(blobs, _outcome(exit_code, plan, own, left, table, outcomes, blobs).to_bytes())
    reached("collect.outcome")
    status, about = _status(exit_record)
    owned = interposed.keep(run, plan, blobs)
    reached("collect.clock")
    about += [*(started.notes if started else ()), *owned.notes]
    about += [*_about_record(exit_record, logged.damaged), *noted.about()]
    about += [*untrusted.replaced(run.record), *left.notes, *scalars.notes]
    about = [secrets.text(note) for note in about]
    facts = _facts(run, machine, exit_record, started, ended, about, _streams(run.record, blobs)).model_copy(
        update={
            "partial": None if exit_record else outcome,
            "clock": owned.clock,
            "determinism": owned.counters,
            "accesses": _accesses(plan, run.record, left.code, blobs),
            "tags": dict(own.logged.tags),
            "models": tuple(own.files.models),
            "datasets": own.datasets,
        }
    )
    return Collected(
        _run(run, status, outcome if exit_record else None, facts),
        tuple(_child_run(run, number, child, outcomes[child.name], facts) for number, child in enumerate(children, 1)),
    )


def _outcome(
    exit_code: int,
    plan: Plan,
    own: Own,
    left: Left,
    table: Mapping[str, Series],
    children: Mapping[str, Digest],
    blobs: FileBlobs,
) -> Outcome:
    return Outcome(
        exit_code=exit_code,
        params={**plan.params, **own.logged.params},
        metrics=_table(table, blobs),
        artifacts=_tree([*left.entries, *own.files.artifacts], blobs),
        children=dict(children),
    )


def _outcomes_of(children: Sequence[Child], blobs: FileBlobs) -> dict[str, Digest]:
    with ThreadPoolExecutor(_WRITERS) as pool:
        stored = pool.map(lambda child: _outcome_of_child(child, blobs), children)
        return dict(zip((child.name for child in children), stored, strict=True))


def _outcome_of_child(child: Child, blobs: FileBlobs) -> Digest:
    outcome = Outcome(
        exit_code=0 if child.status == "finished" else 1,
        params=dict(child.logged.params),
        metrics=_table(child.logged.metrics, blobs),
        artifacts=_tree(child.files.artifacts, blobs),
    )
    return put_bytes(blobs, outcome.to_bytes())


def _scalars(plan: Plan, left: Left) -> tensorboard.Scalars:
    """What TensorBoard event files among the artifacts hold, where the plan asks for it."""
    if "tensorboard" not in plan.ingest:
        return tensorboard.Scalars({}, ())
    return tensorboard.read({path: place for path, place in left.places.items() if tensorboard.is_event_file(path)})


def _merged(logged: Mapping[str, Series], scalars: Mapping[str, Series]) -> dict[str, Series]:
    """Where one name was logged both ways, what TensorBoard has is told apart."""
    merged = dict(logged)
    for name, series in scalars.items():
        while name in merged:
            name = f"{TENSORBOARD}/{name}"
        merged[name] = series
    return merged


def _table(series: Mapping[str, Series], blobs: FileBlobs) -> Digest:
    return put_bytes(blobs, metrics.encode(series))


def _tree(entries: list[capture.Entry], blobs: FileBlobs) -> Digest:
    return tree.save(blobs, tree.Tree.of(entries))


def _run(run: LiveRun, status: Status, outcome: Digest | None, facts: Facts) -> Run:
    return Run(
        id=run.request.id,
        name=run.request.name,
        status=status,
        plan=run.request.plan,
        outcome=outcome,
        origin=run.request.origin,
        facts=facts,
    )


def _child_run(run: LiveRun, number: int, child: Child, outcome: Digest, facts: Facts) -> Run:
    started = _time(child.started * 1_000_000)
    return Run(
        id=runid.child(run.request.id, number),
        name=child.name,
        status=child.status,
        plan=run.request.plan,
        outcome=outcome,
        origin=Origin.model_validate({**run.request.origin.model_dump(), "of": None, "parent": run.request.id}),
        facts=Facts(
            created=started,
            started=started,
            ended=_time(child.ended * 1_000_000) if child.ended else None,
            host=facts.host,
            engine=facts.engine,
            environment={name: fact for name, fact in facts.environment.items() if name != "cpu_seconds"},
            tags=dict(child.logged.tags),
            models=tuple(child.files.models),
            datasets=child.datasets,
        ),
    )


def _facts(
    run: LiveRun,
    machine: Machine,
    ended: Ended | None,
    started: Started | None,
    otherwise: str,
    about: list[str],
    blobs: Mapping[str, Digest],
) -> Facts:
    return Facts(
        created=run.request.created,
        host=machine.host,
        engine=machine.engine,
        started=_time(started.time) if started else None,
        ended=_time(ended.ended) if ended else otherwise,
        environment={
            **(started.environment if started else {}),
            "cpu_seconds": ended.cpu_seconds if ended else None,
        },
        notes=tuple(_bounded(about)),
        **blobs,
    )


def _accesses(plan: Plan, record: Path, code: tree.Tree, blobs: FileBlobs) -> Digest | None:
    found = accesses.summarise(record, plan, code)
    return put_bytes(blobs, found.to_bytes()) if found else None


def _streams(record: Path, blobs: FileBlobs) -> dict[str, Digest]:
    files = {
        "stdout": wire.STDOUT,
        "stderr": wire.STDERR,
        "console": wire.CONSOLE,
        "events": wire.EVENTS,
        "system": wire.SYSTEM,
    }
    present = {fact: record / name for fact, name in files.items() if is_readable(record / name)}
    with ThreadPoolExecutor(len(files)) as pool:
        return dict(zip(present, pool.map(lambda file: capture.store_file(file, blobs), present.values()), strict=True))


def _status(ended: Ended | None) -> tuple[Status, list[str]]:
    if ended is None:
        return "lost", ["the container ended without an exit record"]
    if ended.timed_out:
        return "killed", ["stopped: resources.timeout was reached"]
    if ended.stopped_by:
        return "killed", [f"stopped from outside by signal {ended.stopped_by[0]}"]
    return ("finished" if ended.code == 0 else "failed"), []


def _about_record(ended: Ended | None, damaged: int) -> list[str]:
    about = []
    if ended and ended.oom_kills:
        about.append(f"resources.memory was reached: the kernel killed {ended.oom_kills} of the job's processes")
    if damaged:
        about.append(f"{damaged} damaged events were skipped")
    if ended and ended.console_bytes_lost:
        about.append(f"{ended.console_bytes_lost} bytes of console output could not be written")
    return about


def _bounded(about: list[str]) -> list[str]:
    more = len(about) - MAX_NOTES
    return about if more <= 0 else [*about[:MAX_NOTES], f"and {more} more"]


def _time(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns / 1e9, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""What a run left behind becomes an Outcome and Facts. Nothing is moved: it can be repeated."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestrator import metrics
from orchestrator.agent import wire
from orchestrator.digest import Digest
from orchestrator.execution import events, patterns
from orchestrator.execution.events import Ended
from orchestrator.execution.live import LiveRun
from orchestrator.execution.untrusted import is_regular
from orchestrator.outcome import Outcome
from orchestrator.plan import Plan
from orchestrator.run import Facts, Run, Status
from orchestrator.store import capture, tree
from orchestrator.store.port import FileBlobs
from orchestrator.store.streams import put_bytes

MAX_NOTES = 50


def collect(
    plan: Plan, run: LiveRun, blobs: FileBlobs, host: dict[str, Any], engine: dict[str, Any], ended: str
) -> Run:
    """Store what the run produced and describe it. ``ended``: the time to note where the agent noted none."""
    exit_record = events.ended(run.record)
    started = events.started(run.record)
    status, notes = _status(exit_record, started is not None)
    outcome = None
    if exit_record is not None:
        outcome, about = _outcome(exit_record, plan, run, blobs)
        notes += about
    return Run(
        id=run.request.id,
        name=run.request.name,
        status=status,
        plan=run.request.plan,
        outcome=put_bytes(blobs, outcome.to_bytes()) if outcome else None,
        origin=run.request.origin,
        facts=Facts(
            created=run.request.created,
            started=_time(started.time) if started else None,
            ended=_time(exit_record.ended) if exit_record else ended,
            host=host,
            engine=engine,
            environment={
                **(started.environment if started else {}),
                "cpu_seconds": exit_record.cpu_seconds if exit_record else None,
            },
            notes=tuple(_bounded(notes)),
            **_streams(run.record, blobs),
        ),
    )


def _outcome(ended: Ended, plan: Plan, run: LiveRun, blobs: FileBlobs) -> tuple[Outcome, list[str]]:
    logged = events.read(run.record)
    entries, left_out = _artifacts(plan, run, blobs)
    outcome = Outcome(
        exit_code=ended.code,
        params={**plan.params, **logged.params},
        metrics=put_bytes(blobs, metrics.encode(logged.metrics)),
        artifacts=tree.save(blobs, tree.Tree.of(entries)),
    )
    return outcome, [*_about_record(ended, logged.damaged), *left_out]


def _artifacts(plan: Plan, run: LiveRun, blobs: FileBlobs) -> tuple[list[capture.Entry], list[str]]:
    """Everything in /outputs, and what is new or different in /workspace."""
    leave_out = patterns.matcher((*patterns.CACHES, *plan.exclude))
    before = {entry.path: entry for entry in tree.load(blobs, plan.code).entries}
    kept: list[capture.Entry] = []
    refused: list[str] = []
    for top, folder, known in (("outputs", run.outputs, {}), ("workspace", run.workspace, before)):
        if not folder.is_dir():
            continue
        found = _find(folder, leave_out)
        refused += [f"left out {top}/{text}" for text in found.refused]
        kept += [
            entry.model_copy(update={"path": f"{top}/{entry.path}"})
            for entry in _capture(folder, found, blobs)
            if known.get(entry.path) != entry
        ]
    return kept, refused


def _find(folder: Path, leave_out: Callable[[str], bool]) -> capture.Found:
    """What a job left, but for what it took its own rights to: that is named, it is no reason to lose the rest."""
    closed: list[str] = []

    def skip(path: str) -> bool:
        if leave_out(path):
            return True
        if _readable(folder / path):
            return False
        closed.append(f"{path!r}: not readable")
        return True

    found = capture.find(folder, skip)
    found.refused += closed
    return found


def _readable(path: Path) -> bool:
    if path.is_symlink():
        return True
    if path.is_dir():
        return os.access(path, os.R_OK | os.X_OK, effective_ids=True)
    return not path.is_file() or os.access(path, os.R_OK, effective_ids=True)


def _capture(folder: Path, found: capture.Found, blobs: FileBlobs) -> list[capture.Entry]:
    """Files are linked into the store, which takes their modes: programs are copied, so that this can be repeated."""
    programs = [path for path in found.files if (folder / path).stat().st_mode & 0o111]
    others = sorted({*found.files} - {*programs})
    return [
        *capture.capture(folder, replace(found, files=others), blobs, adopt=blobs),
        *capture.capture(folder, capture.Found(files=programs), blobs),
    ]


def _streams(record: Path, blobs: FileBlobs) -> dict[str, Digest]:
    files = {"stdout": wire.STDOUT, "stderr": wire.STDERR, "console": wire.CONSOLE, "events": wire.EVENTS}
    present = {fact: record / name for fact, name in files.items() if is_regular(record / name)}
    with ThreadPoolExecutor(len(files)) as pool:
        return dict(zip(present, pool.map(lambda file: capture.store_file(file, blobs), present.values()), strict=True))


def _status(ended: Ended | None, started: bool) -> tuple[Status, list[str]]:
    if ended is None:
        what = "the container ended without an exit record" if started else "the container was never started"
        return "lost", [what]
    if ended.timed_out:
        return "killed", ["stopped: resources.timeout was reached"]
    if ended.stopped_by:
        return "killed", [f"stopped from outside by signal {ended.stopped_by[0]}"]
    return ("finished" if ended.code == 0 else "failed"), []


def _about_record(ended: Ended, damaged: int) -> list[str]:
    notes = []
    if ended.oom_kills:
        notes.append(f"resources.memory was reached: the kernel killed {ended.oom_kills} of the job's processes")
    if damaged:
        notes.append(f"{damaged} damaged events were skipped")
    if ended.console_bytes_lost:
        notes.append(f"{ended.console_bytes_lost} bytes of console output could not be written")
    return notes


def _bounded(notes: list[str]) -> list[str]:
    more = len(notes) - MAX_NOTES
    return notes if more <= 0 else [*notes[:MAX_NOTES], f"and {more} more"]


def _time(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns / 1e9, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

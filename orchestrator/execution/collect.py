"""What a run left behind becomes an Outcome and Facts. Nothing is moved: it can be repeated."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestrator import metrics
from orchestrator.agent import wire
from orchestrator.digest import Digest
from orchestrator.execution import events, patterns
from orchestrator.execution.live import LiveRun
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
    exit_record = events.read_json(run.record, wire.EXIT)
    started = events.read_json(run.record, wire.STARTED) or {}
    logged = events.read(run.record)
    entries, left_out = _artifacts(plan, run, blobs)
    outcome = None
    if exit_record is not None:
        outcome = Outcome(
            exit_code=exit_record["code"],
            params={**plan.params, **logged.params},
            metrics=put_bytes(blobs, metrics.encode(logged.metrics)),
            artifacts=tree.save(blobs, tree.Tree.of(entries)),
        )
    status, reason = _status(exit_record, bool(started))
    notes = [*reason, *_about_record(exit_record, logged.damaged), *left_out]
    return Run(
        id=run.request.id,
        name=run.request.name,
        status=status,
        plan=run.request.plan,
        outcome=put_bytes(blobs, outcome.to_bytes()) if outcome else None,
        origin=run.request.origin,
        facts=Facts(
            created=run.request.created,
            started=_time(started.get("time")),
            ended=_time((exit_record or {}).get("ended")) or ended,
            host=host,
            engine=engine,
            environment={
                **started.get("environment", {}),
                "cpu_seconds": (exit_record or {}).get("cpu_seconds"),
            },
            notes=tuple(_bounded(notes)),
            **_streams(run.record, blobs),
        ),
    )


def _artifacts(plan: Plan, run: LiveRun, blobs: FileBlobs) -> tuple[list[capture.Entry], list[str]]:
    """Everything in /outputs, and what is new or different in /workspace."""
    leave_out = patterns.matcher((*patterns.CACHES, *plan.exclude))
    before = {entry.path: entry for entry in tree.load(blobs, plan.code).entries}
    kept: list[capture.Entry] = []
    refused: list[str] = []
    for top, folder, known in (("outputs", run.outputs, {}), ("workspace", run.workspace, before)):
        if not folder.is_dir():
            continue
        found = capture.find(folder, leave_out)
        refused += [f"left out {top}/{text}" for text in found.refused]
        entries = capture.capture(folder, found, blobs, adopt=blobs)
        kept += [
            entry.model_copy(update={"path": f"{top}/{entry.path}"})
            for entry in entries
            if known.get(entry.path) != entry
        ]
    return kept, refused


def _streams(record: Path, blobs: FileBlobs) -> dict[str, Digest]:
    files = {"stdout": wire.STDOUT, "stderr": wire.STDERR, "console": wire.CONSOLE, "events": wire.EVENTS}
    present = {fact: record / name for fact, name in files.items() if (record / name).is_file()}
    with ThreadPoolExecutor(len(files)) as pool:
        return dict(zip(present, pool.map(lambda file: capture.store_file(file, blobs), present.values()), strict=True))


def _status(exit_record: dict[str, Any] | None, started: bool) -> tuple[Status, list[str]]:
    if exit_record is None:
        what = "the container ended without an exit record" if started else "the container was never started"
        return "lost", [what]
    if exit_record.get("timed_out"):
        return "killed", ["stopped: resources.timeout was reached"]
    if exit_record.get("stopped_by"):
        return "killed", [f"stopped from outside by signal {exit_record['stopped_by'][0]}"]
    return ("finished" if exit_record["code"] == 0 else "failed"), []


def _about_record(exit_record: dict[str, Any] | None, damaged: int) -> list[str]:
    notes = []
    if damaged:
        notes.append(f"{damaged} damaged events were skipped")
    if lost := (exit_record or {}).get("console_bytes_lost"):
        notes.append(f"{lost} bytes of console output could not be written")
    return notes


def _bounded(notes: list[str]) -> list[str]:
    more = len(notes) - MAX_NOTES
    return notes if more <= 0 else [*notes[:MAX_NOTES], f"and {more} more"]


def _time(time_ns: int | None) -> str | None:
    if time_ns is None:
        return None
    return datetime.fromtimestamp(time_ns / 1e9, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

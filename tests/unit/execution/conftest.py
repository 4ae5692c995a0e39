"""A run of one's own: a store, a plan, a folder laid down from it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from documents import make_plan

from orchestrator.agent import durable, wire
from orchestrator.digest import Digest
from orchestrator.execution.collect import Collected, Machine, collect
from orchestrator.execution.live import LiveRun, Request
from orchestrator.execution.prepare import prepare
from orchestrator.outcome import Outcome
from orchestrator.plan import Plan
from orchestrator.run import Origin, Run
from orchestrator.store import tree
from orchestrator.store.local import LocalBlobs
from orchestrator.store.streams import put_bytes
from orchestrator.store.tree import FileEntry, FolderEntry, LinkEntry, Tree

NOWHERE = Digest.of(b"nothing")
ENDED = {
    "code": 0, "signal": None, "timed_out": False, "stopped_by": [], "console_bytes_lost": 0, "oom_kills": 0,
    "started": 1, "ended": 2, "cpu_seconds": 0.5,
}  # fmt: skip


class Bench:
    """A store and what is made in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.blobs = LocalBlobs(folder)
        (folder / "live").mkdir()

    def tree(self, files: Mapping[str, bytes | FileEntry | LinkEntry | FolderEntry]) -> Digest:
        entries = [
            FileEntry(path=path, digest=put_bytes(self.blobs, content), size=len(content))
            if isinstance(content, bytes)
            else content
            for path, content in files.items()
        ]
        return tree.save(self.blobs, Tree.of(entries))

    def plan(self, code: Mapping[str, Any] | None = None, **more: Any) -> Plan:
        whole = {
            "code": self.tree(code or {"job.py": b"pass"}),
            "agent": self.tree({"etc/passwd": b"job", "etc/group": b"job"}),
            "params": {"lr": 0.1},
            **more,
        }
        return make_plan(**whole)

    def begin(self, plan: Plan, run_id: str = "20261123-000000-000000", secrets: Mapping[str, bytes] = {}) -> LiveRun:
        request = Request(
            id=run_id,
            name="test",
            plan=put_bytes(self.blobs, plan.to_bytes()),
            origin=Origin(kind="submit"),
            created="2026-11-23T00:00:00.000Z",
        )
        run = LiveRun.begin(self.folder / "live", request)
        prepare(plan, run, self.blobs, secrets)
        return run

    def end(self, run: LiveRun, **more: Any) -> None:
        """What the agent writes when a job has ended."""
        started = {"time": time.time_ns(), "pid": 32, "environment": {"python": "3.11"}}
        durable.write_json(str(run.record), wire.STARTED, started)
        durable.write_json(str(run.record), wire.EXIT, {**ENDED, **more})

    def collect(self, plan: Plan, run: LiveRun) -> Run:
        return self.collected(plan, run).run

    def collected(self, plan: Plan, run: LiveRun) -> Collected:
        machine = Machine({"name": "here"}, {"name": "fake"})
        return collect(plan, run, self.blobs, machine, "2026-11-23T00:00:01.000Z")

    def outcome(self, run: Run) -> Outcome:
        assert run.outcome is not None
        return Outcome.from_bytes(self.blobs.get(run.outcome).read())

    def artifacts(self, run: Run) -> dict[str, FileEntry | LinkEntry | FolderEntry]:
        return {entry.path: entry for entry in tree.load(self.blobs, self.outcome(run).artifacts).entries}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    folder = tmp_path / "bench"
    folder.mkdir()
    return Bench(folder)


@pytest.fixture
def ran(bench: Bench) -> Callable[..., tuple[Plan, LiveRun]]:
    """A run whose job has just ended; ``work`` is what it did to its folders."""

    def make(work: Callable[[LiveRun], None], **plan: Any) -> tuple[Plan, LiveRun]:
        made = bench.plan(**plan)
        run = bench.begin(made)
        work(run)
        bench.end(run)
        return made, run

    return make


@pytest.fixture
def new_bench() -> type[Bench]:
    """For benches in a place of the test's own choice."""
    return Bench

"""The ledger of a run: laid down with the run's folder, kept when the run has ended."""

from __future__ import annotations

import errno
import json
import os
import stat
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.agent import wire
from orchestrator.determinism import UID
from orchestrator.determinism.controls import Controls
from orchestrator.digest import Digest
from orchestrator.errors import Corruption, NotFound
from orchestrator.execution import interposed, ledger
from orchestrator.execution.container import container_spec
from orchestrator.execution.ledger import Mode
from orchestrator.execution.live import LiveRun, Request
from orchestrator.execution.prepare import prepare
from orchestrator.plan import Plan
from orchestrator.run import Origin
from orchestrator.store.local import LocalBlobs
from orchestrator.store.streams import put_bytes

STANDARD = Controls.of("standard")
OWNED = {"ORCHESTRATOR_LEDGER": "/run/orchestrator/ledger", "LD_PRELOAD": "/opt/libinterpose.so", "A": "b"}


class Rig:
    """Runs of one plan, and what becomes of their ledgers."""

    def __init__(self, bench: Any, plan: Plan) -> None:
        self.bench = bench
        self.plan = plan
        self._count = 0

    def begin(self, kind: str = "submit", clock: Digest | None = None) -> LiveRun:
        self._count += 1
        request = Request(
            id=f"20261126-000000-{self._count:06}",
            name="test",
            plan=put_bytes(self.bench.blobs, self.plan.to_bytes()),
            origin=Origin.model_validate({"kind": kind}),
            created="2026-11-26T00:00:00.000Z",
            clock=clock,
        )
        run = LiveRun.begin(self.bench.folder / "live", request)
        prepare(self.plan, run, self.bench.blobs, {})
        return run

    def end(self, run: LiveRun) -> Any:
        self.bench.end(run)
        return self.bench.collect(self.plan, run).facts


@pytest.fixture
def rig(bench: Any) -> Callable[..., Rig]:
    def make(controls: Controls | None = STANDARD, env: dict[str, str] = OWNED) -> Rig:
        return Rig(bench, bench.plan(controls=controls, env=env))

    return make


def mode(run: LiveRun) -> int:
    with (run.record / wire.LEDGER).open("rb") as stream:
        return ledger.read(stream).mode


def job(run: LiveRun) -> dict[str, Any]:
    return json.loads((run.record / wire.JOB).read_text())


def interpose(run: LiveRun, *values: int, **counts: int) -> None:
    """What the interposer does while a job runs: one chunk, and counters."""
    size = 16 + 8 * len(values)
    with (run.record / wire.LEDGER).open("r+b") as file:
        file.seek(24)
        file.write(struct.pack("<Q", ledger.PAGE + size))
        file.seek(64)
        for name in ledger.COUNTERS:
            file.write(struct.pack("<Q", {"processes": 1, **counts}.get(name, 0)))
        file.seek(ledger.PAGE)
        file.write(struct.pack(f"<QII{len(values)}q", 77, len(values), len(values), *values))


def test_a_submit_records_and_a_replay_is_fed(rig: Callable[..., Rig]):
    made = rig()
    original = made.begin()
    assert mode(original) == Mode.RECORD
    interpose(original, 5, 6, 7, readings=3)
    facts = made.end(original)
    assert facts.clock is not None
    assert facts.determinism["readings"] == 3
    assert facts.notes == ()

    replay = made.begin("replay", facts.clock)
    assert mode(replay) == Mode.REPLAY
    assert (replay.record / wire.LEDGER).read_bytes().endswith(struct.pack("<3q", 5, 6, 7))
    again = made.end(replay)
    assert again.clock == facts.clock, "a replay of the replay is fed the same"


def test_the_job_can_map_it(rig: Callable[..., Rig]):
    state = (rig().begin().record / wire.LEDGER).stat()
    ours = os.geteuid() in (0, UID)
    assert stat.S_IMODE(state.st_mode) == (0o600 if ours else 0o666)
    assert state.st_uid == (UID if ours else os.geteuid())


@pytest.mark.parametrize("controls", [Controls(entropy=True), None])
def test_where_the_clock_is_not_owned_it_only_counts(rig: Callable[..., Rig], controls: Controls | None):
    made = rig(controls)
    run = made.begin()
    assert mode(run) == Mode.COUNT
    interpose(run, draws=4)
    facts = made.end(run)
    assert (facts.clock, facts.determinism["draws"]) == (None, 4)


def test_a_replay_of_a_run_without_a_record_only_counts(rig: Callable[..., Rig]):
    assert mode(rig().begin("replay")) == Mode.COUNT


def test_without_the_interposer_there_is_none(rig: Callable[..., Rig]):
    made = rig(env={})
    run = made.begin()
    assert not (run.record / wire.LEDGER).exists()
    facts = made.end(run)
    assert (facts.clock, facts.determinism, facts.notes) == (None, {}, ())


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"beyond": 2}, "2 clock readings beyond the record"),
        ({"dropped": 9}, "9 clock readings are not recorded"),
        ({"waits": 1}, "1 waits"),
        ({"static_programs": 3}, "3 programs"),
        ({"processes": 0}, "no process of the job has loaded the interposer"),
    ],
)
def test_what_was_not_owned_is_told(rig: Callable[..., Rig], counts: dict[str, int], said: str):
    made = rig()
    run = made.begin()
    interpose(run, **counts)
    (note,) = made.end(run).notes
    assert said in note


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


def shorten(path: Path) -> None:
    os.truncate(path, 10)


def scribble(path: Path) -> None:
    path.write_bytes(b"X" * 10_000)


@pytest.mark.parametrize("damage", [Path.unlink, pipe, link, shorten, scribble])
def test_what_a_job_did_to_it_is_told_and_no_obstacle(rig: Callable[..., Rig], damage: Callable[[Path], None]):
    made = rig()
    run = made.begin()
    damage(run.record / wire.LEDGER)
    facts = made.end(run)
    assert facts.clock is None
    assert "ledger cannot be read" in facts.notes[0]


class Full(LocalBlobs):
    """A store whose disk is full."""

    def put(self, stream: Any) -> Digest:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_loses_no_clock(rig: Callable[..., Rig], tmp_path: Path):
    """It is an error, and the run is collected again later: it is not recorded as if there had been no clock."""
    made = rig()
    run = made.begin()
    interpose(run, 5, 6, 7)
    with pytest.raises(OSError, match="No space left"):
        interposed.keep(run, made.plan, Full(tmp_path / "full"))
    assert made.end(run).clock is not None


def test_a_job_cannot_pass_a_ledger_off_as_a_record(rig: Callable[..., Rig]):
    """Where only counters are asked for, no clock is stored, whatever the first page says by then."""
    made = rig(Controls(entropy=True))
    run = made.begin()
    interpose(run, 5)
    with (run.record / wire.LEDGER).open("r+b") as file:
        file.seek(8)
        file.write(struct.pack("<I", Mode.RECORD))
    assert made.end(run).clock is None


def test_a_clock_that_is_gone_stops_the_replay_before_it_begins(rig: Callable[..., Rig]):
    made = rig()
    with pytest.raises(NotFound):
        made.begin("replay", Digest.of(b"gone"))
    with pytest.raises(Corruption, match="recorded clock"):
        made.begin("replay", put_bytes(made.bench.blobs, b"something else"))


@pytest.mark.parametrize(
    ("controls", "hostname", "identity", "addresses"),
    [
        (Controls.of("strict"), "orchestrator", True, True),
        (Controls.of("standard"), "orchestrator", True, False),
        (Controls(), "", False, False),
        (None, "orchestrator", True, False),
    ],
)
def test_the_container_and_its_agent_are_told(
    rig: Callable[..., Rig], controls: Controls | None, hostname: str, identity: bool, addresses: bool
):
    made = rig(controls)
    run = made.begin()
    spec = container_spec(made.plan, run, "image")
    assert (spec.hostname, spec.fixed_addresses) == (hostname, addresses)
    assert spec.env == {name: value for name, value in OWNED.items() if name != "LD_PRELOAD"}
    told = job(run)
    assert (told["preload"], told["fixed_identity"], told["fixed_addresses"]) == (
        OWNED["LD_PRELOAD"],
        identity,
        addresses,
    )


def test_what_the_agent_could_not_do_is_a_note(bench: Any, rig: Callable[..., Rig]):
    made = rig(env={})
    run = made.begin()
    bench.end(run)
    started = {"time": 1, "pid": 2, "environment": {}, "notes": ["addresses were random: Operation not permitted"]}
    (run.record / wire.STARTED).write_text(json.dumps(started))
    assert bench.collect(made.plan, run).facts.notes == ("addresses were random: Operation not permitted",)


def test_variables_have_one_name():
    from orchestrator.determinism import environment

    assert f"{wire.RECORD}/{wire.LEDGER}" == environment.LEDGER
    assert interposed.VARIABLE == "ORCHESTRATOR_LEDGER"

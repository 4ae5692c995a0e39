"""Sweeps on an engine in this process: what is asked, recorded, resumed and replayed, whatever happens in between."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
import pytest
from documents import make_base, make_plan

from orchestrator import operations
from orchestrator.agent import durable, wire
from orchestrator.cli.render import sweeps as render
from orchestrator.digest import Digest
from orchestrator.engine.fake import FakeEngine
from orchestrator.engine.port import ContainerSpec
from orchestrator.errors import Interrupted, NotFound, NotReplayable, UsageError
from orchestrator.index.filter import names
from orchestrator.lock.model import Lock
from orchestrator.maintenance.check import check
from orchestrator.maintenance.survey import Wanted, survey
from orchestrator.operations import sweep_holding, sweep_running, sweeping
from orchestrator.operations.premises import premises
from orchestrator.operations.signals import Stop
from orchestrator.operations.sweep_running import resume
from orchestrator.operations.sweep_trials import recorded
from orchestrator.plan import ImagePin
from orchestrator.run import Origin
from orchestrator.runspec.load import parse
from orchestrator.store import tree
from orchestrator.store.streams import put_bytes
from orchestrator.store.tree import FileEntry, Tree
from orchestrator.sweep.model import SweepRecord, new_id, sweep_key, trial_key
from orchestrator.workspace import Workspace

SPEC = """version: 1
name: swept
run: {{command: "python job.py --lr {{params.lr}} --width {{params.width}}"}}
params: {{lr: 0.1, width: 16, depth: 2}}
resources: {{cpus: 1}}
sweep: {section}
"""
SECTION: dict[str, Any] = {
    "method": "random",
    "objective": {"metric": "loss", "direction": "minimize"},
    "params": {"lr": {"low": 1e-4, "high": 0.1, "log": True}, "width": [16, 32]},
    "trials": 6,
    "parallel": 2,
}
IMAGE = Digest.of(b"image")
Params = Mapping[str, Any]


def loss(params: Params) -> list[float]:
    return [(params["lr"] - 0.01) ** 2 * 100 + 1 / (step + 1) for step in range(6)]


class Jobs(FakeEngine):
    """``work(params)`` gives the points of a job, one at a time, and may raise to have it fail."""

    def __init__(self, work: Callable[[Params], Any] = loss) -> None:
        super().__init__(self._run_job)
        self.work = work
        self.images = {str(IMAGE)}

    def version(self) -> dict[str, Any]:
        return {"name": "fake"}

    def _run_job(self, spec: ContainerSpec) -> int:
        record = next(mount.source for mount in spec.mounts if mount.target == wire.RECORD)
        params = json.loads((record / wire.JOB).read_text())["params"]
        durable.write_json(str(record), wire.STARTED, {"time": time.time_ns(), "pid": 3, "environment": {}})
        code = 0
        with (record / wire.EVENTS).open("ab", buffering=0) as events:
            try:
                for step, value in enumerate(self.work(params)):
                    events.write(wire.metric_line(1, '"loss"', step, value))
                    if self._is_stopped(spec):
                        break
            except ValueError:
                code = 3
        stopped = [signal.SIGTERM] if self._is_stopped(spec) else []
        ended = {"code": code, "signal": None, "timed_out": False, "stopped_by": stopped, "console_bytes_lost": 0}
        durable.write_json(str(record), wire.EXIT, {**ended, "started": 1, "ended": 2, "cpu_seconds": 0.1})
        return code

    def _is_stopped(self, spec: ContainerSpec) -> bool:
        return any(name == spec.name for name, _ in self.signals)


class Bench:
    def __init__(self, home: Path, work: Callable[[Params], Any] = loss) -> None:
        self.home = home
        self.engine = Jobs(work)
        self.said: list[str] = []

    @property
    def workspace(self) -> Workspace:
        return Workspace(
            self.home, report=self.said.append, engine=self.engine, host=lambda gpus=False: {"name": "here"}
        )

    def begin(self, **section: Any) -> SweepRecord:
        """What ``sweep_running.begin`` records, without an image being built."""
        workspace = self.workspace
        text = SPEC.format(section=json.dumps({**SECTION, **section})).encode()
        spec = parse(text, "spec")
        lock = Lock(builder="1", python="3.11", requirements=(), base=make_base(), wheels=(), layers=())
        plan = make_plan(
            image=ImagePin(manifest=IMAGE, config=IMAGE, lock=put_bytes(workspace.blobs, lock.to_bytes())),
            code=self._tree("job.py"),
            agent=self._tree("etc/passwd", "etc/group"),
            resources=spec.resources,
        )
        origin = Origin(kind="submit", spec=put_bytes(workspace.blobs, text))
        return sweep_running.record(workspace, spec, plan, origin)

    def run(self, **section: Any) -> sweeping.SweepState:
        return resume(self.workspace, self.begin(**section).id)

    def _tree(self, *paths: str) -> Digest:
        blobs = self.workspace.blobs
        entries = [FileEntry(path=path, digest=put_bytes(blobs, b"x"), size=1) for path in paths]
        return tree.save(blobs, Tree.of(entries))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    (tmp_path / "home").mkdir()
    return Bench(tmp_path / "home")


def outcome(state: sweeping.SweepState) -> list[tuple[Any, ...]]:
    return [(one.number, one.params, one.state, one.value, one.pruned_at) for one in state.trials]


def test_every_trial_is_an_ordinary_run(bench: Bench):
    state = bench.run()
    assert (state.summary.state, state.summary.ended, state.summary.complete) == ("finished", 6, 6)
    assert state.best == min(state.trials, key=lambda one: one.value or 0.0)
    rows = operations.ls(bench.workspace, tags=[(names.SWEEP, state.record.id)])
    assert {row.tags[names.TRIAL]: row.id for row in rows} == {str(one.number): one.run for one in state.trials}
    for trial in state.trials:
        run = recorded(bench.workspace, trial.run)
        shown = operations.show(bench.workspace, trial.run)
        assert (run.origin.sweep, run.origin.trial, run.status) == (state.record.id, trial.number, "finished")
        assert shown.plan.params == {**trial.params, "depth": 2}
        assert shown.plan.command[2:] == ("--lr", repr(trial.params["lr"]), "--width", str(trial.params["width"]))
        assert shown.metrics["loss"].last[1] == trial.value == loss(trial.params)[-1]


def test_the_same_seed_gives_the_same_sweep(bench: Bench):
    assert outcome(bench.run()) == outcome(bench.run())
    assert outcome(bench.run(seed=1)) != outcome(bench.run())


@pytest.mark.parametrize("method", ["random", "tpe"])
def test_how_long_each_trial_takes_is_no_matter(bench: Bench, method: str):
    bench.engine.work = loss
    first = bench.run(method=method, parallel=3, trials=8)

    def slow(params: Params) -> list[float]:
        time.sleep(0.15 * (hash(params["lr"]) % 3))
        return loss(params)

    bench.engine.work = slow
    assert outcome(bench.run(method=method, parallel=3, trials=8)) == outcome(first)


def stepwise(params: Params) -> Any:
    for step in range(5):
        time.sleep(0.05)
        yield (params["lr"] - 0.01) ** 2 * 1000 + 1 / (step + 1)


def at_once(params: Params) -> Any:
    return list(stepwise(params))


@pytest.mark.parametrize("pruner", ["median", "halving"])
def test_a_pruner_decides_by_the_points_alone(bench: Bench, pruner: str):
    """Whether the run could be stopped in time is no matter, nor is how its points came."""
    bench.engine.work = stepwise
    first = bench.run(pruner=pruner, trials=12, parallel=3)
    assert first.summary.pruned
    bench.engine.work = at_once
    second = bench.run(pruner=pruner, trials=12, parallel=3)
    assert outcome(first) == outcome(second)
    pruned = next(one for one in second.trials if one.state == "pruned")
    assert pruned.value == at_once(pruned.params)[pruned.pruned_at or 0]


def test_a_pruned_trial_is_stopped(bench: Bench):
    """Long jobs: each would take minutes."""
    begun: list[float] = []

    def work(params: Params) -> Any:
        begun.append(params["lr"])
        late = len(begun) > 6
        for _ in range(3 if not late else 3000):
            time.sleep(0.05 if late else 0)
            yield 1.0 if not late else 5.0

    bench.engine.work = work
    state = bench.run(pruner="median", trials=7, parallel=1)
    assert [one.state for one in state.trials] == ["complete"] * 6 + ["pruned"]
    assert recorded(bench.workspace, state.trials[-1].run).status == "killed"
    assert state.trials[-1].pruned_at == 0


def test_trials_that_fail_are_told_as_such_and_the_sweep_goes_on(bench: Bench):
    def work(params: Params) -> Any:
        if params["width"] == 16:
            raise ValueError("no")
        return [float("nan")] if params["lr"] > 0.02 else [] if params["lr"] > 0.005 else [params["lr"]]

    bench.engine.work = work
    bench.run(method="tpe", trials=14, parallel=3)
    state = bench.run(trials=20, parallel=4)
    whys = {one.why for one in state.trials if one.state == "failed"}
    assert whys == {"the run is failed", "loss is nan, no finite number", "the run has no metric 'loss'; it has none"}
    assert state.summary.complete
    assert state.summary.complete + state.summary.failed == 20


def test_an_objective_that_the_first_trial_does_not_log_is_taken_for_a_slip(bench: Bench):
    record = bench.begin(objective={"metric": "los", "direction": "minimize"}, parallel=1)
    with pytest.raises(UsageError, match="first trial: the run has no metric 'los'; it has loss") as slip:
        resume(bench.workspace, record.id)
    assert record.id in slip.value.hint
    assert sweeping.sweep_state(bench.workspace, record.id).summary.ended == 1
    state = resume(bench.workspace, record.id)  # whoever insists has it
    assert (state.summary.failed, state.summary.state) == (6, "finished")
    replayed = click.unstyle(render.replayed(operations.replay_sweep(bench.workspace, record.id)))
    assert replayed.splitlines()[-1] == "no trial was replayed: 6 trials suggested again as recorded, and not run"


def test_a_grid_ends_by_itself(bench: Bench):
    state = bench.run(method="grid", params={"lr": [0.1, 0.2], "width": [1, 2]}, trials=99)
    assert [one.params for one in state.trials] == [{"lr": a, "width": b} for a in (0.1, 0.2) for b in (1, 2)]
    assert state.summary.state == "finished"


def interrupted_after(bench: Bench, trials: int, record: SweepRecord) -> Stop:
    """A wish to stop that comes once so many trials have ended."""
    stop = Stop()

    def watch() -> None:
        while sum(line.startswith("trial ") for line in bench.said) < trials:
            time.sleep(0.01)
        stop.request(signal.SIGINT)

    threading.Thread(target=watch, daemon=True).start()
    return stop


@pytest.mark.parametrize("pruner", ["none", "halving"])
def test_an_interrupted_sweep_goes_on_as_if_nothing_had_been(bench: Bench, pruner: str):
    bench.engine.work = stepwise
    section = {"method": "tpe", "pruner": pruner, "trials": 14, "parallel": 3}
    whole = bench.run(**section)
    record = bench.begin(**section)
    bench.said.clear()
    with pytest.raises(Interrupted) as caught:
        resume(bench.workspace, record.id, stop=interrupted_after(bench, 4, record))
    assert int(caught.value.exit_code) == 130
    assert f"orchestrator sweep {record.id}" in caught.value.hint
    state = operations.sweep_state(bench.workspace, record.id)
    assert state.summary.state == "interrupted"
    assert 4 <= state.summary.ended < 14
    before = {one.number: one.run for one in state.trials}
    again = resume(bench.workspace, record.id)
    assert outcome(again) == outcome(whole)
    assert before.items() <= {one.number: one.run for one in again.trials}.items()
    assert list(bench.workspace.live.iterdir()) == []


def test_a_run_that_was_recorded_before_its_trial_was_counts(bench: Bench):
    state = bench.run()
    lost = state.trials[-1]
    (bench.home / "records" / trial_key(state.record.id, lost.number)).unlink()
    launched = len(bench.engine.launched)
    again = resume(bench.workspace, state.record.id)
    assert outcome(again) == outcome(state)
    assert again.trials[-1].run == lost.run
    assert len(bench.engine.launched) == launched


def test_a_run_that_was_stopped_runs_again(bench: Bench):
    record = bench.begin(trials=1)
    bench.engine.work = lambda params: (time.sleep(0.02) or 1.0 for _ in range(3000))
    stop = Stop()
    threading.Timer(1.0, lambda: stop.request(signal.SIGTERM)).start()
    with pytest.raises(Interrupted):
        resume(bench.workspace, record.id, stop=stop)
    (row,) = operations.ls(bench.workspace)
    assert row.status == "killed"
    assert operations.sweep_state(bench.workspace, record.id).trials == ()
    bench.engine.work = loss
    (trial,) = resume(bench.workspace, record.id).trials
    assert trial.state == "complete"
    assert trial.run != row.id


def test_a_finished_sweep_stays_as_it_is(bench: Bench):
    state = bench.run()
    launched = len(bench.engine.launched)
    assert operations.sweep(bench.workspace, Path(state.record.id)) == state
    assert len(bench.engine.launched) == launched
    with pytest.raises(UsageError):
        operations.sweep(bench.workspace, Path(state.record.id), overrides=("sweep.trials=9",))


def test_only_one_command_is_at_a_sweep(bench: Bench):
    record = bench.begin()
    with sweep_holding.held(bench.workspace, record.id):
        assert operations.sweeps(bench.workspace)[0].state == "running"
        with pytest.raises(UsageError, match="another command"):
            resume(bench.workspace, record.id)
    assert operations.sweeps(bench.workspace)[0].state == "interrupted"


def test_what_was_recorded_otherwise_is_not_gone_on_with(bench: Bench):
    state = bench.run(trials=2)
    record = state.record.model_copy(update={"id": new_id(bench.workspace.now(), 1), "seed": 5, "trials": 4})
    bench.workspace.records.create(sweep_key(record.id), record.to_bytes())
    for trial in sweeping.trial_records(bench.workspace, state.record):
        moved = trial.model_copy(update={"sweep": record.id})
        bench.workspace.records.create(trial_key(record.id, trial.number), moved.to_bytes())
    with pytest.raises(NotReplayable, match="suggested otherwise"):
        resume(bench.workspace, record.id)


@pytest.mark.parametrize("section", [{"method": "random"}, {"method": "tpe", "pruner": "halving", "trials": 10}])
def test_a_sweep_replays(bench: Bench, section: dict[str, Any]):
    bench.engine.work = at_once
    state = bench.run(**section)
    done = operations.replay_sweep(bench.workspace, state.record.id)
    assert done.passed
    assert all(trial.same_suggestion for trial in done.trials)
    for trial, replayed in zip(state.trials, done.trials, strict=True):
        if trial.state == "complete":
            assert replayed.verdict is not None
            assert replayed.verdict.answer == "identical"
            verdicts = operations.show(bench.workspace, trial.run).verdicts
            assert [one.replay for one in verdicts] == [replayed.replay]
        else:
            assert (replayed.verdict, replayed.note) == (None, "pruned: not run again")
    assert len(operations.ls(bench.workspace, tags=[(names.SWEEP, state.record.id)])) == len(state.trials)


def test_a_replay_that_comes_out_otherwise_is_no_pass(bench: Bench):
    """Other values lead to other suggestions, too."""
    state = bench.run(method="tpe", trials=14, parallel=1)
    bench.engine.work = lambda params: [value + params["lr"] * 1e3 for value in loss(params)][::-1]
    done = operations.replay_sweep(bench.workspace, state.record.id)
    assert not done.passed
    assert not done.trials[0].passed
    assert done.trials[0].same_suggestion
    assert not all(trial.same_suggestion for trial in done.trials)


def test_a_replay_of_a_run_that_is_gone_is_no_pass(bench: Bench):
    state = bench.run(trials=2)
    (bench.home / "records" / "runs" / state.trials[0].run).unlink()
    done = operations.replay_sweep(bench.workspace, "s-last")
    assert [trial.passed for trial in done.trials] == [False, True]
    assert "no run" in done.trials[0].note


def test_sweeps_are_found_by_what_begins_their_ids(bench: Bench):
    record = bench.begin()
    assert sweeping.find(bench.workspace, record.id[:8]) == record
    assert sweeping.find(bench.workspace, "s-last") == record
    bench.begin()
    with pytest.raises(UsageError, match="several"):
        sweeping.find(bench.workspace, "s-2")
    for text in ("s-1", "s-00000000-000000-000000", "x"):
        with pytest.raises(NotFound):
            sweeping.find(bench.workspace, text)


def test_gc_keeps_what_a_sweep_is_made_from(bench: Bench):
    state = bench.run(trials=2)
    needed = {state.record.plan, state.record.origin.spec}
    for trial in state.trials:
        (bench.home / "records" / "runs" / trial.run).unlink()
    found = survey(premises(bench.workspace), Wanted(), bench.workspace.now().replace(year=2100))
    assert not needed & found.blobs.keys()
    assert recorded_plan(bench, state) not in found.blobs
    (bench.home / "records" / sweep_key(state.record.id)).unlink()
    found = survey(premises(bench.workspace), Wanted(), bench.workspace.now().replace(year=2100))
    assert needed <= found.blobs.keys()


def recorded_plan(bench: Bench, state: sweeping.SweepState) -> Digest:
    from orchestrator.plan import Plan
    from orchestrator.store.streams import read_document

    return read_document(bench.workspace.blobs, Plan, state.record.plan).code


def test_fsck_looks_at_sweeps(bench: Bench):
    state = bench.run(trials=2)
    kinds = lambda: {(one.kind, one.what) for one in check(premises(bench.workspace)).findings}  # noqa: E731
    clean = kinds()
    assert not any("sweep" in what for _, what in clean)
    assert state.record.origin.spec is not None
    blob = state.record.origin.spec.removeprefix("sha256:")
    (bench.home / "blobs" / "sha256" / blob[:2] / blob).unlink()
    assert ("missing blob", state.record.origin.spec) in kinds()
    trial = bench.home / "records" / trial_key(state.record.id, 0)
    other = bench.home / "records" / trial_key(state.record.id, 1)
    trial.unlink()
    trial.write_bytes(other.read_bytes())
    assert ("damaged record", trial_key(state.record.id, 0)) in kinds()

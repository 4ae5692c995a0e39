"""One command's work on a sweep: trials that are recorded are told again, those that are not are run and recorded."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.bundle import imported
from orchestrator.errors import NotReplayable, UsageError
from orchestrator.failpoint import reached
from orchestrator.index.filter import names
from orchestrator.operations import sweep_trials, sweeping
from orchestrator.operations.listing import ls
from orchestrator.operations.rows import last_metrics
from orchestrator.operations.signals import Stop
from orchestrator.operations.sweep_driving import Drive
from orchestrator.operations.sweep_strategy import Strategy, strategy
from orchestrator.operations.sweep_trials import Setup
from orchestrator.run import Run
from orchestrator.runspec.command import render
from orchestrator.sweep.course import retold
from orchestrator.sweep.model import SweepRecord, Told, TrialRecord, same, trial_key
from orchestrator.sweep.strategy import Params
from orchestrator.sweep.window import Asked
from orchestrator.workspace import Workspace

_ALL = 1_000_000


@dataclass
class Session:
    """What is known of a sweep's trials while they run."""

    workspace: Workspace
    setup: Setup
    strategy: Strategy
    stop: Stop
    ended: dict[int, TrialRecord]
    left_behind: Mapping[int, Sequence[str]]
    """Runs by trial, the newest first, that were begun before us and that no trial's record names."""

    @classmethod
    def of(cls, workspace: Workspace, setup: Setup, stop: Stop) -> Session:
        """A sweep as it stands in the store."""
        record = setup.record
        ended = {one.number: one for one in sweeping.trial_records(workspace, record)}
        chosen = strategy(setup.section, record.seed)
        return cls(workspace, setup, chosen, stop, ended, _left_behind(workspace, record))

    def run(self) -> None:
        """Run what is left, as far as time, budget and signals let it."""
        section, record = self.setup.section, self.setup.record
        until = None if section.timeout is None else time.monotonic() + section.timeout
        window = self.strategy.window(record.parallel)
        Drive(window, self._known, self._perform, self.stop).run(record.trials, until)

    def _known(self, asked: Asked) -> Told | None:
        trial = self.ended.get(asked.number)
        return None if trial is None else again(self.setup.record, self.strategy, asked, trial)

    def _perform(self, asked: Asked, stop: Stop) -> Told | None:
        for run_id in self.left_behind.get(asked.number, ()):
            left = sweep_trials.follow(self.workspace, self.setup, asked, run_id, stop)
            if left is None or left.plan != self.setup.plan_of(asked).digest:  # gone, or not what it says it is
                continue
            told, why = sweep_trials.came_of(self.workspace, self.setup.record, asked, left)
            if told.state != "failed" or left.status in ("finished", "failed"):
                return self._record(asked, left, told, why)
        if self.stop.requested:
            return None
        run = sweep_trials.run(self.workspace, self.setup, asked, stop)
        reached("sweep.ran")
        told, why = sweep_trials.came_of(self.workspace, self.setup.record, asked, run)
        if self.stop.requested and told.state == "failed" and run.status not in ("finished", "failed"):
            return None  # it was we who stopped it
        return self._record(asked, run, told, why)

    def _record(self, asked: Asked, run: Run, told: Told, why: str) -> Told:
        trial = sweep_trials.trial_record(self.setup, asked, run.id, told, why)
        if not self.workspace.records.create(trial_key(trial.sweep, trial.number), trial.to_bytes()):
            raise UsageError(f"trial {trial.number} is recorded already: another machine is at {trial.sweep}")
        reached("sweep.recorded")
        self.ended[trial.number] = trial
        self.workspace.report(self._line(asked.params, trial))
        if asked.number == 0 and run.status == "finished" and told.state == "failed":
            self._check_objective(run, why)
        return told

    def _check_objective(self, run: Run, why: str) -> None:
        """A name that the first trial does not log is taken for a slip: no further trial is spent on it."""
        if self.setup.record.metric not in last_metrics(self.workspace.blobs, run):
            raise UsageError(
                f"the sweep stops at its first trial: {why}",
                hint=f"change sweep.objective; or `orchestrator sweep {self.setup.record.id}` goes on all the same",
            )

    def _line(self, params: Params, trial: TrialRecord) -> str:
        record = self.setup.record
        chosen = ", ".join(f"{name}={render(value)}" for name, value in params.items())
        came = {"complete": f"{record.metric} {trial.value}", "pruned": f"pruned at {record.metric} {trial.value}"}
        first = sweeping.best([sweeping.trial_of(one) for one in list(self.ended.values())], record.direction)
        so_far = f"; best {first.value!r}, trial {first.number}" if first else ""
        return f"trial {trial.number}: {came.get(trial.state, f'failed: {trial.why}')} ({chosen}){so_far}"


def again(record: SweepRecord, chosen: Strategy, asked: Asked, trial: TrialRecord) -> Told:
    """What was told of a recorded trial.

    Raises:
        NotReplayable: today it is suggested otherwise, or pruned otherwise.
    """
    hint = f"the sweep was begun with {record.sampler}, this is {chosen.name}" if record.sampler != chosen.name else ""
    if not same(asked.params, trial.params):
        raise NotReplayable(
            f"trial {trial.number} of {record.id} is suggested otherwise today: {dict(asked.params)}, recorded is "
            f"{dict(trial.params)}",
            hint=hint or "this machine's arithmetic, or a library beneath the sampler, is another one",
        )
    told = retold(trial.told(), asked.judge())
    if told is None:
        raise NotReplayable(f"trial {trial.number} of {record.id} is pruned otherwise today", hint=hint)
    return told


def _left_behind(workspace: Workspace, record: SweepRecord) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for number, run_id in sweeping.live_trials(workspace, record):
        found[number].append(run_id)
    for row in ls(workspace, tags=[(names.SWEEP, record.id)], archived=True, limit=_ALL):
        number = int(row.tags[names.TRIAL])
        if row.id not in found[number] and imported.of(row.id, workspace.records) is None:
            found[number].append(row.id)
    return found

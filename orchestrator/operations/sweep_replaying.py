"""Replay a sweep: the same suggestions from the same seed, and each complete trial's run once more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from orchestrator.compare.verdict import Verdict
from orchestrator.errors import Interrupted, NotFound, NotReplayable
from orchestrator.operations import recover, replaying, sweep_trials, sweeping
from orchestrator.operations.execute import Watcher
from orchestrator.operations.signals import Stop
from orchestrator.operations.sweep_driving import Drive, shared_by_threads
from orchestrator.operations.sweep_strategy import strategy
from orchestrator.runspec.fields import Scalar
from orchestrator.sweep.course import retold
from orchestrator.sweep.model import SweepRecord, Told, TrialRecord, same
from orchestrator.sweep.window import Asked
from orchestrator.workspace import Workspace


@dataclass(frozen=True)
class ReplayedTrial:
    """A trial, and what its replay came to."""

    recorded: TrialRecord
    suggested: dict[str, Scalar]
    """Today."""
    same_suggestion: bool
    state: str
    """What came of it today: ``complete``, ``pruned`` or ``failed``."""
    replay: str | None = None
    """The run; None where nothing was run."""
    verdict: Verdict | None = None
    note: str = ""
    """Why nothing was run, or what is not as it was."""

    @property
    def passed(self) -> bool:
        """Whether it came back, as far as it was tried."""
        judged = self.verdict is None or self.verdict.passed
        tried = self.recorded.state != "complete" or self.verdict is not None
        return self.same_suggestion and judged and tried and self.state == self.recorded.state


@dataclass(frozen=True)
class ReplayedSweep:
    """A sweep, and what its replay came to."""

    record: SweepRecord
    sampler: str
    """Today's."""
    trials: tuple[ReplayedTrial, ...]

    @property
    def passed(self) -> bool:
        """Whether every suggestion and every complete trial came back. A sweep without a trial does not."""
        return bool(self.trials) and all(trial.passed for trial in self.trials)


def replay_sweep(workspace: Workspace, text: str, *, stop: Stop | None = None, force: bool = False) -> ReplayedSweep:
    """Replay a sweep: ask again with the recorded seed, replay complete trials, tell what came of that.

    A pruned trial, or one that has failed, is compared by its suggestion, and told as it was recorded.

    Raises:
        NotFound: there is no such sweep.
        Interrupted: stopped by a signal.
    """
    recover.recover(workspace)
    record = sweeping.find(workspace, text)
    section = sweeping.section_of(sweeping.spec_of(workspace, record))
    chosen = strategy(section, record.seed)
    recorded = {trial.number: trial for trial in sweeping.trial_records(workspace, record)}
    replay = _Replay(workspace, record, recorded, stop or Stop(), force)
    with shared_by_threads(workspace):
        window = chosen.window(record.parallel)
        Drive(window, replay.known, replay.perform, replay.stop).run(max(recorded, default=-1) + 1)
    if replay.stop.requested:
        raise Interrupted(f"the replay of {record.id} was stopped", replay.stop.requested)
    return ReplayedSweep(record, chosen.name, tuple(replay.in_order()))


@dataclass
class _Replay:
    workspace: Workspace
    record: SweepRecord
    recorded: dict[int, TrialRecord]
    stop: Stop
    force: bool
    done: dict[int, ReplayedTrial] = field(default_factory=dict)

    def in_order(self) -> Iterator[ReplayedTrial]:
        for number in sorted(self.done):
            yield self.done[number]

    def known(self, asked: Asked) -> Told | None:
        """Of a trial that is not run again."""
        trial = self.recorded.get(asked.number)
        if trial is None or trial.state == "complete":
            return None
        told = trial.told()
        today = retold(told, asked.judge())
        note = f"{trial.state}: not run again" if today else "pruned otherwise"
        state = trial.state if today else "another"
        self._note(trial, asked, state=state, note=note)
        return today or told

    def perform(self, asked: Asked, stop: Stop) -> Told | None:
        """Replay a complete trial. None for one that was under way when the sweep was interrupted."""
        trial = self.recorded.get(asked.number)
        if trial is None:
            return None
        try:
            done = replaying.replay(self.workspace, trial.run, watcher=Watcher(stop=stop), force=self.force)
        except Interrupted:
            return None
        except (NotFound, NotReplayable) as error:
            self._note(trial, asked, note=error.message)
            return retold(trial.told(), asked.judge()) or trial.told()
        told, why = sweep_trials.came_of(self.workspace, self.record, asked, done.replay)
        self._note(trial, asked, state=told.state, replay=done.replay.id, verdict=done.verdict, note=why)
        return told

    def _note(
        self,
        trial: TrialRecord,
        asked: Asked,
        *,
        state: str = "complete",
        replay: str | None = None,
        verdict: Verdict | None = None,
        note: str = "",
    ) -> None:
        found = ReplayedTrial(
            recorded=trial,
            suggested=dict(asked.params),
            same_suggestion=same(asked.params, trial.params),
            state=state,
            replay=replay,
            verdict=verdict,
            note=note,
        )
        self.done[trial.number] = found
        said = verdict.answer if verdict else note
        other = "" if found.same_suggestion else "; another suggestion than the recorded one"
        self.workspace.report(f"trial {trial.number}: {said}{other}")

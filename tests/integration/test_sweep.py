"""Sweeps with a real engine: in parallel, killed in between, gone on with, replayed; the image is built once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk import Desk, wait_for
from servers.given import give_base, workspace_of_team

from orchestrator import operations
from orchestrator.operations.pinning import pin
from orchestrator.operations.sweeping import SweepState
from orchestrator.runspec.command import render

pytestmark = pytest.mark.engine

SCRIPT = """
import argparse, time, orchestrator
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
parser.add_argument("--width", type=int)
asked = parser.parse_args()
for step in range(5):
    orchestrator.log_metric("loss", (asked.lr - 0.01) ** 2 * 1000 + asked.width / 100 + 1 / (step + 1), step=step)
    time.sleep(0.1)
open("/outputs/model.txt", "w").write(repr(asked.lr))
"""
SECTION: dict[str, Any] = {
    "method": "tpe",
    "objective": {"metric": "loss", "direction": "minimize"},
    "params": {"lr": {"low": 1e-4, "high": 0.1, "log": True}, "width": [16, 32, 64]},
    "trials": 9,
    "parallel": 3,
    "pruner": "median",
}


def write(desk: Desk, script: str = SCRIPT, **section: Any) -> Path:
    command = "python job.py --lr {params.lr} --width {params.width}"
    return desk.write(
        script,
        run={"command": command},
        params={"lr": 0.1, "width": 16},
        resources={"cpus": 1, "memory": "512m"},
        sweep={**SECTION, **section},
    )


def suggested(state: SweepState) -> list[Any]:
    return [(one.number, one.params, one.state, one.value, one.pruned_at) for one in state.trials]


@pytest.fixture(scope="module")
def swept(new_desk: Any) -> Iterator[tuple[Desk, SweepState]]:
    desk = new_desk()
    yield desk, operations.sweep(desk.workspace, write(desk))


def test_a_parallel_sweep_builds_its_image_once(swept: tuple[Desk, SweepState]):
    desk, state = swept
    assert state.summary.ended == 9
    assert state.summary.complete >= 5
    plans = [operations.show(desk.workspace, one.run).plan for one in state.trials]
    assert len({plan.image for plan in plans}) == 1
    assert len({plan.code for plan in plans}) == 1
    assert sum("build" in line for line in desk.said) <= 1


def test_a_trials_plan_is_that_of_a_submit(swept: tuple[Desk, SweepState]):
    desk, state = swept
    trial = state.trials[3]
    overrides = tuple(f"params.{name}={render(value)}" for name, value in trial.params.items())
    assert (
        pin(desk.workspace, desk.folder, overrides).plan.digest == operations.show(desk.workspace, trial.run).run.plan
    )


def test_it_replays(swept: tuple[Desk, SweepState]):
    desk, state = swept
    done = desk.cli("replay", state.record.id, "--json")
    assert done.returncode == 0, done.stderr.decode()
    said = json.loads(done.stdout)["data"]
    assert said["passed"]
    assert [one["same_suggestion"] for one in said["trials"]] == [True] * 9
    answers = [one["verdict"]["answer"] if one["verdict"] else one["note"] for one in said["trials"]]
    assert set(answers) <= {"identical", "pruned: not run again"}
    assert answers.count("identical") == state.summary.complete


def test_it_is_listed_and_shown(swept: tuple[Desk, SweepState]):
    desk, state = swept
    said = json.loads(desk.cli("sweeps", "--json").stdout)["data"]["sweeps"]
    assert [(one["id"], one["state"], one["best_run"]) for one in said] == [
        (state.record.id, "finished", state.summary.best_run)
    ]
    shown = desk.cli("sweeps", "s-last").stdout.decode()
    assert all(one.run in shown for one in state.trials)
    assert f"trial {state.summary.best_trial}, run {state.summary.best_run}" in shown
    again, there = (desk.cli(verb, state.record.id, "--json") for verb in ("sweep", "sweeps"))
    assert json.loads(again.stdout)["data"] == json.loads(there.stdout)["data"]
    assert desk.cli("sweeps", "s-1999").returncode == 5
    assert desk.cli("sweep", state.record.id, "--trials", "20").returncode == 2
    assert desk.cli("replay", state.record.id, "--cold").returncode == 2


def test_a_trial_replays_by_itself(swept: tuple[Desk, SweepState]):
    desk, state = swept
    best = state.best
    assert best is not None
    assert operations.replay(desk.workspace, best.run).verdict.answer == "identical"


def test_killed_in_the_middle_it_goes_on_as_if_nothing_had_been(swept: tuple[Desk, SweepState], desk: Desk):
    """The tree is edited meanwhile: a sweep runs what was pinned when it began."""
    _, whole = swept
    write(desk)
    command = [sys.executable, "-m", "orchestrator.cli.main", "sweep", str(desk.folder)]
    env = {**os.environ, "ORCHESTRATOR_HOME": str(desk.home)}
    with (desk.folder.parent / "said").open("wb") as said:
        running = subprocess.Popen(command, env=env, stderr=said, stdout=said)
        try:
            wait_for(lambda: any(one.ended >= 3 for one in operations.sweeps(desk.workspace)))
        finally:
            running.kill()
            running.wait()
    (sweep,) = operations.sweeps(desk.workspace)
    assert sweep.state == "interrupted"
    write(desk, "raise SystemExit(1)")
    done = desk.cli("sweep", sweep.id, "--json")
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["data"]["sweep"]["state"] == "finished"
    assert suggested(operations.sweep_state(desk.workspace, sweep.id)) == suggested(whole)
    assert list(desk.workspace.live.iterdir()) == []
    found = operations.fsck(desk.workspace, quick=True)
    assert not [one for one in found.findings if one.wrong], found.findings


def test_a_signal_stops_the_trials_that_run(desk: Desk):
    write(desk, SCRIPT.replace("0.1)\nopen", "60)\nopen"), method="random", pruner="none")
    command = [sys.executable, "-m", "orchestrator.cli.main", "sweep", str(desk.folder)]
    env = {**os.environ, "ORCHESTRATOR_HOME": str(desk.home)}
    with (desk.folder.parent / "said").open("w+b") as said:
        running = subprocess.Popen(command, env=env, stderr=said, stdout=said)
        wait_for(lambda: len(list(desk.workspace.live.glob("*/record/started.json"))) == 3)
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == 130
        said.seek(0)
        text = said.read().decode()
    (sweep,) = operations.sweeps(desk.workspace)
    assert f"`orchestrator sweep {sweep.id}` goes on" in text
    assert (sweep.state, sweep.ended) == ("interrupted", 0)
    assert [row.status for row in operations.ls(desk.workspace)] == ["killed"] * 3
    assert list(desk.workspace.live.iterdir()) == []


def test_where_no_trial_is_complete_it_fails(desk: Desk):
    write(desk, "raise SystemExit(3)", method="grid", params={"width": [1, 2]}, trials=None, pruner="none")
    done = desk.cli("sweep", str(desk.folder))
    assert done.returncode == 1
    assert b"trial 1 failed: the run is failed" in done.stdout


def test_a_sweep_section_changes_no_plan(desk: Desk):
    """Code is a folder of its own here: beside the spec, its text is part of the code."""
    (desk.folder / "src").mkdir()
    (desk.folder / "src" / "job.py").write_text(SCRIPT)
    spec = {"run": {"command": "python job.py --lr {params.lr}"}, "params": {"lr": 0.1, "width": 1}}
    bare = desk.write("", code={"root": "src"}, **spec)
    operations.build(desk.workspace, bare)
    one = pin(desk.workspace, bare).plan.digest
    assert pin(desk.workspace, desk.write("", code={"root": "src"}, **spec, sweep=SECTION)).plan.digest == one


def test_a_team_sees_a_sweep_in_s3_by_postgresql(
    ceph: Any, s3: tuple[str, str], postgres: Any, desk: Desk, tmp_path: Path
):
    index = postgres.fresh()
    first, other = (workspace_of_team(s3, index, home) for home in (desk.home, tmp_path / "other"))
    give_base(desk, first)
    section = {"method": "grid", "params": {"width": [16, 32]}, "trials": None, "parallel": 2, "pruner": "none"}
    done = operations.sweep(first, write(desk, **section))
    assert done.summary.complete == 2
    there = operations.sweep_state(other, done.record.id)
    assert suggested(there) == suggested(done)
    operations.tag(first, [done.best.run], {"stage": "best"})
    found = operations.ls(other, where=f"sweep = '{done.record.id}' and tags.stage = 'best' and params.width = 16")
    assert [row.id for row in found] == [done.best.run]
    assert operations.best(other, "loss", direction="min").rows[0].id == done.best.run

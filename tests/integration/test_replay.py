"""Replays: the recorded plan runs again, whatever has become of what it was made from."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
from desk import Desk

import orchestrator
from orchestrator import operations
from orchestrator.compare.difference import Difference
from orchestrator.errors import Corruption
from orchestrator.store import tree

PACKAGE = Path(orchestrator.__file__).parent
pytestmark = pytest.mark.engine

UNSEEDED = """
import random, orchestrator
for step in range(5):
    orchestrator.log_metric("loss", random.random())
with open("/outputs/drawn.txt", "w") as file:
    file.write(repr([random.gauss(0, 1) for _ in range(10)]))
print(sorted({"a", "b", "c"}, key=hash))
"""

TIMED = """
import random, time, orchestrator
random.seed(time.time_ns())
orchestrator.log_metric("loss", random.random())
"""


def test_an_unseeded_script_comes_back_bit_for_bit(desk: Desk):
    original = desk.submit(UNSEEDED, verify={"streams": "exact"})
    again = operations.replay(desk.workspace, original.id)
    assert again.verdict.answer == "identical"
    assert again.replay.outcome == original.outcome
    assert (again.replay.origin.kind, again.replay.origin.of) == ("replay", original.id)
    assert again.replay.plan == original.plan
    assert [record.verdict["answer"] for record in desk.show(original).verdicts] == ["identical"]
    assert desk.show(original).metrics["loss"] == desk.show(again.replay).metrics["loss"]


def test_another_seed_is_another_outcome(desk: Desk):
    one, other = desk.submit(UNSEEDED, seed=1), desk.submit(UNSEEDED, seed=2)
    assert one.outcome != other.outcome
    assert one.plan != other.plan


def test_two_submits_share_plan_and_outcome(desk: Desk):
    one, other = desk.submit(UNSEEDED), desk.submit(UNSEEDED)
    assert (one.plan, one.outcome) == (other.plan, other.outcome)
    assert one.id != other.id


@pytest.mark.slow
def test_unseeded_numpy_comes_back_bit_for_bit(desk: Desk, numpy_lock: bytes):
    (desk.folder / "runspec.lock").write_bytes(numpy_lock)
    script = """
import numpy, orchestrator
for step in range(5):
    orchestrator.log_metric("loss", numpy.random.standard_normal())
orchestrator.log_metric("scalar", numpy.float32(0.1))
numpy.save("/outputs/drawn.npy", numpy.random.permutation(1000))
"""
    original = desk.submit(script, image={"requirements": ["numpy"]})
    assert original.status == "finished"
    assert operations.replay(desk.workspace, original.id).verdict.answer == "identical"
    assert dict(desk.show(original).metrics["scalar"]) == {0: 0.10000000149011612}


def test_without_determinism_a_replay_diverges(desk: Desk):
    original = desk.submit(TIMED, determinism="off")
    again = operations.replay(desk.workspace, original.id)
    assert (again.verdict.answer, int(again.verdict.exit_code)) == ("diverged", 1)
    assert [finding.path for finding in again.verdict.failures] == ["metrics/loss"]
    assert desk.cli("replay", original.id).returncode == 1


def test_it_uses_what_was_recorded(desk: Desk):
    (desk.folder / "lines.txt").write_text("first")
    (desk.folder / "helper.py").write_text("ANSWER = 1")
    script = """
import helper, orchestrator
orchestrator.log_param("data", open("/data/lines/lines.txt").read())
orchestrator.log_metric("answer", helper.ANSWER)
"""
    original = desk.submit(script, data={"lines": {"source": "lines.txt"}})
    shutil.rmtree(desk.folder)
    again = operations.replay(desk.workspace, original.id)
    assert again.verdict.answer == "identical"
    assert desk.show(again.replay).outcome == desk.show(original).outcome


def test_its_agent_is_the_recorded_one(desk: Desk, tmp_path: Path):
    original = desk.submit(UNSEEDED)
    shutil.copytree(PACKAGE, tmp_path / "orchestrator")
    shutil.copytree(PACKAGE.parent / "images", tmp_path / "images")
    (tmp_path / "orchestrator" / "agent" / "launch.py").write_text("raise SystemExit('another agent')")
    done = desk.cli("replay", original.id, PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stderr.decode()
    done = desk.cli("plan", "--json", PYTHONPATH=str(tmp_path))
    assert json.loads(done.stdout)["data"]["plan"]["agent"] != desk.show(original).plan.agent


def test_damaged_code_is_refused_before_anything_runs(desk: Desk):
    original = desk.submit(UNSEEDED)
    desk.damage(desk.show(original).plan.code)
    with pytest.raises(Corruption):
        operations.replay(desk.workspace, original.id)
    done = desk.cli("replay", original.id)
    assert done.returncode == 6
    assert b"damaged" in done.stderr
    assert done.stdout == b""
    assert list(desk.workspace.live.iterdir()) == []
    assert list(desk.workspace.records.list("runs/")) == [f"runs/{original.id}"]


def test_a_damaged_file_of_the_code_is_refused(desk: Desk):
    original = desk.submit(UNSEEDED)
    files = tree.load(desk.workspace.blobs, desk.show(original).plan.code).files
    desk.damage(files["job.py"].digest)
    assert desk.cli("replay", original.id).returncode == 6


@pytest.mark.parametrize(
    ("verify", "answer"),
    [
        ({}, "diverged"),
        ({"metrics": {"loss": {"abs": 1.0}}}, "within-policy"),
        ({"metrics": {"loss": {"abs": 1e-30}}}, "diverged"),
        ({"metrics": "ignore"}, "within-policy"),
        ({"metrics": {"l*": "ignore"}}, "within-policy"),
        ({"metrics": "ignore", "params": "ignore", "artifacts": "ignore", "exit_code": "ignore"}, "inconclusive"),
    ],
)
def test_a_policy_judges(desk: Desk, verify, answer):
    original = desk.submit(TIMED, determinism="off", verify=verify)
    again = operations.replay(desk.workspace, original.id)
    assert again.verdict.answer == answer
    assert again.verdict.passed == (answer == "within-policy")


def test_verify_several_times_for_ci(desk: Desk):
    original = desk.submit(UNSEEDED)
    done = desk.cli("verify", original.id, "--times", "2", "--format", "junit")
    assert done.returncode == 0, done.stderr.decode()
    suites = ElementTree.fromstring(done.stdout)  # noqa: S314  (ours)
    assert int(suites.attrib["failures"]) == 0
    assert {suite.attrib["name"].split(":")[0] for suite in suites} == {"replay 1", "replay 2"}
    assert len(desk.show(original).verdicts) == 2


def test_verify_a_spec(desk: Desk):
    desk.write(TIMED, determinism="off")
    done = desk.cli("verify", "runspec.yaml", "--format", "junit")
    assert done.returncode == 1
    suites = ElementTree.fromstring(done.stdout)  # noqa: S314  (ours)
    failed = [case.attrib["name"] for case in suites.iter("testcase") if case.find("failure") is not None]
    assert failed == ["loss"]


def paths(difference: Difference, above: str = "") -> set[str]:
    here = f"{above}/{difference.name}"
    return {here}.union(*(paths(child, here) for child in difference.changes))


def test_a_diff_names_what_made_the_difference(desk: Desk):
    script = """
import argparse, orchestrator
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
orchestrator.log_metric("loss", parser.parse_args().lr / 3)
"""
    spec = desk.write(script, params={"lr": 0.1}, run={"command": "python job.py --lr {params.lr}"})
    one = operations.submit(desk.workspace, spec)
    other = operations.submit(desk.workspace, spec, overrides=("params.lr=0.2",))
    found = paths(operations.diff(desk.workspace, one.id, other.id))
    assert any(path.endswith("/params/lr") for path in found), found
    assert any(path.endswith("/metrics/loss") for path in found), found
    assert not any("code" in path for path in found), found
    done = desk.cli("diff", one.id, other.id)
    assert done.returncode == 0
    assert b"0.1" in done.stdout
    assert b"0.2" in done.stdout

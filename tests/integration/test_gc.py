"""gc on a store with real runs: what kept runs need stays, whatever happens meanwhile; the rest goes."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from desk import GATE, Desk

from orchestrator import operations
from orchestrator.digest import Digest
from orchestrator.errors import Corruption, NotFound, UsageError
from orchestrator.maintenance.policy import Best, Policy
from orchestrator.maintenance.survey import Wanted, survey
from orchestrator.maintenance.sweep import sweep
from orchestrator.operations.collecting_garbage import Garbage
from orchestrator.operations.premises import premises
from orchestrator.run import Run
from orchestrator.store.local import LocalRecords
from orchestrator.store.sealed import Sealed

pytestmark = pytest.mark.engine

NOW = timedelta(0)
LAST = Policy(last=1)


def collect(desk: Desk, policy: Policy = Policy(), *, delete: bool = True, **more) -> Garbage:  # noqa: B008
    return operations.gc(desk.workspace, Wanted(policy, **{"grace": NOW, **more}), delete=delete)


def job(number: int) -> str:
    return (
        f"import orchestrator as o\no.log_metric('score', {number})\nopen('/outputs/x', 'w').write('{number}' * 999)\n"
    )


def recorded(desk: Desk) -> set[str]:
    return {key.removeprefix("runs/") for key in desk.workspace.records.list("runs/")}


def check_whole(desk: Desk, *runs: Run) -> None:
    """The store is clean, these runs are all there are, and each of them can be shown."""
    done = operations.fsck(desk.workspace)
    assert (done.clean, done.findings) == (True, ())
    assert recorded(desk) >= {run.id for run in runs}
    listed = {row.id for row in operations.ls(desk.workspace, limit=1000)}
    assert listed == {run_id for run_id in recorded(desk) if "." not in run_id}
    for run in runs:
        assert operations.show(desk.workspace, run.id).run == run


@pytest.fixture
def three(desk: Desk) -> list[Run]:
    return [desk.submit(job(number)) for number in (1, 3, 2)]


def test_without_a_rule_no_run_goes_and_without_delete_nothing(desk: Desk, three: list[Run]):
    before = sorted(desk.workspace.blobs.list())
    dry = collect(desk, delete=False)
    assert (dry.swept, dry.survey.going) == (None, {})
    assert sorted(desk.workspace.blobs.list()) == before
    swept = collect(desk).swept
    assert swept is not None
    assert swept.blobs.count == len(dry.survey.blobs) > 0  # what the shelf has more
    check_whole(desk, *three)
    assert collect(desk, delete=False).survey.blobs == {}
    assert operations.replay(desk.workspace, three[0].id).verdict.answer == "identical"


def test_the_last_is_kept_with_all_it_needs(desk: Desk, three: list[Run]):
    done = collect(desk, LAST)
    assert done.swept is not None
    assert set(done.swept.runs) == {three[0].id, three[1].id}
    assert recorded(desk) == {three[2].id}
    check_whole(desk, three[2])
    assert operations.replay(desk.workspace, three[2].id).verdict.answer == "identical"
    with pytest.raises(NotFound):
        operations.show(desk.workspace, three[0].id)


def test_the_best_and_the_pinned_are_kept(desk: Desk, three: list[Run]):
    operations.pin(desk.workspace, three[0].id, "the paper's")
    done = collect(desk, Policy(best=(Best("score", "max"),)))
    assert done.survey.kept == {three[0].id: ["pinned"], three[1].id: ["--keep-best score:max:1"]}
    check_whole(desk, three[0], three[1])
    with pytest.raises(UsageError, match="pinned"):
        collect(desk, Policy(drop=frozenset([three[0].id])))
    operations.unpin(desk.workspace, three[0].id)
    collect(desk, Policy(drop=frozenset([three[0].id])))
    assert recorded(desk) == {three[1].id}


def test_replays_and_certificates_go_with_their_original(desk: Desk):
    first = operations.certify(desk.workspace, desk.write(job(1))).run
    second = operations.certify(desk.workspace, desk.write(job(2))).run
    assert first is not None and second is not None
    collect(desk, LAST)
    check_whole(desk, second)
    assert len(recorded(desk)) == 2
    left = [key for key in desk.workspace.records.list("") if first.id in key]
    assert left == []
    assert operations.show(desk.workspace, second.id).certificate is not None


def test_a_rule_that_keeps_nothing_is_refused(desk: Desk, three: list[Run]):
    for policy in (Policy(best=(Best("sorce", "max"),)), Policy(tags=(("team", None),)), Policy(newer=NOW)):
        with pytest.raises(UsageError, match="keeps nothing"):
            collect(desk, policy)
    check_whole(desk, *three)
    collect(desk, Policy(all=True))
    assert recorded(desk) == set()
    assert list(desk.workspace.blobs.list()) == []
    assert operations.fsck(desk.workspace).clean


def test_young_blobs_stay(desk: Desk, three: list[Run]):
    before = sorted(desk.workspace.blobs.list())
    done = collect(desk, LAST, grace=timedelta(days=1))
    assert done.survey.young.count > 0
    assert sorted(desk.workspace.blobs.list()) == before
    check_whole(desk, three[2])


def test_a_live_run_keeps_what_it_needs_and_what_it_repeats(desk: Desk):
    desk.write(GATE + "print('on')")
    command = desk.start("submit")
    first = desk.live()
    collect(desk, Policy(all=True))
    assert desk.workspace.blobs.has(Digest(json.loads((first / "request.json").read_bytes())["plan"]))
    desk.let_go(first)
    assert command.wait(60) == 0
    (original,) = desk.recorded()
    again = desk.start("replay", original.id)
    folder = desk.live()
    done = collect(desk, Policy(all=True))
    assert done.survey.kept == {original.id: [f"run {folder.name} is live"]}
    desk.let_go(folder)
    _, err = again.communicate(timeout=60)
    assert again.returncode == 0, err.decode()
    check_whole(desk, *desk.recorded(2))


def test_layers_that_can_be_built_again_go_when_asked(desk: Desk, numpy_lock: bytes):
    spec = desk.write("import numpy; print(numpy.arange(3))", image={"requirements": ["numpy"]})
    spec.with_suffix(".lock").write_bytes(numpy_lock)
    run = operations.submit(desk.workspace, spec).run
    assert run is not None
    collect(desk)
    done = collect(desk, drop_rebuildable=True)
    assert {"layer", "manifest", "config"} <= set(done.survey.kinds)
    found = operations.fsck(desk.workspace)
    assert found.clean
    assert {finding.kind for finding in found.findings} == {"missing blob"}
    assert operations.replay(desk.workspace, run.id).verdict.answer == "identical"


def test_nothing_is_removed_where_a_record_is_damaged(desk: Desk, three: list[Run]):
    place = desk.home / "records" / "runs" / three[0].id
    data = place.read_bytes()
    place.write_bytes(data[:-9])
    before = sorted(desk.workspace.blobs.list())
    with pytest.raises(Corruption, match="nobody knows what this run needs"):
        collect(desk, LAST)
    place.write_bytes(data)
    desk.damage(three[2].plan)
    with pytest.raises(Corruption, match="cannot be told"):
        collect(desk, LAST)
    assert sorted(desk.workspace.blobs.list()) == before
    assert recorded(desk) == {run.id for run in three}


def test_the_command_says_what_would_go_and_then_does_it(desk: Desk, three: list[Run]):
    dry = desk.cli("gc", "--keep-last", "1", "--grace", "0")
    assert (dry.returncode, b"nothing was removed" in dry.stdout) == (0, True), dry.stderr
    assert len(recorded(desk)) == 3
    done = desk.cli("gc", "--keep-last", "1", "--grace", "0", "--delete", "--json")
    data = json.loads(done.stdout)["data"]
    assert (data["deleted"], len(data["runs"]), list(data["kept"])) == (True, 2, [three[2].id])
    assert recorded(desk) == {three[2].id}
    for wrong in (["--keep-best", "score"], ["--keep-newer", "soon"], ["--drop", "20200101-000000-000000"]):
        assert desk.cli("gc", *wrong).returncode in (2, 5)


SUBMITTERS, ROUNDS = 3, 4


def test_runs_that_are_submitted_meanwhile_lose_nothing(desk: Desk, tmp_path: Path):
    """Each submitter's second run begins with what its first one left, which gc may be about to remove."""
    desk.submit(job(0))
    folders = [tmp_path / f"work{number}" for number in range(SUBMITTERS)]
    desks = [Desk(desk.home, folder) for folder in folders]

    def submit(one: Desk, round_: int) -> subprocess.Popen[bytes]:
        one.write(job(round_ % 2))
        return one.start("submit", "--json")

    acknowledged: set[str] = set()
    for round_ in range(ROUNDS):  # in every other one runs go too, and leave what the next round begins with
        running = [submit(one, round_) for one in desks]
        while any(command.poll() is None for command in running):
            collect(desk, LAST if round_ % 2 else Policy())
        for command in running:
            out, err = command.communicate()
            assert command.returncode == 0, err.decode()
            acknowledged.add(json.loads(out)["data"]["id"])
        assert round_ % 2 or recorded(desk) >= acknowledged
        acknowledged &= recorded(desk)
    left = [Run.from_bytes(desk.workspace.records.read(f"runs/{run_id}") or b"") for run_id in sorted(recorded(desk))]
    check_whole(desk, *left)
    for run in left[-2:]:
        assert operations.replay(desk.workspace, run.id).verdict.answer == "identical"


class Dying(Sealed):
    """Records of a process that dies at the ``left``-th removal."""

    left = 0

    def remove(self, key: str) -> None:
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        super().remove(key)


def test_wherever_it_dies_the_next_one_finds_a_whole_store(desk: Desk, tmp_path: Path):
    operations.certify(desk.workspace, desk.write(job(1)))
    last = desk.submit(job(2))
    collect(desk)
    wanted = Wanted(Policy(last=1), NOW)
    for left in range(20):
        home = tmp_path / str(left)
        shutil.copytree(desk.home, home, copy_function=os.link, ignore=shutil.ignore_patterns("index.sqlite"))
        copy = Desk(home, tmp_path / "work")
        operations.ls(copy.workspace)  # an index of its own
        records = Dying(LocalRecords(home))
        records.left = left
        store = dataclasses.replace(premises(copy.workspace), records=records)
        try:
            sweep(
                store,
                survey(store, wanted, copy.workspace.now()),
                wanted,
                copy.workspace.index.remove,
                copy.workspace.now,
            )
            break
        except KeyboardInterrupt:
            found = operations.fsck(copy.workspace)
            assert {finding.kind for finding in found.findings if finding.wrong} <= {"index"}
            assert operations.show(copy.workspace, last.id).run == last
            collect(copy, LAST)
            check_whole(copy, last)
            assert recorded(copy) == {last.id}
    assert left >= 5


def test_what_comes_after_the_survey_is_spared(desk: Desk, three: list[Run]):
    """A run of what was to go, and a pin."""
    store, wanted = premises(desk.workspace), Wanted(Policy(all=True), NOW)
    found = survey(store, wanted, desk.workspace.now())
    assert sum(map(len, found.going.values())) == 3
    again = desk.submit(job(1))  # what the first one left is in the store already
    operations.pin(desk.workspace, three[1].id)
    done = sweep(store, found, wanted, desk.workspace.index.remove, desk.workspace.now)
    assert done.spared == [three[1].id]
    assert recorded(desk) == {again.id, three[1].id}
    check_whole(desk, again, three[1])
    assert operations.replay(desk.workspace, again.id).verdict.answer == "identical"

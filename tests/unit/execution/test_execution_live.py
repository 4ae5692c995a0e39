"""A live run's folder: what is laid down in it, who holds it, how it goes."""

from __future__ import annotations

import json
import os

import pytest

from orchestrator.agent import wire
from orchestrator.determinism import EPOCH
from orchestrator.digest import Digest
from orchestrator.errors import Corruption, NotFound
from orchestrator.execution.live import LiveRun, all_in
from orchestrator.execution.prepare import prepare
from orchestrator.plan import DataPin
from orchestrator.store.streams import put_bytes


def test_everything_is_laid_down(bench):
    data = DataPin(kind="tree", digest=bench.tree({"a/b.txt": b"word"}), mount="/data/words")
    one = DataPin(kind="file", digest=put_bytes(bench.blobs, b"one"), mount="/data/one/one.txt")
    run = bench.begin(bench.plan(data={"words": data, "one": one}))
    assert (run.workspace / "job.py").read_bytes() == b"pass"
    assert (run.workspace / "job.py").stat().st_mtime == EPOCH
    assert (run.data / "words" / "a" / "b.txt").read_bytes() == b"word"
    assert (run.data / "one").read_bytes() == b"one"
    assert list(run.outputs.iterdir()) == []
    assert json.loads((run.record / wire.JOB).read_text())["params"] == {"lr": 0.1}


def test_the_jobs_copy_is_not_the_stores(bench):
    plan = bench.plan(code={"job.py": b"pass"})
    run = bench.begin(plan)
    (run.workspace / "job.py").write_bytes(b"changed")
    again = bench.begin(plan, run_id="20261123-000000-000001")
    assert (again.workspace / "job.py").read_bytes() == b"pass"


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_the_job_can_read_it_whatever_the_umask(bench, mask):
    plan = bench.plan(code={"deep/job.py": b"pass"})
    before = os.umask(mask)
    try:
        run = bench.begin(plan)
    finally:
        os.umask(before)
    for path in (run.record / wire.JOB, run.workspace / "deep" / "job.py", run.agent / "etc" / "passwd"):
        assert path.stat().st_mode & 0o444 == 0o444, path
    for folder in (run.workspace, run.workspace / "deep", run.agent, run.agent / "etc", run.record, run.outputs):
        assert folder.stat().st_mode & 0o555 == 0o555, folder
    assert run.folder.stat().st_mode & 0o077 == 0


def test_what_the_store_lacks_is_said(bench):
    plan = bench.plan()
    run = bench.begin(plan)
    lacking = plan.model_copy(update={"code": put_bytes(bench.blobs, b"no tree")})
    run.remove()
    with pytest.raises(Corruption):
        bench.begin(lacking)
    gone = plan.model_copy(update={"code": Digest.of(b"nowhere")})
    other = LiveRun.begin(bench.folder / "live", run.request.model_copy(update={"id": "20261123-000000-000002"}))
    with pytest.raises(NotFound):
        prepare(gone, other, bench.blobs, {})


def test_one_holds_it_at_a_time(bench):
    run = bench.begin(bench.plan())
    other = LiveRun.found(run.folder)
    assert other is not None
    assert other.request == run.request
    assert other.hold() is False
    assert run.hold() is True
    run.release()
    assert other.hold() is True
    assert run.hold() is False


def test_it_is_handed_on_by_its_descriptor(bench):
    run = bench.begin(bench.plan())
    heir = LiveRun(run.folder, run.request)
    heir.take_over(os.dup(run.lock_descriptor))
    run.release()
    third = LiveRun(run.folder, run.request)
    assert third.hold() is False
    heir.release()
    assert third.hold() is True


def test_an_id_is_given_once(bench):
    bench.begin(bench.plan())
    with pytest.raises(FileExistsError):
        bench.begin(bench.plan())


def test_one_that_was_removed_meanwhile_is_not_held(bench):
    run = bench.begin(bench.plan())
    found = LiveRun.found(run.folder)
    run.remove()
    assert found is not None
    assert found.hold() is False
    assert LiveRun.found(run.folder) is None
    assert list(all_in(bench.folder / "live")) == []


def test_what_was_never_begun_is_cleared_away_but_not_under_its_maker(bench):
    folder = bench.folder / "live" / "20261123-000000-000003"
    folder.mkdir()
    assert LiveRun.found(folder) is None
    assert folder.exists()  # not even its lock: someone may be making it this moment
    (folder / "lock").touch()
    maker = LiveRun(folder, bench.begin(bench.plan()).request)
    assert maker.hold()
    assert LiveRun.found(folder) is None
    assert folder.exists()
    maker.release()
    assert LiveRun.found(folder) is None
    assert not folder.exists()


def test_a_damaged_request_is_said(bench):
    run = bench.begin(bench.plan())
    (run.folder / "request.json").write_text("{")
    with pytest.raises(Corruption, match=r"request\.json is damaged") as caught:
        LiveRun.found(run.folder)
    assert str(run.folder) in caught.value.hint


def test_removing_touches_nothing_outside(bench, tmp_path):
    (tmp_path / "outside").mkdir(mode=0o755)
    (tmp_path / "outside" / "file").write_text("x")
    run = bench.begin(bench.plan())
    (run.outputs / "link").symlink_to(tmp_path / "outside")
    (run.outputs / "closed").mkdir()
    (run.outputs / "closed" / "inside").write_text("x")
    (run.outputs / "closed").chmod(0)
    run.remove()
    assert not run.folder.exists()
    assert (tmp_path / "outside" / "file").read_text() == "x"
    assert (tmp_path / "outside").stat().st_mode & 0o777 == 0o755
    run.remove()

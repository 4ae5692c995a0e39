"""The index, filled from the store: what rows say, what is left out, what happens meanwhile."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from documents import NOWHERE, make_base, make_plan

from orchestrator import operations
from orchestrator.digest import Digest
from orchestrator.index.port import Row
from orchestrator.index.query import Query
from orchestrator.lock.model import BUILDER, Lock, WheelPin
from orchestrator.metrics import Series, encode
from orchestrator.operations import indexing, listing
from orchestrator.operations.execute import index as add_to_index
from orchestrator.operations.rows import Rows
from orchestrator.outcome import Outcome
from orchestrator.plan import DataPin, ImagePin
from orchestrator.run import CertificateRecord, DatasetFact, Facts, Origin, Run, certificate_key
from orchestrator.store.local import LocalRecords
from orchestrator.store.streams import put_bytes
from orchestrator.workspace import Workspace

FIRST, SECOND, THIRD = "20261101-101010-000aaa", "20261102-101010-000bbb", "20261103-101010-000ccc"


class Shop:
    """A store with runs that nobody has executed."""

    def __init__(self, home) -> None:
        self.said: list[str] = []
        self.workspace = Workspace(home, report=self.said.append)

    @property
    def fresh(self) -> Workspace:
        """As another command has it."""
        return Workspace(self.workspace.home, report=self.said.append)

    def run(self, run_id: str, **more) -> Run:
        blobs = self.workspace.blobs
        wheel = WheelPin(name="torch", version="2.13.0", file="torch-2.13.0-py3-none-any.whl", sha256=NOWHERE)
        lock = Lock(
            builder=BUILDER, python="3.11", requirements=("torch",), base=make_base(), wheels=(wheel,), layers=()
        )
        plan = make_plan(
            image=ImagePin(manifest=NOWHERE, config=NOWHERE, lock=put_bytes(blobs, lock.to_bytes())),
            data={"digits": DataPin(kind="file", digest=NOWHERE, mount="/data/digits")},
            params={"lr": 0.1, "layers": 3},
        )
        table = {"loss": Series.of([(0, 0.5), (1, 0.25)]), "odd": Series.of([(0, float("nan"))]), "none": Series.of([])}
        outcome = Outcome(
            exit_code=0,
            params={**plan.params, "optimizer": "adam", "deep": True},
            metrics=put_bytes(blobs, encode(table)),
            artifacts=NOWHERE,
        )
        facts = Facts(
            created="2026-11-01T10:10:10.000Z",
            started="2026-11-01T10:10:11.000Z",
            ended="2026-11-01T10:10:13.500Z",
            tags={"team": "x"},
            datasets=(DatasetFact(name="mnist", digest="abc", source="s"),),
        )
        run = Run(
            id=run_id,
            name="shop",
            status="finished",
            plan=put_bytes(blobs, plan.to_bytes()),
            outcome=put_bytes(blobs, outcome.to_bytes()),
            origin=Origin(kind="submit", git={"commit": "c0ffee", "dirty": False}),
            facts=facts,
        ).model_copy(update=more)
        self.workspace.records.create(f"runs/{run_id}", run.to_bytes())
        return run

    def remove(self, digest: Digest) -> None:
        (self.workspace.home / "blobs" / "sha256" / digest.hex[:2] / digest.hex).unlink()

    def listed(self) -> list[str]:
        return [row.id for row in listing.ls(self.fresh)]


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path / "home")


def test_a_row_says_what_the_run_is_found_by(shop):
    run = shop.run(FIRST)
    answer = CertificateRecord(of=FIRST, replay=SECOND, answer="bit-exact")
    shop.workspace.records.create(certificate_key(FIRST), answer.to_bytes())
    indexing.rebuild_index(shop.workspace)
    (row,) = listing.ls(shop.fresh)
    plan = json.loads(shop.workspace.blobs.get(run.plan).read())
    assert row == Row(
        id=FIRST,
        name="shop",
        status="finished",
        kind="submit",
        of=None,
        plan=run.plan,
        outcome=run.outcome,
        created="2026-11-01T10:10:10.000Z",
        metrics={"loss": "0.25", "odd": "nan"},
        params={"lr": 0.1, "layers": 3, "optimizer": "adam", "deep": True},
        tags={"team": "x"},
        data={"digits": NOWHERE, "mnist": "abc"},
        started="2026-11-01T10:10:11.000Z",
        ended="2026-11-01T10:10:13.500Z",
        duration=2.5,
        image=NOWHERE,
        lock=plan["image"]["lock"],
        code=NOWHERE,
        commit="c0ffee",
        certificate="bit-exact",
    )


def test_filling_and_adding_come_to_the_same(shop):
    run = shop.run(FIRST)
    indexing.rebuild_index(shop.workspace)
    (filled,) = shop.workspace.index.rows(Query())
    shop.workspace.index.remove(FIRST)
    add_to_index(shop.workspace, run)
    assert shop.workspace.index.rows(Query()) == [filled]


def test_what_is_said_while_the_index_is_told_is_known_to_it(shop, monkeypatch):
    run, of = shop.run(FIRST), Rows.of

    def slow(self, *args, **how):
        row = of(self, *args, **how)
        monkeypatch.setattr(Rows, "of", of)
        operations.tag(shop.fresh, [FIRST], {"stage": "best"})  # another's words; theirs reach the index first
        return row

    monkeypatch.setattr(Rows, "of", slow)
    add_to_index(shop.workspace, run)
    (row,) = listing.ls(shop.fresh)
    assert row.tags == {"team": "x", "stage": "best"}


def test_the_store_is_looked_through_as_often_for_many_runs_within_a_run_as_for_none(shop, monkeypatch):
    run = shop.run(FIRST)
    for number in range(1, 31):
        shop.run(f"{FIRST}.{number}", origin=Origin(kind="submit", parent=FIRST))
    looked: list[str] = []
    listed = LocalRecords.list
    monkeypatch.setattr(LocalRecords, "list", lambda self, prefix: looked.append(prefix) or listed(self, prefix))
    add_to_index(shop.workspace, run)
    assert looked == [f"annotations/{FIRST}"] * 2
    assert len(listing.ls(shop.fresh, parent=FIRST)) == 30


def test_it_is_found_by_all_of_it(shop):
    shop.run(FIRST)
    shop.run(SECOND, name="other", facts=Facts(created="2026-11-02T10:10:10.000Z", tags={"team": "y"}))
    ls = lambda **asked: [row.id for row in listing.ls(shop.fresh, **asked)]  # noqa: E731
    assert ls(name="other") == ls(tags=[("team", "y")]) == [SECOND]
    assert ls(tags=[("team", "x"), ("team", "y")]) == ls(tags=[("team", "")]) == ls(status="failed") == []
    assert ls(sort="name") == [SECOND, FIRST]
    assert ls(sort="-name") == [FIRST, SECOND]
    assert ls(sort="duration") == ls(sort="-duration") == [FIRST, SECOND]  # the other's is not known
    assert ls(sort="-metrics.loss", limit=1) == [SECOND]  # equal: the newest first


def test_what_is_damaged_is_told_and_left_out(shop):
    shop.run(FIRST)
    shop.remove(shop.run(SECOND, name="a", outcome=put_bytes(shop.workspace.blobs, b"{}")).outcome)
    shop.run(THIRD)
    (shop.workspace.home / "records" / "runs" / THIRD).write_bytes(b"{}")
    done = indexing.rebuild_index(shop.workspace)
    assert (done.runs, set(done.left_out)) == (1, {SECOND, THIRD})
    assert shop.listed() == [FIRST]
    assert [line for line in shop.said if SECOND in line and "left out" in line]


def test_a_run_whose_plan_is_gone_is_listed(shop):
    shop.remove(shop.run(FIRST).plan)
    done = indexing.rebuild_index(shop.workspace)
    assert (done.runs, dict(done.left_out)) == (1, {})
    (row,) = listing.ls(shop.fresh)
    assert (row.image, row.data, row.metrics["loss"]) == (None, {"mnist": "abc"}, "0.25")
    assert any("plan" in line for line in shop.said)


def test_a_damaged_certificate_is_no_obstacle(shop):
    shop.run(FIRST)
    shop.workspace.records.create(certificate_key(FIRST), b"{}")
    assert indexing.rebuild_index(shop.workspace).runs == 1
    assert listing.ls(shop.fresh)[0].certificate is None


def test_what_is_recorded_and_removed_while_runs_are_read(shop, monkeypatch):
    """What others do then is in the index as well: their runs are listed again once nobody else can write."""
    for run_id in (FIRST, SECOND):
        shop.run(run_id)
    fill = shop.workspace.index.fill

    def others_first(rows):
        shop.run(THIRD)
        add_to_index(shop.fresh, indexing.recorded(shop.fresh, THIRD))
        (shop.workspace.home / "records" / "runs" / FIRST).unlink()
        shop.fresh.index.remove(FIRST)
        fill(rows)

    monkeypatch.setattr(shop.workspace.index, "fill", others_first)
    indexing.rebuild_index(shop.workspace)
    assert shop.listed() == [THIRD, SECOND]


def test_an_index_that_is_gone_is_filled_by_who_asks_it(shop):
    shop.run(FIRST)
    assert shop.listed() == [FIRST]
    (shop.workspace.home / "index.sqlite").unlink()
    status = indexing.index_status(shop.fresh)
    assert (status.index.runs, status.index.complete, status.recorded) == (0, False, 1)
    assert shop.listed() == [FIRST]
    assert indexing.index_status(shop.fresh).index.complete


def test_listing_imports_neither_an_engine_nor_what_runs_jobs(tmp_path):
    script = (
        "import sys; from pathlib import Path; from orchestrator import operations;"
        "from orchestrator.workspace import Workspace;"
        f"operations.ls(Workspace(Path({str(tmp_path)!r})), sort='-metrics.x');"
        "heavy = {'docker', 'boto3', 'psycopg2', 'sqlalchemy', 'yaml'};"
        "print(*sorted({name.split('.')[0] for name in sys.modules} & heavy),"
        " *(name for name in sys.modules if name.startswith('orchestrator.execution.collect')))"
    )
    Workspace(tmp_path).index.fill([])
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stdout + done.stderr


def test_the_command_line(shop):
    shop.run(FIRST)
    shop.run(SECOND, name="other", facts=Facts(created="2026-11-02T10:10:10.000Z", tags={"a=b": "c=d"}))

    def cli(*words: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "orchestrator.cli.main", *words],
            env={**os.environ, "ORCHESTRATOR_HOME": str(shop.workspace.home), "ORCHESTRATOR_NO_CONFIG": "1"},
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.returncode, done.stdout, done.stderr

    assert cli("index", "status")[1].splitlines()[1:] == [
        "runs      0 runs, the store has 2",
        "complete  no: the next command that asks it fills it from the store",
    ]
    assert cli("index", "rebuild")[:2] == (0, f"{shop.workspace.home}/index.sqlite: 2 runs\n")
    code, listed, _ = cli("ls", "--tag", "team=x", "--sort", "-metrics.loss")
    assert (code, FIRST in listed, SECOND in listed, "loss=0.25 odd=nan" in listed) == (0, True, False, True)
    found = json.loads(cli("--json", "ls", "--limit", "1")[1])["data"]["runs"]
    assert [(row["id"], row["tags"], row["duration"]) for row in found] == [(SECOND, {"a=b": "c=d"}, None)]
    assert cli("ls", "--tag", "a")[0] == 2
    code, _, said = cli("ls", "--sort", "loss")
    assert (code, "metrics.NAME" in said) == (2, True)
    assert cli("ls", "--name", "\udcff", "--tag", "\udcff=\udcff", "--sort", "tags.\udcff")[0] == 0

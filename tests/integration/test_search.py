"""Find the best run, lay runs side by side, say something of them, mail them: with runs that were really made."""

from __future__ import annotations

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from desk import wait_for

import orchestrator
from orchestrator import notebook, operations
from orchestrator.errors import NotFound, UsageError
from orchestrator.maintenance.policy import Policy
from orchestrator.maintenance.survey import Wanted
from orchestrator.operations.listing import ls
from orchestrator.workspace import Workspace

pytestmark = pytest.mark.engine

JOB = """
import sys, orchestrator
lr = float(sys.argv[1])
for step in range(3):
    orchestrator.log_metric("accuracy", lr * step, step=step)
orchestrator.set_tag("team", "x" if lr < 0.5 else "y")
open("/outputs/plot.gif", "wb").write(b"GIF89a<b>not really</b>")
print("lr", lr)
"""


@pytest.fixture(scope="module")
def desk(new_desk):
    """Three runs: 0.1, 0.3, and 0.7 of changed code."""
    desk = new_desk()
    spec = {"run": {"command": "python job.py {params.lr}"}, "params": {"lr": 0.1}, "name": "search"}
    desk.submit(JOB, **spec)
    desk.submit(JOB, **{**spec, "params": {"lr": 0.3}})
    desk.submit(JOB.replace("# ", "") + "# changed\n", **{**spec, "params": {"lr": 0.7}})
    return desk


def found(desk, where: str, **more) -> list[float]:
    return [float(row.params["lr"]) for row in ls(desk.workspace, where=where, **more)]


def said(desk, *words: str) -> dict:
    done = desk.cli(*words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["data"]


def test_runs_are_found_by_what_they_have(desk):
    assert found(desk, "metrics.accuracy > 0.3 and tags.team = 'x'") == [0.3]
    assert found(desk, "name = search", sort="-metrics.accuracy", limit=2) == [0.7, 0.3]
    plan = operations.ls(desk.workspace)[0].plan
    assert found(desk, f"plan = {plan[7:20]}") == [0.7]
    assert found(desk, "packages.python is null and created > 1h and status = finished") == [0.7, 0.3, 0.1]


def test_the_command_line_says_where_a_filter_is_wrong(desk):
    done = desk.cli("ls", "--where", "metrics.accuracy >> 1")
    assert done.returncode == 2
    assert b"filter, column 19: a value was expected" in done.stderr
    assert done.stderr.splitlines()[2] == b" " * 20 + b"^"


def test_chosen_columns(desk):
    done = desk.cli(
        "ls", "--where", "params.lr > 0.2", "--sort", "params.lr", "--columns", "params.lr,metrics.accuracy"
    )
    assert [line.split() for line in done.stdout.decode().splitlines()] == [
        ["params.lr", "metrics.accuracy"],
        ["0.3", "0.6"],
        ["0.7", "1.4"],
    ]
    assert desk.cli("ls", "--columns", "colour").returncode == 2


def test_the_best_run(desk):
    (best,) = said(desk, "best", "--metric", "accuracy")["runs"]
    assert best["params"]["lr"] == 0.7
    (least,) = said(desk, "best", "--metric", "accuracy", "--min", "--where", "params.lr > 0.2")["runs"]
    assert least["params"]["lr"] == 0.3
    with pytest.raises(NotFound, match="has a metric 'nobody'"):
        operations.best(desk.workspace, "nobody")


def test_a_plan_that_ran_before_is_recognised(desk):
    spec = {"run": {"command": "python job.py {params.lr}"}, "params": {"lr": 0.1}, "name": "search"}
    path = desk.write(JOB, **spec)
    (first,) = ls(desk.workspace, where="params.lr = 0.1")
    again = operations.submit(desk.workspace, path, reuse=True)
    assert (again.id, again.reused, again.run.id) == (first.id, True, first.id)
    assert len(ls(desk.workspace)) == 3
    desk.said.clear()
    new = operations.submit(desk.workspace, path)
    assert (new.reused, new.run.outcome) == (False, again.run.outcome)
    assert any(f"this plan ran before: {first.id}" in line for line in desk.said)
    operations.archive(desk.workspace, [new.id])
    assert desk.cli("submit", "--reuse", "--certify").returncode == 2


def test_tags_notes_and_putting_away(desk):
    (run,) = (row.id for row in ls(desk.workspace, where="params.lr = 0.3"))
    record = desk.workspace.records.read(f"runs/{run}")
    said(desk, "tag", run, "--set", "stage=production", "--set", "team=z")
    said(desk, "note", run, "-m", "the amazing one")
    assert found(desk, "tags.stage = 'production' and tags.team = 'z' and note like '%amazing%'") == [0.3]
    shown = [line.split() for line in desk.cli("show", run).stdout.decode().splitlines()]
    assert ["note", "the", "amazing", "one"] in shown
    assert [line for line in shown if line[:1] == ["team"]] == [["team", "z", "(the", "run", "set", "x)"]]
    assert ["stage", "production"] in shown
    assert desk.workspace.records.read(f"runs/{run}") == record  # the run stays as it was recorded
    said(desk, "archive", run)
    assert found(desk, "name = search") == [0.7, 0.1]
    assert found(desk, "archived = true and params.lr > 0.2") == [0.3]
    operations.rebuild_index(desk.workspace)
    assert found(desk, "archived = true and params.lr > 0.2", archived=True) == [0.3]
    said(desk, "unarchive", run)
    said(desk, "tag", run, "--remove", "stage", "--remove", "team")
    assert found(desk, "tags.team is null") == [0.3]
    said(desk, "tag", run, "--set", "team=x")
    said(desk, "note", run, "-m", "")
    assert found(desk, "note is not null") == []
    with pytest.raises(UsageError, match="is set by orchestrator itself"):
        operations.tag(desk.workspace, [run], {"orchestrator.archived": "true"})
    assert desk.cli("tag", run).returncode == 2
    assert desk.cli("tag", "2020", "--set", "a=b").returncode == 5


def test_a_job_cannot_put_itself_away(new_desk):
    desk = new_desk()
    tags = ("orchestrator.archived", "orchestrator.note", "orchestrator.sweep", "mine")
    run = desk.submit(f"import orchestrator\nfor tag in {tags}:\n    orchestrator.set_tag(tag, 'true')\n")
    assert run.facts.tags.keys() >= {"orchestrator.archived"}  # it is recorded as it was said
    (row,) = ls(desk.workspace)
    assert row.tags == {"mine": "true"}


def test_many_may_tag_one_run_at_once(desk):
    run = ls(desk.workspace)[0].id
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: operations.tag(desk.workspace, [run], {f"n{n}": str(n)}), range(8)))
    tags = operations.show(desk.workspace, run).annotations.tags
    assert {tags[f"n{n}"] for n in range(8)} == {str(n) for n in range(8)}
    (row,) = ls(desk.workspace, where=f"id = {run}")
    assert row.tags.keys() >= tags.keys()  # the index has what the store has
    operations.tag(desk.workspace, [run], dict.fromkeys(tags))


def test_what_is_said_last_holds_though_a_clock_was_wrong(desk):
    run = ls(desk.workspace)[0].id
    ahead = Workspace(desk.home, now=lambda: datetime.now(UTC) + timedelta(days=1))
    operations.tag(ahead, [run], {"stage": "wrong"})
    operations.tag(desk.workspace, [run], {"stage": "right"})
    assert operations.show(desk.workspace, run).annotations.tags["stage"] == "right"
    operations.tag(desk.workspace, [run], {"stage": None})


def test_packages_are_searched_while_a_run_goes_on(desk):
    (run,) = (row.id for row in ls(desk.workspace, where="params.lr = 0.7"))
    spec = desk.write("import time; time.sleep(600)", run={"command": "python job.py"}, name="waits")
    waiting = operations.submit(desk.workspace, spec, detach=True).id
    try:
        everything = ls(desk.workspace, where="packages.nothing is null")
        assert everything[0].id == waiting
        assert run in {row.id for row in everything}
        assert ls(desk.workspace, where="packages.nothing is not null") == []
    finally:
        operations.stop(desk.workspace, waiting)
        wait_for(lambda: not (desk.home / "live" / waiting).exists())


def test_a_report_replaces_nothing_but_a_file(desk, tmp_path):
    run = ls(desk.workspace)[0].id
    place = tmp_path / "pipe"
    os.mkfifo(place)
    with pytest.raises(UsageError, match="no place for a file"):
        operations.report(desk.workspace, [run], place)
    assert place.is_fifo()


def test_what_was_said_is_checked_and_goes_with_its_run(new_desk):
    desk = new_desk()
    run = desk.submit("print(1)")
    operations.tag(desk.workspace, [run.id], {"keep": "me"})
    operations.note(desk.workspace, [run.id], "note")
    assert operations.fsck(desk.workspace).clean
    kept = operations.gc(desk.workspace, Wanted(Policy(tags=(("keep", None),))), delete=True)
    assert run.id in kept.survey.kept
    assert len(list(desk.workspace.records.list("annotations/"))) == 2
    operations.gc(desk.workspace, Wanted(Policy(drop=frozenset({run.id}), all=True)), delete=True)
    assert list(desk.workspace.records.list("annotations/")) == []
    assert operations.fsck(desk.workspace).clean


def test_a_comparison_shows_what_differs_and_folds_the_rest(desk):
    low, changed = (ls(desk.workspace, where=f"params.lr = {lr}")[0].id for lr in (0.1, 0.7))
    made = said(desk, "compare", low, changed)
    assert made["runs"] == [low, changed]
    sections = made["sections"]
    assert sections["parameters"] == {"differs": {"lr": ["0.1", "0.7"]}, "equal": 0}
    assert sections["metrics"]["differs"] == {"accuracy": ["0.2", "1.4"]}
    assert sections["packages"]["differs"] == {}
    assert sections["packages"]["equal"] >= 1
    assert "tree" in sections["code"]["differs"]
    assert {diff["path"]: diff["lines"][-1] for diff in made["code"]}["job.py"] == "+# changed"
    shown = desk.cli("compare", low, changed).stdout.decode()
    assert "+# changed" in shown
    assert desk.cli("compare", low).returncode == 2
    assert desk.cli("compare", low, low).returncode == 2


def test_a_report_is_one_file(desk, tmp_path):
    runs = [row.id for row in ls(desk.workspace)]
    operations.note(desk.workspace, [runs[0]], "<script>alert('note')</script>")
    file = tmp_path / "report.html"
    assert said(desk, "report", *runs, "-o", str(file))["runs"] == runs
    text = file.read_text()
    assert all(run in text for run in runs)
    assert "<script" not in text
    assert 'src="data:image/gif;base64,' in text
    assert re.findall(r"(?:src|href)=\"(?!data:)", text) == []
    assert text.count("<svg") == 1  # one chart, three curves
    assert desk.cli("report", runs[0], "-o", str(tmp_path / "no" / "place.html")).returncode == 2
    operations.note(desk.workspace, [runs[0]], "")


def test_a_notebook_is_given_rows_and_html(desk, monkeypatch):
    monkeypatch.setenv("ORCHESTRATOR_HOME", str(desk.home))
    rows = orchestrator.runs(where="params.lr < 0.5", sort="params.lr")
    assert [(row["params.lr"], row["metrics.accuracy"], row["status"]) for row in rows] == [
        (0.1, 0.2, "finished"),
        (0.3, 0.6, "finished"),
    ]
    assert rows[0]["id"] in rows._repr_html_()
    ids = [row["id"] for row in rows]
    assert "<td>0.3</td>" in notebook.compare(ids)._repr_html_()
    assert "<svg" in notebook.run(ids[0])._repr_html_()

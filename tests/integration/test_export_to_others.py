"""Runs of ours in programs of others: a real MLflow server, CSV, Parquet."""

from __future__ import annotations

import csv
import json
import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk import Desk
from mlflow import MlflowClient
from mlflow.entities import ViewType
from pyarrow import parquet
from servers import mlflow as servers
from servers.loopback import free_port

from orchestrator import operations
from orchestrator.errors import Corruption, EnvironmentProblem, NotFound, UsageError
from orchestrator.operations.mlflow_export import QUIET, export_to_mlflow
from orchestrator.operations.table_export import export_table
from orchestrator.run import Run

pytestmark = pytest.mark.engine
ODD = [0.1, -0.0, 1e-300, math.inf, -math.inf, math.nan]
JOB = """
import os
import orchestrator
from say_to_mlflow import Client

for step, value in enumerate([0.1, -0.0, 1e-300, float("inf"), float("-inf"), float("nan")]):
    orchestrator.log_metric("odd", value, step=step)
for step in range(2500):
    orchestrator.log_metric("loss (validation)", 1 / (step + 1), step=step)
orchestrator.log_params({"lr": 0.1, "deep": True, "name": "a b"})
open("/outputs/model.txt", "w").write("weights")
os.symlink("/etc/hostname", "/outputs/link")
client = Client()
main = client.run("study")
client.put(main, "model/MLmodel", b"flavors: {}")
for number in range(2):
    trial = client.run("trial", parent=main)
    client.log(trial, "loss", 0.5 + number, 7)
    client.end(trial, "FAILED" if number else "FINISHED")
client.end(main)
print("trained")
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """MLflow's own server."""
    with servers.serve(tmp_path_factory.mktemp("mlflow")) as uri:
        yield uri


@pytest.fixture
def client(server: str, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    """Somebody who looks at what is there."""
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)
    return MlflowClient(tracking_uri=server)


@pytest.fixture(scope="module")
def ran(new_desk: Any) -> tuple[Desk, Run]:
    """A run that logged natively and through MLflow, with runs within it."""
    desk = new_desk()
    shutil.copy(Path(__file__).parent / "faults" / "say_to_mlflow.py", desk.folder)
    run = desk.submit(JOB, params={"start": 1}, code={"include": ["*.py"]})
    assert (run.status, len(desk.show(run).children)) == ("finished", 2)
    operations.tag(desk.workspace, [run.id], {"stage": "best"})
    operations.note(desk.workspace, [run.id], "the one of last Tuesday")
    return desk, run


def same(found: list[tuple[int, float]], wanted: list[tuple[int, float]]) -> bool:
    return [(step, repr(value)) for step, value in found] == [(step, repr(value)) for step, value in wanted]


def test_a_run_is_in_a_real_server_with_all_that_it_is(ran, server, client, tmp_path):
    desk, run = ran
    done = desk.cli("export", run.id, "--to", "mlflow", server, "--experiment", "Tuesday", "--json")
    assert done.returncode == 0, done.stderr
    (told,) = json.loads(done.stdout)["data"]["runs"]
    assert (told["run"], told["new"], told["links"]) == (run.id, True, 1)
    assert told["renamed"] == {"loss (validation)": "loss _validation_"}

    there = client.get_run(told["there"])
    assert (there.info.run_name, there.info.status) == (run.name, "FINISHED")
    assert client.get_experiment(there.info.experiment_id).name == "Tuesday"
    assert there.data.params == {"start": "1", "lr": "0.1", "deep": "True", "name": "a b"}
    tags = there.data.tags
    assert (tags["stage"], tags["mlflow.note.content"]) == ("best", "the one of last Tuesday")
    assert (tags["orchestrator.run"], tags["orchestrator.plan"]) == (run.id, str(run.plan))
    assert tags["orchestrator.result"] == str(run.outcome)
    odd = [(point.step, point.value) for point in client.get_metric_history(there.info.run_id, "odd")]
    finite = [0.1, 0.0, 1e-300]
    assert [value for _, value in sorted(odd)[:3]] == finite
    assert math.isnan(sorted(odd)[5][1])
    assert [value > 0 for _, value in sorted(odd)[3:5]] == [True, False]
    loss = client.get_metric_history(there.info.run_id, "loss _validation_")
    assert same(sorted((p.step, p.value) for p in loss), [(step, 1 / (step + 1)) for step in range(2500)])

    folder = Path(client.download_artifacts(there.info.run_id, "", str(tmp_path)))
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert files.pop("orchestrator/runspec.yaml") == (desk.folder / "runspec.yaml").read_bytes()
    assert files == {
        "outputs/model.txt": b"weights",
        "model/MLmodel": b"flavors: {}",
        "orchestrator/stdout.txt": b"trained\n",
        "orchestrator/stderr.txt": b"",
    }

    within = client.search_runs([there.info.experiment_id], f"tags.mlflow.parentRunId = '{there.info.run_id}'")
    assert sorted((one.info.status, one.data.metrics["loss"]) for one in within) == [("FAILED", 1.5), ("FINISHED", 0.5)]


def test_what_is_there_is_not_written_twice(ran, server, client):
    desk, run = ran
    (first,) = export_to_mlflow(desk.workspace, [run.id, run.id], server, experiment="twice")
    (second,) = export_to_mlflow(desk.workspace, [run.id], server, experiment="twice")
    assert (first.new, second.new, second.there) == (True, False, first.there)
    experiment = client.get_experiment_by_name("twice").experiment_id
    assert len(client.search_runs([experiment], run_view_type=ViewType.ALL)) == 3


@pytest.mark.parametrize("cleans_up", [True, False], ids=["interrupted", "killed"])
def test_what_was_cut_off_is_written_anew(ran, server, client, monkeypatch, cleans_up):
    desk, run = ran
    name = f"cut off {cleans_up}"

    def cut(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(MlflowClient, "log_artifacts", cut)
        if not cleans_up:
            patched.setattr(MlflowClient, "delete_run", cut)
        export_to_mlflow(desk.workspace, [run.id], server, experiment=name)
    experiment = client.get_experiment_by_name(name).experiment_id
    left = client.search_runs([experiment])
    assert len(left) == (0 if cleans_up else 1)
    (sent,) = export_to_mlflow(desk.workspace, [run.id], server, experiment=name)
    alive = client.search_runs([experiment], "tags.`orchestrator.whole` = 'true'")
    assert len(client.search_runs([experiment])) == len(alive) == 3
    assert sent.there in {one.info.run_id for one in alive}


def test_what_was_cut_off_between_two_runs_within_it(ran, server, client, monkeypatch):
    desk, run = ran
    upload, calls = MlflowClient.log_artifacts, iter(range(10))

    def third(*words: Any, **how: Any) -> None:
        if next(calls) == 2:
            raise KeyboardInterrupt
        upload(*words, **how)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(MlflowClient, "log_artifacts", third)
        export_to_mlflow(desk.workspace, [run.id], server, experiment="between")
    (sent,) = export_to_mlflow(desk.workspace, [run.id], server, experiment="between")
    alive = client.search_runs([client.get_experiment_by_name("between").experiment_id])
    parents = sorted(one.data.tags.get("mlflow.parentRunId", "") for one in alive)
    assert parents == ["", sent.there, sent.there]
    (child,) = export_to_mlflow(desk.workspace, [f"{run.id}.1"], server, experiment="between")
    assert not child.new


def test_a_text_that_is_longer_than_the_server_takes_is_cut_and_told(ran, server, client):
    desk, _ = ran
    long = desk.submit("import orchestrator\norchestrator.log_param('text', 'x' * 7000)\n", name="long")
    operations.note(desk.workspace, [long.id], "y" * 9000)
    (sent,) = export_to_mlflow(desk.workspace, [long.id], server)
    assert sent.cut == ("mlflow.note.content", "text")
    there = client.get_run(sent.there).data
    assert (there.params["text"], there.tags["mlflow.note.content"]) == ("x" * 6000, "y" * 8000)


def test_what_the_server_refuses_is_told_and_nothing_is_left(ran, server, client):
    desk, run = ran
    experiment = client.create_experiment("put away")
    client.delete_experiment(experiment)
    with pytest.raises(EnvironmentProblem, match="active") as refused:
        export_to_mlflow(desk.workspace, [run.id], server, experiment="put away")
    assert server in refused.value.message
    client.restore_experiment(experiment)
    assert client.search_runs([experiment], run_view_type=ViewType.ALL) == []
    (sent,) = export_to_mlflow(desk.workspace, [run.id], server, experiment="put away")
    assert sent.new


def test_no_server_no_address_no_run_no_client(ran, server, client, monkeypatch):
    desk, run = ran
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    nobody = f"http://user:hush@127.0.0.1:{free_port()}"
    with pytest.raises(EnvironmentProblem, match="does not answer") as refused:
        export_to_mlflow(desk.workspace, [run.id], nobody)
    assert "127.0.0.1" in refused.value.message and "hush" not in refused.value.message
    for address in ("", "mlruns", "file:///tmp/x", "sqlite:///x.db"):
        with pytest.raises(UsageError, match="no address"):
            export_to_mlflow(desk.workspace, [run.id], address)
    with pytest.raises(NotFound):
        export_to_mlflow(desk.workspace, [run.id, "20200101-000000-abcdef"], server, experiment="never")
    assert client.get_experiment_by_name("never") is None
    monkeypatch.setitem(__import__("sys").modules, "mlflow", None)
    with pytest.raises(EnvironmentProblem, match="not installed") as refused:
        export_to_mlflow(desk.workspace, [run.id], server)
    assert "orchestrator[mlflow]" in refused.value.hint


def expected(desk: Desk, run: Run) -> list[tuple[str, str, int, str]]:
    whole = [run, *desk.show(run).children]
    return [
        (one.id, name, step, repr(value))
        for one in whole
        for name, series in sorted(desk.show(one).metrics.items())
        for step, value in series
    ]


def test_a_table_in_csv(ran, tmp_path):
    desk, run = ran
    file = tmp_path / "points.csv"
    done = desk.cli("export", run.id, "--to", "csv", str(file), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["data"]["points"] == len(ODD) + 2500 + 2
    with file.open(newline="") as stream:
        head, *rows = csv.reader(stream)
    assert head == ["run", "metric", "step", "value"]
    assert [(one, name, int(step), repr(float(value))) for one, name, step, value in rows] == expected(desk, run)
    piped = desk.cli("export", run.id, "--to", "csv", "-")
    assert (piped.returncode, piped.stdout) == (0, file.read_bytes())


def test_a_table_in_parquet(ran, tmp_path):
    desk, run = ran
    file = tmp_path / "points.parquet"
    file.write_bytes(b"an older one")
    assert desk.cli("export", run.id, "--to", "parquet", str(file)).returncode == 0
    rows = parquet.read_table(file).to_pylist()
    assert [(r["run"], r["metric"], r["step"], repr(r["value"])) for r in rows] == expected(desk, run)


class Broken:
    """Points of which the second cannot be read."""

    def __iter__(self) -> Iterator[tuple[int, float]]:
        yield 0, 0.5
        raise Corruption("damaged")


def test_a_table_that_cannot_be_written_leaves_what_was_there(ran, tmp_path, monkeypatch):
    desk, run = ran
    file = tmp_path / "points.csv"
    file.write_bytes(b"an older one")
    monkeypatch.setattr("orchestrator.operations.runs.load_table", lambda blobs, digest: {"loss": Broken()})
    with pytest.raises(Corruption):
        export_table(desk.workspace, [run.id], "csv", file)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"points.csv": b"an older one"}
    with pytest.raises(UsageError, match="no place"):
        export_table(desk.workspace, [run.id], "csv", tmp_path / "nowhere" / "x.csv")


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("-o", "a.orch", "--to", "csv", "b.csv"),
        ("--to", "csv", "b.csv", "--with-data"),
        ("--to", "csv", "b.csv", "--experiment", "x"),
        ("--to", "xml", "b.xml"),
        ("--to", "parquet", "-", "--json"),
    ],
)
def test_what_cannot_be_asked_for(ran, words):
    desk, run = ran
    done = desk.cli("export", run.id, *words)
    assert done.returncode == 2
    assert done.stdout == b"" or "error" in json.loads(done.stdout)
    assert not list(desk.folder.glob("b.*"))

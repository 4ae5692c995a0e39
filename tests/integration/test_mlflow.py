"""Unmodified MLflow scripts with the real clients: all they log is in the run, and comes back bit for bit."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from desk import Desk

from orchestrator import operations
from orchestrator.operations.runs import Shown
from orchestrator.run import DatasetFact

pytestmark = [pytest.mark.engine, pytest.mark.slow]

HERE = Path(__file__).parent
FULL = (HERE / "log_to_mlflow.py").read_text()
AUTOLOG = (HERE / "autolog_to_mlflow.py").read_text()
WITH = ["torch==2.13.0", "scikit-learn", "pytorch-lightning", "xgboost-cpu", "psutil", "matplotlib", "sqlalchemy<2.1"]
CLIENTS = {"2": "mlflow==2.22.5", "3": "mlflow==3.17.2"}


@dataclass
class Client:
    """A desk whose image has one of MLflow's clients."""

    major: str
    desk: Desk
    image: dict[str, list[str]]

    def submit(self, script: str, **spec) -> Shown:
        done, streams = self.desk.seen(script, image=self.image, **spec)
        assert done.status == "finished", streams["stderr"].decode()
        return self.desk.show(done)

    def child(self, shown: Shown, name: str) -> Shown:
        (found,) = [child for child in shown.children if child.name == name]
        return self.desk.show(found)


@pytest.fixture(scope="module", params=CLIENTS)
def client(
    request: pytest.FixtureRequest, shelf: Path, new_desk: Callable[[], Desk], tmp_path_factory: pytest.TempPathFactory
) -> Client:
    image = {"requirements": [CLIENTS[request.param], *WITH]}
    maker = Desk(shelf, tmp_path_factory.mktemp("mlflow"))
    spec = maker.write("", image=image)
    operations.build(maker.workspace, spec)
    desk = new_desk()
    (desk.folder / "runspec.lock").write_bytes(spec.with_suffix(".lock").read_bytes())
    return Client(request.param, desk, image)


@pytest.fixture(scope="module")
def logged(client: Client) -> Shown:
    return client.submit(FULL)


def test_parameters_are_values_again(logged):
    assert logged.outcome.params == {"lr": 0.1, "layers": 3, "name": "net", "bias": True}


def test_every_point_is_there(logged):
    points = {name: list(series) for name, series in logged.metrics.items()}
    assert math.isnan(points.pop("odd")[0][1])
    assert points == {
        "loss": [(0, 1.0), (1, 0.5), (2, 1 / 3)],
        "accuracy": [(2, 0.9)],
        "f1": [(2, 0.8)],
        "later": [(0, 1.0)],
    }


def test_tags_and_data_sets_are_facts(logged):
    facts = logged.run.facts
    assert facts.tags == {"team": "x", "note": "fine"}
    (dataset,) = facts.datasets
    assert dataset == DatasetFact(name="frame", digest=dataset.digest, source=dataset.source, context="training")
    assert (dataset.source, len(dataset.digest)) == ("code", 8)
    assert facts.notes == ()


def test_files_figures_and_models_are_artifacts(logged, client):
    files = set(logged.artifacts.files)
    assert files >= {
        "mlflow/d.json", "mlflow/t.txt", "mlflow/plots/line.png", "mlflow/sub/a.txt",
        "mlflow/folder/deep/a.txt", "mlflow/folder/empty",
    }  # fmt: skip
    model = "models/net" if client.major == "3" else "mlflow/net"
    assert {f"{model}/MLmodel", f"{model}/requirements.txt"} <= files
    if client.major == "3":
        (fact,) = logged.run.facts.models
        assert (fact.name, fact.path, fact.registered) == ("net", "models/net", ("best version 1",))


def test_nested_runs_are_runs_within_the_run(logged, client):
    names = {child.name: child.status for child in logged.children}
    assert names == {
        "fold-0": "finished",
        "fold-1": "finished",
        "fold-1/inner": "finished",
        "bad": "failed",
        "autologged": "finished",
    }
    assert [child.id for child in logged.children] == [f"{logged.run.id}.{number}" for number in range(1, 6)]
    fold = client.child(logged, "fold-1")
    assert (fold.outcome.params, list(fold.metrics["score"])) == ({"fold": 1}, [(0, 1.5)])
    assert set(fold.artifacts.files) == {"mlflow/fold.txt"}
    assert client.child(logged, "bad").outcome.exit_code == 1


def test_autologging_of_scikit_learn(logged, client):
    auto = client.child(logged, "autologged")
    assert auto.outcome.params["max_iter"] == 100
    assert list(auto.metrics["training_accuracy_score"]) == [(0, 1.0)]
    assert any(path.endswith("/MLmodel") for path in auto.artifacts.files)


def test_they_are_listed_with_their_parent_and_compared(logged, client):
    workspace = client.desk.workspace
    assert all("." not in row.id for row in operations.ls(workspace))
    assert len(operations.ls(workspace, parent=logged.run.id)) == 5
    difference = operations.diff(workspace, f"{logged.run.id}.1", f"{logged.run.id}.2")
    assert not difference.child("outcome").child("metrics").equal
    refused = client.desk.cli("replay", f"{logged.run.id}.1")
    assert refused.returncode == 2
    assert f"orchestrator replay {logged.run.id}".encode() in refused.stderr


def test_they_are_named_by_number_and_by_name(logged, client):
    workspace = client.desk.workspace
    assert operations.show(workspace, f"{logged.run.id}.2").run.name == "fold-1"
    prefix = logged.run.id[:-2]
    assert operations.show(workspace, f"{prefix}.3").run.name == "fold-1/inner"
    assert operations.show(workspace, f"{prefix}/fold-1/inner").run.id == f"{logged.run.id}.3"
    for wrong in (".9", ".0", "/none", "/", "/fold-1/", "/../fold-1", ".1.1"):
        assert client.desk.cli("show", logged.run.id + wrong).returncode == 5


def test_their_console_is_that_of_the_run(logged, client):
    whole, of_child = (client.desk.cli("logs", run_id).stdout for run_id in (logged.run.id, f"{logged.run.id}.1"))
    assert of_child == whole != b""


def test_it_comes_back_bit_for_bit(logged, client):
    replayed = operations.replay(client.desk.workspace, logged.run.id)
    assert replayed.verdict.answer == "identical", replayed.verdict
    assert replayed.replay.outcome == logged.run.outcome
    checked = {finding.path for finding in replayed.verdict.findings}
    assert {"metrics/loss", "children/fold-1/inner/metrics/score", "children/autologged/params/max_iter"} <= checked


def test_a_model_loads_from_where_it_was_exported_to(logged, client):
    folder = client.desk.folder / "exported"
    done = client.desk.cli("export-model", logged.run.id, str(folder), "--name", "net")
    assert done.returncode == 0, done.stderr.decode()
    weight = client.desk.answers(
        "import json, mlflow; print(json.dumps(mlflow.pytorch.load_model('/data/model').weight.tolist()))",
        image=client.image,
        data={"model": {"source": "exported"}},
    )
    expected = client.desk.answers(
        "import json, torch; torch.manual_seed(0); print(json.dumps(torch.nn.Linear(2, 1).weight.tolist()))",
        image=client.image,
    )
    assert weight == expected


def test_lightning_and_xgboost_autologged_in_two_runs_of_one_script(client):
    shown = client.submit(AUTOLOG)
    assert (dict(shown.metrics), [child.name for child in shown.children]) == ({}, ["lightning", "xgboost"])
    net, trees = (client.child(shown, name) for name in ("lightning", "xgboost"))
    assert [step for step, _ in net.metrics["train_loss"]] == [0, 1, 2]
    assert net.outcome.params["epochs"] == 3
    assert not [name for name in net.metrics if name.startswith("system/")]
    assert [step for step, _ in trees.metrics["train-logloss"]] == [0, 1, 2, 3]
    assert trees.outcome.params["max_depth"] == 2
    assert any(path.endswith("/MLmodel") for path in trees.artifacts.files)
    events = client.desk.blob(shown.run.facts.events)
    assert b'"system/' in events  # facts all the same


RAISES = """
import mlflow
mlflow.set_tracking_uri("http://localhost:5000")  # as scripts do that were written for a server on one's own machine
with mlflow.start_run(run_name="x"):
    mlflow.log_metric("before", 1)
    raise ValueError("on purpose")
"""


def test_a_script_that_raises_and_names_its_own_server(client):
    done, streams = client.desk.seen(RAISES, image=client.image)
    shown = client.desk.show(done)
    assert (done.status, shown.outcome.exit_code) == ("failed", 1)
    assert b"on purpose" in streams["stderr"]
    assert list(shown.metrics["before"]) == [(0, 1.0)]


NAMED = """
import os, sys
where = sys.argv[1]
if where == "env":
    os.environ["MLFLOW_TRACKING_URI"] = "https://mlflow.example.com"
import mlflow
if where == "env":
    pass
elif where == "client":
    client = mlflow.MlflowClient(tracking_uri="http://10.1.2.3:5000")
    run = client.create_run("0")
    client.log_metric(run.info.run_id, "a", 1)
    client.set_terminated(run.info.run_id)
else:
    mlflow.set_tracking_uri(where)
if where != "client":
    with mlflow.start_run():
        mlflow.log_metric("a", 1)
        mlflow.log_text("x", "x.txt")
"""


@pytest.mark.parametrize("where", ["http://127.0.0.1:8080", "http://mlflow.example.com:5000/", "env", "client"])
def test_a_server_that_is_out_of_reach_is_replaced_by_the_run(client, where):
    done, streams = client.desk.seen(NAMED, image=client.image, run={"command": ["python", "job.py", where]})
    assert done.status == "finished", streams["stderr"].decode()
    assert streams["stderr"].count(b"cannot be reached from here: MLflow logs into this run instead") == 1
    shown = client.desk.show(done)
    assert list(shown.metrics["a"]) == [(0, 1.0)]
    assert ("mlflow/x.txt" in shown.artifacts.files) == (where != "client")


OWN = """
import http.server, json, mlflow, threading
said = []
class Own(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        said.append(self.path)
        self.send_error(404)
server = http.server.HTTPServer(("127.0.0.1", 8081), Own)
threading.Thread(target=server.serve_forever, daemon=True).start()
mlflow.set_tracking_uri("http://127.0.0.1:8081")
try:
    mlflow.get_experiment("7")
except mlflow.exceptions.MlflowException:
    pass
print(json.dumps(len(said) > 0))
"""


def test_a_server_of_the_jobs_own_is_left_alone(client):
    assert client.desk.answers(OWN, image=client.image) is True


ELSEWHERE = """
import json, mlflow
with mlflow.start_run():
    mlflow.log_metric("a", 1)
print(json.dumps(mlflow.get_tracking_uri()))
"""


def test_a_spec_that_names_another_store_is_obeyed(client):
    where = "sqlite:////workspace/own.db"
    assert client.desk.answers(ELSEWHERE, image=client.image, env={"MLFLOW_TRACKING_URI": where}) == where
    shown = client.desk.show(client.desk.recorded()[-1])
    assert (dict(shown.metrics), "workspace/own.db" in shown.artifacts.files) == ({}, True)


def test_the_plain_client_without_our_store_logs_the_same(client):
    """The store for MLflow's plugin registry is a short cut: through the usual one the same comes out."""
    script = "import os, subprocess, sys\n"
    script += "os.environ['PYTHONPATH'] = '/opt/orchestrator/lib'\n"
    script += f"sys.exit(subprocess.call([sys.executable, '-c', {PLAIN!r}]))"
    short, plain = client.submit(PLAIN), client.submit(script)
    assert (short.outcome.params, short.outcome.metrics) == (plain.outcome.params, plain.outcome.metrics)
    assert short.run.facts.tags == plain.run.facts.tags == {"k": "v"}


PLAIN = """
import mlflow
with mlflow.start_run():
    mlflow.log_param("a", 1)
    mlflow.log_params({"b": "x"})
    mlflow.set_tag("k", "v")
    for step in range(5):
        mlflow.log_metrics({"m": step / 3, "n": float("inf")}, step=step)
        mlflow.log_metric("o", step, step=step)
"""


def test_the_record_is_readable_by_programs(logged, client):
    said = json.loads(client.desk.cli("--json", "show", logged.run.id).stdout)["data"]
    assert [child["name"] for child in said["children"]][:2] == ["fold-0", "fold-1"]
    assert said["run"]["facts"]["tags"]["team"] == "x"

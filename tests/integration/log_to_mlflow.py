"""A job for the tests: what scripts do with MLflow's client, 2.x or 3.x. Nothing in it knows of the orchestrator."""

import json
import tempfile
from pathlib import Path

import matplotlib
import mlflow
import numpy as np
import pandas as pd
import torch
from mlflow.exceptions import MlflowException
from sklearn.linear_model import LogisticRegression

matplotlib.use("Agg")
from matplotlib import pyplot as plt

NEW = int(mlflow.__version__.split(".")[0]) >= 3
client = mlflow.MlflowClient()


def log_model(model):
    """As each version has it."""
    example = np.zeros((1, 2), dtype=np.float32)
    if NEW:
        return mlflow.pytorch.log_model(model, name="net", input_example=example, pip_requirements=["torch"])
    return mlflow.pytorch.log_model(model, "net", input_example=example, pip_requirements=["torch"])


def the_main_run():
    mlflow.set_experiment("wine")
    with mlflow.start_run(run_name="main", tags={"team": "x"}) as run:
        mlflow.log_param("lr", 0.1)
        mlflow.log_params({"layers": 3, "name": "net", "bias": True})
        for step in range(3):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metric("odd", float("nan"))
        mlflow.log_metrics({"accuracy": 0.9, "f1": 0.8}, step=2)
        mlflow.log_metric("later", 1.0, step=0, synchronous=False)
        mlflow.flush_async_logging()
        mlflow.set_tag("note", "fine")
        mlflow.set_tags({"gone": "x"})
        client.delete_tag(run.info.run_id, "gone")
        files(run.info.run_id)
        frame = pd.DataFrame({"x": [1.0, 2.0]})
        mlflow.log_input(mlflow.data.from_pandas(frame, name="frame"), context="training")
        torch.manual_seed(0)
        logged = log_model(torch.nn.Linear(2, 1))
    return run.info.run_id, logged.model_uri


def files(run_id):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "deep").mkdir()
        (Path(folder) / "deep" / "a.txt").write_text("hello")
        (Path(folder) / "empty").write_text("")
        mlflow.log_artifact(str(Path(folder) / "deep" / "a.txt"), "sub")
        mlflow.log_artifacts(folder, "folder")
    mlflow.log_dict({"a": 1}, "d.json")
    mlflow.log_text("text", "t.txt")
    figure, axes = plt.subplots()
    axes.plot([1, 2])
    mlflow.log_figure(figure, "plots/line.png")
    assert sorted(one.path for one in client.list_artifacts(run_id)) == ["d.json", "folder", "plots", "sub", "t.txt"]
    assert [one.path for one in client.list_artifacts(run_id, "folder")] == ["folder/deep", "folder/empty"]
    fetched = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="folder")
    assert (Path(fetched) / "deep" / "a.txt").read_text() == "hello"


def look_back(run_id, model_uri):
    """Search, history, and the model again: by run, by registry."""
    found = mlflow.search_runs(experiment_names=["wine"], filter_string="metrics.accuracy > 0.5 and params.lr = '0.1'")
    assert list(found["run_id"]) == [run_id]
    assert [one.value for one in client.get_metric_history(run_id, "loss")] == [1.0, 0.5, 1 / 3]
    run = client.get_run(run_id)
    assert (run.data.params["layers"], run.data.tags["note"], run.info.status) == ("3", "fine", "FINISHED")
    weights = mlflow.pytorch.load_model(f"runs:/{run_id}/net").weight
    assert torch.equal(mlflow.pytorch.load_model(model_uri).weight, weights)
    mlflow.register_model(model_uri, "best")
    client.set_registered_model_alias("best", "champion", "1")
    for uri in ("models:/best/1", "models:/best@champion"):
        assert torch.equal(mlflow.pytorch.load_model(uri).weight, weights)
    assert [one.version for one in client.search_model_versions("name = 'best'")] == ["1"]
    assert {one.name for one in mlflow.search_experiments()} == {"Default", "wine"}
    if NEW:
        assert [one.name for one in mlflow.search_logged_models(output_format="list")] == ["net"]
    try:
        client.log_param(run_id, "lr", "0.2")
    except MlflowException as error:
        assert "already logged" in str(error), error
    else:
        raise AssertionError("a parameter was changed")


def nested():
    """Two below the main run, one of them with one below, and one that fails."""
    with mlflow.start_run(run_id=MAIN):
        for fold in range(2):
            with mlflow.start_run(run_name=f"fold-{fold}", nested=True):
                mlflow.log_param("fold", fold)
                mlflow.log_metric("score", 0.5 + fold)
                mlflow.log_text(str(fold), "fold.txt")
                if fold:
                    with mlflow.start_run(run_name="inner", nested=True):
                        mlflow.log_metric("score", 9)
        try:
            with mlflow.start_run(run_name="bad", nested=True):
                raise ValueError
        except ValueError:
            pass


def autologged():
    mlflow.sklearn.autolog()
    features = np.arange(40.0).reshape(20, 2)
    with mlflow.start_run(run_name="autologged", nested=True, parent_run_id=MAIN):
        LogisticRegression().fit(features, features[:, 0] > 20)
    mlflow.sklearn.autolog(disable=True)


MAIN, MODEL = the_main_run()
look_back(MAIN, MODEL)
nested()
autologged()
print(json.dumps({"version": mlflow.__version__, "run": MAIN}))

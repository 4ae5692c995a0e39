"""The tracking server's answers, and what is in the record when they are given. Real clients: tests/integration."""

from __future__ import annotations

import math
import resource

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tracking import API, ARTIFACTS, notes, serving

from orchestrator.agent import wire
from orchestrator.agent.http import Refused
from orchestrator.agent.mlflow.search import Filter, ordered
from orchestrator.execution import events


def logged(tracking, run: int = 1) -> events.Logged:
    return events.read(tracking.record).of(run)


def found(tracking, filter: str = "", **more) -> list[str]:
    runs = tracking.post("runs/search", experiment_ids=["0"], filter=filter, **more).get("runs", [])
    return [run["info"]["run_name"] for run in runs]


def test_what_is_acknowledged_is_in_the_record(tracking):
    run = tracking.new_run(run_name="r", tags=[{"key": "k", "value": "v"}])
    tracking.post("runs/log-metric", run_id=run, key="loss", value=0.5, timestamp=7, step=3)
    assert list(logged(tracking).metrics["loss"]) == [(3, 0.5)]
    tracking.post("runs/log-parameter", run_id=run, key="lr", value="0.1")
    assert logged(tracking).params == {"lr": "0.1"}
    tracking.post("runs/set-tag", run_id=run, key="k", value="w")
    tracking.post("runs/set-tag", run_id=run, key="gone", value="x")
    tracking.post("runs/delete-tag", run_id=run, key="gone")
    assert logged(tracking).tags == {"k": "w", "mlflow.runName": "r"}


def test_numbers_that_json_has_no_words_for(tracking):
    run = tracking.new_run()
    given = {"nan": "NaN", "up": "Infinity", "down": "-Infinity", "big": 1e308, "small": 5e-324, "zero": -0.0}
    for key, value in given.items():
        tracking.post("runs/log-metric", run_id=run, key=key, value=value, timestamp="1", step="0")
    kept = {name: series.last[1] for name, series in logged(tracking).metrics.items()}
    assert math.isnan(kept.pop("nan"))
    assert kept == {"up": math.inf, "down": -math.inf, "big": 1e308, "small": 5e-324, "zero": 0.0}
    assert math.copysign(1, kept["zero"]) == -1
    told = tracking.call("GET", f"runs/get?run_id={run}")[1]["run"]["data"]["metrics"]
    assert {one["key"]: one["value"] for one in told} == given


@pytest.mark.parametrize(
    "metric",
    [
        {"key": "", "value": 1},
        {"key": "x" * 10_240, "value": 1},
        {"key": "x", "value": "one"},
        {"key": "x", "value": None},
        {"key": "x", "value": True},
        {"key": "x", "value": [1]},
        {"key": "x", "value": 10**400},
        {"key": "x", "value": 1, "step": 2**63},
        {"key": "x", "value": 1, "step": "a"},
        {"key": "x", "value": 1, "timestamp": -1},
        {"key": "x", "value": 1, "timestamp": 2**63},
    ],
)
def test_a_metric_that_cannot_be_is_refused_and_so_is_its_whole_batch(tracking, metric):
    run = tracking.new_run()
    good = {"key": "good", "value": 1, "timestamp": 1}
    assert tracking.refused("POST", "runs/log-batch", run_id=run, metrics=[good, metric]) == "INVALID_PARAMETER_VALUE"
    assert logged(tracking).metrics == {}


def test_half_a_character_is_replaced(tracking):
    run = tracking.new_run()
    tracking.post("runs/log-metric", run_id=run, key="x\ud800", value=1, timestamp=1)
    assert list(logged(tracking).metrics) == ["x?"]


def test_a_parameter_is_logged_once(tracking):
    run = tracking.new_run()
    for _ in range(2):
        tracking.post("runs/log-parameter", run_id=run, key="lr", value="0.1")
    status, answer = tracking.call("POST", "runs/log-parameter", run_id=run, key="lr", value="0.2")
    assert (status, answer["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert "already logged with value='0.1'" in answer["message"]
    assert logged(tracking).params == {"lr": "0.1"}


def test_points_that_are_sent_again_for_a_model_count_once(tracking):
    run = tracking.new_run()
    points = [{"key": "loss", "value": step / 4, "timestamp": 5, "step": step} for step in range(4)]
    tracking.post("runs/log-batch", run_id=run, metrics=points)
    model = tracking.post("logged-models", experiment_id="0", name="m", source_run_id=run)["model"]["info"]["model_id"]
    new = {"key": "late", "value": 1, "timestamp": 5, "step": 0}
    tracking.post("runs/log-batch", run_id=run, metrics=[{**one, "model_id": model} for one in (*points, new)])
    kept = logged(tracking).metrics
    assert (list(kept["loss"]), list(kept["late"])) == ([(0, 0.0), (1, 0.25), (2, 0.5), (3, 0.75)], [(0, 1.0)])
    data = tracking.call("GET", f"logged-models/{model}")[1]["model"]["data"]
    assert [one["value"] for one in data["metrics"]] == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_the_latest_point_is_that_of_the_highest_step(tracking):
    run = tracking.new_run()
    for step, value in ((2, 0.2), (5, 0.5), (3, 0.3)):
        tracking.post("runs/log-metric", run_id=run, key="loss", value=value, timestamp=1, step=step)
    (told,) = tracking.call("GET", f"runs/get?run_id={run}")[1]["run"]["data"]["metrics"]
    assert (told["value"], told["step"]) == (0.5, 5)
    history = tracking.call("GET", f"metrics/get-history?run_id={run}&metric_key=loss&max_results=2")[1]
    assert [one["step"] for one in history["metrics"]] == [2, 5]
    rest = f"metrics/get-history?run_id={run}&metric_key=loss&page_token={history['next_page_token']}"
    assert [one["step"] for one in tracking.call("GET", rest)[1]["metrics"]] == [3]


def test_ids_are_the_same_in_each_execution_of_a_plan_and_in_no_other(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", wire.TRACKING_URI)
    made = []
    for number, identity in enumerate(("a", "a", "b")):
        with serving(tmp_path / str(number), identity) as server:
            made.append([server.new_run(), server.new_run()])
    assert made[0] == made[1] != made[2]
    assert len({*made[0], *made[2]}) == 4


def test_a_run_that_is_not_there(tracking):
    assert tracking.refused("GET", "runs/get?run_id=x") == "RESOURCE_DOES_NOT_EXIST"
    assert tracking.refused("POST", "runs/log-metric", run_id="x", key="k", value=1) == "RESOURCE_DOES_NOT_EXIST"
    assert tracking.refused("POST", "runs/log-metric", key="k", value=1) == "INVALID_PARAMETER_VALUE"
    assert tracking.refused("POST", "runs/create", experiment_id="7") == "RESOURCE_DOES_NOT_EXIST"


def test_experiments(tracking):
    number = tracking.post("experiments/create", name="e", tags=[{"key": "a", "value": "b"}])["experiment_id"]
    assert tracking.refused("POST", "experiments/create", name="e") == "RESOURCE_ALREADY_EXISTS"
    told = tracking.call("GET", "experiments/get-by-name?experiment_name=e")[1]["experiment"]
    assert (told["experiment_id"], told["tags"]) == (number, [{"key": "a", "value": "b"}])
    assert tracking.refused("GET", "experiments/get-by-name?experiment_name=f") == "RESOURCE_DOES_NOT_EXIST"
    tracking.post("experiments/delete", experiment_id=number)
    assert [one["name"] for one in tracking.post("experiments/search")["experiments"]] == ["Default"]
    deleted = tracking.post("experiments/search", view_type="DELETED_ONLY")["experiments"]
    assert [one["name"] for one in deleted] == ["e"]
    assert tracking.refused("POST", "experiments/search", view_type="SOME") == "INVALID_PARAMETER_VALUE"


def test_search_by_metric_parameter_tag_attribute_and_dataset(tracking):
    for name, accuracy, lr, team in (("a", 0.9, "0.1", "x"), ("b", 0.7, "0.2", "x"), ("c", 0.8, "0.1", "y")):
        run = tracking.new_run(run_name=name, tags=[{"key": "team", "value": team}])
        tracking.post("runs/log-metric", run_id=run, key="test acc", value=accuracy, timestamp=1)
        tracking.post("runs/log-parameter", run_id=run, key="lr", value=lr)
    dataset = {"name": "wine", "digest": "d1", "source_type": "local", "source": "{}"}
    context = [{"key": "mlflow.data.context", "value": "training"}]
    tracking.post("runs/log-inputs", run_id=run, datasets=[{"dataset": dataset, "tags": context}])
    assert found(tracking) == ["c", "b", "a"]
    assert found(tracking, "metrics.`test acc` > 0.75 and params.lr = '0.1'") == ["c", "a"]
    assert found(tracking, "tags.team != 'x'") == found(tracking, "attributes.run_name IN ('c', 'z')") == ["c"]
    assert found(tracking, "params.lr LIKE '0.%' AND tag.team ILIKE 'X'") == ["b", "a"]
    assert found(tracking, "dataset.name = 'wine' and dataset.context = 'training'") == ["c"]
    assert found(tracking, "params.missing IS NULL and status = 'RUNNING'", max_results=1) == ["c"]
    assert found(tracking, order_by=['metrics."test acc" DESC']) == ["a", "c", "b"]
    assert found(tracking, order_by=["params.lr DESC", "attributes.run_name"]) == ["b", "a", "c"]


@pytest.mark.parametrize(
    "filter",
    [
        "metrics", "metrics.a", "metrics.a >", "metrics.a > x", "metrics.a > 1 or metrics.b > 1", "metrics.a > 'x'",
        "a = 1 b = 2", "a IN (1", "a NOT 1", "'x' = a", "= 1", "a LIKE 1", "a ~ 1", "a = 'x", "x" * 100_000,
    ],
)  # fmt: skip
def test_a_filter_that_cannot_be_read_is_refused(tracking, filter):
    run = tracking.new_run()
    tracking.post("runs/log-metric", run_id=run, key="a", value=1, timestamp=1)
    tracking.post("runs/set-tag", run_id=run, key="a", value="x")
    text = filter.replace("a LIKE 1", "tags.a LIKE 1")
    status, answer = tracking.call("POST", "runs/search", experiment_ids=["0"], filter=text)
    assert (status, answer["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def like(text: str, pattern: str, operator: str = "LIKE") -> bool:
    return Filter(f"tags.a {operator} '{pattern}'", "attributes").fits(lambda kind, key: text)


@pytest.mark.parametrize(
    ("text", "pattern", "fits"),
    [
        ("abc", "abc", True), ("abc", "a%", True), ("abc", "%c", True), ("abc", "%b%", True), ("abc", "a_c", True),
        ("abc", "_", False), ("abc", "b%", False), ("abc", "%b", False), ("aba", "a%a", True), ("a", "a%a", False),
        ("a.c", "a.c", True), ("abc", "a.c", False), ("a\nc", "a%c", True), ("", "%", True), ("", "_%", False),
        ("xaxbx", "%a%b%", True), ("xbxax", "%a%b%", False), ("aab", "%ab", True), ("abcabc", "a%c", True),
    ],
)  # fmt: skip
def test_like_is_sqls(text, pattern, fits):
    assert like(text, pattern) is fits
    assert like(text.upper(), pattern, "ILIKE") is fits


def test_no_pattern_takes_for_ever():
    assert not like("a" * 5000, "%a" * 500 + "%b")
    assert not like("a" * 5000, "%a_" * 500 + "b")


def test_a_data_sets_schema_is_not_noted_again_and_again(tracking):
    run = tracking.new_run()
    for number in range(3):
        dataset = {
            "name": f"d{number}",
            "digest": "x",
            "source_type": "local",
            "source": "{}",
            "profile": "p" * 100_000,
        }
        tracking.post("runs/log-inputs", run_id=run, datasets=[{"dataset": dataset, "tags": []}])
    assert (tracking.record / wire.MLFLOW_NOTES).stat().st_size < 10_000
    assert [one["dataset"]["name"] for one in notes(tracking.record)[-1][2]["datasets"]] == ["d0", "d1", "d2"]
    told = tracking.call("GET", f"runs/get?run_id={run}")[1]["run"]["inputs"]["dataset_inputs"]
    assert len(told[2]["dataset"]["profile"]) == 100_000


@pytest.mark.parametrize("time", [-5, 10**18, 10**400])
def test_a_time_that_cannot_be_is_refused(tracking, time):
    assert tracking.refused("POST", "runs/create", experiment_id="0", start_time=time) == "INVALID_PARAMETER_VALUE"
    run = tracking.new_run()
    assert tracking.refused("POST", "runs/update", run_id=run, end_time=time) == "INVALID_PARAMETER_VALUE"


@given(st.text(max_size=60))
def test_any_filter_and_any_order_is_read_or_refused(text):
    class One:
        def value(self, kind: str, key: str) -> object:
            return {"metrics": 1.0, "params": "1"}.get(kind)

    for use in (lambda: Filter(text, "attributes").fits(One().value), lambda: ordered([One(), One()], [text], "tags")):
        try:
            use()
        except Refused as problem:
            assert problem.status == 400


def test_artifacts_come_back_and_are_listed(tracking):
    for path, content in (("a.txt", b"a"), ("deep/er/b%20c.txt", b"bc"), ("empty", b"")):
        assert tracking.request("PUT", f"{ARTIFACTS}/0/r/artifacts/{path}", content)[0] == 200
    assert tracking.request("GET", f"{ARTIFACTS}/0/r/artifacts/deep/er/b%20c.txt") == (200, b"bc")
    assert tracking.request("GET", f"{ARTIFACTS}/0/r/artifacts/empty") == (200, b"")
    listed = tracking.request("GET", f"{ARTIFACTS}?path=0/r/artifacts")[1]
    assert listed == (
        b'{"files": [{"path": "a.txt", "is_dir": false, "file_size": 1}, {"path": "deep", "is_dir": true}, '
        b'{"path": "empty", "is_dir": false, "file_size": 0}]}'
    )
    assert tracking.request("GET", f"{ARTIFACTS}?path=0/r/artifacts/a.txt") == (200, b"{}")
    assert tracking.request("GET", f"{ARTIFACTS}/0/r/artifacts/none")[0] == 404
    assert tracking.request("GET", f"{ARTIFACTS}/0/r/artifacts/deep")[0] == 404
    assert tracking.request("DELETE", f"{ARTIFACTS}/0/r/artifacts/deep")[0] == 200
    assert tracking.request("GET", f"{ARTIFACTS}/0/r/artifacts/deep/er/b%20c.txt")[0] == 404
    assert (tracking.record / wire.MLFLOW_ARTIFACTS / "0/r/artifacts/a.txt").read_bytes() == b"a"


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "0/../../x",
        "%2e%2e/x",
        "0/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "0//x",
        "0/./x",
        "0/x%00y",
        "0/" + "x" * 256,
        "0/" + "x/" * 200,
        "0/%2F..%2F..%2Fx",
    ],
)
def test_an_artifact_stays_in_its_folder(tracking, path):
    tracking.post("experiments/search")  # the folders are made with the first client
    before = sorted(tracking.record.parent.rglob("*"))
    for method in ("PUT", "DELETE", "GET"):
        status, _ = tracking.request(method, f"{ARTIFACTS}/{path}", b"x" if method == "PUT" else None)
        assert status == 400
    assert sorted(tracking.record.parent.rglob("*")) == before


def test_a_link_in_the_artifacts_is_not_followed(tracking, tmp_path):
    (tmp_path / "private").write_text("of the host")
    tracking.request("PUT", f"{ARTIFACTS}/0/a", b"x")
    (tracking.record / wire.MLFLOW_ARTIFACTS / "0" / "link").symlink_to(tmp_path / "private")
    assert tracking.request("GET", f"{ARTIFACTS}/0/link")[0] == 404


def test_a_full_disk_is_said_at_once_and_costs_what_was_not_acknowledged(tracking):
    run = tracking.new_run()
    tracking.post("runs/log-metric", run_id=run, key="loss", value=1, timestamp=1)
    size = (tracking.record / wire.EVENTS).stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, limits[1]))
    try:
        for _ in range(2):
            assert tracking.refused("POST", "runs/log-metric", run_id=run, key="loss", value=2) == "INTERNAL_ERROR"
        status, answer = tracking.request("PUT", f"{ARTIFACTS}/0/big", b"x" * (1 << 20))
        assert (status, b"was not kept" in answer) == (400, True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    tracking.post("runs/log-metric", run_id=run, key="loss", value=3, timestamp=1)
    assert [value for _, value in logged(tracking).metrics["loss"]] == [1, 3]
    told = tracking.call("GET", f"metrics/get-history?run_id={run}&metric_key=loss")[1]["metrics"]
    assert [one["value"] for one in told] == [1, 3]
    assert tracking.request("GET", f"{ARTIFACTS}/0/big")[0] == 404
    assert not list((tracking.record / wire.MLFLOW / "uploads").iterdir())


def test_a_model_is_registered_found_and_loaded_by_name_version_and_alias(tracking):
    run = tracking.new_run()
    info = tracking.post("logged-models", experiment_id="0", name="net", source_run_id=run)["model"]["info"]
    assert info["status"] == "LOGGED_MODEL_PENDING"
    status, ready = tracking.call("PATCH", f"logged-models/{info['model_id']}", status="LOGGED_MODEL_READY")
    assert (status, ready["model"]["info"]["status"]) == (200, "LOGGED_MODEL_READY")
    found_by_name = tracking.post("logged-models/search", experiment_ids=["0"], filter="name = 'net'")["models"]
    assert [model["info"]["model_id"] for model in found_by_name] == [info["model_id"]]

    tracking.post("registered-models/create", name="best")
    assert tracking.refused("POST", "registered-models/create", name="best") == "RESOURCE_ALREADY_EXISTS"
    for _ in range(2):
        source = f"models:/{info['model_id']}"
        version = tracking.post("model-versions/create", name="best", source=source, run_id=run)["model_version"]
    assert (version["version"], version["model_id"]) == ("2", info["model_id"])
    where = tracking.call("GET", "model-versions/get-download-uri?name=best&version=1")[1]
    assert where["artifact_uri"] == info["artifact_uri"]
    tracking.post("registered-models/alias", name="best", alias="champion", version="1")
    by_alias = tracking.call("GET", "registered-models/alias?name=best&alias=champion")[1]["model_version"]
    assert (by_alias["version"], by_alias["aliases"]) == ("1", ["champion"])
    tracking.post("model-versions/transition-stage", name="best", version="1", stage="production")
    latest = tracking.call("GET", "registered-models/get-latest-versions?name=best&stages=Production")[1]
    assert [one["version"] for one in latest["model_versions"]] == ["1"]
    assert tracking.call("DELETE", "model-versions/delete", name="best", version="1")[0] == 200
    assert tracking.refused("GET", "model-versions/get?name=best&version=1") == "RESOURCE_DOES_NOT_EXIST"
    versions = tracking.call("GET", "model-versions/search?filter=name%3D%27best%27")[1]["model_versions"]
    assert [one["version"] for one in versions] == ["2"]
    assert [note[:2] for note in notes(tracking.record)] == [
        ["run", "1"],
        ["model", info["model_id"]],
        ["model", info["model_id"]],
        ["version", "best/1"],
        ["version", "best/2"],
    ]


def test_a_deleted_run_is_out_of_sight_and_comes_back(tracking):
    run = tracking.new_run(run_name="r")
    tracking.post("runs/delete", run_id=run)
    assert (found(tracking), found(tracking, run_view_type="ALL")) == ([], ["r"])
    tracking.post("runs/restore", run_id=run)
    assert found(tracking) == ["r"]


def test_a_point_that_comes_after_the_end_is_kept(tracking):
    run = tracking.new_run()
    tracking.post("runs/update", run_id=run, status="FINISHED", end_time=5)
    tracking.post("runs/log-metric", run_id=run, key="system/cpu", value=1, timestamp=1)
    assert list(logged(tracking).metrics) == ["system/cpu"]
    assert notes(tracking.record)[-1][2]["status"] == "FINISHED"


def test_the_ajax_api_is_the_same(tracking):
    assert tracking.request("GET", "/ajax-api/2.0/mlflow/experiments/get?experiment_id=0")[0] == 200
    assert tracking.request("GET", "/health") == (200, b"OK")
    assert tracking.request("GET", API + "experiments/get")[0] == 400

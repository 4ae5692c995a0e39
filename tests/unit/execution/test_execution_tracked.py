"""Which of what was logged through MLflow is the run itself, which are runs within it, and where their files go."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.digest import Digest
from orchestrator.execution.events import Events, Logged
from orchestrator.execution.notes import NotedModel, NotedRun, NotedVersion, Notes
from orchestrator.execution.tracked import PARENT_TAG, Child, Own, scalar, share_out
from orchestrator.metrics import Series
from orchestrator.store.tree import FileEntry, Tree


def series(*values: float) -> Series:
    return Series.of(enumerate(values))


def noted(number: int, **more: Any) -> NotedRun:
    uri = f"mlflow-artifacts:/0/id{number}/artifacts"
    return NotedRun(**{"run_id": f"id{number}", "run_name": "r", "status": "FINISHED", "artifact_uri": uri, **more})


def model(number: int, run: int, name: str = "net") -> NotedModel:
    uri = f"mlflow-artifacts:/0/models/m-{number}/artifacts"
    return NotedModel(model_id=f"m-{number}", name=name, source_run_id=f"id{run}", artifact_uri=uri)


def share(
    runs: dict[int, NotedRun], logged: dict[int, Logged] | None = None, paths: tuple[str, ...] = (), **more: Any
) -> tuple[Own, tuple[Child, ...]]:
    files = [FileEntry(path=path, digest=Digest.of(b""), size=0) for path in paths]
    return share_out(Notes(runs=runs, **more), Events(logged or {}, 0), files)


def below(number: int) -> Logged:
    return Logged(tags={PARENT_TAG: f"id{number}"})


def paths(files: Any) -> list[str]:
    return [entry.path for entry in files.artifacts]


def test_without_mlflow_there_is_only_the_run():
    own, children = share({}, {0: Logged({"loss": series(1.0)}, {"lr": 0.1}, {"a": "b"})})
    assert (dict(own.logged.metrics), own.logged.params, own.logged.tags) == (
        {"loss": series(1.0)},
        {"lr": 0.1},
        {"a": "b"},
    )
    assert children == ()


def test_the_one_run_at_the_top_is_the_run_itself():
    both = {
        0: Logged({"loss": Series.of([(1, 9.0)]), "own": series(2.0)}, {"lr": 5}, {"t": "own"}),
        1: Logged({"loss": series(0.0, 0.1)}, {"lr": "0.1", "n": "3"}, {"t": "x", "u": "y"}),
    }
    own, children = share({1: noted(1, status="FAILED")}, both)
    assert children == ()
    assert list(own.logged.metrics["loss"]) == [(0, 0.0), (1, 0.1), (1, 9.0)]
    assert dict(own.logged.metrics)["own"] == series(2.0)
    assert (own.logged.params, own.logged.tags) == ({"lr": 5, "n": 3}, {"t": "own", "u": "y"})


def test_each_of_several_is_a_run_within_the_run():
    logged = {0: Logged({"own": series(1.0)}), 1: Logged({"a": series(1.0)}), 2: Logged({"a": series(2.0)})}
    own, children = share({1: noted(1, run_name="x"), 2: noted(2, run_name="y")}, logged)
    assert dict(own.logged.metrics) == {"own": series(1.0)}
    assert [(child.name, dict(child.logged.metrics)) for child in children] == [
        ("x", {"a": series(1.0)}),
        ("y", {"a": series(2.0)}),
    ]


def test_nested_runs_are_called_after_those_they_are_nested_in():
    names = {1: "main", 2: "fold", 3: "inner", 4: "fold", 5: "inner", 6: ""}
    runs = {number: noted(number, run_name=name) for number, name in names.items()}
    _, children = share(runs, {2: below(1), 3: below(2), 4: below(1), 5: below(4), 6: below(1)})
    assert [child.name for child in children] == ["fold", "fold/inner", "fold~2", "fold~2/inner", ""]
    _, alone = share({number: runs[number] for number in (1, 2, 3)}, {3: below(2)})
    assert [child.name for child in alone] == ["main", "fold", "fold/inner"]


def test_names_that_meet_are_told_apart():
    names = ["a", "a~2", "a", "a", "b/c", "b"]
    runs = {number: noted(number, run_name=name) for number, name in enumerate(names, 1)}
    _, children = share({**runs, 7: noted(7, run_name="c")}, {7: below(6)})
    assert [child.name for child in children] == ["a", "a~2", "a~3", "a~4", "b/c", "b", "b/c~2"]


@pytest.mark.parametrize("tags", [{1: below(1)}, {1: below(2), 2: below(1)}, {1: below(2), 2: below(3), 3: below(1)}])
def test_runs_that_are_nested_in_a_circle_are_there_all_the_same(tags):
    own, children = share({number: noted(number) for number in tags}, tags)
    assert len(children) == len(tags)
    assert not own.logged.metrics


def test_a_parent_that_is_none_of_ours_is_none():
    own, children = share({1: noted(1)}, {1: Logged({"a": series(1.0)}, {}, {PARENT_TAG: "elsewhere"})})
    assert (dict(own.logged.metrics), children) == ({"a": series(1.0)}, ())


@pytest.mark.parametrize(
    ("status", "expected"),
    [("FINISHED", "finished"), ("FAILED", "failed"), ("KILLED", "killed"), ("RUNNING", "lost"), ("", "lost")],
)
def test_how_a_run_within_the_run_ended(status, expected):
    runs = {1: noted(1), 2: noted(2, status=status, start_time=5, end_time=9)}
    _, (child,) = share(runs, {2: below(1)})
    assert (child.status, child.started, child.ended) == (expected, 5, 9)


def test_what_tells_of_one_execution_only_is_left_out():
    tags = {"mlflow.user": "job", "mlflow.runName": "r", "mlflow.note.content": "note", "team": "x"}
    logged = Logged({"system/cpu": series(1.0), "systems": series(2.0)}, {}, tags)
    own, _ = share({1: noted(1)}, {1: logged})
    assert dict(own.logged.metrics) == {"systems": series(2.0)}
    assert own.logged.tags == {"mlflow.note.content": "note", "team": "x"}


def test_the_jobs_own_metrics_may_be_called_so():
    own, _ = share({1: noted(1)}, {0: Logged({"system/mine": series(1.0)}), 1: Logged({"a": series(1.0)})})
    assert set(own.logged.metrics) == {"system/mine", "a"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3), ("-3", -3), ("0.1", 0.1), ("1e-05", 1e-05), ("1e-5", "1e-5"), ("True", True), ("False", False),
        ("true", "true"), ("None", "None"), ("", ""), ("03", "03"), ("1_0", "1_0"), (" 3", " 3"), ("٣", "٣"),
        ("nan", "nan"), ("inf", "inf"), ("-inf", "-inf"), ("1e999", "1e999"), (str(2**53), str(2**53)),
        (str(2**53 - 1), 2**53 - 1), ("9" * 5000, "9" * 5000), ("-0.0", -0.0), ("[1]", "[1]"),
    ],
)  # fmt: skip
def test_a_parameter_is_the_value_that_has_its_text(text, value):
    found = scalar(text)
    assert (found, type(found)) == (value, type(value))


@given(st.text() | st.integers().map(str) | st.floats().map(str))
def test_a_parameters_text_is_never_lost(text):
    assert str(scalar(text)) == text


def test_files_go_to_the_run_that_logged_them():
    found = (
        "0/id1/artifacts/a",
        "0/id2/artifacts/deep/b",
        "0/models/m-1/artifacts/MLmodel",
        "7/stray",
        "0/id9/artifacts/c",
    )
    own, (child,) = share({1: noted(1), 2: noted(2)}, {2: below(1)}, found, models=[model(1, run=2)])
    assert paths(own.files) == ["mlflow/a", "mlflow-artifacts/7/stray", "mlflow-artifacts/0/id9/artifacts/c"]
    assert paths(child.files) == ["mlflow/deep/b", "models/net/MLmodel"]
    assert [fact.path for fact in child.files.models] == ["models/net"]


def test_models_of_one_name_are_told_apart_and_know_where_they_are_registered():
    models = [model(1, 1), model(2, 1), model(3, 1, "a/b"), model(4, 1, ".."), model(5, 8), model(6, 1, "é" * 300)]
    versions = [NotedVersion(name="best", version="2", location=models[1].artifact_uri)]
    found = [f"{one.artifact_uri.partition(':/')[2]}/MLmodel" for one in models]
    own, _ = share({1: noted(1)}, paths=tuple(found), models=models, versions=versions)
    facts = [(fact.path, fact.registered) for fact in own.files.models]
    assert facts == [
        ("models/net", ()), ("models/net~2", ("best version 2",)), ("models/a_b", ()), ("models/_..", ()),
        ("models/net~3", ()), ("models/" + "é" * 100, ()),
    ]  # fmt: skip
    assert own.files.models[2].name == "a/b"


def test_a_model_that_was_begun_and_never_filled_is_none():
    own, _ = share({1: noted(1)}, paths=("0/models/m-2/artifacts/MLmodel",), models=[model(1, 1), model(2, 1)])
    assert [fact.path for fact in own.files.models] == ["models/net~2"]


def test_data_sets_are_told_as_far_as_they_are_texts():
    tags = [{"key": "x", "value": "y"}, {"key": "mlflow.data.context", "value": "training"}, 5]
    datasets = (
        {"dataset": {"name": "wine", "digest": "d", "source_type": "local"}, "tags": tags},
        {"dataset": {"name": ["no"], "digest": None}, "tags": []},
        {"dataset": "none", "tags": []},
        {"tags": []},
    )
    own, _ = share({1: noted(1, datasets=datasets)})
    told = [(one.name, one.digest, one.source, one.context) for one in own.datasets]
    assert told == [("wine", "d", "local", "training"), ("", "", "", "")]


parts = st.sampled_from(["0", "1", "id1", "id2", "models", "m-1", "m-2", "artifacts", "a", "b"])
trees = st.sets(st.lists(parts, min_size=1, max_size=7).map("/".join), max_size=30)


@given(
    trees,
    st.lists(st.sampled_from(["0/id1/artifacts", "0/models/m-1/artifacts", "0/id1/artifacts/a", "a", ""]), min_size=4),
)
def test_no_two_files_meet_whatever_a_job_uploads_and_notes(found, uris):
    """What stands in the proxy's folder is a tree; so is what each run keeps of it."""
    kept = sorted(path for path in found if not any(other.startswith(f"{path}/") for other in found))
    places = [f"mlflow-artifacts:/{uri}" for uri in uris]
    runs = {number: noted(number, artifact_uri=places[number - 1]) for number in (1, 2)}
    models = [model(number, 1).model_copy(update={"artifact_uri": places[number + 1]}) for number in (1, 2)]
    own, children = share(runs, {2: below(1)}, tuple(kept), models=models)
    count = 0
    for files in (own.files, *(child.files for child in children)):
        count += len(Tree.of(files.artifacts).entries)
    assert count == len(kept)


def test_names_stay_short_however_deep_runs_are_nested():
    runs = {number: noted(number, run_name="n" * 1000) for number in range(1, 40)}
    _, children = share(runs, {number: below(number - 1) for number in range(2, 40)})
    assert len({child.name for child in children}) == 38
    assert max(len(child.name) for child in children) < 1010

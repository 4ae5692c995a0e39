"""Filters: what each means, and what each mistake is told as."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import UsageError
from orchestrator.index.filter import names
from orchestrator.index.filter.parse import parse
from orchestrator.index.filter.words import MAX_CHARACTERS, FilterError
from orchestrator.index.memory import chosen
from orchestrator.index.port import Row
from orchestrator.index.query import Field, Query

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
PLAN = "sha256:4dec90" + "0" * 58


def row(number: int, **more) -> Row:
    fixed = {"name": "cnn", "status": "finished", "kind": "submit", "of": None, "plan": PLAN, "outcome": None}
    return Row(id=str(number), **{**fixed, "created": "2026-11-24T09:00:00.000Z", **more})


RUNS = [
    row(
        1,
        metrics={"test_accuracy": "0.95", "val/acc top-1": "0.5", "loss": "nan"},
        params={"lr": 0.05, "optimizer": "adam", "deep": True},
        tags={
            "team": "x",
            "mlflow.source.type": "LOCAL",
            names.NOTE: "Amazing, isn't it",
            names.SWEEP: "s-20261124-cafe",
        },
        data={"train": "sha256:" + "ab" * 32},
        packages={"torch": "2.13.0+cpu", "scikit-learn": "1.9.1"},
        duration=400.0,
        commit="0123abc",
        started="2026-11-24T09:00:01.000Z",
    ),
    row(2, name="mlp", metrics={"test_accuracy": "0.85"}, params={"lr": "0.05"}, status="failed", plan="sha256:ff"),
    row(
        3, metrics={"test_accuracy": "0.99"}, params={"lr": 0.5}, tags={"team": "y"}, created="2026-11-26T23:00:00.000Z"
    ),
]


def found(text: str) -> str:
    return "".join(sorted(one.id for one in chosen(RUNS, Query((parse(text, NOW),)))))


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", "123"),
        ("  ", "123"),
        ("metrics.test_accuracy > 0.9 and params.lr < 0.1 and tags.team = 'x'", "1"),
        ("metrics.test_accuracy>.9 AND params.lr<=5e-2", "1"),
        ("metrics.test_accuracy > 0.9 or status = 'failed'", "123"),
        ("not (metrics.test_accuracy > 0.9 or status = 'finished')", "2"),
        ("not metrics.test_accuracy > 0.9 and name = mlp", "2"),
        ("metrics.`val/acc top-1` = 0.5", "1"),
        ('metrics."val/acc top-1" >= 0.5', "1"),
        ("params.lr = 0.05", "1"),
        ("params.lr = '0.05'", "12"),  # MLflow knows texts alone
        ("params.deep = true", "1"),
        ("params.optimizer like 'ad%'", "1"),
        ("params.optimizer not like 'sg%'", "1"),
        ("tags.team in ('x', 'y')", "13"),
        ("tags.team not in ('y')", "1"),  # of those that have one
        ("tags.team is null", "2"),
        ("tags.team IS NOT NULL", "13"),
        ("metrics.loss is null", "23" + "1"),  # not-a-number is none
        ("note ilike '%amazing%'", "1"),
        ("sweep = 's-20261124'", "1"),
        ("sweep != 's-2027'", "1"),
        ("sweep like '%-cafe'", "1"),
        ("note = 'Amazing, isn''t it'", "1"),
        ("status != finished", "2"),
        ("plan = 4dec90", "13"),
        ("plan = 'sha256:4dec90'", "13"),
        ("plan != 4dec", "2"),
        ("commit = 0123", "1"),
        ("id = 3", "3"),
        ("data.train = 'abab'", "1"),
        ("packages.torch = 2.13", "1"),
        ("packages.scikit_learn >= 1.10", ""),
        ("packages.Scikit-Learn >= 1.9", "1"),
        ("packages.torch is null", "23"),
        ("created = 2026-11-24", "12"),
        ("created > 2026-11-25", "3"),
        ("created > 2026-11-24", "3"),
        ("created <= 2026-11-24", "12"),
        ("created < 2026-11-24", ""),
        ("created >= 2026-11-24", "123"),
        ("not not name = mlp", "2"),
        ("created >= 24h", "3"),
        ("created < 2026-11-27T00:30+02:00", "12"),
        ("duration > 5m", "1"),
        ("duration > 399.5", "1"),
        # as MLflow's clients write them
        ("attributes.status = 'FINISHED'", "13"),
        ("attributes.run_id IN ('1', '2')", "12"),
        ("attributes.run_name LIKE 'cn%'", "13"),
        ("attributes.start_time > 1664067852747", "1"),
        ("tags.mlflow.source.type = 'LOCAL'", "1"),
        ("tags.`mlflow.runName` = 'mlp'", "2"),
        ("tag.team = \"x\" and metric.test_accuracy > 0.9 and parameter.lr < '0.1'", "1"),
    ],
)
def test_what_a_filter_finds(text, ids):
    assert found(text) == "".join(sorted(ids))


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("metrics.acc >> 1", 14, "a value was expected, a number or a text in quotes, not `>`"),
        ("metrics.acc > 'x'", 15, "a metric is a number, not `'x'`"),
        ("metrcs.acc > 1", 1, "runs have no `metrcs.acc`"),
        ("stats = 'x'", 1, "runs have no `stats`"),
        ("status = done", 10, "status is one of running, finished, failed, killed, lost, not 'done'"),
        ("name = 'x", 8, "this quote is never closed: '"),
        ("(name = x", 10, "`)` was expected, not the end"),
        ("name = x name = y", 10, "`and` or `or` was expected, not `name`"),
        ("name", 5, "a comparison (= != < <= > >= like in is) was expected, not the end"),
        ("name not 3", 10, "`in` or `like` was expected, not `3`"),
        ("created > yesterday", 11, "not a time: 'yesterday'; times read 2026-11-24, 2026-11-24T10:30, or 7d"),
        ("created > 2026-13-40", 11, "not a time: '2026-13-40'"),
        ("created > 2026-13", 11, "not a time: '2026-13-01'"),
        ("metrics.x like '1'", 16, "`LIKE` compares texts, and metrics.x is a number"),
        ("duration > long", 12, "a duration is in seconds, or reads 5m, 2h; not `long`"),
        ("metrics.x = nan", 13, "no run is found by not-a-number"),
        ("name = x and", 13, "a name was expected, such as metrics.loss, not the end"),
        ("metrics. > 3", 10, "a name was expected, such as metrics.loss, not `>`"),
        ("name = x; drop", 9, "not understood"),
        ("tags.team in ()", 15, "a value was expected"),
        ("(" * 80 + "name = x", 12, "this is nested too deeply"),
        ("id = ''", 6, "an empty text is the beginning of every id"),
        ("of = 'last~2'", 6, "'last~2' is a name on the command line"),
        ("sweep = 's-last'", 9, "'s-last' is a name on the command line; a filter takes ids, or their beginnings"),
        ("created > 999999d", 11, "beyond all times: `999999d`"),
        ("created > '0001-01-01T00:00:00+10:00'", 11, "beyond all times"),
        ("name in (" + ", ".join(["x"] * 300) + ")", 610, "a filter has 200 comparisons at most"),
        (" and ".join(["name = x"] * 300), 2601, "a filter has 200 comparisons at most"),
        ("name = '" + "x" * MAX_CHARACTERS + "'", MAX_CHARACTERS + 1, "a filter has 16,384 characters at most"),
    ],
)
def test_a_mistake_is_shown_where_it_is(text, column, said):
    with pytest.raises(FilterError) as caught:
        parse(text, NOW)
    first, piece, mark = caught.value.message.splitlines()
    assert first.startswith(f"filter, column {column}: {said}")
    assert len(mark) - 1 <= len(piece)
    assert mark.strip() == "^"


def test_a_misspelt_name_is_told_the_nearest():
    with pytest.raises(FilterError) as caught:
        parse("metrcs.acc > 1", NOW)
    assert caught.value.hint == "did you mean `metrics.acc`?"


@pytest.mark.parametrize("text", ["metrics", "loss", "", ".", "Name", "mettric.loss", "name.x"])
def test_a_field_that_runs_do_not_have(text):
    with pytest.raises(UsageError) as caught:
        names.parse(text)
    assert caught.value.hint


def test_fields_by_themselves():
    assert names.parse("metrics.a.b c") == Field("a.b c", "metrics")
    assert names.parse("note") == Field(names.NOTE, "tags")
    assert names.parse("start_time") == Field("started")
    assert names.parse("metrics.`a, b`") == Field("a, b", "metrics")
    assert names.parse_many("id, metrics.`a, b`,metrics.c`d") == (
        Field("id"),
        Field("a, b", "metrics"),
        Field("c`d", "metrics"),
    )
    for text in (",", "id,", "id,,name"):
        with pytest.raises(UsageError, match="runs have no ''"):
            names.parse_many(text)
    assert [names.written(names.parse(text)) for text in ("note", "tags.x", "id")] == ["note", "tags.x", "id"]


@given(st.text(alphabet="metrics.loss<>='\"`()andornotinisnull 0.9-,\n%é", max_size=60))
def test_any_text_is_a_filter_or_a_told_mistake(text):
    try:
        parse(text, NOW)
    except FilterError as error:
        assert 0 <= error.at <= len(text)

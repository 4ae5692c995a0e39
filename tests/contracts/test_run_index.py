"""What every index promises, held against each adapter: in memory, SQLite, a real PostgreSQL server."""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import signal
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from orchestrator.errors import EnvironmentProblem
from orchestrator.index import schema
from orchestrator.index.filter import names
from orchestrator.index.filter.parse import parse
from orchestrator.index.memory import MemoryIndex, chosen
from orchestrator.index.port import Row
from orchestrator.index.postgres import PostgresIndex
from orchestrator.index.query import COLUMNS, AllOf, AnyOf, Clause, Condition, Field, Has, Not, Query, Sort
from orchestrator.index.schema import Migration
from orchestrator.index.sqlite import SqliteIndex

DATABASES = ("sqlite", "postgres")
WRITERS = 8
ALL = 10_000
fork = multiprocessing.get_context("fork")


@pytest.fixture
def database(request, tmp_path):
    """Opens the same database again and again, as each process does."""
    if request.param == "sqlite":
        return lambda **more: SqliteIndex(tmp_path / "index.sqlite", **more)
    url = request.getfixturevalue("postgres").fresh()
    return lambda **more: PostgresIndex(url, **more)


@pytest.fixture(params=("memory", *DATABASES))
def index(request, tmp_path):
    if request.param == "memory":
        return MemoryIndex()
    if request.param == "sqlite":
        return SqliteIndex(tmp_path / "index.sqlite")
    return PostgresIndex(request.getfixturevalue("postgres").fresh())


each_database = pytest.mark.parametrize("database", DATABASES, indirect=True)


def row(id: str, name: str = "job", status: str = "finished", **more) -> Row:
    fixed = {"kind": "submit", "of": None, "plan": "p", "outcome": None, "created": "2026-01-01T00:00:00.000Z"}
    return Row(id=id, name=name, status=status, **{**fixed, **more})


def listed(index, *where: Clause, sort: str = "", parent: str | None = None, limit: int = ALL) -> list[str]:
    order = Sort(names.parse(sort.removeprefix("-")), sort.startswith("-")) if sort else None
    query = Query(where, parent, order, limit)
    return [found.id for found in index.rows(query)]


def where(field: str, operator: str, value: str | float) -> Condition:
    return Condition(names.parse(field), operator, value)


FULL = row(
    "20260101-000000-000aaa",
    of="20250101-000000-000aaa",
    outcome="sha256:o",
    metrics={"loss": "0.1", "größe": "nan", "": "-0.0", "far": "-inf"},
    params={"lr": 0.1, "layers": 3, "deep": True, "note": None, "optimizer": "adam", "huge": 10**400},
    tags={"team": "x", "": "", "é": "e\u0301"},
    data={"train": "sha256:d"},
    started="2026-01-01T00:00:01.000Z",
    ended="2026-01-01T00:00:02.500Z",
    duration=1.5,
    image="sha256:i",
    lock="sha256:l",
    code="sha256:c",
    commit="abc",
    certificate="bit-exact",
    packages={"torch": "2.13.0", "numpy": "2.1"},
)


def test_a_row_comes_back_whole(index):
    bare = row("20260102-000000-000aaa")
    index.add(FULL)
    index.add(bare)
    assert index.rows(Query()) == [bare, FULL]
    assert [repr(found) for found in index.rows(Query())] == [repr(bare), repr(FULL)]  # 3 is not 3.0


def test_adding_again_replaces_all_of_it(index):
    index.add(FULL)
    index.add(replace(FULL, status="failed", metrics={"loss": "0.2"}, tags={}, params={}, data={}))
    (found,) = index.rows(Query())
    assert (found.status, found.metrics, found.tags) == ("failed", {"loss": "0.2"}, {})
    assert listed(index, where("metrics.loss", "=", 0.1)) == listed(index, where("tags.team", "=", "x")) == []
    assert listed(index, where("metrics.loss", "=", 0.2)) == [FULL.id]
    assert listed(index, where("metrics.far", "<", 0)) == []


def test_several_are_added_at_once_and_the_last_of_one_id_counts(index):
    index.add(row("1", status="running"))
    index.add(row("1"), row("2"), row("2.1", parent="2"), row("2", name="other"))
    index.add()
    assert index.rows(Query()) == [row("2", name="other"), row("1")]
    assert index.rows(Query(parent="2")) == [row("2.1", parent="2")]


def test_what_is_removed_is_found_no_more(index):
    index.add(FULL, row("1"), row("2"))
    index.remove(FULL.id, "2", "never there")
    index.remove()
    assert listed(index) == ["1"]
    assert listed(index, where("metrics.loss", "=", 0.1)) == listed(index, where("tags.team", "=", "x")) == []
    index.add(FULL)
    assert index.rows(Query(limit=1)) == [FULL]


def test_the_newest_come_first_and_no_more_than_asked_for(index):
    for id in ("20260102", "20260101", "20260103"):
        index.add(row(id))
    assert listed(index, limit=2) == ["20260103", "20260102"]
    assert index.ids("2026", 2) == ["20260103", "20260102"]
    assert index.ids("", 10) == ["20260103", "20260102", "20260101"]
    assert index.ids("2026", 0) == listed(index, limit=0) == []


def test_a_prefix_is_no_pattern(index):
    for id in ("a%b", "a_b", "axb", "A%b", "'; DROP TABLE run_index; --", "a?b%s"):
        index.add(row(id))
    assert index.ids("a%", 10) == ["a%b"]
    assert index.ids("a_", 10) == ["a_b"]
    assert index.ids("a?b%", 10) == ["a?b%s"]
    assert index.ids("a", 10) == ["axb", "a_b", "a?b%s", "a%b"]
    assert index.ids("'; DROP", 10) == ["'; DROP TABLE run_index; --"]
    assert index.ids("axbc", 10) == index.ids("\0", 10) == index.ids("a" * 5000, 10) == []


def test_columns_are_exact(index):
    index.add(row("1", name="a", status="failed"))
    index.add(row("2", name="a", status="finished", commit="c"))
    index.add(row("3", name="ab", status="failed"))
    assert listed(index, where("name", "=", "a")) == ["2", "1"]
    assert listed(index, where("status", "=", "failed")) == ["3", "1"]
    assert listed(index, where("name", "=", "a"), where("status", "=", "failed")) == ["1"]
    assert listed(index, where("name", "=", "A")) == listed(index, where("name", "=", "")) == []
    assert listed(index, where("commit", "!=", "x")) == ["2"]  # the others have none
    assert listed(index, where("name", ">", "a"), where("name", "<=", "ab")) == ["3"]


@pytest.mark.parametrize("column", COLUMNS)
def test_every_column_can_be_asked_for_and_sorted_by(index, column):
    index.add(row("1"), FULL, row("2"))
    value = getattr(FULL, column)
    if column == "status":
        value = "finished"
    assert FULL.id in listed(index, where(column, "=", value))
    assert listed(index, where(column, "=", 7.25 if isinstance(value, str) else "text")) == []
    assert sorted(listed(index, sort=column)) == sorted(listed(index, sort=f"-{column}")) == ["1", "2", FULL.id]


def test_conditions_on_what_runs_have_by_name(index):
    index.add(FULL, row("1", params={"lr": "0.1"}, tags={"team": "y"}, lock="sha256:m", packages={"torch": "2.12"}))
    assert listed(index, where("params.lr", "<=", 0.1)) == [FULL.id]  # the other's is a text
    assert listed(index, where("params.lr", "=", "0.1")) == ["1"]
    assert listed(index, where("params.deep", "=", "true")) == [FULL.id]
    assert listed(index, where("params.note", "=", "null")) == [FULL.id]
    assert listed(index, where("params.huge", ">", 1e300)) == [FULL.id]
    assert listed(index, where("tags.team", "!=", "x")) == ["1"]
    assert listed(index, where("tags.", "=", "")) == [FULL.id]
    assert listed(index, where("tags.é", "=", "\u00e9")) == []  # composed is not decomposed
    assert listed(index, where("data.train", "=", "sha256:d")) == [FULL.id]
    assert listed(index, where("packages.torch", ">=", "2.13")) == [FULL.id]
    assert listed(index, where("packages.torch", "=", 2.13)) == listed(index, where("packages.jax", ">", "")) == []
    assert listed(index, where("metrics.far", "<", 0), where("tags.team", "=", "x")) == [FULL.id]
    assert listed(index, where("metrics.größe", "!=", 0)) == []  # not-a-number is no value
    assert listed(index, where("metrics.loss", "!=", float("nan"))) == []


def test_clauses_are_joined_and_turned_round(index):
    index.add(row("1", tags={"team": "x"}), row("2", tags={"team": "y"}), row("3", commit="c"))
    x, y = where("tags.team", "=", "x"), where("tags.team", "=", "y")
    assert listed(index, AnyOf((x, y))) == ["2", "1"]
    assert listed(index, Not(x)) == ["3", "2"]  # one that has none included
    assert listed(index, Not(AnyOf((x, where("commit", "=", "c"))))) == ["2"]
    assert listed(index, AnyOf((AllOf((x, y)), where("commit", "=", "c")))) == ["3"]
    assert listed(index, Has(Field("team", "tags"))) == ["2", "1"]
    assert listed(index, Has(Field("commit"))) == ["3"]
    assert listed(index, AnyOf(())) == []
    assert listed(index, AllOf(())) == ["3", "2", "1"]


def test_the_deepest_and_longest_filters_are_understood(index):
    index.add(FULL)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for text in (
        "not (name = a or " * 5 + "name = b" + ")" * 5,
        "(" * 10 + "name = a or name = b" + ")" * 10,
        "not (metrics.loss is null or " * 5 + "packages.torch > 1" + ")" * 5,
        "metrics.loss in (" + ", ".join(map(str, range(200))) + ")",
        " or ".join(["tags.team like '%x%'"] * 200),
        " and ".join(["params.lr = '0.1'"] * 200),
    ):
        assert index.rows(Query((parse(text, now),))) == chosen([FULL], Query((parse(text, now),)))


def test_patterns(index):
    for id, name in (("1", "cnn-small"), ("2", "CNN-big"), ("3", "mlp!"), ("4", "ä"), ("5", "x" * 300)):
        index.add(row(id, name=name, tags={"t": name}))
    for field in ("name", "tags.t"):
        assert listed(index, where(field, "LIKE", "cnn%")) == ["1"]
        assert listed(index, where(field, "ILIKE", "cnn-%")) == ["2", "1"]
        assert listed(index, where(field, "LIKE", "%!")) == ["3"]
        assert listed(index, where(field, "LIKE", "_")) == ["4"]
        assert listed(index, where(field, "ILIKE", "Ä")) == []  # only A to Z are a to z
        assert listed(index, where(field, "LIKE", "xxx%")) == ["5"]
        assert listed(index, where(field, "LIKE", "cnn")) == []


def test_versions_are_compared_as_versions(index):
    for number, version in enumerate(("2.9.1", "2.13.0+cpu", "2.13.1", "2.14.0rc1", "nightly"), 1):
        index.add(row(str(number), lock=f"l{number}", packages={"torch": version, "numpy": "2.0"}))
    index.add(row("6"))
    for operator, wanted, found in (
        ("=", "2.13", "32"),
        ("=", "2.13.0", "2"),
        ("=", "2.14", ""),  # not before it is released
        ("=", "2.14.0rc1", "4"),
        ("!=", "2.13", "541"),
        (">", "2.9.1", "432"),
        (">=", "2.13", "432"),
        ("<", "2.13.1", "21"),
        (">", "2.13", "43"),
        ("=", "nightly", "5"),
        ("LIKE", "%+cpu", "2"),
    ):
        hits = [id for id in listed(index, where("packages.torch", operator, wanted)) if id != "5" or "5" in found]
        assert "".join(hits) == found, (operator, wanted)
    assert listed(index, Has(Field("torch", "packages"))) == list("54321")


VALUES = {
    "1": "0.5",
    "2": "nan",
    "3": "inf",
    "4": "-inf",
    "5": "-0.0",
    "6": "0.0",
    "7": None,
    "8": "5e-324",
    "9": "0.5",
}


def test_numbers_sort_the_same_everywhere(index):
    for id, value in VALUES.items():
        index.add(row(id, metrics={"m": value} if value else {}))
    assert listed(index, sort="metrics.m") == ["4", "6", "5", "8", "9", "1", "3", "7", "2"]
    assert listed(index, sort="-metrics.m") == ["3", "9", "1", "8", "6", "5", "4", "7", "2"]
    assert listed(index, sort="-metrics.m", limit=3) == ["3", "9", "1"]
    assert listed(index, sort="metrics.other") == list("987654321")


def test_numbers_come_before_texts_and_texts_go_by_code_point(index):
    values = [("1", "b"), ("2", "B"), ("3", "ä"), ("4", 10), ("5", 9), ("6", "\U0001f600"), ("7", "\uffff"), ("8", "")]
    for id, value in values:
        index.add(row(id, params={"p": value}))
    index.add(row("9"))
    assert listed(index, sort="params.p") == ["5", "4", "8", "2", "1", "3", "7", "6", "9"]
    assert listed(index, sort="-params.p") == ["4", "5", "6", "7", "3", "1", "2", "8", "9"]


def test_runs_within_runs_are_listed_with_their_parent_only_and_by_number(index):
    for id, parent in (("a1", None), ("a2", None), *((f"a1.{number}", "a1") for number in range(1, 13))):
        index.add(row(id, parent=parent, metrics={"m": "1.0"}))
    assert listed(index) == index.ids("a", 10) == ["a2", "a1"]
    assert listed(index, parent="a1", limit=4) == ["a1.12", "a1.11", "a1.10", "a1.9"]
    assert listed(index, parent="a1", sort="metrics.m", limit=4) == ["a1.12", "a1.11", "a1.10", "a1.9"]


@pytest.mark.parametrize("text", ["a\0b", "\0", "ünï\u2028", "x" * 10_000, "\ud800", "'\"`;--?%s", "😀" * 3000])
def test_any_text_is_found_and_comes_back(index, text):
    index.add(row("1", name=text, tags={text: text}, params={text: text}), row("2", name=f"{text}."))
    (found,) = index.rows(Query((where("name", "=", text), Condition(Field(text, "tags"), "=", text))))
    assert (found.id, found.name, found.tags, found.params) == ("1", text, {text: text}, {text: text})
    assert listed(index, where("name", "=", f"{text}.")) == ["2"]


def test_ten_thousand_metrics_of_one_run(index):
    many = row("1", metrics={f"m{number}": repr(number / 7) for number in range(10_000)})
    index.add(many)
    index.add(many)
    assert index.rows(Query((where("metrics.m9999", ">", 1428),))) == [many]
    index.remove("1")
    assert index.rows(Query()) == []


def test_filling_replaces_everything_and_makes_it_complete(index):
    index.add(FULL)
    assert not index.is_complete()
    index.fill(row(f"{number:05}", tags={"n": str(number)}) for number in range(5000, 0, -1))
    assert index.is_complete()
    assert index.ids("", 2) == ["05000", "04999"]
    assert listed(index, where("tags.n", "=", "77")) == ["00077"]
    assert listed(index, where("tags.team", "=", "x")) == []
    index.add(row("09999"))
    assert (index.ids("", 1), index.state().runs, index.state().complete) == (["09999"], 5001, True)


def test_filling_that_is_interrupted_changes_nothing(index):
    def rows():
        yield from (row(f"{number}") for number in range(5000))
        raise KeyboardInterrupt

    index.add(row("1"))
    with pytest.raises(KeyboardInterrupt):
        index.fill(rows())
    assert index.ids("", 10) == ["1"]
    assert not index.is_complete()
    index.add(row("2"))
    assert index.ids("", 10) == ["2", "1"]


# ---------------------------------------------------------------- a database answers as the one in memory does

_TEXT = st.sampled_from(["", "a", "b", "A", "ä", "\0", "a\0", "😀", "\uffff"])
_NUMBER = st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, float("inf"), float("-inf"), 1e-320])
_ROWS = st.lists(
    st.builds(
        dict,
        name=_TEXT,
        commit=st.none() | _TEXT,
        duration=st.none() | _NUMBER,
        metrics=st.dictionaries(_TEXT, (_NUMBER | st.just(float("nan"))).map(repr), max_size=3),
        params=st.dictionaries(_TEXT, _NUMBER | _TEXT | st.booleans() | st.none(), max_size=3),
        tags=st.dictionaries(_TEXT, _TEXT, max_size=3),
        lock=st.sampled_from(["l1", "l2"]),
        nested=st.booleans(),
    ),
    max_size=8,
)
_FIELDS = st.sampled_from(["name", "commit", "duration"]).map(Field) | st.builds(
    Field, _TEXT, st.sampled_from(["metrics", "params", "tags"])
)
_CONDITIONS = st.builds(
    Condition,
    _FIELDS | st.builds(Field, _TEXT, st.just("packages")),
    st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "LIKE", "ILIKE"]),
    _NUMBER | _TEXT | st.sampled_from(["%", "_", "%a", "A%", "!", "_%_", "%Ä%", "\\"]),
)
_CLAUSES = st.recursive(
    _CONDITIONS | st.builds(Has, _FIELDS | st.builds(Field, _TEXT, st.just("packages"))),
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(AllOf, st.lists(inner, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple))
    ),
    max_leaves=5,
)
_QUERIES = st.builds(
    Query,
    st.lists(_CLAUSES, max_size=2).map(tuple),
    st.sampled_from([None, "r"]),
    st.none() | st.builds(Sort, _FIELDS, st.booleans()),
    st.integers(0, 9),
)
_PACKAGES = {"l1": {"a": "1", "b": "2"}, "l2": {"a": "2", "\0": "\0", "A": "2.0+cpu"}}


@each_database
@examples(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=_ROWS, queries=st.lists(_QUERIES, min_size=1, max_size=5))
def test_a_database_answers_as_memory_does(database, drawn, queries):
    rows = []
    for number, one in enumerate(drawn, 1):
        parent = "r" if one.pop("nested") else None
        id = f"r.{number}" if parent else f"{number}"
        rows.append(row(id, parent=parent, packages=_PACKAGES[one["lock"]], **one))
    index = database()
    index.fill(rows)
    for query in queries:
        assert list(map(repr, index.rows(query))) == list(map(repr, chosen(rows, query)))


# ---------------------------------------------------------------- many processes


def in_processes(count: int, work) -> list[int]:
    """Exit codes of processes that begin at once."""
    barrier = fork.Barrier(count)

    def begin(number: int) -> None:
        barrier.wait()
        work(number)

    workers = [fork.Process(target=begin, args=(number,)) for number in range(count)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    return [worker.exitcode for worker in workers]


@each_database
def test_many_processes_write_at_once(database):
    """They make the tables at once too, and each adds one run that all of them add."""

    shuffled = list(itertools.permutations(["s1", "s2", "s3"]))

    def write(number: int) -> None:
        index = database()
        for turn in range(5):
            index.add(row(f"{number:02}-{turn}", tags={"w": f"{number}"}, lock="l", packages={"a": "1", "b": "2"}))
            index.add(*(row(id, tags={"s": "t"}) for id in shuffled[number % len(shuffled)]))
            index.rows(Query((where("name", "=", "job"),)))

    assert in_processes(WRITERS, write) == [0] * WRITERS
    assert len(database().ids("", 1000)) == 5 * WRITERS + 3
    assert len(listed(database(), where("tags.w", "=", "3"))) == 5
    assert len(listed(database(), where("packages.a", "=", "1"))) == 5 * WRITERS


@each_database
def test_a_hundred_processes_add_at_once(database):
    """More than the server has connections for."""
    assert in_processes(100, lambda number: database().add(row(f"{number:03}"))) == [0] * 100
    assert database().ids("", 1000) == [f"{number:03}" for number in reversed(range(100))]


@each_database
def test_what_is_added_while_the_index_is_filled_is_kept(database):
    database().add(row("1"))
    begun, go = fork.Event(), fork.Event()

    def rows():
        yield row("2")
        begun.set()
        assert go.wait(60)
        yield row("3")

    filling = fork.Process(target=lambda: database().fill(rows()))
    adding = fork.Process(target=lambda: database().add(row("4")))
    filling.start()
    assert begun.wait(60)
    adding.start()
    adding.join(0.3)
    assert adding.exitcode is None  # it waits
    go.set()
    filling.join(60)
    adding.join(60)
    assert database().ids("", 10) == ["4", "3", "2"]


@each_database
@pytest.mark.parametrize("after", [0, 1, 2500, 6000])
def test_killed_while_it_is_filled(database, after):
    database().fill([FULL])

    def rows():
        yield from (row(f"{number:05}", tags={"a": "b"}) for number in range(after))
        os.kill(os.getpid(), signal.SIGKILL)

    assert in_processes(1, lambda number: database().fill(rows())) == [-signal.SIGKILL]
    assert database().rows(Query()) == [FULL]
    database().add(row("1"))
    assert listed(database(), where("tags.a", "=", "b")) == []
    database().fill([row("2")])
    assert (database().ids("", 10), database().is_complete()) == (["2"], True)


@each_database
def test_killed_at_any_moment_while_it_is_added_to(database):
    database().fill([row("0")])
    for turn in range(10):
        ready = fork.Event()

        def add(turn: int = turn, ready=ready) -> None:
            index = database()
            for number in itertools.count():
                group = [f"{turn}-{number:04}-{part}" for part in "abc"]
                index.add(*(row(id, tags={"group": f"{turn}-{number}"}) for id in group))
                ready.set()

        worker = fork.Process(target=add)
        worker.start()
        assert ready.wait(60)
        time.sleep(turn / 100)
        worker.kill()
        worker.join()
    groups: dict[str, int] = {}
    for found in database().rows(Query(limit=ALL)):
        if found.tags:
            groups[found.tags["group"]] = groups.get(found.tags["group"], 0) + 1
            assert found.id in listed(database(), where("tags.group", "=", found.tags["group"])), "half of it"
    assert groups
    assert set(groups.values()) == {3}  # all of a call, or nothing


# ---------------------------------------------------------------- versions


NEXT = Migration(
    schema.MIGRATIONS[-1].version + 1,
    ("ALTER TABLE run_index ADD COLUMN more {text}",),
    ("CREATE INDEX run_index_by_more ON run_index (more)",),
    refill=False,
)
AFTER = Migration(NEXT.version + 1, ("DELETE FROM run_texts",))


@each_database
def test_rows_are_kept_by_a_step_that_asks_for_no_refill(database):
    database().fill([FULL])
    later = (*schema.MIGRATIONS, NEXT)
    assert database(migrations=later).rows(Query()) == [FULL]
    assert database(migrations=later).is_complete()


@each_database
def test_every_older_version_leads_to_the_newest(database):
    steps = (*schema.MIGRATIONS, NEXT, AFTER)
    for until in range(1, len(steps)):
        database(migrations=steps[:until]).fill([FULL])
    assert not database(migrations=steps).is_complete()
    database(migrations=steps).fill([row("2")])
    assert (database(migrations=steps).is_complete(), database(migrations=steps).ids("", 9)) == (True, ["2"])


@each_database
def test_many_processes_migrate_at_once(database):
    """The step cannot be taken twice: a column of that name would be there."""
    database().fill([FULL])
    later = (*schema.MIGRATIONS, NEXT)
    work = lambda number: database(migrations=later).add(row(f"{number}"))  # noqa: E731
    assert in_processes(WRITERS, work) == [0] * WRITERS
    assert database(migrations=later).state().runs == WRITERS + 1


@each_database
def test_a_step_that_fails_is_undone(database):
    database().fill([FULL])
    broken = Migration(NEXT.version, (*NEXT.statements, "INSERT INTO nowhere VALUES (1)"))
    with pytest.raises(Exception, match="nowhere"):
        database(migrations=(*schema.MIGRATIONS, broken)).add(row("1"))
    assert database().rows(Query()) == [FULL]
    assert database(migrations=(*schema.MIGRATIONS, NEXT)).is_complete()


@each_database
@pytest.mark.parametrize(
    "use",
    [
        lambda index: index.rows(Query()),
        lambda index: index.add(row("1")),
        lambda index: index.fill([]),
        lambda index: index.is_complete(),
    ],
)
def test_a_newer_version_is_left_alone(database, use):
    later = (*schema.MIGRATIONS, NEXT)
    database(migrations=later).fill([FULL])
    with pytest.raises(EnvironmentProblem, match=f"has version {NEXT.version}"):
        use(database())
    assert database(migrations=later).rows(Query()) == [FULL]


def test_a_document_of_a_row_says_all_of_it():
    from orchestrator.index import values

    assert set(json.loads(values.document(FULL))) == {*vars(FULL)} - {"packages"}

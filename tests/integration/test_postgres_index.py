"""An index in PostgreSQL: who is let in, what is said where somebody is not, and that no password is ever said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import traceback
from pathlib import Path

import psycopg2
import pytest
from desk import GATE
from servers import certificates
from servers.loopback import HOST
from servers.postgres import DATABASE, PASSWORD, USER, serve

from orchestrator.errors import EnvironmentProblem, OrchestratorError, UsageError
from orchestrator.index import postgres_connection
from orchestrator.index.port import Row
from orchestrator.index.postgres import PostgresIndex
from orchestrator.index.query import Query

WRONG = "another-secret"


def row(id: str) -> Row:
    return Row(id, "n", "finished", "submit", None, "p", None, "2026-01-01T00:00:00.000Z")


def refused(url: str, kind: type[OrchestratorError] = EnvironmentProblem) -> OrchestratorError:
    """The error that using an index comes to; it says no password, not even in a traceback."""
    with pytest.raises(kind) as caught:
        PostgresIndex(url).add(row("1"))
    said = "".join(traceback.format_exception(caught.value)) + caught.value.hint
    for secret in (PASSWORD, WRONG, "s3cret", "%2Fpass"):
        assert secret not in said
    assert caught.value.hint
    return caught.value


# ---------------------------------------------------------------- credentials


@pytest.fixture
def bare(postgres, monkeypatch, tmp_path):
    """A URL without a password, and a home without any."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / ".pgpass"))
    return postgres.fresh().replace(postgres.url().split("@")[0], f"postgresql://{USER}")


def test_a_password_in_the_environment(bare, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    PostgresIndex(bare).add(row("1"))
    assert PostgresIndex(bare).ids("", 1) == ["1"]


def test_a_password_file(bare, postgres, tmp_path):
    escaped = PASSWORD.replace("\\", "\\\\").replace(":", "\\:")
    (tmp_path / ".pgpass").write_text(f"{HOST}:{postgres.port}:*:{USER}:{escaped}\n")
    (tmp_path / ".pgpass").chmod(0o600)
    assert PostgresIndex(bare).ids("", 1) == []


def test_a_service(bare, postgres, tmp_path, monkeypatch):
    (tmp_path / "services").write_text(
        f"[team]\nhost={HOST}\nport={postgres.port}\nuser={USER}\npassword={PASSWORD}\ndbname={DATABASE}\n"
    )
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
    options = bare.partition("?")[2]
    index = PostgresIndex(f"postgresql:///?service=team&{options}")
    index.add(row("1"))
    assert "service team" in index.state().where
    assert PASSWORD not in index.state().where


def test_a_socket(postgres):
    url = postgres.fresh().replace(f"@{HOST}:{postgres.port}/", "@/") + f"&host={postgres.folder}&port={postgres.port}"
    PostgresIndex(url).add(row("1"))
    assert PostgresIndex(url).ids("", 1) == ["1"]


def test_tls(tmp_path):
    certificate, key = certificates.self_signed(tmp_path / "tls")
    with serve(tls=(certificate, key)) as server:
        base = server.url()
        trusting = f"{base}?sslmode=verify-full&sslrootcert={certificate}"
        PostgresIndex(trusting).add(row("1"))
        assert PostgresIndex(trusting).ids("", 1) == ["1"]
        other = refused(f"{base}?sslmode=verify-full&sslrootcert=/etc/ssl/certs/ca-certificates.crt")
        assert "sslrootcert" in other.hint


# ---------------------------------------------------------------- refusals


def test_a_wrong_password(postgres):
    error = refused(postgres.url(password=WRONG))
    assert "password authentication failed" in error.message
    assert ".pgpass" in error.hint


def test_no_password(bare):
    assert "PGPASSWORD" in refused(bare).hint


def test_a_database_that_is_not_there(postgres):
    error = refused(postgres.url(database="nowhere"))
    assert 'database "nowhere" does not exist' in error.message
    assert "createdb" in error.hint


def test_a_schema_that_is_not_there(postgres):
    assert "CREATE SCHEMA" in refused(postgres.url("nowhere")).hint


def test_a_server_that_is_not_there():
    error = refused(f"postgresql://{USER}:{WRONG}@{HOST}:1/runs")
    assert f"{USER}@{HOST}:1/runs cannot be reached" in error.message


def test_a_name_that_is_not_there():
    assert "cannot be reached" in refused(f"postgresql://{USER}:{WRONG}@no-such-host.invalid/runs").message


@pytest.mark.parametrize("rest", [f"@{HOST}:port/runs", f"@{HOST}/runs?nonsense=1", f"@[{HOST}/runs", f"@{HOST}/%zz"])
def test_a_url_that_cannot_be_read(rest):
    refused(f"postgresql://{USER}:{WRONG}{rest}", OrchestratorError)


def test_a_url_of_something_else():
    refused(f"mysql://{USER}:{WRONG}@{HOST}/runs", UsageError)


def test_a_user_who_may_not_create_tables(postgres):
    postgres.run(f"CREATE ROLE reader LOGIN PASSWORD '{WRONG}'")
    error = refused(postgres.url(user="reader", password=WRONG))
    assert "permission denied" in error.message
    assert "GRANT" in error.hint


def test_a_user_who_may_only_read_can_list(postgres):
    url = postgres.fresh()
    name = url.partition("%3D")[2]
    PostgresIndex(url).fill([row("1")])
    postgres.run(f"CREATE ROLE looker LOGIN PASSWORD '{WRONG}'")
    postgres.run(f"GRANT USAGE ON SCHEMA {name} TO looker; GRANT SELECT ON ALL TABLES IN SCHEMA {name} TO looker")
    theirs = postgres.url(name, user="looker", password=WRONG)
    assert PostgresIndex(theirs).is_complete()
    assert PostgresIndex(theirs).rows(Query()) == [row("1")]
    assert "permission denied" in refused(theirs).message
    assert PostgresIndex(url).rows(Query()) == [row("1")]


def test_the_rights_of_a_member_are_enough_to_add_to_fill_and_to_remove(postgres):
    """Those that docs/stores.md names; the tables are somebody else's."""
    url = postgres.fresh()
    name = url.partition("%3D")[2]
    PostgresIndex(url).fill([row("1")])
    postgres.run(f"CREATE ROLE member LOGIN PASSWORD '{WRONG}'; GRANT USAGE ON SCHEMA {name} TO member")
    postgres.run(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {name} TO member")
    theirs = PostgresIndex(postgres.url(name, user="member", password=WRONG))
    theirs.add(row("2"), row("3"))
    theirs.remove("1")
    assert theirs.ids("", 9) == ["3", "2"]
    theirs.fill([row("4")])
    assert PostgresIndex(url).ids("", 9) == ["4"]


@pytest.mark.engine
def test_a_run_that_ends_while_the_server_refuses_is_indexed_by_the_next_command(desk, postgres, monkeypatch):
    url = postgres.fresh()
    name = url.partition("%3D")[2]
    monkeypatch.setenv("ORCHESTRATOR_INDEX", url)
    assert desk.cli("index", "rebuild").returncode == 0
    desk.write(GATE)
    submit = desk.start("submit", "runspec.yaml")
    folder = desk.live()
    postgres.run(f"ALTER SCHEMA {name} RENAME TO {name}_away")
    desk.let_go(folder)
    _, errors = submit.communicate(timeout=120)
    assert submit.returncode == 3, errors
    assert b"refuses" in errors
    assert desk.cli("ls").returncode == 3
    postgres.run(f"ALTER SCHEMA {name}_away RENAME TO {name}")
    listed = json.loads(desk.cli("--json", "ls").stdout)["data"]["runs"]
    assert [(found["id"], found["status"]) for found in listed] == [(folder.name, "finished")]


def test_a_server_without_a_connection_left(postgres, monkeypatch):
    """Who waits gets one when another goes; who waits too long is told."""
    monkeypatch.setattr(postgres_connection, "BUSY_SECONDS", 0.5)
    name = "crowd"
    postgres.run(f"CREATE ROLE {name} LOGIN CONNECTION LIMIT 2 PASSWORD '{WRONG}'; CREATE SCHEMA AUTHORIZATION {name}")
    url = postgres.url(user=name, password=WRONG)
    taken = [psycopg2.connect(url) for _ in range(2)]
    error = refused(url)
    assert "too many connections" in error.message
    assert "max_connections" in error.hint
    monkeypatch.setattr(postgres_connection, "BUSY_SECONDS", 60)
    found: list[int] = []
    waiting = threading.Thread(target=lambda: found.append(PostgresIndex(url).state().runs))
    waiting.start()
    waiting.join(0.3)
    assert not found
    for connection in taken:
        connection.close()
    waiting.join(60)
    assert found == [0]


def test_a_server_that_goes_away_between_two_calls(postgres):
    url = postgres.fresh()
    index = PostgresIndex(url)
    index.add(row("1"))
    postgres.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'orchestrator'")
    index.add(row("2"))
    assert index.ids("", 9) == ["2", "1"]


def test_a_connection_that_is_cut_while_it_is_filled_leaves_what_was_there(postgres):
    url = postgres.fresh()
    PostgresIndex(url).fill([row("1")])

    def rows():
        yield from (row(f"{number:05}") for number in range(3000))
        postgres.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'orchestrator'")
        yield from (row(f"{number:05}") for number in range(3000, 6000))

    with pytest.raises(EnvironmentProblem):
        PostgresIndex(url).fill(rows())
    assert PostgresIndex(url).rows(Query()) == [row("1")]


def test_psycopg_that_is_not_installed(postgres, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    assert "orchestrator[postgres]" in refused(postgres.url()).hint


# ---------------------------------------------------------------- the command line


def command(home: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "orchestrator.cli.main", *words],
        env={**os.environ, "ORCHESTRATOR_HOME": str(home), **environment},
        capture_output=True,
        timeout=120,
    )


def test_the_command_line(home, postgres):
    url = postgres.fresh()
    PostgresIndex(url).fill([row("20260101-000000-000aaa"), row("20260102-000000-000aaa")])
    done = command(home, "--json", "ls", "--sort", "name", ORCHESTRATOR_INDEX=url)
    assert [found["id"] for found in json.loads(done.stdout)["data"]["runs"]] == [
        "20260102-000000-000aaa",
        "20260101-000000-000aaa",
    ]
    status = command(home, "--json", "index", "status", ORCHESTRATOR_INDEX=url)
    assert json.loads(status.stdout)["data"]["runs"] == 2
    rebuild = ("--json", "index", "rebuild")
    refused = command(home, *rebuild, ORCHESTRATOR_INDEX=url)  # a store's name that is misspelt empties nobody's index
    assert refused.returncode == 2 and b"is it another store's?" in refused.stderr
    assert json.loads(command(home, *rebuild, "--force", ORCHESTRATOR_INDEX=url).stdout)["data"]["runs"] == 0
    for words in (
        ["index", "status"],
        ["index", "rebuild"],
        ["ls"],
        ["config"],
        ["config", "--show-origin"],
        ["doctor"],
    ):
        done = command(home, *words, ORCHESTRATOR_INDEX=url)
        assert PASSWORD.encode() not in done.stdout + done.stderr, words
        assert b"%2Fpass" not in done.stdout + done.stderr, words


def test_an_index_that_cannot_be_reached_ends_a_command_with_3(home):
    done = command(home, "ls", ORCHESTRATOR_INDEX=f"postgresql://{USER}:{WRONG}@{HOST}:1/runs")
    assert done.returncode == 3
    assert b"cannot be reached" in done.stderr
    assert WRONG.encode() not in done.stdout + done.stderr
    assert b"Traceback" not in done.stderr

"""A connection to PostgreSQL: what may go wrong with it is an error that says what to do, and names no password."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from orchestrator.errors import EnvironmentProblem, UsageError

if TYPE_CHECKING:
    from psycopg2.extensions import connection as _Connection

    Connection = _Connection
else:
    Connection = object

CONNECT_SECONDS = 10
BUSY_SECONDS = 30
"""How long a server is asked again that has no connection left, or is just starting."""

_BUSY = ("too many clients", "too many connections", "connection slots", "starting up", "shutting down")
_REFUSALS = (
    (
        ("password authentication failed", "no password supplied", "fe_sendauth"),
        "PGPASSWORD or ~/.pgpass gives the password; ~/.pgpass must be readable by you alone",
    ),
    (("no pg_hba.conf entry",), "the server lets this user in from elsewhere, or with TLS only (?sslmode=require)"),
    (('" does not exist',), "have it created: `createdb` for a database, `createuser` for a user"),
    (_BUSY, "try again later, or raise max_connections (of the server, or the user's CONNECTION LIMIT)"),
    (("certificate", "SSL"), "sslmode and sslrootcert in the URL say which certificates are trusted"),
)
"""What libpq says where a server does not let us in -> what to do. (It gives no code there.)"""

_STATES = (
    (
        ("42501", "25006"),
        "the user may not write there; to create the tables it needs: GRANT CREATE, USAGE ON SCHEMA public TO …",
    ),
    (("22P05", "22021", "22P02"), "create the database with ENCODING 'UTF8'"),
    (("53100", "53200"), "the server has no room left"),
    (("3F000",), "the search path names no schema that is there: have it created, with CREATE SCHEMA"),
    (("42P01", "42703"), "`orchestrator index rebuild` makes the tables anew, once those of this name are dropped"),
)
"""SQLSTATE -> what to do."""


@contextlib.contextmanager
def connected(url: str) -> Iterator[tuple[Connection, str]]:
    """A connection, and what it leads to, as it may be shown. What was done is committed at the end, or undone.

    Raises:
        UsageError: the URL cannot be read.
        EnvironmentProblem: psycopg2 is not installed; the server cannot be reached, or refuses.
    """
    try:
        import psycopg2  # not its successor, which takes as long to import as `ls` may take as a whole
    except ImportError as error:
        raise EnvironmentProblem(
            "an index in PostgreSQL needs psycopg2, which is not installed",
            hint="install orchestrator with the extra `postgres`: pip install 'orchestrator[postgres]'",
        ) from error
    _refuse_unquoted(url)
    where, secret = _shown(url)
    try:
        with contextlib.closing(_connect(url)) as connection, connection:
            yield connection, where
    except psycopg2.Error as error:
        said = str(error).strip().splitlines()
        raise _explained(where, "; ".join(said).replace(secret, "***") if secret else "; ".join(said), error) from None


def _refuse_unquoted(url: str) -> None:
    """libpq takes what stands between two ``@`` for the host, and would print the end of a password."""
    if url.partition("://")[2].count("@") > 1:
        raise UsageError(
            "the URL of the index has more than one @", hint="write an @ that belongs to a password as %40"
        )


def _connect(url: str) -> Connection:
    import psycopg2

    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return psycopg2.connect(
                url, connect_timeout=CONNECT_SECONDS, application_name="orchestrator", client_encoding="UTF8"
            )
        except psycopg2.OperationalError as error:
            if time.monotonic() > until or not any(text in str(error) for text in _BUSY):
                raise
            time.sleep(random.uniform(0.05, 0.5))  # noqa: S311  (so that not all come back at once)


def _shown(url: str) -> tuple[str, str]:
    """The URL without its password, and the password that stands in it."""
    from psycopg2 import ProgrammingError
    from psycopg2.extensions import parse_dsn

    try:
        parts = {name: str(value) for name, value in parse_dsn(url).items()}
    except ProgrammingError:
        raise UsageError(
            "the URL of the index cannot be read",  # libpq would print it
            hint="it reads postgresql://USER@HOST:PORT/DATABASE; special characters in a password are written %XX",
        ) from None
    user, port = parts.get("user"), parts.get("port")
    host = parts.get("host", f"service {parts['service']}" if "service" in parts else "")
    place = f"{f'{user}@' if user else ''}{host}{f':{port}' if port else ''}/{parts.get('dbname', '')}"
    return f"the index postgresql://{place}", parts.get("password", "")


def _explained(where: str, said: str, error: Any) -> EnvironmentProblem:
    for states, hint in _STATES:
        if error.pgcode in states:
            return EnvironmentProblem(f"{where} refuses: {said}", hint=hint)
    for texts, hint in _REFUSALS:
        if any(text in said for text in texts):
            return EnvironmentProblem(f"{where} refuses: {said}", hint=hint)
    hint = "start the server, or check host and port: `psql URL` tells the same"
    return EnvironmentProblem(f"{where} cannot be reached: {said}", hint=hint)

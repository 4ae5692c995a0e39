"""A real PostgreSQL server for the tests: its own folder, a free port, passwords as in production.

It takes a second to start, and is started only by a test that asks for it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from servers.loopback import HOST, free_port

USER = "runs"
PASSWORD = "s3cret/pass:wörd"  # noqa: S105  (of a server that lives for a test)
DATABASE = "runs"
CONNECTIONS = 40
_WITHIN = 60
_SETTINGS = {
    "listen_addresses": HOST,
    "max_connections": str(CONNECTIONS),
    "fsync": "off",
    "full_page_writes": "off",
    "password_encryption": "scram-sha-256",
}


@dataclass(frozen=True)
class Postgres:
    """A server that runs."""

    port: int
    folder: Path

    def url(
        self, schema: str = "", *, user: str = USER, password: str | None = PASSWORD, database: str = DATABASE
    ) -> str:
        """Where an index may be: in a schema of the database, for this user."""
        secret = f":{quote(password, safe='')}" if password is not None else ""
        options = f"?options=-csearch_path%3D{schema}" if schema else ""
        return f"postgresql://{user}{secret}@{HOST}:{self.port}/{database}{options}"

    def run(self, sql: str) -> None:
        """A statement, as the server's superuser."""
        _execute(self.url(), sql)

    def fresh(self) -> str:
        """The URL of a schema that nobody has used."""
        name = f"t{uuid.uuid4().hex}"
        self.run(f"CREATE SCHEMA {name}")
        return self.url(name)


@contextlib.contextmanager
def serve(tls: tuple[Path, Path] | None = None) -> Iterator[Postgres]:
    """A server within this block. ``tls``: certificate and key."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        _initialise(programs, folder)
        more = _tls(tls, folder) if tls else {}
        with _running(programs, folder, {**_SETTINGS, **more}) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _initialise(programs: Path, folder: Path) -> None:
    secret = folder / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    words = ["-D", str(folder / "data"), "-U", USER, "--pwfile", str(secret), "--auth=scram-sha-256"]
    _as_nobody_special([str(programs / "initdb"), *words, "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"], folder)
    secret.unlink()


def _tls(tls: tuple[Path, Path], folder: Path) -> dict[str, str]:
    for name, file in zip(("certificate", "key"), tls, strict=True):
        shutil.copy(file, folder / name)
        (folder / name).chmod(0o600)
        if os.geteuid() == 0:
            shutil.chown(folder / name, "postgres", "postgres")
    return {"ssl": "on", "ssl_cert_file": str(folder / "certificate"), "ssl_key_file": str(folder / "key")}


@contextlib.contextmanager
def _running(programs: Path, folder: Path, settings: dict[str, str]) -> Iterator[Postgres]:
    port = free_port()
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    command = [str(programs / "postgres"), "-D", str(folder / "data"), "-p", str(port), "-k", str(folder), *words]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(_unprivileged(command), stdout=log, stderr=log, cwd=folder)
    server = Postgres(port, folder)
    try:
        _wait(server, process)
        server_database = server.url(database="postgres")
        _create_database(server_database)
        yield server
    finally:
        process.send_signal(signal.SIGQUIT)  # at once: the data goes too
        process.wait(_WITHIN)


def _wait(server: Postgres, process: subprocess.Popen[bytes]) -> None:
    import psycopg2

    until = time.monotonic() + _WITHIN
    while True:
        try:
            psycopg2.connect(server.url(database="postgres"), connect_timeout=5).close()
            return
        except psycopg2.OperationalError:
            if process.poll() is not None or time.monotonic() > until:
                raise AssertionError((server.folder / "log").read_text()) from None
            time.sleep(0.05)


def _create_database(url: str) -> None:
    _execute(url, f"CREATE DATABASE {DATABASE}")


def _execute(url: str, sql: str) -> None:
    """A statement in no transaction."""
    import psycopg2

    with contextlib.closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql)


def _as_nobody_special(command: list[str], folder: Path) -> None:
    done = subprocess.run(_unprivileged(command), capture_output=True, text=True, cwd=folder, timeout=_WITHIN)
    assert done.returncode == 0, done.stdout + done.stderr


def _unprivileged(command: list[str]) -> list[str]:
    """PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return command
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "env", "HOME=/", *command]

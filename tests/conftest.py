"""What every test shares: an engine or a loud failure, a home of its own, hypothesis without a clock."""

from __future__ import annotations

import functools
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import kept
import pytest
from desk import Desk, stock
from hypothesis import settings

from orchestrator import operations

if TYPE_CHECKING:
    from servers.ceph import Ceph
    from servers.postgres import Postgres

# A slow machine is no failure; in CI the examples are the same each time.
settings.register_profile("house", deadline=None, derandomize="CI" in os.environ, print_blob=True)
settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--soak``: run what is only sampled otherwise (tests/crash)."""
    parser.addoption("--soak", action="store_true", help="every crash, not a sample (make soak)")


@functools.cache
def engine_problem() -> str | None:
    """Why no Docker Engine answers; None where one does."""
    import docker

    try:
        docker.from_env(timeout=30).ping()
    except Exception as error:
        return str(error)
    return None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test marked ``engine`` fails where no engine answers: a skip would pass for a success."""
    if item.get_closest_marker("engine") and (problem := engine_problem()):
        pytest.fail(
            f"this test needs a Docker Engine, and none answers (`make setup` starts one): {problem}",
            pytrace=False,
        )


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty ORCHESTRATOR_HOME, for this test alone."""
    path = tmp_path / "home"
    path.mkdir()
    monkeypatch.setenv("ORCHESTRATOR_HOME", str(path))
    return path


@pytest.fixture(scope="session")
def ceph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ceph]:
    """An S3 server, with the bucket ``stores``."""
    from servers.ceph import running

    with running(tmp_path_factory.mktemp("ceph") / "c") as server:
        server.client().create_bucket(Bucket="stores")
        yield server


@pytest.fixture
def s3(ceph: Ceph, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """The address of an empty store in S3, and its server's; the keys are in the environment."""
    ceph.owner.sign_in(monkeypatch.setenv)
    return f"s3://stores/{uuid.uuid4().hex}", ceph.endpoint


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home that outlives the session: it holds what images are made of, and no test runs a job in it."""
    desk = Desk(kept.HOME, tmp_path_factory.mktemp("shelf"))
    operations.build(desk.workspace, desk.write(""))
    return kept.HOME


@pytest.fixture(scope="session")
def new_desk(shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Desk]:
    """Makes desks, each with a home of its own."""

    def make() -> Desk:
        folder = tmp_path_factory.mktemp("desk")
        stock(shelf, folder / "home")
        return Desk(folder / "home", folder / "work")

    return make


@pytest.fixture
def desk(new_desk: Callable[[], Desk]) -> Desk:
    """A desk for this test alone."""
    return new_desk()


@pytest.fixture(scope="session")
def numpy_lock(shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The lock of an image with NumPy, which is built and in the engine."""
    desk = Desk(shelf, tmp_path_factory.mktemp("numpy"))
    return desk.build({"requirements": ["numpy"]})


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server; each test takes a schema of its own: ``postgres.fresh()``."""
    from servers.postgres import serve

    with serve() as server:
        yield server

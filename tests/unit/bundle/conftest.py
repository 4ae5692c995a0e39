"""One good bundle for all tests that spoil it."""

from __future__ import annotations

from pathlib import Path

import pytest
from forge import Members, Source, taken_apart

from orchestrator.workspace import Workspace


@pytest.fixture(scope="session")
def source(tmp_path_factory) -> Source:
    return Source(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="session")
def bundle(source: Source) -> bytes:
    return source.export()


@pytest.fixture(scope="session")
def members(bundle: bytes) -> Members:
    return taken_apart(bundle)


@pytest.fixture(scope="session")
def _home(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("nowhere")
    Workspace(home).blobs.list()
    return home


@pytest.fixture
def nowhere(_home: Path) -> Path:
    """A home without a blob: making one anew for each test takes longer than the test."""
    for blob in _home.glob("blobs/sha256/*/*"):
        blob.unlink()
    return _home

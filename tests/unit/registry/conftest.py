"""A registry that does as it is told, and a client that does not wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from servers import small_registry
from servers.small_registry import SmallRegistry

from orchestrator.registry.credentials import Credentials
from orchestrator.registry.repository import Repository, connect
from orchestrator.registry.retry import Patience


@pytest.fixture
def registry() -> Iterator[SmallRegistry]:
    with small_registry.running() as running:
        yield running


@pytest.fixture
def waits() -> list[float]:
    """How long the client would have waited, each time."""
    return []


@pytest.fixture
def patience(waits: list[float]) -> Patience:
    return Patience(sleep=waits.append, chance=lambda: 1.0)


@pytest.fixture
def repository(registry: SmallRegistry, patience: Patience) -> Repository:
    return connect(registry.host, "a", write=True, find_credentials=lambda host: None, patience=patience)


@pytest.fixture
def as_user(registry: SmallRegistry, patience: Patience) -> Callable[[Credentials], Repository]:
    """The repository, with these credentials."""

    def make(who: Credentials) -> Repository:
        return connect(registry.host, "a", write=True, find_credentials=lambda host: who, patience=patience)

    return make

"""The ports of a container engine: running containers, and holding images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from orchestrator.digest import Digest


@dataclass(frozen=True)
class Mount:
    """A host path inside the container."""

    source: Path
    target: str
    read_only: bool = True


@dataclass(frozen=True)
class ContainerSpec:
    """All that a container is made of. There is no free-form argument: what widens the sandbox is a field here."""

    name: str
    image: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    mounts: tuple[Mount, ...]
    workdir: str
    user: str
    hostname: str
    """Empty: the engine chooses one."""
    cpus: int
    memory: int
    """Bytes; swap is not added."""
    network: Literal["none", "bridge"] = "none"
    gpus: int = 0
    tmpfs: Mapping[str, str] = field(default_factory=dict)
    shm: int = 64 << 20
    """Bytes of /dev/shm."""
    pids: int = 4096
    fixed_addresses: bool = False
    """Its processes may turn the randomisation of their address space off: personality(ADDR_NO_RANDOMIZE)."""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ContainerState:
    """What the engine says of a container: a hint. The agent's exit record is the truth."""

    status: Literal["created", "running", "exited"]
    exit_code: int | None = None
    oom_killed: bool = False
    log_tail: str = ""
    pid: int | None = field(default=None, compare=False)
    """Its first process, while it runs, as the engine's machine counts."""


class ContainerEngine(Protocol):
    """Runs containers. Conformance: tests/contracts/test_container_engine.py."""

    def launch(self, spec: ContainerSpec) -> None:
        """Create and start the container. One of this name that exists is started where it was not.

        Raises:
            EngineError: the engine refused, or is not there.
        """
        ...

    def inspect(self, name: str) -> ContainerState | None:
        """The container's state, or None where there is no such container."""
        ...

    def signal(self, name: str, number: int) -> None:
        """Send a signal to its first process; nothing happens where it does not run."""
        ...

    def remove(self, name: str) -> None:
        """Kill and remove it; nothing happens where it does not exist."""
        ...


class ImageEngine(Protocol):
    """Holds images."""

    def find(self, config: Digest, manifest: Digest) -> str | None:
        """A name under which containers can be made of this image, or None. Either digest identifies it."""
        ...

    def load(self, archive: Iterable[bytes]) -> None:
        """Load a docker-archive, streamed.

        Raises:
            EngineError: it was refused; nothing is left behind under a name.
        """
        ...

    def layer_chains(self) -> Iterator[tuple[str, ...]]:
        """The diff IDs of each image's layers, lowest first."""
        ...


class ImageSource(Protocol):
    """What only an engine can do: bring in images that we did not make."""

    def export(self, reference: str) -> Iterator[bytes]:
        """A docker-archive of an image; it is pulled where the engine lacks it.

        Raises:
            EngineError: there is no such image.
        """
        ...

    def build(self, dockerfile: Path) -> str:
        """Build a Dockerfile with its folder as context; returns the image ID."""
        ...


@runtime_checkable
class Accompanies(Protocol):
    """An engine whose calls go on after this process was killed: somebody holds the run until they are through."""

    def accompany(self, descriptor: int) -> None:
        """Hold a copy of this descriptor, and the lock that it has, until the next launch is over."""
        ...


class Described(Protocol):
    """An engine that can say what it is."""

    def describe(self) -> dict[str, Any]:
        """Version, storage driver, security options, limits it supports: facts, and what ``doctor`` looks at."""
        ...

    def version(self) -> dict[str, Any]:
        """The little of it that a run's record needs: said when we connected."""
        ...


class Engine(ContainerEngine, ImageEngine, ImageSource, Described, Protocol):
    """A whole engine, as a workspace has one."""

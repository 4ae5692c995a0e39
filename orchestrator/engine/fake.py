"""An engine in this process: a container is a function that is given its spec. For tests of what drives an engine."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from signal import SIGKILL

from orchestrator.digest import Digest
from orchestrator.engine.port import ContainerSpec, ContainerState
from orchestrator.errors import EngineError


class FakeEngine:
    """Runs ``behaviour(spec)`` in a thread as the container; what it returns is the exit code.

    ``images``: those that it has; others are refused.
    """

    def __init__(self, behaviour: Callable[[ContainerSpec], int]) -> None:
        self._behaviour = behaviour
        self._states: dict[str, ContainerState] = {}
        self.launched: list[ContainerSpec] = []
        self.signals: list[tuple[str, int]] = []
        self.images: set[str] = set()

    def launch(self, spec: ContainerSpec) -> None:
        """See :class:`~orchestrator.engine.port.ContainerEngine`."""
        if spec.name in self._states:
            return
        if spec.image not in self.images:
            raise EngineError(f"no such image: {spec.image}")
        self.launched.append(spec)
        self._states[spec.name] = ContainerState("running")
        threading.Thread(target=self._run, args=(spec,), daemon=True).start()

    def inspect(self, name: str) -> ContainerState | None:
        """See :class:`~orchestrator.engine.port.ContainerEngine`."""
        return self._states.get(name)

    def signal(self, name: str, number: int) -> None:
        """See :class:`~orchestrator.engine.port.ContainerEngine`."""
        state = self._states.get(name)
        if state is None or state.status != "running":
            return
        self.signals.append((name, number))
        if number == SIGKILL:
            self._states[name] = ContainerState("exited", exit_code=128 + number)

    def remove(self, name: str) -> None:
        """See :class:`~orchestrator.engine.port.ContainerEngine`."""
        self._states.pop(name, None)

    def find(self, config: Digest, manifest: Digest) -> str | None:
        """See :class:`~orchestrator.engine.port.ImageEngine`."""
        return config if config in self.images else None

    def load(self, archive: Iterable[bytes]) -> None:
        """See :class:`~orchestrator.engine.port.ImageEngine`: the bytes are read and forgotten."""
        for _ in archive:
            pass

    def layer_chains(self) -> Iterator[tuple[str, ...]]:
        """See :class:`~orchestrator.engine.port.ImageEngine`."""
        return iter(())

    def _run(self, spec: ContainerSpec) -> None:
        code = self._behaviour(spec)
        with contextlib.suppress(KeyError):
            if self._states[spec.name].status == "running":
                self._states[spec.name] = ContainerState("exited", exit_code=code)

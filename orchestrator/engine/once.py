"""Run a container to its end: for helpers, not for jobs."""

from __future__ import annotations

import time

from orchestrator.engine.port import ContainerEngine, ContainerSpec
from orchestrator.errors import EngineError

_POLL_SECONDS = 0.01


def run_once(engine: ContainerEngine, spec: ContainerSpec) -> None:
    """Launch, wait, remove.

    Raises:
        EngineError: it ended with another code than 0; carries the end of its log.
    """
    try:
        engine.launch(spec)
        while True:
            state = engine.inspect(spec.name)
            if state is None:
                raise EngineError(f"container {spec.name} was removed while it ran")
            if state.status == "exited":
                break
            time.sleep(_POLL_SECONDS)
        if state.exit_code:
            raise EngineError(
                f"`{' '.join(spec.argv[:3])} …` ended with {state.exit_code} in the image:\n{state.log_tail}"
            )
    finally:
        engine.remove(spec.name)

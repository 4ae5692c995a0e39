"""From a runspec to a recorded run, and back bit for bit.

The logging calls of the agent are here too: a script that says ``import orchestrator`` runs unchanged outside a run,
where they do nothing. They are imported when they are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orchestrator.agent import log_artifact, log_metric, log_metrics, log_param, log_params, params

__all__ = ["log_artifact", "log_metric", "log_metrics", "log_param", "log_params", "params"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from orchestrator import agent

    return getattr(agent, name)

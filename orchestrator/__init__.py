"""From a runspec to a recorded run, and back bit for bit.

The logging calls of the agent are here too: a script that says ``import orchestrator`` runs unchanged outside a run,
where they do nothing. Everything is imported when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orchestrator.agent import log_artifact, log_metric, log_metrics, log_param, log_params, params, set_tag
    from orchestrator.notebook import runs
    from orchestrator.operations import load_artifact

__all__ = [
    "load_artifact",
    "log_artifact",
    "log_metric",
    "log_metrics",
    "log_param",
    "log_params",
    "params",
    "runs",
    "set_tag",
]

_HOME = {"load_artifact": "operations", "runs": "notebook"}
"""Where what is no logging call is defined."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"orchestrator.{_HOME.get(name, 'agent')}"), name)

"""The agent: mounted read-only into the container, where this package is importable as ``orchestrator``.

A script may say ``import orchestrator; orchestrator.log_metric("loss", 0.3)`` with nothing installed. Outside a run
the calls do nothing. Standard library only, relative imports only, Python 3.8 and later.
"""

from __future__ import annotations

from .api import log_artifact, log_metric, log_metrics, log_param, log_params, params

__all__ = ["log_artifact", "log_metric", "log_metrics", "log_param", "log_params", "params"]

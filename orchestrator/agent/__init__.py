"""The agent: mounted read-only into the container, where this package is importable as ``orchestrator``.

A script may say ``import orchestrator; orchestrator.log_metric("loss", 0.3)`` with nothing installed. Outside a run
the calls do nothing. Standard library only, relative imports only, Python 3.8 and later.
"""

from __future__ import annotations

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from .api import log_artifact, log_metric, log_metrics, log_param, log_params, params, set_tag

__all__ = ["log_artifact", "log_metric", "log_metrics", "log_param", "log_params", "params", "set_tag"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError("module %r has no attribute %r" % (__name__, name))
    from . import api  # only now: the agent's own modules are of use without it

    globals().update({each: getattr(api, each) for each in __all__})
    return globals()[name]

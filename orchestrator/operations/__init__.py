"""The Python API: what the commands do, one function a verb. Each takes a Workspace and says what it did in a value.

>>> from orchestrator import operations
>>> from orchestrator.workspace import Workspace
>>> submitted = operations.submit(Workspace(), Path("runspec.yaml"))
>>> replayed = operations.replay(Workspace(), submitted.id)
>>> replayed.verdict.answer
'identical'

A verb is imported when it is asked for: no command pays for another one's libraries.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orchestrator.operations.building import build
    from orchestrator.operations.certifying import certify
    from orchestrator.operations.checkup import doctor
    from orchestrator.operations.console import logs
    from orchestrator.operations.differences import diff
    from orchestrator.operations.loading import export_model, load_artifact
    from orchestrator.operations.locking import lock
    from orchestrator.operations.outlook import plan
    from orchestrator.operations.replaying import replay
    from orchestrator.operations.restoring import checkout
    from orchestrator.operations.runs import ls, show
    from orchestrator.operations.scaffolding import init
    from orchestrator.operations.stopping import stop
    from orchestrator.operations.submitting import submit
    from orchestrator.operations.verifying import verify

_HOME = {
    "build": "building",
    "certify": "certifying",
    "checkout": "restoring",
    "diff": "differences",
    "doctor": "checkup",
    "export_model": "loading",
    "init": "scaffolding",
    "load_artifact": "loading",
    "lock": "locking",
    "logs": "console",
    "ls": "runs",
    "plan": "outlook",
    "replay": "replaying",
    "show": "runs",
    "stop": "stopping",
    "submit": "submitting",
    "verify": "verifying",
}

__all__ = [
    "build",
    "certify",
    "checkout",
    "diff",
    "doctor",
    "export_model",
    "init",
    "load_artifact",
    "lock",
    "logs",
    "ls",
    "plan",
    "replay",
    "show",
    "stop",
    "submit",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)

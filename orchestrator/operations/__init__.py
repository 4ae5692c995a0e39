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
    from orchestrator.operations.annotating import archive, note, tag
    from orchestrator.operations.building import build
    from orchestrator.operations.bundling import export
    from orchestrator.operations.certifying import certify
    from orchestrator.operations.checking import fsck
    from orchestrator.operations.checkup import doctor
    from orchestrator.operations.collecting_garbage import gc
    from orchestrator.operations.comparing import compare
    from orchestrator.operations.configuring import config
    from orchestrator.operations.console import logs
    from orchestrator.operations.differences import diff
    from orchestrator.operations.importing import import_
    from orchestrator.operations.indexing import index_status, rebuild_index
    from orchestrator.operations.listing import best, ls
    from orchestrator.operations.loading import export_model, load_artifact
    from orchestrator.operations.locking import lock
    from orchestrator.operations.mlflow_export import export_to_mlflow
    from orchestrator.operations.outlook import plan
    from orchestrator.operations.pins import pin, unpin
    from orchestrator.operations.registries import pull, push
    from orchestrator.operations.replaying import replay
    from orchestrator.operations.reporting import report
    from orchestrator.operations.restoring import checkout
    from orchestrator.operations.runs import show
    from orchestrator.operations.scaffolding import init
    from orchestrator.operations.sharing import pull_bundle, push_bundle
    from orchestrator.operations.stopping import stop
    from orchestrator.operations.submitting import submit
    from orchestrator.operations.sweep_replaying import replay_sweep
    from orchestrator.operations.sweep_running import sweep
    from orchestrator.operations.sweeping import sweep_state, sweeps
    from orchestrator.operations.table_export import export_table
    from orchestrator.operations.verifying import verify

_HOME = {
    "archive": "annotating",
    "best": "listing",
    "build": "building",
    "certify": "certifying",
    "checkout": "restoring",
    "compare": "comparing",
    "config": "configuring",
    "diff": "differences",
    "doctor": "checkup",
    "export": "bundling",
    "export_model": "loading",
    "export_table": "table_export",
    "export_to_mlflow": "mlflow_export",
    "fsck": "checking",
    "gc": "collecting_garbage",
    "import_": "importing",
    "index_status": "indexing",
    "init": "scaffolding",
    "load_artifact": "loading",
    "lock": "locking",
    "logs": "console",
    "ls": "listing",
    "note": "annotating",
    "pin": "pins",
    "plan": "outlook",
    "pull": "registries",
    "pull_bundle": "sharing",
    "push": "registries",
    "push_bundle": "sharing",
    "rebuild_index": "indexing",
    "replay": "replaying",
    "replay_sweep": "sweep_replaying",
    "report": "reporting",
    "show": "runs",
    "stop": "stopping",
    "submit": "submitting",
    "sweep": "sweep_running",
    "sweep_state": "sweeping",
    "sweeps": "sweeping",
    "tag": "annotating",
    "unpin": "pins",
    "verify": "verifying",
}

__all__ = [
    "archive",
    "best",
    "build",
    "certify",
    "checkout",
    "compare",
    "config",
    "diff",
    "doctor",
    "export",
    "export_model",
    "export_table",
    "export_to_mlflow",
    "fsck",
    "gc",
    "import_",
    "index_status",
    "init",
    "load_artifact",
    "lock",
    "logs",
    "ls",
    "note",
    "pin",
    "plan",
    "pull",
    "pull_bundle",
    "push",
    "push_bundle",
    "rebuild_index",
    "replay",
    "replay_sweep",
    "report",
    "show",
    "stop",
    "submit",
    "sweep",
    "sweep_state",
    "sweeps",
    "tag",
    "unpin",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)

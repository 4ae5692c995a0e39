"""Python imports this file by itself as it starts (it is on PYTHONPATH): accesses are noted, libraries are seeded."""

from __future__ import annotations

import os
import sys
from _frozen_importlib import module_from_spec  # importlib.util's, which takes 4 ms to load
from _frozen_importlib_external import PathFinder

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = os.environ.get("ORCHESTRATOR_SEED", "0")
MENDS = os.environ.get("ORCHESTRATOR_MENDS", "")


def ours(name: str) -> Any:
    """A module of the agent, under a name of its own: a job may bring another package called ``orchestrator``."""
    package = sys.modules.setdefault("_orchestrator", type(sys)("_orchestrator"))
    package.__path__ = [os.path.dirname(HERE)]
    return getattr(__import__("_orchestrator." + name), name)


def run_shadowed() -> None:
    """Run the image's own sitecustomize, which this file hides."""
    elsewhere = [folder for folder in sys.path if os.path.abspath(folder) != HERE]
    spec = PathFinder.find_spec("sitecustomize", elsewhere)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(module_from_spec(spec))


ours("audit").install(ours("places").RECORD, ours("places").ACCESSES)
if MENDS:
    ours("seeding").install(int(SEED), MENDS)
run_shadowed()

"""Seeds a library the moment it is imported. Python imports this file by itself at start-up (it is on PYTHONPATH).

What is set: ``random``, ``numpy.random`` and ``torch`` get the run's seed; torch is asked for deterministic
algorithms. A script that seeds by itself comes later and wins. Thread counts and the hash seed are environment
variables of the plan. Standard library only; nothing is imported that the job does not import.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.abc import Loader
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

SEED = int(os.environ.get("ORCHESTRATOR_SEED", "0"))
LEVEL = os.environ.get("ORCHESTRATOR_DETERMINISM", "off")


def seed(module: Any) -> None:
    """For ``random`` and ``numpy.random``: their global generator."""
    module.seed(SEED)


def seed_torch(module: Any) -> None:
    """All of torch's generators; strict makes an operation without a deterministic algorithm an error."""
    module.manual_seed(SEED)
    module.use_deterministic_algorithms(True, warn_only=LEVEL != "strict")
    module.backends.cudnn.benchmark = False


MENDS: dict[str, Callable[[Any], None]] = {"random": seed, "numpy.random": seed, "torch": seed_torch}


class Finder:
    """Finds the watched modules as Python would, and has each mended once its own code has run."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """See :class:`importlib.abc.MetaPathFinder`."""
        if name not in MENDS:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = MendingLoader(spec.loader, MENDS[name])  # type: ignore[assignment]
        return spec


class MendingLoader:
    """Stands in for a module's loader until the module has been executed."""

    def __init__(self, loader: Loader, mend: Callable[[Any], None]) -> None:
        self._loader = loader
        self._mend = mend

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)  # get_code and the like, for `python -m` and pkgutil

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """See :class:`importlib.abc.Loader`."""
        return self._loader.create_module(spec)

    def exec_module(self, module: Any) -> None:
        """See :class:`importlib.abc.Loader`."""
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._mend(module)


def run_shadowed() -> None:
    """Run the image's own sitecustomize, which this file hides."""
    here = os.path.dirname(os.path.abspath(__file__))
    elsewhere = [folder for folder in sys.path if os.path.abspath(folder) != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", elsewhere)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


if LEVEL != "off":
    for watched in MENDS:
        if watched in sys.modules:
            MENDS[watched](sys.modules[watched])
    sys.meta_path.insert(0, Finder)
run_shadowed()

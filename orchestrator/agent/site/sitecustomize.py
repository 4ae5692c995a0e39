"""Seeds a library the moment it is imported. Python imports this file by itself at start-up (it is on PYTHONPATH).

What is set: ``random``, ``numpy.random`` and ``torch`` get the run's seed; torch is asked for deterministic
algorithms. A script that seeds by itself comes later and wins. Thread counts and the hash seed are environment
variables of the plan. Standard library only; nothing is imported that the job does not import.
"""

import importlib.machinery
import importlib.util
import os
import sys


def seed_random(module):
    module.seed(_SEED)


def seed_numpy(module):
    module.seed(_SEED)


def seed_torch(module):
    module.manual_seed(_SEED)
    module.use_deterministic_algorithms(True, warn_only=_LEVEL != "strict")
    module.backends.cudnn.benchmark = False


_SEED = int(os.environ.get("ORCHESTRATOR_SEED", "0"))
_LEVEL = os.environ.get("ORCHESTRATOR_DETERMINISM", "off")
_MENDS = {"random": seed_random, "numpy.random": seed_numpy, "torch": seed_torch}


class _Finder:
    """Finds the watched modules as Python would, and has each mended once its own code has run."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name not in _MENDS:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, _MENDS[name])
        return spec


class _Loader:
    """Stands in for a module's loader until the module has been executed."""

    def __init__(self, loader, mend):
        self._loader = loader
        self._mend = mend

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._mend(module)


def _run_shadowed():
    """Run the image's own sitecustomize, which this file hides."""
    here = os.path.dirname(os.path.abspath(__file__))
    elsewhere = [folder for folder in sys.path if os.path.abspath(folder) != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", elsewhere)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


if _LEVEL != "off":
    for _name, _mend in _MENDS.items():
        if _name in sys.modules:
            _mend(sys.modules[_name])
    sys.meta_path.insert(0, _Finder)
_run_shadowed()

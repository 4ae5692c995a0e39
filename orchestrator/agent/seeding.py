"""Seeds a library the moment it is imported.

By name, as the plan has them (``ORCHESTRATOR_MENDS``):

- ``seeds``: ``random``, ``numpy.random`` and ``torch`` get the run's seed; MLflow gives each model a fixed id and time;
- ``algorithms``: torch prefers deterministic algorithms and warns where there is none (``algorithms=error``: refuses);
- ``cuda``: cuDNN, TF32 and attention, where torch has CUDA;
- ``joblib``, ``sharedmem``: one worker, always or where workers write to shared memory: see ``workers``.

A script that seeds by itself comes later and wins. Nothing is imported that the job does not import.
"""

from __future__ import annotations

import os
import sys
from _frozen_importlib_external import PathFinder  # importlib.machinery's, which has yet to be loaded

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.abc import Loader
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any


SHARED_MODEL = "/proc/orchestrator/shared-model"
"""No file has this name; the interposer counts who looks for it (interpose/files.c)."""


def install(seed: int, chosen: str) -> None:
    """Mend what is there already, and what is imported from now on.

    Args:
        seed: the run's.
        chosen: the names of the mends, with commas between.
    """
    mends = _by_module(seed, chosen.split(","))
    for name, mend in mends.items():
        if name in sys.modules:
            mend(sys.modules[name])
    sys.meta_path.insert(0, Finder(mends))


def _by_module(seed: int, chosen: list[str]) -> dict[str, Callable[[Any], None]]:
    """Module -> what is done to it once its own code has run."""
    mends: dict[str, Callable[[Any], None]] = {}
    if "seeds" in chosen:
        mends["random"] = mends["numpy.random"] = lambda module: module.seed(seed)
        mends["mlflow.models.model"] = lambda module: _same_models(module.Model, seed)
    if "joblib" in chosen or "sharedmem" in chosen:
        mends["joblib.parallel"] = lambda module: _workers().joblib(module, always="joblib" in chosen)
    if "joblib" in chosen:
        for package in ("loky", "joblib.externals.loky"):
            mends[package + ".process_executor"] = lambda module: _workers().loky(module)
            mends[package + ".reusable_executor"] = lambda module: _workers().reusable(module)
    mends["torch.nn.modules.module"] = lambda module: _tell_sharing(module.Module)
    mends["torch"] = lambda module: _torch(module, seed, chosen)
    return mends


def _torch(torch: Any, seed: int, chosen: list[str]) -> None:
    if "seeds" in chosen:
        torch.manual_seed(seed)
    if "algorithms" in chosen or "algorithms=error" in chosen:
        torch.use_deterministic_algorithms(True, warn_only="algorithms=error" not in chosen)
    if "cuda" in chosen and (torch.version.cuda or torch.version.hip):
        _cuda(torch.backends)


def _cuda(backends: Any) -> None:
    backends.cudnn.deterministic = True
    backends.cudnn.benchmark = False
    backends.cudnn.allow_tf32 = False
    backends.cuda.matmul.allow_tf32 = False
    backends.cuda.enable_flash_sdp(False)  # their gradients are added up in the order in which blocks finish
    backends.cuda.enable_mem_efficient_sdp(False)


def _tell_sharing(model: Any) -> None:
    """Processes that train one model in shared memory write to it in no order: that is seen, not mended."""
    share_memory = model.share_memory

    def share(self: Any) -> Any:
        try:
            os.open(SHARED_MODEL, os.O_RDONLY)
        except OSError:
            pass
        return share_memory(self)

    share.__doc__ = share_memory.__doc__
    model.share_memory = share


def _workers() -> Any:
    """Read only where joblib is imported: nothing of the agent is compiled beforehand."""
    from . import workers

    return workers


def _same_models(model: Any, seed: int) -> None:
    """An MLmodel file has a random id and the time in it: both are fixed, where the job gives none."""
    from hashlib import sha256
    from itertools import count

    usual, numbers = model.__init__, count(1)

    def fixed(self: Any, *args: Any, **fields: Any) -> None:
        if len(args) < _PLACE_OF_TIME and not fields.get("utc_time_created"):
            fields["utc_time_created"] = "1980-01-01 00:00:00"
        if "model_uuid" not in fields:
            fields["model_uuid"] = sha256(b"model %d of %d" % (next(numbers), seed)).hexdigest()[:32]
        usual(self, *args, **fields)

    model.__init__ = fixed


_PLACE_OF_TIME = 3
"""In the arguments of ``mlflow.models.Model``: artifact_path, run_id, utc_time_created."""


class Finder:
    """Finds the watched modules as Python would, and has each mended once its own code has run."""

    def __init__(self, mends: dict[str, Callable[[Any], None]]) -> None:
        self._mends = mends

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """See :class:`importlib.abc.MetaPathFinder`."""
        if name not in self._mends:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = MendingLoader(spec.loader, self._mends[name])  # type: ignore[assignment]
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

"""One worker for joblib and loky: results that are added up as they come are added up in one order."""

from __future__ import annotations

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from typing import Any


def joblib(module: Any, always: bool) -> None:
    """``joblib.Parallel`` runs with one worker: always, or where its tasks write to memory that they share.

    scikit-learn's is a subclass of it. ``n_jobs`` is set as late as can be, so that nothing sets it afterwards.
    """
    usual = module.Parallel

    def alone(method: Any) -> Any:
        def run(self: Any, *args: Any) -> Any:
            if always or _shares_memory(self):
                self.n_jobs = 1
            return method(self, *args)

        run.__doc__ = method.__doc__
        return run

    usual.__enter__ = alone(usual.__enter__)
    usual.__call__ = alone(usual.__call__)


def _shares_memory(parallel: Any) -> bool:
    for name in ("_backend_kwargs", "_backend_args"):  # since joblib 1.5, before
        if getattr(parallel, name, {}).get("require") == "sharedmem":
            return True
    return False


def loky(module: Any) -> None:
    """loky's executor has one process, however many are asked for."""
    usual = module.ProcessPoolExecutor.__init__

    def alone(self: Any, max_workers: Any = None, *args: Any, **fields: Any) -> None:
        usual(self, 1, *args, **fields)

    alone.__doc__ = usual.__doc__
    module.ProcessPoolExecutor.__init__ = alone


def reusable(module: Any) -> None:
    """The one that is shared is never made larger either."""
    usual = module._ReusablePoolExecutor.get_reusable_executor

    def alone(cls: Any, max_workers: Any = None, *args: Any, **fields: Any) -> Any:
        return usual.__func__(cls, 1, *args, **fields)

    module._ReusablePoolExecutor.get_reusable_executor = classmethod(alone)

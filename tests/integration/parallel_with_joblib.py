"""A job that asks joblib, scikit-learn and loky for workers in every way. Prints one JSON object: what it got."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
import warnings

from joblib import Parallel, delayed, parallel_config
from joblib.externals.loky import ProcessPoolExecutor, get_reusable_executor

if __name__ == "__main__":  # workers read this file too, and should not wait for all of this
    import numpy
    import torch
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.utils import parallel as sklearns

warnings.simplefilter("ignore")


def worker(_: int) -> tuple[int, int]:
    return os.getpid(), threading.get_ident()


def alone(found) -> bool:
    """Whether all was done by the thread that asked."""
    return set(found) == {worker(0)}


def tasks(wrap=delayed):
    return (wrap(worker)(number) for number in range(8))


def ways():
    yield "loky", Parallel(n_jobs=2)(tasks())
    yield "generator", Parallel(n_jobs=2, return_as="generator")(tasks())
    yield "scikit-learn", sklearns.Parallel(n_jobs=2, prefer="threads")(tasks(sklearns.delayed))
    with Parallel(n_jobs=2) as pool:
        pool.n_jobs = -1
        yield "pool", pool(tasks())
    with parallel_config(backend="threading", n_jobs=2):
        yield "threads", Parallel()(tasks())
    yield "shared memory", Parallel(n_jobs=2, require="sharedmem")(tasks())
    yield "shared memory, scikit-learn", sklearns.Parallel(n_jobs=2, require="sharedmem")(tasks(sklearns.delayed))
    with parallel_config(backend="threading", n_jobs=2, require="sharedmem"):
        yield "shared memory, by context", Parallel()(tasks())


def forests() -> int:
    """How many different predictions one forest makes of the same rows."""
    chance = numpy.random.RandomState(0)
    rows = chance.randn(2000, 10)
    forest = RandomForestRegressor(100, max_depth=6, n_jobs=2, random_state=0)
    forest.fit(rows, rows[:, 0] + chance.randn(2000))
    return len({hashlib.sha256(forest.predict(rows).tobytes()).digest() for _ in range(10)})


def executors() -> list[int]:
    sizes = [get_reusable_executor(max_workers=count)._max_workers for count in (3, 4)]
    with ProcessPoolExecutor(3) as pool:
        return [*sizes, pool._max_workers]


if __name__ == "__main__":
    answers = {
        "alone": [name for name, found in ways() if alone(found)],
        "forests": forests(),
        "executors": executors(),
        "torch": [
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
            torch.initial_seed(),
        ],
    }
    json.dump(answers, sys.stdout)

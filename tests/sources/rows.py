"""The table: a row for each source of chance, the job that shows it, and what mends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

JOBS = Path(__file__).with_name("jobs")

Section = Mapping[str, str]
"""A spec's ``determinism``, in full."""

IMAGES = {
    "bare": [],
    "hdf5": ["numpy", "h5py"],
    # The two below are those of test_tensorboard.py and test_mlflow.py: making one takes minutes.
    "torch": ["torch==2.13.0", "tensorboard", "tensorboardX"],
    "learning": [
        "mlflow==2.22.5",
        "torch==2.13.0",
        "scikit-learn",
        "pytorch-lightning",
        "xgboost-cpu",
        "psutil",
        "matplotlib",
        "sqlalchemy<2.1",
    ],
}
"""Name -> requirements."""


def standard(**named: str) -> Section:
    return {"level": "standard", **named}


def strict(**named: str) -> Section:
    return {"level": "strict", **named}


@dataclass(frozen=True)
class Row:
    """One source of chance."""

    job: str
    """``jobs/NAME.py``"""
    differs: tuple[str, ...]
    """What shows it: paths of findings. A name that ends in ``*`` is a beginning."""
    without: Section
    """As ``mended``, less what mends it."""
    mended: Section
    name: str = ""
    """Where a job has several rows."""
    image: str = "bare"
    replays: int = 1
    """How often it comes back; more where threads race."""

    def __str__(self) -> str:
        return self.name or self.job

    @property
    def spec(self) -> dict[str, Any]:
        """Of the job, but for its determinism."""
        return {
            "image": {"requirements": IMAGES[self.image]},
            "resources": {"cpus": 2, "memory": "4g", "timeout": "3m"},
            "verify": {"streams": {"stdout": "exact", "stderr": "ignore"}},
            "env": {"MPLBACKEND": "Agg"},
        }


def files(*names: str) -> tuple[str, ...]:
    return tuple(f"artifacts/outputs/{name}" for name in names)


CONSOLE = ("streams/stdout",)

# ruff: noqa: E501, RUF100
ROWS = (
    Row(
        "draws",
        files(
            "random",
            "own_random",
            "system_random",
            "urandom",
            "getrandom",
            "secrets",
            "uuid4",
            "kernel_uuid",
            "device",
            "temporary_file",
            "temporary_folder",
        ),
        without=standard(entropy="off", seeds="off"),
        mended=standard(seeds="off"),
    ),
    Row(
        "libraries",
        files(
            "numpy",
            "default_rng",
            "RandomState",
            "SeedSequence",
            "torch",
            "torch_generator",
            "torch_seed",
            "KMeans",
            "SGDClassifier",
            "random_device",
        ),
        without=standard(entropy="off", seeds="off"),
        mended=standard(seeds="off"),
        image="learning",
    ),
    Row(
        "family",
        files("programs", "forks", "spawned", "threads"),
        without=standard(entropy="off", seeds="off"),
        mended=standard(),
        replays=2,
    ),
    Row(
        "loader",
        files("workers", "persistent"),
        without=standard(entropy="off", seeds="off"),
        mended=standard(),
        image="torch",
        replays=2,
    ),
    Row(
        "times",
        (
            *CONSOLE,
            *files("log", "text", "date", "database", "run-*", "data.gz", "written.zip", "added.zip", "added.tar"),
        ),
        without=standard(clock="off"),
        mended=standard(),
    ),
    Row("hdf5", files("tracked.h5"), without=standard(clock="off"), mended=standard(), image="hdf5"),
    Row("events", files("events/*"), without=standard(clock="off"), mended=standard(), image="torch"),
    Row("choice", files("sums", "rounds"), without=standard(clock="off"), mended=standard()),
    Row("waits", files("told"), without=standard(clock="off"), mended=standard(), replays=2),
    Row("sets", CONSOLE, without=standard(entropy="off", hash="off"), mended=standard(entropy="off")),
    Row("machine", CONSOLE, without=standard(identity="off"), mended=standard()),
    Row(
        "figures",
        files("figure.svg", "figure.pdf", "figure.ps", "figure.eps"),
        without=standard(clock="off", entropy="off", seeds="off", dates="off"),
        mended=standard(clock="off"),
        image="learning",
    ),
    Row(
        "listing",
        files("listdir", "scandir", "glob", "walk", "find"),
        without=standard(listings="off"),
        mended=standard(),
    ),
    Row("addresses", files("printed", "hashed"), without=standard(), mended=strict()),
    Row("index_put", files("sums.pt"), without=standard(algorithms="off"), mended=standard(), image="torch", replays=2),
    Row(
        "forest",
        files("predicted.npy"),
        without=standard(algorithms="off"),
        mended=standard(),
        image="learning",
        replays=2,
    ),
    Row(
        "forest",
        files("predicted.npy"),
        without=strict(joblib="off", algorithms="off", one_thread="off"),
        mended=strict(algorithms="off"),
        name="forest-strict",
        image="learning",
    ),
    Row("shotgun", files("predicted.npy"), without=standard(), mended=strict(), image="learning", replays=2),
    Row("processes", files("done"), without=standard(), mended=strict(), image="learning", replays=2),
)

"""The one place where a comparator for a kind of file is registered."""

from __future__ import annotations

from orchestrator.compare.content.apart import apart
from orchestrator.compare.content.compressed import BZIP2, GZIP, XZ, ZLIB
from orchestrator.compare.content.hdf5 import HDF5
from orchestrator.compare.content.json import JSON, JSON_LINES
from orchestrator.compare.content.mlmodel import MLMODEL
from orchestrator.compare.content.npy import NPY
from orchestrator.compare.content.parquet import ARROW, PARQUET
from orchestrator.compare.content.pickled.files import LEGACY_TORCH, PICKLE
from orchestrator.compare.content.png import PNG
from orchestrator.compare.content.port import Comparator
from orchestrator.compare.content.raw import RAW
from orchestrator.compare.content.safetensors import SAFETENSORS
from orchestrator.compare.content.skops import SKOPS
from orchestrator.compare.content.sqlite import SQLITE
from orchestrator.compare.content.tar import TAR
from orchestrator.compare.content.tensorboard import TENSORBOARD
from orchestrator.compare.content.text import TEXT
from orchestrator.compare.content.torch import TORCH
from orchestrator.compare.content.yaml import YAML
from orchestrator.compare.content.zip import NPZ, ZIP

COMPARATORS: tuple[Comparator, ...] = (
    *(TORCH, SKOPS, NPZ, ZIP, TAR, GZIP, BZIP2, XZ, PNG, NPY),
    *map(apart, (HDF5, SQLITE, PARQUET, ARROW)),
    *(LEGACY_TORCH, SAFETENSORS, ZLIB, PICKLE),
    *(MLMODEL, TENSORBOARD, JSON, JSON_LINES, YAML),
    *(TEXT, RAW),
)
"""The first that knows both files and can read them explains them: by first bytes, then by name."""

"""The controls by name, and which of them each level turns on. Standard library only: data, and nothing else."""

from __future__ import annotations

from typing import Literal

Level = Literal["off", "standard", "strict"]
Processor = Literal["x86-64-v3", "x86-64-v2"]

CONTROLS = {
    "identity": "fixed host name and PID of the job",
    "hash": "Python's hash seed, and with it the order of sets",
    "dates": "SOURCE_DATE_EPOCH, the date that documents and archives are given",
    "seeds": "random, numpy.random and torch are seeded as they are imported",
    "algorithms": "deterministic algorithms of torch, cuBLAS, cuDNN, NCCL and TensorFlow; no TF32",
    "threads": "thread counts pinned to resources.cpus, which is what programs are told the machine has",
    "one_thread": "one thread everywhere",
    "joblib": "joblib and loky at one worker",
    "entropy": "the system's entropy comes from the seed",
    "clock": "the clock is recorded, and fed back in a replay",
    "listings": "directory listings are sorted",
    "addresses": "no address-space randomisation",
    "cpu": "the instruction set: x86-64-v3 (AVX2) or x86-64-v2 (SSE4.2), with a correctly rounded square root",
}
"""Every control and what it does, in the order in which they are listed."""

_STANDARD: dict[str, bool | str] = {
    **dict.fromkeys(("identity", "hash", "dates", "seeds", "algorithms", "threads"), True),
    **dict.fromkeys(("entropy", "clock", "listings"), True),
    "cpu": "x86-64-v3",
}

LEVELS: dict[Level, dict[str, bool | str]] = {
    "off": {},
    "standard": _STANDARD,
    "strict": {**_STANDARD, **dict.fromkeys(("one_thread", "joblib", "addresses"), True)},
}
"""What each level turns on; all else is off."""

NEEDS = {"one_thread": "threads"}
"""A control that means nothing without another: off with it, and an error where both are named."""

INTERPOSED = ("entropy", "clock", "listings")
"""Only the preloaded library can do these."""

HALF_INTERPOSED = ("threads", "cpu")
"""These set variables too; the number of processors that programs are told, and the square root, are the library's."""

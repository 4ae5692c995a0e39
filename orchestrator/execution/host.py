"""The machine that an execution ran on: facts."""

from __future__ import annotations

import os
import platform
from typing import Any


def describe() -> dict[str, Any]:
    """Name, kernel, and how many CPUs this process may use."""
    return {
        "name": platform.node(),
        "machine": platform.machine(),
        "kernel": platform.release(),
        "cpus": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
    }

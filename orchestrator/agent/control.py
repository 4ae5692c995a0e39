"""What the job is given that its first process is not: the interposer, and addresses that are the same in each run."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from typing import Any

ADDR_NO_RANDOMIZE = 0x0040000
"""linux/personality.h"""
_ASK = 0xFFFFFFFF
OLDEST_GLIBC = (2, 28)
"""That the interposer can be loaded with: with an older one no program would start."""


def environment(job: dict[str, Any], notes: list[str]) -> dict[str, str]:
    """The job's environment: ours, and the interposer in it. Where that cannot be, ``notes`` is told why."""
    library = job.get("preload")
    if not library:
        return dict(os.environ)
    obstacle = _obstacle(library)
    if obstacle:
        notes.append("the interposer was not loaded, so entropy, clock and listings were not owned: " + obstacle)
        return dict(os.environ)
    return {**os.environ, "LD_PRELOAD": library}


def fix_addresses(job: dict[str, Any], notes: list[str]) -> None:
    """Turn the randomisation of addresses off, where that is asked for.

    It holds for programs that are started from now on: this process stays as it is, the job inherits it.
    """
    if not job.get("fixed_addresses"):
        return
    try:
        from ctypes import CDLL, c_ulong, get_errno

        personality = CDLL(None, use_errno=True).personality
        if personality(c_ulong(personality(c_ulong(_ASK)) | ADDR_NO_RANDOMIZE)) < 0:
            raise OSError(get_errno(), os.strerror(get_errno()))
    except (ImportError, OSError, AttributeError) as error:
        notes.append("addresses were random: %s" % (getattr(error, "strerror", None) or error))


def _obstacle(library: str) -> str:
    """Why the interposer cannot be loaded here; empty where it can."""
    machine = os.uname().machine
    if machine != "x86_64" or sys.maxsize < 2**32:
        return "it is made for x86-64, this is %s" % machine
    glibc = _glibc()
    if glibc is None:
        return "the image's C library is not glibc"
    if glibc < OLDEST_GLIBC:
        return "it needs glibc %d.%d, the image has %d.%d" % (OLDEST_GLIBC + glibc)
    return "" if os.path.exists(library) else "it is not there"


def _glibc() -> tuple[int, int] | None:
    try:
        name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
        major, minor = version.split(".")[:2]
        return (int(major), int(minor)) if name == "glibc" else None
    except (ValueError, OSError):  # musl knows no such name
        return None

"""Where packages come from is configuration, never part of a lock: pip's settings, given to uv in its own words."""

from __future__ import annotations

import os
import shlex
import sys
from functools import cache

from orchestrator import process


@cache
def find_links() -> tuple[str, ...]:
    """Folders and pages of wheels: PIP_FIND_LINKS, else ``find-links`` of pip's configuration files."""
    if given := os.environ.get("PIP_FIND_LINKS"):
        return tuple(given.split())
    said = process.run([sys.executable, "-m", "pip", "config", "list"]).decode()
    for line in said.splitlines():
        key, _, value = line.partition("=")
        if key in ("global.find-links", "install.find-links"):
            return tuple(shlex.split(value)[0].split())
    return ()


def uv_options() -> list[str]:
    """The same for uv. Its own UV_* variables are left to it."""
    options = [word for place in find_links() for word in ("--find-links", place)]
    if index := os.environ.get("PIP_INDEX_URL"):
        options += ["--default-index", index]
    for extra in os.environ.get("PIP_EXTRA_INDEX_URL", "").split():
        options += ["--index", extra]
    return options

"""Where packages come from is configuration, never part of a lock: pip's settings, given to uv in its own words."""

from __future__ import annotations

import ast
import os
import sys
from functools import cache

from orchestrator import process

_YES = {"1", "true", "yes", "on", "y", "t"}
"""As pip reads a switch."""


def find_links() -> tuple[str, ...]:
    """Folders and pages of wheels: PIP_FIND_LINKS, else ``find-links`` of pip's configuration files."""
    return tuple(_setting("find-links").split())


def uv_options() -> list[str]:
    """The same for uv. Its own UV_* variables are left to it."""
    options = [word for place in find_links() for word in ("--find-links", place)]
    if _setting("no-index").lower() in _YES:
        options.append("--no-index")
    if index := _setting("index-url"):
        options += ["--default-index", index]
    for extra in os.environ.get("PIP_EXTRA_INDEX_URL", "").split():
        options += ["--index", extra]
    return options


def _setting(name: str) -> str:
    variable = os.environ.get("PIP_" + name.upper().replace("-", "_"))
    return variable or _configured().get(f"install.{name}") or _configured().get(f"global.{name}", "")


@cache
def _configured() -> dict[str, str]:
    """What pip's configuration files say, by ``section.name``."""
    said = process.run([sys.executable, "-m", "pip", "config", "list"]).decode()
    pairs = (line.partition("=") for line in said.splitlines())
    return {key: str(ast.literal_eval(value)) for key, _, value in pairs if value}

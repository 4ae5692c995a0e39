"""Jinja2, set up so that whatever is shown is escaped, and what a template misspells is an error."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_FOLDER = Path(__file__).with_name("templates")


@cache
def environment() -> Environment:
    """The templates beside this file."""
    return templates(_FOLDER)


def templates(folder: Path) -> Environment:
    """Those of a folder; they are compiled when they are first used."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def template_text(name: str) -> str:
    """A file beside the templates, as it is."""
    return (_FOLDER / name).read_text()

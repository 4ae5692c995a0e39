"""Which files count, by patterns as in .gitignore."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pathspec

CACHES = (
    "__pycache__/",
    "*.pyc",
    ".ipynb_checkpoints/",
    ".pytest_cache/",
    ".mypy_cache/",
    ".ruff_cache/",
    ".cache/",
)
"""Left behind by tools, wanted by nobody."""


def matcher(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Whether a relative path (a folder's ends with a slash) matches; the last pattern that matches decides."""
    spec = pathspec.GitIgnoreSpec.from_lines(patterns)
    return spec.match_file

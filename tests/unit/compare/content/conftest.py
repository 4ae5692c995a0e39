"""Two files, looked into."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from orchestrator.compare.content.inspect import look_into
from orchestrator.compare.content.port import Side
from orchestrator.compare.content.registry import COMPARATORS
from orchestrator.compare.difference import Difference

FILES = Path(__file__).parent / "files"
Look = Callable[[str, bytes, bytes], Difference]


@pytest.fixture(scope="session")
def look() -> Look:
    """``look(name, left, right)``: what the comparators say of two files of this name."""

    def look(name: str, left: bytes, right: bytes) -> Difference:
        assert left != right
        with TemporaryFile() as one, TemporaryFile() as other:
            one.write(left)
            other.write(right)
            return look_into(Side.of(name, one), Side.of(name, other), COMPARATORS)

    return look


@pytest.fixture(scope="session")
def kept() -> Callable[[str], bytes]:
    """A file that `make_files.py` made with the library whose format it has."""
    return lambda name: (FILES / name).read_bytes()


@pytest.fixture
def told() -> Callable[[Difference], dict[str, str]]:
    """A difference's parts: name → summary."""
    return lambda node: {child.name: child.summary for child in node.children}

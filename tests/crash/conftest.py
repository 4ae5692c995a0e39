"""Desks whose store is small enough to be hashed whole after each crash; and how much is run of what could be.

`make test` runs a sample, `make soak` everything. What is left out is deselected, and pytest says how many.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import Desk

from crash import lab
from crash.stocked import stock_base


@pytest.fixture
def desk(shelf: Path, tmp_path: Path) -> Desk:
    """A desk that holds the base image alone."""
    stock_base(shelf, tmp_path / "home", tmp_path / "shelf")
    return Desk(tmp_path / "home", tmp_path / "work")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked ``soak``, unless all is asked for."""
    if config.getoption("soak"):
        return
    left_out = [item for item in items if item.get_closest_marker("soak")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How often something was killed, and how long the next command took to mend it."""
    if lab.REPAIRS:
        longest, mean = max(lab.REPAIRS), sum(lab.REPAIRS) / len(lab.REPAIRS)
        terminalreporter.write_line(
            f"{len(lab.REPAIRS)} crashes repaired by the next command: mean {mean:.2f} s, longest {longest:.2f} s"
        )

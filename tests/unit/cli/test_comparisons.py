"""Runs side by side, where there is little room and where there is much."""

from __future__ import annotations

from types import SimpleNamespace

import click
import pytest

from orchestrator.cli.render import comparisons
from orchestrator.compare.table import section


def lines(*values: str) -> list[list[str]]:
    made = section("run", [{"command": value} for value in values])
    done = SimpleNamespace(
        runs=[SimpleNamespace(id=f"run-{at}") for at in range(len(values))], sections=[made], code=[]
    )
    return [line.split("  ") for line in click.unstyle(comparisons.compared(done)).splitlines()]


COMMANDS = [f"python train.py --data /data/images --lr {lr}" for lr in ("0.1", "0.2", "0.30")]


def test_what_differs_is_seen_on_a_narrow_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    (_, row) = lines(*COMMANDS)
    assert [cell for cell in row[1:] if cell] == ["… --lr 0.1", "… --lr 0.2", "… --lr 0.30"]


@pytest.mark.parametrize("columns", [None, "400"])
def test_nothing_is_cut_where_there_is_room_or_nobody_looks(monkeypatch, columns):
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns:
        monkeypatch.setenv("COLUMNS", columns)
    (_, row) = lines(*COMMANDS)
    assert [cell for cell in row[1:] if cell] == COMMANDS


def test_without_a_common_beginning_the_beginnings_are_shown(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    (_, row) = lines("a" * 60, "b" * 60, "")
    assert [cell for cell in row[1:] if cell] == ["a" * 15 + "…", "b" * 15 + "…"]

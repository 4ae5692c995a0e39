"""The table of states is the code: every combination stands in one row, and the row says what is done."""

from __future__ import annotations

import itertools
from typing import Any

from orchestrator.execution import states
from orchestrator.execution.states import Action, Observation, decide

CONTAINERS = (None, "created", "running", "exited")
COLUMNS = ("recorded", "ended", "container", "may_launch")


def read(cell: str) -> tuple[Any, ...]:
    """The values that a cell stands for; an empty one stands for all."""
    words = {"yes": (True,), "no": (False,), "none": (None,)}
    return words.get(cell, (cell,))


def table() -> list[tuple[dict[str, tuple[Any, ...]], Action]]:
    rows = [line.split("|")[1:-1] for line in (states.__doc__ or "").splitlines() if line.startswith("|")][2:]
    read_rows = []
    for row in rows:
        *cells, action, _ = [cell.strip() for cell in row]
        everything = ((True, False), (True, False), CONTAINERS, (True, False))
        values = [read(cell) if cell else whole for cell, whole in zip(cells, everything, strict=True)]
        read_rows.append((dict(zip(COLUMNS, values, strict=True)), Action[action]))
    return read_rows


def test_the_table_and_the_code_agree_on_every_combination():
    rows = table()
    assert len(rows) == 11
    for seen in itertools.product((True, False), (True, False), CONTAINERS, (True, False)):
        combination = dict(zip(COLUMNS, seen, strict=True))
        fitting = [action for row, action in rows if all(combination[name] in row[name] for name in COLUMNS)]
        assert len(fitting) == 1, combination
        assert decide(Observation(**combination)) == fitting[0], combination


def test_every_action_is_decided_somewhere():
    assert {action for _, action in table()} == set(Action)


def test_what_was_found_is_never_launched():
    for recorded, ended, container in itertools.product((True, False), (True, False), CONTAINERS):
        assert decide(Observation(recorded, ended, container, may_launch=False)) != Action.LAUNCH

"""What the host reads afterwards: points, parameters and tags among the job's events; all else as notes."""

from __future__ import annotations

import json
import os

from .. import wire
from ..append import Appender
from ..http import Refused

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


class Journal:
    """Appends to the record folder, and refuses a request whose lines did not get there."""

    def __init__(self, record: str) -> None:
        os.makedirs(os.path.join(record, wire.MLFLOW), exist_ok=True)
        self._events = Appender(os.path.join(record, wire.EVENTS))
        self._notes = Appender(os.path.join(record, wire.MLFLOW_NOTES))

    def events(self, lines: Iterable[bytes]) -> None:
        """Metrics, parameters and tags, each as a line of :mod:`~orchestrator.agent.wire`; all in one write."""
        self._append(self._events, b"".join(lines))

    def note(self, kind: str, name: str, value: dict[str, Any]) -> None:
        """How something is from now on; the last note of a kind and name counts."""
        self._append(self._notes, json.dumps([kind, name, value]).encode() + b"\n")

    @staticmethod
    def _append(appender: Appender, lines: bytes) -> None:
        try:
            appender.append(lines)
        except OSError as error:
            raise Refused(400, "this was not recorded: %s" % (error.strerror or error), "INTERNAL_ERROR") from error

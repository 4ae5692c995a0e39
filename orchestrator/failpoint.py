"""Named points between the first byte of a command and its last, at which a test ends the process or breaks it.

``ORCHESTRATOR_FAILPOINT=NAME=ACTION`` arms one; ``NAME:3=ACTION`` acts the third time it is reached. ACTION is
``kill`` (SIGKILL to this process: nothing is tidied up) or the name of an error, e.g. ``ENOSPC``, which is raised.
Without the variable a failpoint costs a comparison. tests/crash arms every one that stands in the source.
"""

from __future__ import annotations

import errno
import os
import signal

from orchestrator.errors import UsageError

VARIABLE = "ORCHESTRATOR_FAILPOINT"
_armed = os.environ.get(VARIABLE)
_seen = 0


def reached(name: str) -> None:
    """The process has come to this point.

    Raises:
        OSError: a test has armed this point with an error.
    """
    if _armed is not None:
        _act(name, _armed)


def _act(name: str, armed: str) -> None:
    global _seen
    point, _, action = armed.partition("=")
    wanted, _, time = point.partition(":")
    if name != wanted:
        return
    _seen += 1
    if _seen != int(time or 1):
        return
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    number = getattr(errno, action, None)
    if not isinstance(number, int):
        raise UsageError(f"{VARIABLE}: no such action: {action!r}", hint="kill, or the name of an error: ENOSPC")
    raise OSError(number, os.strerror(number), f"failpoint {name}")

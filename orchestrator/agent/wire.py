"""What the agent and the host say to each other: names of files and the form of an event line.

Standard library only: this file runs inside the container (Python 3.8 and later) and is imported by the host.
"""

from __future__ import annotations

import json
import math

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from typing import Any

# Where things are inside the container. A plan's environment and mounts are made of these.
LIBRARY = "/opt/orchestrator/lib"
PACKAGE = LIBRARY + "/orchestrator"
SITE = PACKAGE + "/site"
RECORD = "/run/orchestrator"
SECRETS = "/run/secrets"
WORKSPACE = "/workspace"
OUTPUTS = "/outputs"
HOME = "/home/job"

# Files in the record folder. The host writes the first, the agent the others.
JOB = "job.json"
STARTED = "started.json"
EVENTS = "events.jsonl"
STDOUT = "stdout"
STDERR = "stderr"
CONSOLE = "console"
EXIT = "exit.json"

START = "import sys; sys.path.insert(0, %r); from orchestrator.launch import main; main()" % LIBRARY
"""Runs the agent: ``python -I -S -B -c START``."""

STREAM_OF = {"o": STDOUT, "e": STDERR}
MAX_NAME_BYTES = 1024
MAX_LINE_BYTES = 1 << 20
MAX_STEP = 2**63 - 1


def quote_name(name: object) -> str:
    """A metric's or parameter's name as JSON text; lone surrogates are written out as ``\\udc80``.

    Raises:
        ValueError: it is empty or too long.
    """
    raw = str(name).encode("utf-8", "backslashreplace")
    if not raw:
        raise ValueError("a name must not be empty")
    if len(raw) > MAX_NAME_BYTES:
        raise ValueError("a name of %d bytes: at most %d are kept" % (len(raw), MAX_NAME_BYTES))
    return json.dumps(raw.decode("utf-8"))


def quote_number(value: float) -> str:
    """A float64 as JSON text that comes back bit for bit; NaN and the infinities travel as strings."""
    return repr(value) if math.isfinite(value) else '"%r"' % value


def metric_line(time_ns: int, quoted_name: str, step: int, value: float) -> bytes:
    """One point. ``quoted_name`` comes from :func:`quote_name`; time in nanoseconds since the epoch."""
    return ('["m",%d,%s,%d,%s]\n' % (time_ns, quoted_name, step, quote_number(value))).encode()


def param_line(time_ns: int, quoted_name: str, value: object) -> bytes:
    """One parameter.

    Raises:
        ValueError: its text is too long.
    """
    line = ('["p",%d,%s,%s]\n' % (time_ns, quoted_name, json.dumps(plain(value)))).encode()
    if len(line) > MAX_LINE_BYTES:
        raise ValueError("a parameter of %d bytes: at most %d are kept" % (len(line), MAX_LINE_BYTES))
    return line


def plain(value: object) -> object:
    """A parameter's value as JSON can carry it exactly; anything else becomes its text."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < 2**53:
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    text = "" if value is None else str(value)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def parse_line(line: bytes) -> tuple[Any, ...]:
    """("m", time_ns, name, step, value) or ("p", time_ns, name, value).

    Raises:
        ValueError: the line is damaged.
    """
    event = json.loads(line)
    if not isinstance(event, list) or len(event) < 4 or not isinstance(event[2], str):
        raise ValueError("not an event")
    event[2].encode()  # a UnicodeEncodeError is a ValueError: a lone surrogate is no text
    kind, time_ns, name = event[0], int(event[1]), event[2]
    if kind == "m" and len(event) == 5:
        step = int(event[3])
        if abs(step) > MAX_STEP:
            raise ValueError("a step beyond 64 bits")
        return kind, time_ns, name, step, float(event[4])
    if kind == "p" and len(event) == 4 and not isinstance(event[3], (list, dict)):
        return kind, time_ns, name, plain(event[3])
    raise ValueError("not an event")

"""What the agent and the host say to each other: names of files and the form of an event line.

Standard library only: this file runs inside the container (Python 3.8 and later) and is imported by the host.
"""

from __future__ import annotations

import json
import math

from .places import ACCESSES as ACCESSES
from .places import HOME as HOME
from .places import LIBRARY as LIBRARY
from .places import OUTPUTS as OUTPUTS
from .places import PACKAGE as PACKAGE
from .places import PROGRAMS as PROGRAMS
from .places import RECORD as RECORD
from .places import SECRETS as SECRETS
from .places import SITE as SITE
from .places import WORKSPACE as WORKSPACE

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from typing import Any

# Files in the record folder. The host writes the first, the agent the others.
JOB = "job.json"
STARTED = "started.json"
EVENTS = "events.jsonl"
STDOUT = "stdout"
STDERR = "stderr"
CONSOLE = "console"
TAIL_OF = {"o": "stdout.tail", "e": "stderr.tail"}
"""The line that a stream has begun and not ended yet: a prompt, a progress bar."""
SYSTEM = "system.jsonl"
LEDGER = "ledger"
"""The interposer's: made by the host, mapped by the job."""
MLFLOW = "mlflow"
MLFLOW_NOTES = MLFLOW + "/notes.jsonl"
MLFLOW_ARTIFACTS = MLFLOW + "/artifacts"
EXIT = "exit.json"

START = "import sys; sys.path.insert(0, %r); from orchestrator.launch import main; main()" % LIBRARY
"""Runs the agent: ``python -I -S -B -c START``."""

TRACKING_ADDRESS = ("127.0.0.1", 5000)
"""Where the agent's MLflow server listens: the place that scripts which name one mostly name."""
TRACKING_URI = "http://%s:%d" % TRACKING_ADDRESS

STREAM_OF = {"o": STDOUT, "e": STDERR}
MAX_PIECE = 1 << 17
"""The most bytes that one line of the console's index stands for."""
MAX_TAIL = 1 << 12
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


def metric_line(time_ns: int, quoted_name: str, step: int, value: float, run: int = 0) -> bytes:
    """One point. ``quoted_name`` comes from :func:`quote_name`; time in nanoseconds since the epoch.

    ``run`` is 0 for the job itself, or the number of an MLflow run within it.
    """
    if run:
        return ('["m",%d,%s,%d,%s,%d]\n' % (time_ns, quoted_name, step, quote_number(value), run)).encode()
    return ('["m",%d,%s,%d,%s]\n' % (time_ns, quoted_name, step, quote_number(value))).encode()


def param_line(time_ns: int, quoted_name: str, value: object, run: int = 0) -> bytes:
    """One parameter.

    Raises:
        ValueError: its text is too long.
    """
    return _text_line("p", time_ns, quoted_name, plain(value), run)


def tag_line(time_ns: int, quoted_name: str, value: object, run: int = 0) -> bytes:
    """One tag, always text; None removes it.

    Raises:
        ValueError: its text is too long.
    """
    return _text_line("t", time_ns, quoted_name, None if value is None else plain(str(value)), run)


def _text_line(kind: str, time_ns: int, quoted_name: str, value: object, run: int) -> bytes:
    owner = ",%d" % run if run else ""
    line = ('["%s",%d,%s,%s%s]\n' % (kind, time_ns, quoted_name, json.dumps(value), owner)).encode()
    if len(line) > MAX_LINE_BYTES:
        raise ValueError("a value of %d bytes: at most %d are kept" % (len(line), MAX_LINE_BYTES))
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
    """("m", time_ns, name, step, value, run), or ("p" or "t", time_ns, name, value, run).

    Raises:
        ValueError: the line is damaged.
    """
    return checked(json.loads(line))


def checked(event: Any) -> tuple[Any, ...]:
    """An event that has been read as JSON, as :func:`parse_line` gives it.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(event, list) or len(event) < 4 or not isinstance(event[2], str):
        raise ValueError("not an event")
    event[2].encode()  # a UnicodeEncodeError is a ValueError: a lone surrogate is no text
    kind, time_ns, name = event[0], int(event[1]), event[2]
    fields = 5 if kind == "m" else 4
    run = event[fields] if len(event) == fields + 1 else 0
    if len(event) > fields + 1 or type(run) is not int or run < 0:
        raise ValueError("not an event")
    if kind == "m" and len(event) >= fields:
        step = int(event[3])
        if abs(step) > MAX_STEP:
            raise ValueError("a step beyond 64 bits")
        return kind, time_ns, name, step, float(event[4]), run
    if kind == "p" and not isinstance(event[3], (list, dict)):
        return kind, time_ns, name, plain(event[3]), run
    if kind == "t" and (event[3] is None or isinstance(event[3], str)):
        return kind, time_ns, name, event[3] if event[3] is None else plain(event[3]), run
    raise ValueError("not an event")

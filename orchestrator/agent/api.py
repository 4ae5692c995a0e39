"""The native API. One append per point: nothing is buffered that a ``kill -9`` would lose."""

from __future__ import annotations

import json
import os
from time import time_ns

from . import wire
from .append import Appender

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from collections.abc import Callable

_append: Callable[[bytes], None] | None = None  # takes lines to the events file; outside a run it takes them nowhere
_names: dict[str, str] = {}  # name -> its JSON text
_steps: dict[str, int] = {}  # name -> the next step, for calls that give none


def log_metric(name: str, value: float, step: int | None = None) -> None:
    """Record one point of a metric.

    Args:
        name: the metric's name, up to 1,024 bytes of UTF-8.
        value: a number; anything that ``float()`` takes, NumPy scalars and one-element tensors included.
        step: a 64-bit integer; counts up from 0 by name where it is not given.

    Raises:
        ValueError: the name is empty or too long, the value is no number, or the step has more than 64 bits.
        OSError: the record cannot be written (a full disk).
    """
    quoted = _names.get(name)
    if quoted is None:
        quoted = _names[name] = wire.quote_name(name)
    if step is None:
        step = _steps.get(name, 0)
    if type(value) is not float and hasattr(value, "detach"):  # torch warns of a tensor that has a gradient
        value = value.detach()
    try:
        step, number = int(step), float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:  # the last is torch's, of several elements
        raise ValueError("metric %s: %s" % (quoted, error)) from error
    if abs(step) > wire.MAX_STEP:
        raise ValueError("a step beyond 64 bits: %d" % step)
    line = wire.metric_line(time_ns(), quoted, step, number)
    (_append or _open())(line)
    _steps[name] = step + 1


def log_metrics(metrics: dict[str, float], step: int | None = None) -> None:
    """Record one point of each of several metrics. Raises as :func:`log_metric` does."""
    for name, value in metrics.items():
        log_metric(name, value, step)


def log_param(name: str, value: object) -> None:
    """Record a parameter: true/false, a number or text; anything else becomes text. The last one counts."""
    line = wire.param_line(time_ns(), wire.quote_name(name), value)
    (_append or _open())(line)


def log_params(params: dict[str, object]) -> None:
    """Record several parameters."""
    for name, value in params.items():
        log_param(name, value)


def set_tag(name: str, value: object) -> None:
    """Mark the run: a name and a text. Tags say what a run is to people; they are no part of what must come back."""
    line = wire.tag_line(time_ns(), wire.quote_name(name), str(value))
    (_append or _open())(line)


def log_artifact(path: str, name: str | None = None) -> None:
    """Keep a file or folder: it is copied to ``/outputs/NAME`` (default: its own name).

    Raises:
        OSError: there is no such file, or no room.
        ValueError: the name leads out of /outputs.
    """
    if not _inside_run():
        return
    source = os.fspath(path)
    relative = os.path.normpath(name or os.path.basename(os.path.abspath(source)))
    if os.path.isabs(relative) or relative.split(os.sep)[0] in ("..", "."):
        raise ValueError("an artifact's name stays inside /outputs: %r" % name)

    target = os.path.join(wire.OUTPUTS, relative)
    if os.path.abspath(source) == target:
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    _copy(os.path.realpath(source), target)


def params() -> dict[str, object]:
    """The parameters of the runspec; empty outside a run."""
    try:
        with open(os.path.join(wire.RECORD, wire.JOB), "rb") as stream:
            return dict(json.load(stream)["params"])
    except OSError:
        return {}


def _copy(source: str, target: str) -> None:
    """Links inside a folder stay links; what an earlier copy left in the way is replaced."""
    import shutil  # only here: it is slow to import

    if os.path.isdir(source) and not os.path.islink(source):
        os.makedirs(target, exist_ok=True)
        for name in os.listdir(source):
            _copy(os.path.join(source, name), os.path.join(target, name))
        return
    if os.path.lexists(target):
        os.unlink(target)
    try:
        shutil.copy(source, target, follow_symlinks=False)
    except OSError:  # half of it is no artifact
        if os.path.lexists(target):
            os.unlink(target)
        raise


def _inside_run() -> bool:
    return os.path.exists(os.path.join(wire.RECORD, wire.JOB))


def _open() -> Callable[[bytes], None]:
    """Find out, once, where lines go."""
    global _append
    _append = Appender(os.path.join(wire.RECORD, wire.EVENTS)).append if _inside_run() else _nowhere
    return _append


def _nowhere(lines: bytes) -> None:
    pass

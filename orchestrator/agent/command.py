"""``orchestrator-log``: the native API as a program, for shell, R and whatever else a job is written in."""

from __future__ import annotations

import mmap
import os
import sys

from . import api, wire

USAGE = """\
orchestrator-log metric NAME VALUE [--step N]   record a point; without a step: one more than the last
orchestrator-log param NAME VALUE               record a parameter
orchestrator-log tag NAME VALUE                 mark the run
orchestrator-log artifact PATH [NAME]           keep a file or folder
"""


def main(words: list[str]) -> int:
    """Do what the words say. 0: done; 1: it could not be recorded; 2: they say nothing."""
    try:
        return _do(words)
    except (ValueError, OSError) as error:
        sys.stderr.write("orchestrator-log: %s\n" % error)
        return 1


def _do(words: list[str]) -> int:
    step = None
    if len(words) == 5 and words[0] == "metric" and words[3] == "--step":
        step, words = int(words[4]), words[:3]
    kind, count = words[0] if words else "", len(words) - 1
    if words in (["--help"], ["-h"]):
        sys.stdout.write(USAGE)
        return 0
    if kind == "metric" and count == 2:
        api.log_metric(words[1], float(words[2]), _next_step(words[1]) if step is None else step)
    elif kind == "param" and count == 2:
        api.log_param(words[1], _number(words[2]))
    elif kind == "tag" and count == 2:
        api.set_tag(words[1], words[2])
    elif kind == "artifact" and count in (1, 2):
        api.log_artifact(*words[1:])
    else:
        sys.stderr.write(USAGE)
        return 2
    return 0


def _next_step(name: str) -> int:
    """One more than the step of the last point: each call is a process of its own, and remembers nothing."""
    path, mark = os.path.join(wire.RECORD, wire.EVENTS), b",%s," % wire.quote_name(name).encode()
    try:
        with open(path, "rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as events:
            at = len(events)
            while (at := events.rfind(mark, 0, at)) >= 0:
                line = events[events.rfind(b"\n", 0, at) + 1 : events.find(b"\n", at)]
                try:
                    event = wire.parse_line(line)
                except (ValueError, TypeError):
                    continue
                if event[0] == "m" and event[2] == name:
                    return int(event[3]) + 1
    except (OSError, ValueError):  # no such file, or an empty one
        pass
    return 0


def _number(text: str) -> object:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text

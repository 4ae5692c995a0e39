"""The bounded stream of YAML events: too large, too deep or malformed ends here, before anything recurses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from yaml import SafeLoader
from yaml.error import MarkedYAMLError
from yaml.events import CollectionEndEvent, CollectionStartEvent, Event, NodeEvent
from yaml.reader import ReaderError

from orchestrator.runspec.position import Mark, Problem

MAX_BYTES = 1 << 20
MAX_DEPTH = 64
MAX_NODES = 50_000


class Stop(Exception):
    """Reading cannot go on: what follows the problem cannot be understood, or would be too much."""

    def __init__(self, mark: Mark, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(mark, message)


def events(data: bytes) -> Iterator[Event]:
    """The events of a YAML stream, within the limits.

    Raises:
        Stop: not UTF-8, not YAML, or beyond a limit.
    """
    nodes = depth = 0
    for event in _parsed(_decoded(data)):
        nodes += isinstance(event, NodeEvent)
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if nodes > MAX_NODES:
            raise Stop(start(event), f"more than {MAX_NODES} values and keys")
        if depth > MAX_DEPTH:
            raise Stop(start(event), f"nested more than {MAX_DEPTH} deep")
        yield event


def start(event: Event) -> Mark:
    """Where an event begins."""
    return _mark(event.start_mark)


def _decoded(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise Stop(Mark(1, 1), f"the file is larger than {MAX_BYTES} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Stop(Mark.after(error.object[: error.start].decode("utf-8-sig", "replace")), "not UTF-8 text") from error


def _parsed(text: str) -> Iterator[Event]:
    """PyYAML's events. The pure Python parser on purpose: the C one crashes on deep nesting."""
    try:
        loader = SafeLoader(text)
    except ReaderError as error:
        character = text[error.position].encode("unicode_escape").decode()
        raise Stop(Mark.after(text[: error.position]), f"a control character ({character}) in the text") from error
    while True:
        try:
            event = loader.get_event()  # type: ignore[no-untyped-call]
        except MarkedYAMLError as error:
            raise Stop(_mark(error.problem_mark or error.context_mark), _explain(error)) from error
        except (ValueError, OverflowError) as error:
            # an escape such as "\UFFFFFFFF", or a version of thousands of digits
            raise Stop(_mark(loader.get_mark()), "not YAML: a number beyond its range") from error
        if event is None:
            return
        yield event


def _explain(error: MarkedYAMLError) -> str:
    problem = str(error.problem or error.context)
    if "'\\t'" in problem:
        return "a tab cannot indent YAML; use spaces"
    return f"not YAML: {problem}" + (f" ({error.context})" if error.problem and error.context else "")


def _mark(mark: Any) -> Mark:
    return Mark(mark.line + 1, mark.column + 1) if mark else Mark(1, 1)

"""What people say of a run afterwards: tags, a note, that it is put away. The run itself stays as it was recorded.

Each saying is a record of its own, never changed: two people who tag the same run at the same time both do. What holds
is all of them in the order of their times.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import Field

from orchestrator.errors import Corruption
from orchestrator.model import Document
from orchestrator.run import Run, moment
from orchestrator.store.port import RecordStore

PREFIX = "annotations/"


class Annotation(Document):
    """One saying."""

    format: Literal["orchestrator.annotation/1"] = "orchestrator.annotation/1"
    run: str
    created: str
    tags: dict[str, str | None] = Field(default={})
    """None takes a tag away, one that the run itself set included."""
    note: str | None = None
    """In place of the one before; an empty one takes it away."""
    archived: bool | None = None


@dataclass(frozen=True)
class Annotations:
    """All that was said of a run, together."""

    tags: Mapping[str, str | None] = field(default_factory=dict)
    note: str = ""
    archived: bool = False

    def on(self, tags: Mapping[str, str]) -> dict[str, str]:
        """The tags that a run has now, from those that it set itself."""
        return {name: value for name, value in {**tags, **self.tags}.items() if value is not None}


NONE = Annotations()


def key(run_id: str, created: str, number: int) -> str:
    """Where a saying stands: in the order of the times."""
    return f"{PREFIX}{run_id}/{created}-{number:08x}"


def annotated(records: RecordStore, top: str = "") -> dict[str, list[str]]:
    """Run -> the keys of what was said of it. One look at the store for all runs; for a run and all within it."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in records.list(f"{PREFIX}{top}"):
        found[name.split("/")[1]].append(name)
    return found


def keys(records: RecordStore, run_id: str) -> list[str]:
    """What was said of a run, in the order of the times."""
    return sorted(records.list(f"{PREFIX}{run_id}/"))


def just_after(last: str) -> str:
    """A time behind that of a saying, by its key."""
    text = last.rpartition("/")[2].rpartition("-")[0]
    time = (moment(text) or datetime(1970, 1, 1, tzinfo=UTC)) + timedelta(milliseconds=1)
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def of(records: RecordStore, run_id: str) -> Annotations:
    """What was said of a run. A saying that is damaged is no obstacle to the others; fsck tells of it."""
    return _together(records, keys(records, run_id), _pass_over)


def _pass_over(damage: Corruption) -> None:
    pass


def _raise(damage: Corruption) -> None:
    raise damage


def _together(records: RecordStore, keys: Iterable[str], damaged: Callable[[Corruption], None]) -> Annotations:
    tags: dict[str, str | None] = {}
    note, archived = "", False
    for name in sorted(keys):
        try:
            data = records.read(name)
            if data is None:
                continue  # removed meanwhile, with its run
            said = Annotation.from_bytes(data)
        except Corruption as damage:
            damaged(damage)
            continue
        tags.update(said.tags)
        note = note if said.note is None else said.note
        archived = archived if said.archived is None else said.archived
    return Annotations(tags, note, archived)


def tags_of(records: RecordStore, run: Run, keys: Iterable[str]) -> dict[str, str]:
    """The tags that a run has now.

    Raises:
        Corruption: a saying is damaged: nobody knows what they are.
    """
    return _together(records, keys, _raise).on(run.facts.tags)

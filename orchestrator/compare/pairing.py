"""Files that are called after the time and the process that made them, paired with those of the other side.

TensorBoard's event files are called ``events.out.tfevents.<time>.<host>.<pid>.<count>``; a folder may tell a time too.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable

_EVENTS = re.compile(r"tfevents\.[0-9]+\.(?P<host>.+)\.[0-9]+(?P<rest>\.[0-9]+(\.[^/]*)?)$")
_EVENTS_WITHOUT_PID = re.compile(r"tfevents\.[0-9]+\.(?P<host>[^/]+)$")
_TIMES = re.compile(
    r"20[0-9]{2}-?[01][0-9]-?[0-3][0-9][-_T ]?[0-2][0-9][-:_.]?[0-5][0-9][-:_.]?[0-5][0-9](\.[0-9]*)?"
    r"|[A-Z][a-z]{2}[0-9]{2}_[0-9]{2}-[0-9]{2}-[0-9]{2}"  # SummaryWriter's default folder
    r"|\b[1-9][0-9]{9,}(\.[0-9]+)?\b"  # seconds since the epoch
)


def pair_names(left: Collection[str], right: Collection[str]) -> dict[str, str]:
    """Left path → right path, of those that one side alone has and that differ in time and process only.

    Of several alike the first belongs to the first; where one side has more of them, none is paired.
    """
    gone, new = _alike(set(left) - set(right)), _alike(set(right) - set(left))
    pairs: dict[str, str] = {}
    for key, paths in gone.items():
        if len(paths) == len(new.get(key, [])):
            pairs.update(zip(paths, new[key], strict=True))
    return pairs


def _alike(paths: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(paths, key=_by_number):
        folder, _, name = path.rpartition("/")
        match = _EVENTS.search(name) or _EVENTS_WITHOUT_PID.search(name)
        if match:
            rest = match.groupdict().get("rest", "")
            found[f"{_TIMES.sub('<time>', folder)}/{name[: match.start()]}{match['host']}{rest}"].append(path)
    return found


def _by_number(path: str) -> tuple[str, str]:
    return re.sub("[0-9]+", lambda digits: digits[0].zfill(20), path), path

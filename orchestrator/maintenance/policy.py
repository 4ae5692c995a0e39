"""Which runs to keep. Pure: runs and a policy in, the reasons for each kept one out.

What is decided upon is a family: a run with its replays and the runs within it, which say nothing without each other.
A run is kept where any rule keeps it or one of its family.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from orchestrator import runid
from orchestrator.errors import UsageError

_Above = Mapping[str, str | None]
"""Run -> the run that it belongs to."""


@dataclass(frozen=True)
class Candidate:
    """What of a run decides whether it is kept."""

    id: str
    name: str
    created: datetime
    of: str | None = None
    """The run that it repeats."""
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] | None = field(default_factory=dict)
    """Last values; None where they cannot be read."""
    imported: bool = False
    """It was made elsewhere, and may say of itself what it likes."""


@dataclass(frozen=True)
class Best:
    """The ``count`` runs with the best last value of a metric."""

    metric: str
    better: Literal["max", "min"]
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> Best:
        """``METRIC:max`` or ``METRIC:min``, and ``:N``. The metric's name may have colons.

        Raises:
            UsageError: it is neither.
        """
        metric, last, count = text, "", "1"
        head, _, tail = text.rpartition(":")
        if tail.isdigit():
            metric, count = head, tail
        metric, _, last = metric.rpartition(":")
        if not metric or last not in ("max", "min") or not int(count):
            raise UsageError(
                f"--keep-best {text}: not METRIC:max[:N] or METRIC:min[:N]",
                hint="say whether more of it is better, or less: accuracy:max, loss:min:5",
            )
        return cls(metric, "max" if last == "max" else "min", int(count))

    def __str__(self) -> str:
        return f"{self.metric}:{self.better}:{self.count}"


@dataclass(frozen=True)
class Policy:
    """What to keep. With no rule at all every run is kept."""

    last: int | None = None
    newer: timedelta | None = None
    tags: tuple[tuple[str, str | None], ...] = ()
    """Name and value; None: any value."""
    best: tuple[Best, ...] = ()
    per_name: bool = False
    """``last`` and ``best`` count within each name."""
    drop: frozenset[str] = frozenset()
    """Runs that go, whatever the rules say: by id, with the runs within them and their replays."""
    all: bool = False
    """A rule may keep nothing."""

    @property
    def has_rules(self) -> bool:
        """Whether anything says which runs to keep."""
        return self.all or self.last is not None or self.newer is not None or bool(self.tags or self.best)


def keep(runs: Iterable[Candidate], policy: Policy, pins: set[str], now: datetime) -> dict[str, list[str]]:
    """The runs to keep, with why; those that are not there may go.

    Raises:
        UsageError: a rule keeps nothing: its word may be misspelt. Or a pinned run is to be dropped.
    """
    everything = list(runs)
    above = _above_each(everything)
    family_of = _families(above)
    reasons = _reasons(everything, above, policy, now)
    for run_id in pins:
        reasons[run_id].append("pinned")
    kept: dict[str, list[str]] = defaultdict(list)
    for run_id, why in reasons.items():
        family = kept[family_of.get(run_id, run_id)]
        family += [reason for reason in why if reason not in family]
    dropped = _with_what_depends(above, policy.drop)
    if torn := sorted(dropped & pins):
        raise UsageError(f"{', '.join(torn)}: pinned, or with a pinned replay", hint="`orchestrator unpin RUN` first")
    return {
        run.id: kept[family_of[run.id]] for run in everything if family_of[run.id] in kept and run.id not in dropped
    }


def families(runs: Iterable[Candidate]) -> dict[str, str]:
    """Each run's family: the run that all its members repeat, or are within."""
    return _families(_above_each(list(runs)))


def _families(above: _Above) -> dict[str, str]:
    return {run_id: [run_id, *_chain(run_id, above)][-1] for run_id in above}


def _with_what_depends(above: _Above, drop: frozenset[str]) -> set[str]:
    """These runs, the runs within them, and whatever repeats one of them; never what they repeat themselves."""
    return {run_id for run_id in above if run_id in drop or drop.intersection(_chain(run_id, above))}


def _above_each(runs: list[Candidate]) -> dict[str, str | None]:
    """The run that each belongs to: the one it is within, else the one it repeats.

    A run that was made elsewhere belongs to none of ours, whatever it says; a replay made here of one belongs to it.
    """
    ours = {run.id for run in runs if not run.imported}
    return {run.id: None if run.imported and _above(run) in ours else _above(run) for run in runs}


def _above(run: Candidate) -> str | None:
    """A run within a run belongs to that one, and so does whatever that one repeats."""
    return runid.top(run.id) if runid.top(run.id) != run.id else run.of


def _chain(run_id: str, above: _Above) -> list[str]:
    """What a run belongs to, and what that belongs to, and so on."""
    chain: list[str] = []
    while (higher := above.get(run_id)) is not None and higher not in chain:
        chain.append(higher)
        run_id = higher
    return chain


def _reasons(runs: list[Candidate], above: _Above, policy: Policy, now: datetime) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)

    def rule(text: str, kept: Iterable[Candidate]) -> None:
        ids = [run.id for run in kept]
        if runs and not ids and not policy.all:
            raise UsageError(f"{text} keeps nothing", hint="is it spelled right? --all goes on all the same")
        for run_id in ids:
            found[run_id].append(text)

    ids = {run.id for run in runs}
    originals = [run for run in runs if above[run.id] not in ids]
    heads = {run.id for run in originals}
    no_replays = [run for run in runs if runid.top(run.id) in heads]
    if not policy.has_rules:
        rule("no rule says which runs to keep", runs)
    if policy.last is not None:
        rule(f"--keep-last {policy.last}", _last(originals, policy.last, per_name=policy.per_name))
    if policy.newer is not None:
        rule("--keep-newer", (run for run in runs if run.created > now - policy.newer))
    for name, value in policy.tags:
        text = name if value is None else f"{name}={value}"
        rule(f"--keep-tag {text}", (run for run in runs if name in run.tags and value in (None, run.tags[name])))
    for best in policy.best:
        rule(f"--keep-best {best}", _best(no_replays, best, per_name=policy.per_name))
    return found


def _last(runs: list[Candidate], count: int, *, per_name: bool) -> Iterable[Candidate]:
    for group in _groups(runs, per_name=per_name):
        yield from sorted(group, key=lambda run: runid.in_order(run.id), reverse=True)[:count]


def _best(runs: list[Candidate], best: Best, *, per_name: bool) -> Iterable[Candidate]:
    """A run whose metrics cannot be read may be the best: it is kept. Not-a-number is never the best."""
    sign = -1 if best.better == "max" else 1
    for group in _groups(runs, per_name=per_name):
        yield from (run for run in group if run.metrics is None)
        have = [(run.metrics[best.metric], run) for run in group if run.metrics and best.metric in run.metrics]
        ranked = sorted(
            (pair for pair in have if not math.isnan(pair[0])), key=lambda pair: (sign * pair[0], pair[1].id)
        )
        yield from (run for _, run in ranked[: best.count])


def _groups(runs: list[Candidate], *, per_name: bool) -> Iterable[list[Candidate]]:
    groups: dict[str, list[Candidate]] = defaultdict(list)
    for run in runs:
        groups[run.name if per_name else ""].append(run)
    return groups.values()

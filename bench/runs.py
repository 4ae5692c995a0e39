"""Runs that nobody has executed: rows of an index as a team fills it in a year."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from orchestrator import runid
from orchestrator.index.port import Row

_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_APART = timedelta(minutes=5)


def rows(count: int) -> Iterator[Row]:
    """As many runs as asked for, the same each time: 200 experiments, ten teams, five metrics, five parameters."""
    chance = random.Random(7)  # noqa: S311
    packages = [{f"package-{number}": f"{lock}.{number}" for number in range(60)} for lock in range(20)]
    for number in range(count):
        yield _row(number, chance, packages)


def _row(number: int, chance: random.Random, packages: list[dict[str, str]]) -> Row:
    begin = _BEGIN + number * _APART
    seconds = chance.expovariate(1 / 300)
    status = chance.choices(["finished", "failed", "killed", "lost"], [90, 7, 2, 1])[0]
    return Row(
        id=runid.new(begin, chance.getrandbits(12)),
        name=f"experiment-{number % 200}",
        status=status,
        kind="submit",
        of=None,
        plan=_digest(chance.getrandbits(256)),
        outcome=_digest(chance.getrandbits(256)),
        created=_time(begin),
        metrics={name: repr(chance.random()) for name in ("test_accuracy", "loss", "f1", "auc", "recall")},
        params={
            "lr": 10 ** -chance.uniform(1, 5),
            "layers": chance.randint(1, 50),
            "optimizer": chance.choice(["adam", "sgd", "lion"]),
            "seed": number,
            "batch": chance.choice([16, 32, 64]),
        },
        tags={"team": f"team-{number % 10}", "owner": f"owner-{number % 500}"},
        data={"train": _digest(number % 30)},
        started=_time(begin),
        ended=_time(begin + timedelta(seconds=seconds)),
        duration=seconds,
        image=_digest(number % 20),
        lock=_digest(number % 20 + 100),
        code=_digest(number % 1000),
        commit=f"{number % 1000:040x}",
        packages=packages[number % 20],
    )


def _digest(number: int) -> str:
    return f"sha256:{number:064x}"


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

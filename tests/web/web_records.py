"""Runs recorded as the engine's would be, without one: what the page shows is real, only nobody has trained."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from documents import make_base, make_plan

from orchestrator import runid
from orchestrator.agent import wire
from orchestrator.compare.verdict import Verdict
from orchestrator.digest import Digest
from orchestrator.execution.live import LiveRun, Request
from orchestrator.lock.model import LayerPin, Lock, WheelPin
from orchestrator.metrics import Series, encode
from orchestrator.operations import replaying
from orchestrator.operations.present import ready
from orchestrator.operations.rows import Rows
from orchestrator.outcome import Outcome
from orchestrator.plan import ImagePin, Plan
from orchestrator.run import Facts, Origin, Run
from orchestrator.store import tree
from orchestrator.store.streams import put_bytes
from orchestrator.store.tree import FileEntry, LinkEntry, Tree
from orchestrator.sweep.model import SweepRecord, TrialRecord, new_id, sweep_key, trial_key
from orchestrator.workspace import Workspace

BEGIN = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
PNG = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\6\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xcf\xc0\xf0\1"
    b"\0\5\0\1\xff\x89\x99=\x1d\0\0\0\0IEND\xaeB`\x82"
)
Console = Sequence[tuple[str, bytes]]
"""``o`` or ``e``, and what was written."""


class Records:
    """A home, and runs that are written into it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.count = 0
        self.lock = Lock(
            builder="orchestrator-layers/1",
            python="3.11",
            requirements=("numpy", "scikit-learn"),
            base=make_base(layers=(LayerPin(diff_id=Digest.of(b"base"), size=96_000_000),), name="debian-12"),
            wheels=(
                WheelPin(name="numpy", version="2.4.6", file="numpy-2.4.6-cp311.whl", sha256=Digest.of(b"n")),
                WheelPin(name="scikit-learn", version="1.9.0", file="sk.whl", sha256=Digest.of(b"s")),
            ),
            layers=(("numpy-2.4.6-cp311.whl",), ("sk.whl",)),
        )

    @property
    def workspace(self) -> Workspace:
        """A new one each time, as each request has it."""
        return Workspace(self.home)

    def put(self, data: bytes) -> Digest:
        return put_bytes(self.workspace.blobs, data)

    def tree(self, files: Mapping[str, bytes], links: Mapping[str, str] = {}) -> Digest:
        entries = [FileEntry(path=path, digest=self.put(data), size=len(data)) for path, data in files.items()]
        linked = [LinkEntry(path=path, target=target) for path, target in links.items()]
        return tree.save(self.workspace.blobs, Tree.of([*entries, *linked]))

    def plan(self, code: Mapping[str, bytes], params: Mapping[str, Any], **more: Any) -> Plan:
        lock = self.put(self.lock.to_bytes())
        image = ImagePin(manifest=Digest.of(b"manifest"), config=Digest.of(b"config"), lock=lock)
        return make_plan(image=image, code=self.tree(code), params=dict(params), **more)

    def run(
        self,
        name: str = "train",
        *,
        params: Mapping[str, Any] = {},
        metrics: Mapping[str, Sequence[tuple[int, float]] | Series] = {},
        files: Mapping[str, bytes] = {},
        links: Mapping[str, str] = {},
        code: Mapping[str, bytes] = {"job.py": b"print('hello')\n"},
        console: Console = (),
        status: str = "finished",
        exit_code: int = 0,
        origin: Mapping[str, Any] = {"kind": "submit"},
        **facts: Any,
    ) -> Run:
        """A recorded run; the index knows it."""
        self.count += 1
        created = BEGIN + timedelta(minutes=7 * self.count)
        plan = self.plan(code, params)
        table = {key: value if isinstance(value, Series) else Series.of(value) for key, value in metrics.items()}
        outcome = Outcome(
            exit_code=exit_code,
            params=dict(params),
            metrics=self.put(encode(table)),
            artifacts=self.tree(files, links),
        )
        index, streams = _console(console)
        stamp = lambda moment: moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")  # noqa: E731
        made = Run(
            id=runid.new(created, self.count),
            name=name,
            status=status,  # type: ignore[arg-type]
            plan=self.put(plan.to_bytes()),
            outcome=self.put(outcome.to_bytes()),
            origin=Origin.model_validate({"spec": self.put(b"version: 1\nname: train\n"), **origin}),
            facts=Facts(
                created=stamp(created),
                started=stamp(created + timedelta(seconds=2)),
                ended=stamp(created + timedelta(seconds=2 + 13.7 * self.count)),
                host={"name": "workbench"},
                engine={"name": "docker", "version": "27.5"},
                environment={"python": "3.11.2", "cpu": {"model": "EPYC 7B13"}, "packages": {"numpy": "2.4.6"}},
                stdout=self.put(streams["stdout"]),
                stderr=self.put(streams["stderr"]),
                console=self.put(index),
                **facts,
            ),
        )
        self.workspace.records.create(f"runs/{made.id}", made.to_bytes())
        ready(workspace := self.workspace).add(Rows(workspace.blobs, workspace.records).of(made))
        return made

    def replay(self, of: Run, **other: Any) -> tuple[Run, Verdict]:
        """A replay of a run, and the verdict on it; ``other``: what came out otherwise."""
        again = self.run(of.name, origin={"kind": "replay", "of": of.id}, **other)
        return again, replaying.compare(self.workspace, of, again).verdict

    def live(self, name: str = "train", console: Console = (), events: bytes = b"") -> LiveRun:
        """A run that has not ended; this process looks after it."""
        self.count += 1
        created = BEGIN + timedelta(minutes=7 * self.count)
        request = Request(
            id=runid.new(created, self.count),
            name=name,
            plan=self.put(self.plan({"job.py": b""}, {}).to_bytes()),
            origin=Origin(kind="submit"),
            created=created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        )
        run = LiveRun.begin(self.workspace.live, request)
        run.record.mkdir()
        self.write(run, console, events)
        return run

    def sweep(self, trials: int = 12, name: str = "tune", metric: str = "loss") -> SweepRecord:
        """A sweep of which one trial failed, one was pruned, and one is to come."""
        spec = {
            "version": 1,
            "name": "train",
            "run": {"command": "python job.py"},
            "params": {"lr": 0.1, "opt": "adam", "units": 8},
            "sweep": {
                "method": "random",
                "objective": {"metric": metric, "direction": "minimize"},
                "params": {"lr": {"low": 0.001, "high": 1.0, "log": True}, "opt": ["adam", "sgd"], "units": [8, 16]},
                "trials": trials + 1,
            },
        }
        text = self.put(json.dumps(spec).encode())
        self.count += 1
        created = BEGIN + timedelta(minutes=7 * self.count)
        record = SweepRecord(
            id=new_id(created, self.count),
            name=name,
            created=created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            origin=Origin(kind="submit", spec=text),
            plan=self.put(self.plan({"job.py": b""}, {}).to_bytes()),
            method="random",
            metric=metric,
            direction="minimize",
            trials=trials + 1,
            parallel=1,
            pruner="none",
            seed=1,
            sampler="orchestrator",
        )
        records = self.workspace.records
        records.create(sweep_key(record.id), record.to_bytes())
        for number in range(trials):
            units = 16 if number % 3 == 2 else 8
            params = {"lr": 10 ** (-3 * number / trials), "opt": ("adam", "sgd")[number % 2], "units": units}
            value = (number - 7) ** 2 / 50 + params["lr"] + (number % 2) / 10
            state = {3: "failed", 5: "pruned"}.get(number, "complete")
            origin = {"kind": "submit", "sweep": record.id, "trial": number}
            run = self.run("train", params=params, metrics={metric: [(0, value)]}, origin=origin)
            trial = TrialRecord(
                sweep=record.id,
                number=number,
                params=params,
                run=run.id,
                state=state,  # type: ignore[arg-type]
                value=None if state == "failed" else repr(value),
                points=((4, repr(value)),) if state == "pruned" else (),
                why="exit code 1" if state == "failed" else "",
            )
            records.create(trial_key(record.id, number), trial.to_bytes())
        return record

    def write(self, run: LiveRun, console: Console = (), events: bytes = b"") -> None:
        """What the agent of a live run writes next."""
        index, streams = _console(console)
        for stream, data in streams.items():
            _append(run.record / stream, data)
        _append(run.record / wire.CONSOLE, index)
        _append(run.record / wire.EVENTS, events)


def three_runs(records: Records) -> list[Run]:
    """Runs that differ in a parameter, a metric and their code."""
    return [
        records.run(
            f"run-{at}",
            params={"lr": lr, "optimizer": "adam"},
            metrics={"loss": [(step, lr / (step + 1)) for step in range(40)], "odd": [(0, 1.0), (1, float("nan"))]},
            files={"outputs/plot.png": PNG, "outputs/table.csv": b"a,b\n1,2\n", "outputs/notes.txt": b"hello <b>\n"},
            code={"job.py": b"lr = %d\nprint(lr)\n" % at},
            console=[("o", b"epoch 1\n"), ("e", b"a warning\n")],
            tags={"team": "vision" if at else "speech"},
        )
        for at, lr in enumerate((0.1, 0.2, 0.4))
    ]


def points(name: str, values: Sequence[float]) -> bytes:
    """Events of a metric."""
    return b"".join(wire.metric_line(0, wire.quote_name(name), step, value) for step, value in enumerate(values))


def _console(pieces: Console) -> tuple[bytes, dict[str, bytes]]:
    streams = {"stdout": b"", "stderr": b""}
    index = b""
    for letter, data in pieces:
        streams[wire.STREAM_OF[letter]] += data
        index += f"0 {letter} {len(data)}\n".encode()
    return index, streams


def _append(path: Path, data: bytes) -> None:
    with path.open("ab") as stream:
        stream.write(data)

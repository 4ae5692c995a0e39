"""Runs that nobody ran, their bundles, and bundles that nobody should take in: all made without an engine."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from documents import make_base, make_plan

from orchestrator import metrics, operations
from orchestrator.digest import Digest, canonical
from orchestrator.errors import OrchestratorError
from orchestrator.image import oci
from orchestrator.image.tar import header
from orchestrator.lock.model import BUILDER, DebianBase, DebPin, LayerPin, Lock, WheelPin
from orchestrator.metrics import Series
from orchestrator.outcome import Outcome
from orchestrator.plan import DataPin, ImagePin
from orchestrator.run import CertificateRecord, Facts, Origin, Run, VerdictRecord
from orchestrator.store import tree
from orchestrator.store.streams import put_bytes
from orchestrator.store.tree import FileEntry, LinkEntry, Tree
from orchestrator.workspace import Workspace

RUN = "20260101-000000-000aaa"
RECIPE = b"suite: bookworm\narchitecture: amd64\npackages: []\ninterpreter: /usr/bin/python3.11\n"
REPLAY = "20260101-000001-000bbb"
Members = list[tuple[str, bytes]]
Edit = Callable[[dict[str, Any]], None]


class Source:
    """A home with one run, a run within it, a replay of it, a verdict and a certificate.

    ``said`` overrides what the documents say, before they are stored: keys are those of the arguments below.
    """

    def __init__(self, home: Path, **said: Any) -> None:
        self.workspace = Workspace(home)
        self.said = said
        self.plan = self._plan()
        self.outcome = self._outcome({"child": self._outcome({})})
        self.run = self.record(RUN, Origin(kind="submit", spec=self.put(b"version: 1\n")), self.outcome)
        self.child = self.record(f"{RUN}.1", Origin(kind="submit", parent=RUN), self._outcome({}))
        self.replay = self.record(REPLAY, Origin(kind="replay", of=RUN), self.outcome)
        create = self.workspace.records.create
        create(
            f"verdicts/{RUN}/{REPLAY}", VerdictRecord(of=RUN, replay=REPLAY, verdict={"answer": "identical"}).to_bytes()
        )
        create(f"certificates/{RUN}", CertificateRecord(of=RUN, replay=REPLAY, answer="bit-exact").to_bytes())

    def put(self, data: bytes) -> Digest:
        return put_bytes(self.workspace.blobs, data)

    def record(self, run_id: str, origin: Origin, outcome: Digest) -> Run:
        facts = Facts(created="2026-01-01T00:00:00.000Z", stdout=self.put(f"said by {run_id}\n".encode()))
        run = Run(
            id=run_id, name="forged", status="finished", plan=self.plan, outcome=outcome, origin=origin, facts=facts
        )
        self.workspace.records.create(f"runs/{run_id}", run.to_bytes())
        return run

    def tree(self, files: dict[str, bytes], links: dict[str, str] | None = None) -> Digest:
        entries: list[Any] = [
            FileEntry(path=path, digest=self.put(data), size=len(data)) for path, data in files.items()
        ]
        entries += [LinkEntry(path=path, target=target) for path, target in (links or {}).items()]
        return tree.save(self.workspace.blobs, Tree.of(entries))

    def _plan(self) -> Digest:
        lock = self._lock()
        image = oci.assemble(lock.base.layers, {"LANG": "C.UTF-8"}, "/usr/bin/python3.11", self.workspace.blobs)
        pin = ImagePin(manifest=image.manifest, config=image.config, lock=self.put(lock.to_bytes()))
        plan = {
            "image": pin.model_dump(mode="json"),
            "code": self.tree({"train.py": b"print(1)\n", "src/model.py": b"x = 1\n"}),
            "data": {
                "train": DataPin(
                    kind="tree", digest=self.tree({"a.csv": b"1,2\n", "b.csv": b"3,4\n"}), mount="/data/train"
                ),
                "labels": DataPin(kind="file", digest=self.put(b"yes\nno\n"), mount="/data/labels/labels.txt"),
            },
            "agent": self.tree({"agent.py": b"agent\n", "etc/passwd": b"me\n"}, self.said.get("agent_links")),
            "interpreter": "/usr/bin/python3.11",
            "params": {"lr": 0.1},
            "env": {"LANG": "C.UTF-8"},
            **self.said.get("plan", {}),
        }
        return self.put(make_plan(**plan).to_bytes())

    def _lock(self) -> Lock:
        rootfs = LayerPin(diff_id=self.put(b"root file system" * 100), size=1600)
        deb = {"package": "libc6", "version": "2.36-9", "architecture": "amd64", **self.said.get("deb", {})}
        base = DebianBase(
            recipe=self.put(RECIPE),
            rootfs=self.said.get("rootfs", rootfs),
            interpreter="/usr/bin/python3.11",
            python="3.11.2",
            glibc="2.36",
            debs=(DebPin(sha256=self.put(b"a package"), size=9, **deb),),
        )
        pin = {
            "name": "numpy",
            "version": "2.0.0",
            "file": "numpy-2.0.0-py3-none-any.whl",
            **self.said.get("wheel", {}),
        }
        wheel = WheelPin(sha256=self.put(b"a wheel"), size=7, **pin)
        return Lock(
            builder=BUILDER,
            python="3.11",
            requirements=("numpy",),
            base=make_base(
                **{
                    "name": "python3.11",
                    "origin": self.put(base.to_bytes()),
                    "layers": (rootfs,),
                    **self.said.get("base", {}),
                }
            ),
            wheels=(wheel,),
            layers=self.said.get("layers", ((wheel.file,),)),
        )

    def _outcome(self, children: dict[str, Digest]) -> Digest:
        table = metrics.encode({"loss": Series.of([(0, 0.5), (1, 0.25)])})
        outcome = Outcome(
            exit_code=0,
            params={"lr": 0.1},
            metrics=self.put(self.said.get("metrics", table)),
            artifacts=self.tree({"outputs/model.bin": b"weights", f"outputs/{len(children)}": b""}),
            children=children,
        )
        return self.put(outcome.to_bytes())

    def export(self, **how: Any) -> bytes:
        sink = io.BytesIO()
        operations.export(self.workspace, [RUN], sink, **{"with_data": True, **how})
        return sink.getvalue()


def taken_apart(bundle: bytes) -> Members:
    """A good bundle's members."""
    with tarfile.open(fileobj=io.BytesIO(bundle)) as archive:
        return [(one.name, archive.extractfile(one).read()) for one in archive]


def put_together(members: Members) -> bytes:
    """Any members as a well-formed file."""
    parts = []
    for name, data in members:
        parts += [header(name, len(data), 0o644, b"0", 0), data, b"\0" * (-len(data) % 512)]
    return b"".join([*parts, b"\0" * 1024])


def place(data: bytes) -> str:
    return f"blobs/sha256/{Digest.of(data).hex}"


def with_index(members: Members, edit: Edit) -> Members:
    index = json.loads(members[1][1])
    edit(index)
    return [members[0], ("index.json", canonical(index)), *members[2:]]


def with_raw_manifest(members: Members, manifest: bytes) -> Members:
    """Another manifest, and an index that names it."""

    def name_it(index: dict[str, Any]) -> None:
        index["manifests"][0].update(digest=str(Digest.of(manifest)), size=len(manifest))

    return with_index([*members[:2], (place(manifest), manifest), *members[3:]], name_it)


def with_manifest(members: Members, edit: Edit) -> Members:
    manifest = json.loads(members[2][1])
    edit(manifest)
    return with_raw_manifest(members, canonical(manifest))


def with_raw_document(members: Members, document: bytes) -> Members:
    """Another document, named by a manifest that is named by the index."""

    def name_it(manifest: dict[str, Any]) -> None:
        manifest["config"].update(digest=str(Digest.of(document)), size=len(document))

    return with_manifest([*members[:3], (place(document), document), *members[4:]], name_it)


def with_document(members: Members, edit: Edit) -> Members:
    document = json.loads(members[3][1])
    edit(document)
    return with_raw_document(members, canonical(document))


def with_records(members: Members, edit: Callable[[dict[str, str]], None]) -> Members:
    return with_document(members, lambda document: edit(document["records"]))


def with_run(members: Members, run_id: str, edit: Edit) -> Members:
    """Another record of a run."""

    def rewrite(records: dict[str, str]) -> None:
        run = json.loads(records[f"runs/{run_id}"])
        edit(run)
        records[f"runs/{run_id}"] = canonical(run).decode()

    return with_records(members, rewrite)


def refused(home: Path, bundle: bytes) -> OrchestratorError:
    """The error that a bundle is refused with; nothing may be recorded, listed or left over."""
    workspace = Workspace(home)
    try:
        operations.import_(workspace, io.BytesIO(bundle))
    except OrchestratorError as error:
        assert error.exit_code in (2, 6), f"{type(error).__name__}: {error}"
        assert error.hint
        assert list(workspace.records.list("")) == []
        assert operations.ls(workspace) == []
        assert list((home / "tmp").iterdir()) == []
        return error
    raise AssertionError("it was taken in")

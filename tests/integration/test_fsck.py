"""fsck on a store with real runs: damage of every kind is found, kept from readers, and mended where it can be."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from desk import Desk

from orchestrator import operations
from orchestrator.digest import Digest
from orchestrator.errors import Corruption, NotFound, OrchestratorError
from orchestrator.maintenance.finding import Checked
from orchestrator.maintenance.survey import Wanted
from orchestrator.references.follow import Walk
from orchestrator.references.reference import Reference
from orchestrator.settings.model import Settings
from orchestrator.store.sealed import is_sealed, sealed
from orchestrator.workspace import Workspace

pytestmark = pytest.mark.engine

JOB = """
import json, pathlib, orchestrator
for step in range(20):
    orchestrator.log_metric("loss", 1 / (step + 1))
pathlib.Path("/outputs/model.bin").write_bytes(bytes(range(256)) * 64)
print("done")
"""
KINDS = {"plan", "outcome", "metrics", "tree", "file", "facts", "text",
         "lock", "base", "deb", "wheel", "manifest", "config", "layer"}  # fmt: skip
LEAVES = {"metrics", "file", "facts", "text", "deb", "wheel", "config", "layer"}
"""The others are documents: what lies behind a damaged one is unknown."""

DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "first bit": lambda data: bytes([data[0] ^ 1]) + data[1:],
    "middle bit": lambda data: data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 16]) + data[len(data) // 2 + 1 :],
    "last bit": lambda data: data[:-1] + bytes([data[-1] ^ 128]),
    "truncated": lambda data: data[:-1],
    "halved": lambda data: data[: len(data) // 2],
    "longer": lambda data: data + b"\0",
    "emptied": lambda data: b"",
}


class Fixture:
    """A desk with a run, its replay and a certificate, on an image with a wheel."""

    def __init__(self, desk: Desk, lock: bytes) -> None:
        self.desk = desk
        self.data = desk.folder / "data.csv"
        self.data.write_text("x,y\n1,2\n")
        spec = desk.write(
            JOB, image={"requirements": ["numpy"]}, data={"table": {"source": "data.csv", "mount": "/data/table.csv"}}
        )
        spec.with_suffix(".lock").write_bytes(lock)
        done = operations.certify(desk.workspace, spec)
        assert done.certificate is not None and done.certificate.answer == "bit-exact"
        self.run = done.id
        swept = operations.gc(desk.workspace, Wanted(grace=timedelta(0)), delete=True).swept  # what the shelf has more
        assert swept is not None and (swept.runs, swept.blobs.count > 10) == ([], True)
        self.seal()
        self.references: list[Reference] = list(
            Walk(desk.workspace.blobs).run(operations.show(desk.workspace, self.run).run)
        )

    def seal(self) -> None:
        """The shelf's records may be of a version that had no seals."""
        for path in records(self.desk):
            if not is_sealed(data := path.read_bytes()):
                replace(path, sealed(key(self.desk, path), data))

    def of_kind(self, kind: str) -> Reference:
        return min(
            (one for one in self.references if one.kind == kind), key=lambda one: self.size(one.digest) or 1 << 60
        )

    def size(self, digest: Digest) -> int:
        return self.desk.place(digest).stat().st_size


@pytest.fixture(scope="module")
def made(new_desk: Callable[[], Desk], numpy_lock: bytes) -> Fixture:
    return Fixture(new_desk(), numpy_lock)


@pytest.fixture
def copy(made: Fixture, tmp_path: Path) -> Desk:
    """A copy of the store for one test alone; files are linked, so they are replaced, never written to."""
    home = tmp_path / "home"
    shutil.copytree(made.desk.home, home, copy_function=os.link)
    return Desk(home, tmp_path / "work")


def replace(path: Path, data: bytes | None) -> None:
    path.unlink()
    if data is not None:
        path.write_bytes(data)


def wrong(done: Checked) -> set[tuple[str, str]]:
    return {(finding.kind, finding.what) for finding in done.findings if finding.wrong}


def test_the_store_is_clean_and_has_every_kind(made: Fixture):
    done = operations.fsck(made.desk.workspace)
    assert (done.clean, done.findings) == (True, ())
    assert done.runs == 2
    assert {one.kind for one in made.references} == KINDS


@pytest.mark.parametrize("kinds", [LEAVES, KINDS - LEAVES], ids=["leaves", "documents"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_of_each_kind_of_blob_is_found(made: Fixture, copy: Desk, damage: str, kinds: set[str]):
    targets = {made.of_kind(kind).digest for kind in kinds}
    for digest in targets:
        replace(copy.place(digest), DAMAGE[damage](made.desk.blob(digest)))
    done = operations.fsck(copy.workspace, (made.run,))
    found = {finding.what: finding for finding in done.findings if finding.kind == "damaged blob"}
    reached = targets if kinds is LEAVES else {made.of_kind(kind).digest for kind in ("plan", "outcome")}
    assert reached <= set(found) <= targets
    assert {finding.runs for finding in found.values()} == {(made.run,)}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_blob_that_is_gone_is_missed(made: Fixture, copy: Desk, kind: str):
    digest = made.of_kind(kind).digest
    replace(copy.place(digest), None)
    (found,) = (one for one in operations.fsck(copy.workspace, quick=True).findings if one.what == digest)
    assert (found.kind, made.run in found.runs) == ("missing blob", True)
    assert found.wrong == (kind not in ("manifest", "config", "layer"))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_another_blob_in_a_blobs_place_is_found(made: Fixture, copy: Desk, kind: str):
    digest = made.of_kind(kind).digest
    other = next(one.digest for one in made.references if one.digest != digest and made.size(one.digest) < 1 << 20)
    replace(copy.place(digest), made.desk.blob(other))
    assert ("damaged blob", digest) in wrong(operations.fsck(copy.workspace, (made.run,)))


def seen(workspace: Workspace, run: str, folder: Path) -> dict[str, object]:
    """What readers are given, by reader; the error of one that was given nothing."""

    def show() -> object:
        shown = operations.show(workspace, run)
        return (
            shown.run,
            shown.plan,
            shown.outcome,
            shown.artifacts,
            {name: list(one) for name, one in shown.metrics.items()},
        )

    def checkout() -> object:
        operations.checkout(workspace, run, folder / "out")
        files = sorted(path for path in (folder / "out").rglob("*") if path.is_file())
        return [(str(path.relative_to(folder)), path.read_bytes()) for path in files]

    def logs() -> object:
        return [(piece.stream, piece.data) for piece in operations.logs(workspace, run)]

    def diff() -> object:
        return operations.diff(workspace, run, "last")

    def tried(reader: Callable[[], object]) -> object:
        try:
            return reader()
        except OrchestratorError as error:
            return error

    return {reader.__name__: tried(reader) for reader in (show, checkout, logs, diff)}


def test_no_reader_is_handed_a_damaged_blob(made: Fixture, copy: Desk, tmp_path: Path):
    good = seen(copy.workspace, made.run, tmp_path / "good")
    assert not any(isinstance(result, Exception) for result in good.values())
    refused = set()
    for number, reference in enumerate(made.references):
        place = copy.place(reference.digest)
        if reference.part == "image" or place.stat().st_size > 1 << 20:
            continue
        data = place.read_bytes()
        replace(place, DAMAGE["middle bit"](data) if data else b"x")
        for reader, result in seen(copy.workspace, made.run, tmp_path / str(number)).items():
            if isinstance(result, OrchestratorError):
                assert isinstance(result, Corruption), (reference, reader, result)
                refused.add((reader, reference.kind))
            else:
                assert result == good[reader], (reference, reader)
        replace(place, data)
    assert {("show", "plan"), ("show", "outcome"), ("show", "metrics"), ("checkout", "tree"), ("checkout", "file"),
            ("checkout", "text"), ("logs", "facts"), ("diff", "outcome")} <= refused  # fmt: skip


@pytest.mark.parametrize("part", ["plan", "code", "agent", "data"])
def test_no_job_is_handed_a_damaged_blob(made: Fixture, copy: Desk, part: str):
    (digest, *_) = (one.digest for one in made.references if one.part == part and one.kind in ("plan", "file"))
    replace(copy.place(digest), DAMAGE["last bit"](made.desk.blob(digest)))
    with pytest.raises(Corruption):
        operations.replay(copy.workspace, made.run)
    assert len(copy.recorded()) == 2


def records(desk: Desk) -> list[Path]:
    return sorted(path for path in (desk.home / "records").rglob("*") if path.is_file())


def key(desk: Desk, path: Path) -> str:
    return str(path.relative_to(desk.home / "records"))


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_of_each_kind_of_record_is_found(made: Fixture, copy: Desk, damage: str):
    assert {key(copy, path).split("/")[0] for path in records(copy)} == {
        "runs", "verdicts", "certificates", "images", "layers", "bytecode"}  # fmt: skip
    for path in records(copy):
        replace(path, DAMAGE[damage](path.read_bytes()))
    found = {finding.what for finding in operations.fsck(copy.workspace, quick=True).findings if finding.wrong}
    assert {key(copy, path) for path in records(copy)} <= found
    with pytest.raises(Corruption):
        operations.show(copy.workspace, made.run)


def test_records_that_changed_places_are_found(made: Fixture, copy: Desk):
    swapped = []
    for folder in ("runs", "images", "layers", "bytecode"):
        places = [path for path in records(copy) if key(copy, path).startswith(folder)]
        if len(places) > 1:
            one, other = places[0].read_bytes(), places[1].read_bytes()
            replace(places[0], other)
            replace(places[1], one)
            swapped += [key(copy, path) for path in places[:2]]
    assert {name.split("/")[0] for name in swapped} >= {"runs", "layers"}
    assert set(swapped) <= {what for kind, what in wrong(operations.fsck(copy.workspace, quick=True))}


def test_a_run_whose_record_is_gone_is_missed_by_the_index(made: Fixture, copy: Desk):
    operations.ls(copy.workspace)
    replace(copy.home / "records" / "runs" / made.run, None)
    assert ("missing record", f"runs/{made.run}") in wrong(operations.fsck(copy.workspace, quick=True))


def with_second(desk: Desk, second: Path | None) -> Workspace:
    return Workspace(settings=Settings(home=desk.home, second_store=second), report=desk.said.append)


def test_everything_is_brought_back_from_a_second_store(made: Fixture, copy: Desk):
    targets = {made.of_kind(kind).digest for kind in KINDS}
    for number, digest in enumerate(sorted(targets)):
        replace(copy.place(digest), None if number % 2 else b"junk")
    for path in records(copy):
        replace(path, b"junk")
    done = operations.fsck(with_second(copy, made.desk.home), repair=True)
    assert done.clean, [finding for finding in done.findings if finding.wrong]
    again = operations.fsck(copy.workspace)
    assert again.clean, again.findings
    assert operations.show(copy.workspace, made.run).run.id == made.run
    assert [row.id for row in operations.ls(copy.workspace)] == [row.id for row in operations.ls(made.desk.workspace)]


def test_a_damaged_image_is_made_again_from_its_lock(made: Fixture, copy: Desk):
    manifest, config = made.of_kind("manifest").digest, made.of_kind("config").digest
    layers = [one.digest for one in made.references if one.kind == "layer" and one.by.endswith("image")]
    for digest in (manifest, config, *layers):
        replace(copy.place(digest), b"junk")
    done = operations.fsck(copy.workspace, repair=True)
    assert done.clean, [finding for finding in done.findings if finding.wrong]
    assert {finding.mended for finding in done.findings if finding.what in (manifest, config)} == {"made again"}
    assert operations.fsck(copy.workspace).clean


def test_what_cannot_be_had_again_is_named_with_the_runs_that_need_it(made: Fixture, copy: Desk):
    digest = next(one.digest for one in made.references if one.part == "code" and one.kind == "file")
    replace(copy.place(digest), b"junk")
    done = copy.cli("fsck", "--repair", "--json")
    assert done.returncode == 6
    (found,) = (one for one in json.loads(done.stdout)["data"]["findings"] if one["wrong"])
    assert (found["what"], made.run in found["runs"]) == (digest, True)
    assert not copy.place(digest).exists()
    (aside,) = (copy.home / "damaged").iterdir()
    assert aside.read_bytes() == b"junk"


def test_a_store_that_is_whole_exits_0_and_says_so(made: Fixture):
    done = made.desk.cli("fsck")
    assert (done.returncode, b"nothing is lost or damaged" in done.stdout) == (0, True), done.stdout


def test_what_is_none_of_ours_is_told(copy: Desk):
    strange = [copy.home / "blobs" / "sha256" / "00" / "notes.txt", copy.home / "records" / "stray"]
    for path in strange:
        path.write_text("x")
    done = operations.fsck(copy.workspace, quick=True)
    assert {finding.what for finding in done.findings if finding.kind == "foreign file"} == set(map(str, strange))
    assert done.clean


def test_an_index_that_differs_is_found_and_filled_anew(made: Fixture, copy: Desk):
    operations.ls(copy.workspace)
    copy.workspace.index.remove(made.run)
    assert ("index", made.run) in wrong(operations.fsck(copy.workspace, quick=True))
    assert operations.fsck(copy.workspace, quick=True, repair=True).clean
    assert made.run in [row.id for row in operations.ls(copy.workspace)]


def test_a_run_that_is_not_there(copy: Desk):
    with pytest.raises(NotFound):
        operations.fsck(copy.workspace, ("20200101-000000-000000",))


def test_packages_are_fetched_anew(made: Fixture, copy: Desk):
    """From where they were locked: the index that pip is configured with, the Debian mirror."""
    wheel, deb = made.of_kind("wheel").digest, made.of_kind("deb").digest
    replace(copy.place(wheel), DAMAGE["middle bit"](made.desk.blob(wheel)))
    replace(copy.place(deb), None)
    done = operations.fsck(copy.workspace, (made.run,), repair=True)
    assert {finding.what: finding.mended for finding in done.findings} == {wheel: "made again", deb: "made again"}, (
        copy.said
    )
    assert operations.fsck(copy.workspace, (made.run,)).clean

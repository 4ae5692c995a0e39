"""Export and import between two homes, without an engine."""

from __future__ import annotations

import io
import json

import pytest
from forge import REPLAY, RUN, Source, put_together, taken_apart

from orchestrator import operations
from orchestrator.bundle import imported
from orchestrator.bundle.model import BadBundle, Bundle
from orchestrator.digest import Digest
from orchestrator.errors import Corruption, NotFound, NotReplayable, UsageError
from orchestrator.operations.allowing import NotAllowed
from orchestrator.operations.importing import AnotherRun
from orchestrator.references.follow import Walk
from orchestrator.run import Run
from orchestrator.workspace import Workspace


def take_in(workspace: Workspace, bundle: bytes, **how):
    return operations.import_(workspace, io.BytesIO(bundle), **how)


def records(workspace: Workspace) -> dict[str, bytes]:
    return {key: workspace.records.read(key) for key in workspace.records.list("")}


def test_what_arrives_is_what_was_sent(source, bundle, tmp_path):
    there = Workspace(tmp_path)
    done = take_in(there, bundle)
    assert [run.id for run in done.runs] == [RUN]
    assert (done.within, done.here, done.left_out, done.missing_data, done.asks) == (1, (), (), (), {})
    sent, got = records(source.workspace), records(there)
    assert got.keys() == {
        f"runs/{RUN}",
        f"runs/{RUN}.1",
        f"verdicts/{RUN}/{REPLAY}",
        f"certificates/{RUN}",
        f"imports/{RUN}",
    }
    assert all(sent[key] == data for key, data in got.items() if not key.startswith("imports/"))
    for run in (source.run, source.child):
        assert all(there.blobs.has(one.digest) for one in Walk(source.workspace.blobs).run(run))
    assert [row.id for row in operations.ls(there)] == [RUN]
    assert operations.ls(there)[0].metrics == {"loss": "0.25"}


def test_the_same_runs_give_the_same_bytes(source, bundle, tmp_path):
    assert source.export() == bundle
    there = Workspace(tmp_path)
    take_in(there, bundle)
    again = io.BytesIO()
    operations.export(there, [RUN], again, with_data=True)
    assert again.getvalue() == bundle


def test_it_is_an_oci_layout(bundle, members):
    names = [name for name, _ in members]
    assert names[:2] == ["oci-layout", "index.json"]
    for name, data in members[2:]:
        assert name == f"blobs/sha256/{Digest.of(data).hex}"
    artifact, image = json.loads(members[1][1])["manifests"]
    assert artifact["artifactType"] == "application/vnd.orchestrator.bundle.v1"
    for manifest in (artifact, image):
        named = json.loads(dict(members)[f"blobs/sha256/{manifest['digest'][7:]}"])
        for one in (named["config"], *named["layers"]):
            assert len(dict(members)[f"blobs/sha256/{one['digest'][7:]}"]) == one["size"]
    assert put_together(members) == bundle


def test_importing_twice_changes_nothing(bundle, tmp_path):
    there = Workspace(tmp_path)
    take_in(there, bundle)
    before = records(there)
    done = take_in(there, bundle)
    assert (done.runs, done.here) == ((), (RUN,))
    assert records(there) == before


def test_ones_own_run_stays_ones_own(source, bundle, tmp_path):
    own = Source(tmp_path)
    take_in(own.workspace, bundle)
    assert imported.of(RUN, own.workspace.records) is None


def test_replays_come_on_request(source, tmp_path):
    done = take_in(Workspace(tmp_path), source.export(with_replays=True))
    assert [run.id for run in done.runs] == [RUN, REPLAY]


def test_data_stays_at_home_unless_asked_for(source, bundle, tmp_path):
    small = source.export(with_data=False)
    assert b"1,2\n" not in small
    assert b"1,2\n" in bundle
    done = take_in(Workspace(tmp_path / "a"), small)
    assert sorted(one.what for one in done.left_out) == ["data labels", "data train"]
    assert len(done.missing_data) == 2
    with pytest.raises(NotReplayable, match=r"labels.*\n.*train.*mounted at /data/train"):
        operations.replay(Workspace(tmp_path / "a"), RUN, allow=("packages",), force=True)
    done = take_in(Workspace(tmp_path / "a"), bundle)
    assert done.here == (RUN,)
    plan = operations.show(Workspace(tmp_path / "a"), RUN).plan
    assert all(Workspace(tmp_path / "a").blobs.has(pin.digest) for pin in plan.data.values())


def test_what_is_data_and_code_too_travels_as_code(tmp_path):
    home = Source(tmp_path / "a")
    shared = home.put(b"print(1)\n")  # train.py
    data = {"train": {"kind": "file", "digest": shared, "mount": "/data/train/train.py"}}
    bundle = Source(tmp_path / "b", plan={"data": data}).export(with_data=False)
    assert take_in(Workspace(tmp_path / "c"), bundle).left_out == ()


def test_without_layers_it_says_so(source, tmp_path):
    small = source.export(with_layers=False)
    assert b"root file system" not in small
    done = take_in(Workspace(tmp_path), small)
    assert [(one.what, one.why) for one in done.left_out] == [("image", "made again from its lock")]
    assert [one.kind for one in done.asks[RUN]] == ["packages"]


def test_a_base_that_cannot_be_made_again_comes_along(tmp_path):
    source = Source(tmp_path / "a", base={"kind": "reference", "origin": None})
    small = source.export(with_layers=False)
    assert b"root file system" in small
    assert take_in(Workspace(tmp_path / "b"), small).asks == {}


def test_a_dry_run_checks_all_and_keeps_nothing(bundle, members, tmp_path):
    there = Workspace(tmp_path)
    done = take_in(there, bundle, dry_run=True)
    assert [run.id for run in done.runs] == [RUN]
    assert records(there) == {}
    assert list(there.blobs.list()) == []
    assert operations.ls(there) == []
    assert list((tmp_path / "tmp").iterdir()) == []
    last = members[-1][0], b"X" * len(members[-1][1])
    with pytest.raises(Corruption):
        take_in(there, put_together([*members[:-1], last]), dry_run=True)


def test_another_run_of_the_same_id_is_refused(bundle, tmp_path):
    there = Workspace(tmp_path)
    mine = Source(tmp_path, plan={"seed": 1})
    before = records(there)
    with pytest.raises(AnotherRun, match=f"run {RUN} is here already"):
        take_in(there, bundle)
    assert records(there) == before
    assert there.records.read(f"runs/{RUN}") == mine.run.to_bytes()


def test_nothing_is_added_to_a_run_that_is_here(source, bundle, tmp_path):
    there = Workspace(tmp_path)
    there.records.create(f"runs/{RUN}", source.run.to_bytes())
    with pytest.raises(AnotherRun, match=r"\.1"):
        take_in(there, bundle)


def test_the_id_of_a_run_that_goes_on_here_is_taken(bundle, tmp_path):
    there = Workspace(tmp_path)
    (there.live / RUN).mkdir()
    with pytest.raises(AnotherRun, match="is running here"):
        take_in(there, bundle)
    assert records(there) == {}


def test_a_missing_blob_stops_the_export(tmp_path):
    source = Source(tmp_path / "home")
    source.workspace.blobs.remove(source.run.facts.stdout)
    target = tmp_path / "x.bundle"
    target.write_bytes(b"as it was")
    with pytest.raises(NotFound, match="stdout"):
        operations.export(source.workspace, [RUN], target)
    assert target.read_bytes() == b"as it was"


def test_a_damaged_blob_stops_the_export(tmp_path):
    source = Source(tmp_path / "home")
    digest = source.run.facts.stdout
    place = tmp_path / "home" / "blobs" / "sha256" / digest.hex[:2] / digest.hex
    place.chmod(0o644)
    place.write_bytes(place.read_bytes()[::-1])
    with pytest.raises(Corruption):
        operations.export(source.workspace, [RUN], tmp_path / "x.bundle")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home"]


def test_what_an_imported_plan_asks_for_has_to_be_allowed(tmp_path):
    asking = {"secrets": {"TOKEN": "file:/etc/shadow"}, "network": "bridge"}
    bundle = Source(tmp_path / "a", plan=asking).export()
    there = Workspace(tmp_path / "b")
    assert [one.kind for one in take_in(there, bundle).asks[RUN]] == ["secrets", "network"]
    with pytest.raises(NotAllowed, match="/etc/shadow") as refusal:
        operations.replay(there, RUN)
    assert refusal.value.hint.endswith("--allow secrets --allow network")
    with pytest.raises(NotAllowed, match="as root"):
        operations.replay(there, RUN, cold=True, allow=("secrets", "network"))


def test_a_replay_of_an_imported_run_is_held_to_the_same(tmp_path):
    source = Source(tmp_path / "a", plan={"network": "bridge"})
    there = Workspace(tmp_path / "b")
    take_in(there, source.export())
    mine = Run.from_bytes(source.replay.to_bytes())
    there.records.create(f"runs/{REPLAY}", mine.to_bytes())
    assert imported.of(REPLAY, there.records) is None
    with pytest.raises(NotAllowed, match="network"):
        operations.replay(there, REPLAY)


def test_cold_wants_everything_that_the_image_is_made_from(tmp_path):
    source = Source(tmp_path)
    source.workspace.blobs.remove(Digest.of(b"a wheel"))
    with pytest.raises(NotReplayable, match=r"numpy-2\.0\.0"):
        operations.replay(source.workspace, RUN, cold=True, force=True)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="No such file"):
        operations.import_(Workspace(tmp_path), tmp_path / "nothing")


def test_small_blobs_share_packs(members, source):
    document = Bundle.parse(members[3][1])
    pieces = [piece.digest for pieces in document.packs.values() for piece in pieces]
    assert len(pieces) == len(set(pieces)) > 10
    assert len(document.packs) == 2  # what images are made of is apart from the rest
    assert len(taken_apart(source.export())) == 4 + 2 + 3  # the image's config, layer and manifest stand alone


def test_the_manifest_is_checked_before_anything_is_read(tmp_path):
    from orchestrator.operations import importing

    with pytest.raises(BadBundle):
        importing.take_in(Workspace(tmp_path), b"{}", lambda descriptor: io.BytesIO(), source="registry")

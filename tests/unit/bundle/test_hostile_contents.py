"""Bundles in perfect form whose runs lack something, or whose plans, locks and images ask for what no spec could."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from forge import RUN, Source, put_together, refused, with_manifest

from orchestrator import operations
from orchestrator.bundle import artifact, file, gather
from orchestrator.bundle.model import BadBundle
from orchestrator.digest import Digest, canonical
from orchestrator.errors import OrchestratorError
from orchestrator.image import oci
from orchestrator.lock.model import LayerPin
from orchestrator.outcome import Outcome
from orchestrator.plan import ImagePin, Plan
from orchestrator.references.follow import Walk
from orchestrator.run import Origin, Run
from orchestrator.store.streams import read_document
from orchestrator.workspace import Workspace


def without(source: Source, digest: Digest) -> bytes:
    """A bundle of what the source has, but for one blob: its export would have refused."""
    runs = [source.run]
    contents = gather.gather(runs, source.workspace.blobs, source.workspace.records, with_data=True)
    changed = gather.Contents(**{**vars(contents), "blobs": contents.blobs - {digest}})
    return b"".join(file.stream(artifact.make(changed, source.workspace.blobs)))


KINDS = ["plan", "tree", "file", "facts", "text", "outcome", "metrics", "lock", "base", "wheel", "deb"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_blob_that_is_needed_and_missing(source, nowhere, kind):
    needed = {one.digest for one in Walk(source.workspace.blobs).run(source.run) if one.kind == kind}
    assert needed
    for digest in sorted(needed):
        error = refused(nowhere, without(source, digest))
        assert digest in str(error), f"it is not said what is missing: {error}"
        for blob in nowhere.glob("blobs/sha256/*/*"):
            blob.unlink()


def test_what_was_here_and_is_damaged_does_not_count(source, nowhere):
    digest = source.run.facts.stdout
    workspace = Workspace(nowhere)
    workspace.blobs.put(io.BytesIO(f"said by {RUN}\n".encode()))
    place = nowhere / "blobs" / "sha256" / digest.hex[:2] / digest.hex
    place.unlink()
    place.write_bytes(b"damaged")
    assert refused(nowhere, without(source, digest)).exit_code == 6


def test_what_was_here_already_need_not_come(source, tmp_path):
    there = Workspace(tmp_path)
    there.blobs.put(io.BytesIO(f"said by {RUN}\n".encode()))
    assert operations.import_(there, io.BytesIO(without(source, source.run.facts.stdout))).runs


PLANS: dict[str, dict[str, Any]] = {
    "data that climbs": {"data": {"../../x": "labels"}},
    "data in a folder": {"data": {"a/b": "labels"}},
    "data named .": {"data": {".": "labels"}},
    "data without a name": {"data": {"": "labels"}},
    "data with a NUL": {"data": {"a\0b": "labels"}},
    "a mount that climbs": {"mount": "/data/../etc"},
    "a mount that is relative": {"mount": "etc"},
    "a mount at the root": {"mount": "/"},
    "a mount in another form": {"mount": "/data//x/"},
    "a secret that climbs": {"secrets": {"../../x": "env:HOME"}},
    "a secret in a folder": {"secrets": {"a/b": "env:HOME"}},
    "a secret from elsewhere": {"secrets": {"TOKEN": "http://localhost/"}},
    "a secret from nowhere": {"secrets": {"TOKEN": ""}},
    "an environment with a NUL": {"env": {"A": "b\0c"}},
    "an environment with an equals sign": {"env": {"A=B": "c"}},
    "an environment without a name": {"env": {"": "c"}},
    "a command with a NUL": {"command": ("python\0",)},
}


@pytest.mark.parametrize("case", PLANS)
def test_plans_that_no_spec_could_have_given(tmp_path, nowhere, case):
    said = dict(PLANS[case])
    labels = {"kind": "file", "digest": str(Digest.of(b"yes\nno\n")), "mount": said.pop("mount", "/data/labels")}
    said["data"] = dict.fromkeys(said.get("data", {"labels": ""}), labels)
    assert isinstance(refused(nowhere, Source(tmp_path, plan=said).export()), BadBundle)


def test_two_inputs_at_one_place(tmp_path, nowhere):
    one = {"kind": "file", "digest": str(Digest.of(b"yes\nno\n")), "mount": "/data/x"}
    refused(nowhere, Source(tmp_path, plan={"data": {"a": one, "b": one}}).export())


@pytest.mark.parametrize("link", [("etc/shadow", "/etc/shadow"), ("x", "../../.."), ("lib", "agent.py")])
def test_an_agent_with_links(tmp_path, nowhere, link):
    """Parts of it are mounted one by one: a link would have the engine mount what it leads to on this machine."""
    assert "links" in str(refused(nowhere, Source(tmp_path, agent_links=dict([link])).export()))


LOCKS: dict[str, dict[str, Any]] = {
    "an option of pip": {"wheel": {"name": "--index-url=http://localhost/"}},
    "a requirements file": {"wheel": {"name": "-r/etc/passwd"}},
    "an editable project": {"wheel": {"name": "-e."}},
    "a URL": {"wheel": {"name": "numpy@file:///etc/passwd"}},
    "a version that is more": {"wheel": {"version": "1.0;python_version>'3'"}},
    "a version that is an option": {"wheel": {"version": "-r"}},
    "a wheel that climbs": {"wheel": {"file": "..whl"}},
    "a wheel that is hidden": {"wheel": {"file": ".whl"}},
    "no wheel at all": {"wheel": {"file": "numpy-2.0.0.tar.gz"}},
    "a package that climbs": {"deb": {"package": "../../../etc/cron.d/x"}},
    "a package that is an option": {"deb": {"package": "-oDebug=1"}},
    "a version that climbs": {"deb": {"version": "1/../../x"}},
    "an architecture that climbs": {"deb": {"architecture": "../amd64"}},
    "layers of other wheels": {"layers": (("other-1.0-py3-none-any.whl",),)},
    "layers of nothing": {"layers": ()},
    "another root file system": {"rootfs": LayerPin(diff_id=Digest.of(b"other"), size=5)},
}


@pytest.mark.parametrize("case", LOCKS)
def test_locks_that_no_resolver_could_have_given(tmp_path, nowhere, case):
    assert isinstance(refused(nowhere, Source(tmp_path, **LOCKS[case]).export()), BadBundle)


def reimaged(source: Source, change: dict[str, Any], *, config: dict[str, Any] | None = None) -> Source:
    """The source's run with another image manifest."""
    blobs = source.workspace.blobs
    plan = read_document(blobs, Plan, source.plan)
    with blobs.get(plan.image.manifest) as stream:
        manifest = json.loads(stream.read())
    pinned = plan.image.config
    if config is not None:
        with blobs.get(plan.image.config) as stream:
            data = canonical({**json.loads(stream.read()), **config})
        pinned = source.put(data)
        manifest["config"].update(digest=str(pinned), size=len(data))
    digest = source.put(canonical({**manifest, **change}))
    image = ImagePin(manifest=digest, config=pinned, lock=plan.image.lock)
    source.plan = source.put(plan.model_copy(update={"image": image}).to_bytes())
    source.workspace.records.remove(f"runs/{RUN}")
    source.workspace.records.remove(f"runs/{RUN}.1")
    source.run = source.record(RUN, Origin(kind="submit"), source.outcome)
    return source


def test_a_manifest_of_another_kind(tmp_path, nowhere):
    refused(
        nowhere,
        reimaged(
            Source(tmp_path), {"layers": [{"digest": str(Digest.of(b"a wheel")), "size": 7, "mediaType": "x"}]}
        ).export(),
    )


def test_a_config_that_names_other_layers(tmp_path, nowhere):
    rootfs = {"rootfs": {"type": "layers", "diff_ids": [str(Digest.of(b"a wheel"))]}}
    refused(nowhere, reimaged(Source(tmp_path), {}, config=rootfs).export())


def test_a_config_that_is_another(tmp_path, nowhere):
    other = {"config": {"mediaType": oci.CONFIG_TYPE, "digest": str(Digest.of(b"a wheel")), "size": 7}}
    refused(nowhere, reimaged(Source(tmp_path), other).export())


def test_a_layer_of_another_size(members, nowhere):
    def edit(manifest: dict[str, Any]) -> None:
        layer = next(one for one in manifest["layers"] if one["mediaType"] == oci.LAYER_TYPE)
        layer["size"] += 1

    refused(nowhere, put_together(with_manifest(members, edit)))


@pytest.mark.parametrize(
    "table",
    [
        b"",
        b"{}\n",
        b'{"format":"orchestrator.metrics/1","series":[{"count":1000000000000,"name":"x"}]}\n',
        b'{"format":"orchestrator.metrics/1","series":[{"count":-1,"name":"x"}]}\n',
        b'{"format":"orchestrator.metrics/1","series":[{"count":0,"name":"\\ud800"}]}\n',
        b"[" * 100_000,
    ],
)
def test_metrics_that_the_index_could_not_read(tmp_path, nowhere, table):
    refused(nowhere, Source(tmp_path, metrics=table).export())


def nested(source: Source, depth: int) -> Run:
    """A run whose outcome has an outcome within, and that one, and so on."""
    with source.workspace.blobs.get(source.child.outcome) as stream:
        plain = Outcome.from_bytes(stream.read())
    outcome = source.child.outcome
    for _ in range(depth):
        outcome = source.put(plain.model_copy(update={"children": {"x": outcome}}).to_bytes())
    return source.record("20260101-000002-000ccc", Origin(kind="submit"), outcome)


def test_outcomes_within_outcomes_without_end(tmp_path, nowhere):
    source = Source(tmp_path)
    run = nested(source, 600)
    contents = gather.gather([source.run], source.workspace.blobs, source.workspace.records, with_data=True)
    chain, outcome = set(), run.outcome
    while outcome:
        chain.add(outcome)
        outcome = next(iter(read_document(source.workspace.blobs, Outcome, outcome).children.values()), None)
    record = run.to_bytes().decode()
    changed = gather.Contents(
        **{
            **vars(contents),
            "runs": (RUN, run.id),
            "records": {**contents.records, f"runs/{run.id}": record},
            "blobs": contents.blobs | chain | {run.facts.stdout},
        }
    )
    bundle = b"".join(file.stream(artifact.make(changed, source.workspace.blobs)))
    assert "nested" in str(refused(nowhere, bundle))


@pytest.mark.parametrize("kind", ["plan", "lock", "base", "outcome"])
def test_a_document_that_is_something_else(tmp_path, nowhere, kind):
    """A run that names a blob of another kind where a document should stand."""
    source = Source(tmp_path)
    run = source.run.model_copy(update={"plan": Digest.of(b"a wheel")} if kind == "plan" else {})
    if kind in ("lock", "base"):
        plan = read_document(source.workspace.blobs, Plan, source.plan)
        image = plan.image.model_copy(update={"lock": Digest.of(b"a wheel")})
        run = run.model_copy(update={"plan": source.put(plan.model_copy(update={"image": image}).to_bytes())})
    if kind == "outcome":
        run = run.model_copy(update={"outcome": Digest.of(b"a wheel")})
    contents = gather.gather([source.run], source.workspace.blobs, source.workspace.records, with_data=True)
    records = {f"runs/{RUN}": run.to_bytes().decode()}
    changed = gather.Contents(**{**vars(contents), "records": records, "blobs": contents.blobs | {run.plan}})
    refused(nowhere, b"".join(file.stream(artifact.make(changed, source.workspace.blobs))))


def test_a_file_name_from_a_bundle_is_never_a_path_here(source, bundle, tmp_path):
    """What an import writes lies in its home; beside it nothing appears."""
    home = tmp_path / "deep" / "home"
    operations.import_(Workspace(home), io.BytesIO(bundle))
    assert [path.name for path in tmp_path.iterdir()] == ["deep"]
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["home"]
    assert not [path for path in home.rglob("*") if path.is_symlink()]


def test_an_error_on_the_way_leaves_nothing_recorded(bundle, tmp_path):
    class Fails(io.RawIOBase):
        def __init__(self) -> None:
            self.rest = io.BytesIO(bundle)

        def read(self, size: int = -1, /) -> bytes:
            data = self.rest.read(size)
            if self.rest.tell() > len(bundle) - 600:
                raise OSError(5, "Input/output error")
            return data

    with pytest.raises((OrchestratorError, OSError)):
        operations.import_(Workspace(tmp_path), Fails())
    assert list(Workspace(tmp_path).records.list("")) == []

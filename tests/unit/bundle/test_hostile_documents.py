"""Well-formed files whose index, manifest, document or records say what no bundle says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from forge import (
    REPLAY,
    RUN,
    put_together,
    refused,
    with_document,
    with_index,
    with_manifest,
    with_raw_document,
    with_raw_manifest,
    with_records,
    with_run,
)

from orchestrator.bundle.model import BadBundle

DEEP = b"[" * 100_000 + b"]" * 100_000
NOBODY = "sha256:" + "0" * 64
GONE = object()


def within(path: str, value: Any):
    """An edit that sets what ``a/0/b`` leads to, or takes it away."""
    *way, last = [int(part) if part.isdigit() else part for part in path.split("/")]

    def edit(document: Any) -> None:
        for part in way:
            document = document[part]
        if value is GONE:
            del document[last]
        else:
            document[last] = value

    return edit


RAW_INDEX = {
    "empty": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "deep": DEEP,
    "another encoding": b"\xff\xfe{}",
    "nothing named": b'{"manifests":[],"schemaVersion":2}',
    "giant": b'{"manifests":[],"x":"' + b"x" * (2 << 20) + b'"}',
    "a number": b"1" * 5000,
}


@pytest.mark.parametrize("case", RAW_INDEX)
def test_an_index_that_is_none(members, nowhere, case):
    refused(nowhere, put_together([members[0], ("index.json", RAW_INDEX[case]), *members[2:]]))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("schemaVersion", 1),
        ("more", "x"),
        ("manifests/0/size", 0),
        ("manifests/0/size", -1),
        ("manifests/0/size", 1.5),
        ("manifests/0/size", True),
        ("manifests/0/size", 1 << 40),
        ("manifests/0/size", "12"),
        ("manifests/0/digest", NOBODY),
        ("manifests/0/digest", "sha256:../../../../etc/passwd"),
        ("manifests/0/digest", "md5:" + "0" * 32),
        ("manifests/0/digest", 7),
        ("manifests/0/artifactType", "application/x"),
        ("manifests/0/mediaType", "application/x"),
        ("manifests/1", GONE),
        ("manifests/1/digest", NOBODY),
        ("manifests/1/size", 3),
        ("manifests/2", None),
    ],
)
def test_an_index_that_names_something_else(members, nowhere, path, value):
    def edit(index: dict[str, Any]) -> None:
        if path == "manifests/2":
            index["manifests"].append(index["manifests"][1])
        else:
            within(path, value)(index)

    refused(nowhere, put_together(with_index(members, edit)))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("schemaVersion", 1),
        ("schemaVersion", "2"),
        ("mediaType", "application/vnd.docker.distribution.manifest.v2+json"),
        ("artifactType", "application/x"),
        ("artifactType", GONE),
        ("subject", {}),
        ("annotations", {"x": "y"}),
        ("config/mediaType", "application/vnd.oci.image.config.v1+json"),
        ("config/size", 1 << 40),
        ("config/size", 3),
        ("config/digest", NOBODY),
        ("layers", []),
        ("layers/0", GONE),
        ("layers/0/size", -1),
        ("layers/0/size", 1 << 52),
        ("layers/0/size", 1e300),
        ("layers/0/size", 64 << 20),
        ("layers/0/size", True),
        ("layers/0/digest", NOBODY),
        ("layers/0/digest", "../../etc/passwd"),
        ("layers/0/mediaType", "application/vnd.oci.image.layer.v1.tar+gzip"),
        ("layers/0/mediaType", "application/vnd.orchestrator.bundle.blob.v1"),
        ("layers/0/mediaType", "application/vnd.orchestrator.bundle.config.v1+json"),
        ("layers/0/urls", ["http://localhost/"]),
        ("layers/2/mediaType", "application/vnd.orchestrator.bundle.pack.v1"),
    ],
)
def test_a_manifest_that_says_something_else(members, nowhere, path, value):
    refused(nowhere, put_together(with_manifest(members, within(path, value))))


def test_a_manifest_that_names_a_blob_twice(members, nowhere):
    spoilt = with_manifest(members, lambda manifest: manifest["layers"].append(manifest["layers"][0]))
    assert "twice" in str(refused(nowhere, put_together([*spoilt, spoilt[4]])))


def test_a_manifest_that_names_its_document_as_a_blob(members, nowhere):
    def edit(manifest: dict[str, Any]) -> None:
        manifest["layers"].append({**manifest["config"], "mediaType": "application/vnd.orchestrator.bundle.blob.v1"})

    refused(nowhere, put_together(with_manifest(members, edit)))


def test_a_manifest_of_a_million_layers(members, nowhere):
    def edit(manifest: dict[str, Any]) -> None:
        manifest["layers"] = manifest["layers"] * 10_000

    assert "limit" in str(refused(nowhere, put_together(with_manifest(members, edit))))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data + b" ",
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: json.dumps(json.loads(data), indent=1).encode(),
        lambda data: data[:-1] + b',"schemaVersion":2}',
        lambda data: b'{"schemaVersion":1,' + data[1:],
        lambda data: b"null",
        lambda data: DEEP,
        lambda data: data[:-1] + b',"x":' + DEEP + b"}",
    ],
    ids=["space", "BOM", "indented", "a key twice", "a key before", "null", "deep", "deep within"],
)
def test_documents_in_another_form(members, nowhere, spoil):
    refused(nowhere, put_together(with_raw_manifest(members, spoil(members[2][1]))))
    refused(nowhere, put_together(with_raw_document(members, spoil(members[3][1]).replace(b"schemaVersion", b"runs"))))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("format", "orchestrator.bundle/2"),
        ("more", 1),
        ("runs", []),
        ("runs", [REPLAY]),
        ("runs", [RUN, RUN]),
        ("runs", ["../../x"]),
        ("records", {}),
        ("images", [NOBODY]),
        ("images", ["x"]),
        ("images", []),
        ("packs", {}),
        ("packs", {NOBODY: []}),
        ("left_out", [{"digest": NOBODY, "what": "x", "why": "because"}]),
        ("left_out", GONE),
    ],
)
def test_a_document_that_says_something_else(members, nowhere, path, value):
    refused(nowhere, put_together(with_document(members, within(path, value))))


def test_an_image_that_is_a_pack(members, nowhere):
    def edit(document: dict[str, Any]) -> None:
        document["images"] = sorted(document["packs"])[:1]

    refused(nowhere, put_together(with_document(members, edit)))


def _pieces(edit):
    def change(document: dict[str, Any]) -> None:
        edit(next(pieces for pieces in document["packs"].values() if len(pieces) > 2))

    return change


@pytest.mark.parametrize(
    "edit",
    [
        lambda pieces: pieces.pop(),
        lambda pieces: pieces.append(pieces[0]),
        lambda pieces: pieces[0].update(size=pieces[0]["size"] + 1),
        lambda pieces: pieces[0].update(size=-1),
        lambda pieces: pieces[0].update(size=1 << 20),
        lambda pieces: pieces[0].update(size=1 << 52),
        lambda pieces: pieces[0].update(size=True),
        lambda pieces: pieces[0].update(digest=NOBODY),
        lambda pieces: pieces[0].update(offset=0),
        lambda pieces: pieces.reverse(),
        lambda pieces: (pieces[0].update(size=pieces[0]["size"] - 1), pieces[1].update(size=pieces[1]["size"] + 1)),
        lambda pieces: pieces.extend([{"digest": NOBODY, "size": 0}] * 100_000),
    ],
)
def test_pieces_that_lie_elsewhere(members, nowhere, edit):
    """Gaps, overlaps and bombs: pieces follow one another, and add up to the pack."""
    refused(nowhere, put_together(with_document(members, _pieces(edit))))


@pytest.mark.parametrize(
    "key",
    [
        "runs/../../../etc/cron.d/x",
        "runs/..",
        "runs/",
        "../runs/x",
        "/etc/passwd",
        "runs",
        "",
        f"runs/{RUN}/x",
        f"runs/{RUN}\n",
        f"runs/{RUN}.0000001",
        f"RUNS/{RUN}",
        "runs/２0260101-000000-000aaa",
        f"verdicts/{RUN}/../x",
        f"verdicts/{RUN}",
        f"certificates/{RUN}/x",
        "images/" + "0" * 64,
        "layers/" + "0" * 64,
        "bytecode/" + "0" * 64,
        f"imports/{RUN}",
        f"pins/{RUN}",
        f"live/{RUN}",
        "claims/x",
        "a\0b/c",
        "x" * 10_000,
    ],
)
def test_records_that_no_run_has(members, nowhere, key):
    """Among them those that say what was built from what: they would have other runs use the bundle's layers."""

    def edit(records: dict[str, str]) -> None:
        records[key] = records[f"runs/{RUN}"]

    assert isinstance(refused(nowhere, put_together(with_records(members, edit))), BadBundle)


@pytest.mark.parametrize(
    ("run", "path", "value"),
    [
        (RUN, "id", REPLAY),
        (RUN, "id", "../x"),
        (RUN, "format", "orchestrator.run/9"),
        (RUN, "more", 1),
        (RUN, "status", "running"),
        (RUN, "outcome", None),
        (RUN, "outcome", NOBODY),
        (RUN, "plan", NOBODY),
        (RUN, "plan", "sha256:../x"),
        (RUN, "name", "a\0b"),
        (RUN, "origin/parent", REPLAY),
        (RUN, "origin/of", "../../x"),
        (RUN, "origin/spec", NOBODY),
        (RUN, "facts/stdout", NOBODY),
        (RUN, "facts/clock", NOBODY),
        (RUN, "facts/host", {"gpus": "many"}),
        (RUN, "facts/host", {"gpus": {"devices": [1]}}),
        (RUN, "facts/host", {"gpus": [{}]}),
        (RUN, "facts/host", {"gpus": {"driver": "1"}}),
        (RUN, "facts/host", {"cpu": "fast"}),
        (RUN, "facts/created", 7),
        (f"{RUN}.1", "origin/parent", None),
        (f"{RUN}.1", "origin/parent", REPLAY),
        (f"{RUN}.1", "plan", NOBODY),
        (f"{RUN}.1", "id", f"{RUN}.2"),
    ],
)
def test_records_of_runs_that_cannot_be(members, nowhere, run, path, value):
    refused(nowhere, put_together(with_run(members, run, within(path, value))))


def _renamed(old: str, new: str):
    return lambda records: records.update({new: records.pop(old)})


@pytest.mark.parametrize(
    "edit",
    [
        lambda records: records.pop(f"runs/{RUN}"),
        _renamed(f"runs/{RUN}", f"runs/{REPLAY}"),
        _renamed(f"runs/{RUN}.1", f"runs/{RUN}.2"),
        _renamed(f"runs/{RUN}.1", f"runs/{REPLAY}.1"),
        _renamed(f"verdicts/{RUN}/{REPLAY}", f"verdicts/{REPLAY}/{RUN}"),
        _renamed(f"certificates/{RUN}", f"certificates/{REPLAY}"),
        lambda records: records.update({f"runs/{RUN}": "{}"}),
        lambda records: records.update({f"runs/{RUN}": ""}),
        lambda records: records.update({f"runs/{RUN}": "[" * 50_000}),
        lambda records: records.update({f"verdicts/{RUN}/{REPLAY}": "null"}),
        lambda records: records.update({f"certificates/{RUN}": '{"answer":"bit-exact"}'}),
        lambda records: records.update(
            {f"verdicts/{RUN}/{REPLAY}": records[f"verdicts/{RUN}/{REPLAY}"].replace('"identical"', "[7]")}
        ),
        lambda records: records.update(
            {f"runs/{RUN}": records[f"runs/{RUN}"].replace('"host":{}', '"host":' + '{"a":' * 500 + "1" + "}" * 500)}
        ),
    ],
)
def test_records_that_do_not_belong_together(members, nowhere, edit):
    assert isinstance(refused(nowhere, put_together(with_records(members, edit))), BadBundle)

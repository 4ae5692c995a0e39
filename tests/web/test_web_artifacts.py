"""Artifacts: by digest, only a run's own, never as something that a browser would run."""

from __future__ import annotations

import httpx
import pytest
from servers.page import serving
from web_records import Records

from orchestrator.digest import Digest
from orchestrator.web import previews

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"></svg>'


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """One home for all of these."""
    return Records(tmp_path_factory.mktemp("artifacts") / "home")


@pytest.fixture(scope="module")
def client(records):
    """A client that is let in."""
    with (
        serving(lambda: records.workspace) as page,
        httpx.Client(base_url=f"http://127.0.0.1:{page.port}", timeout=30) as made,
    ):
        assert made.get(page.address).status_code == 303
        yield made


@pytest.fixture(scope="module")
def run(records):
    return records.run(
        files={"outputs/a.png": PNG, "outputs/fake.png": HTML, "outputs/x.svg": SVG, 'outputs/"; x="\n.html': HTML},
        console=[("o", b"<b>hello</b>\n")],
    )


def at(run, data, rest=""):
    return f"/runs/{run.id}/artifacts/{Digest.of(data).hex}{rest}"


@pytest.mark.parametrize(
    ("data", "kind"),
    [(PNG, "image/png"), (HTML, "application/octet-stream"), (SVG, "application/octet-stream")],
    ids=["image", "page", "svg"],
)
def test_a_file_is_an_attachment(client, run, data, kind):
    answer = client.get(at(run, data))
    assert answer.content == data
    assert answer.headers["content-type"] == kind
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert int(answer.headers["content-length"]) == len(data)
    head = client.head(at(run, data))
    assert (head.status_code, head.content) == (200, b"")


def test_its_name_cannot_break_the_header(client, run):
    answer = client.get(at(run, HTML, "?path=outputs/%22;%20x=%22%0A.html"))
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''%22%3B%20x%3D%22%0A.html"


def test_the_digest_of_another_runs_file_is_not_found(client, records, run):
    other = records.run(files={"outputs/secret.txt": b"of another run"})
    assert client.get(at(other, b"of another run")).status_code == 200
    assert client.get(at(run, b"of another run")).status_code == 404
    assert client.get(at(run, b"of another run", "/preview?path=outputs/secret.txt")).status_code == 404


def test_no_other_blob_is_an_artifact(client, run):
    for digest in (run.plan, run.outcome, run.facts.stdout, run.origin.spec):
        assert client.get(f"/runs/{run.id}/artifacts/{digest.hex}").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/runs/{id}/artifacts/../../../../etc/passwd",
        "/runs/{id}/artifacts/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/runs/{id}/artifacts//etc/passwd",
        "/runs/{id}/artifacts/outputs/a.png",
        "/runs/{id}/artifacts/sha256:" + "0" * 64,
        "/runs/{id}/artifacts/" + "0" * 64,
        "/runs/{id}/artifacts/" + "A" * 64,
        "/runs/../../index.sqlite",
        "/runs/..%2f..%2findex.sqlite",
        "/runs/%2e%2e/artifacts/x",
        "/runs/{id}%00/artifacts/x",
        "/runs/last",
        "/runs/2026",
        "/runs/{id}/verdicts/..%2f..%2fruns%2f{id}",
        "/runs/{id}/verdicts/{id}",
    ],
)
def test_no_path_leads_anywhere(client, run, path):
    answer = client.get(path.replace("{id}", run.id))
    assert answer.status_code == 404
    assert "Traceback" not in answer.text


def test_a_damaged_file_is_not_sent(client, records):
    damaged = records.run(files={"outputs/x.txt": b"to be damaged"})
    digest = Digest.of(b"to be damaged")
    blob = records.home / "blobs" / "sha256" / digest.hex[:2] / digest.hex
    blob.chmod(0o644)
    blob.write_bytes(b"x" * 13)
    answer = client.get(at(damaged, b"to be damaged"))
    assert answer.status_code == 500
    assert "damaged" in answer.text and "Traceback" not in answer.text


def test_previews():
    assert previews.of("a.png", PNG).kind == "image"
    assert previews.of("a.png", HTML).kind == "text"
    assert previews.of("a.svg", SVG).kind == "text"
    assert previews.of("a.bin", bytes(range(256))).kind == ""
    assert previews.of("a.txt", b"").note == "an empty file"
    cut = previews.of("a.txt", "é".encode() * 40_000)
    assert cut.kind == "text" and cut.note == "the first 64 KiB" and len(cut.text) == 32768
    table = previews.of("a.csv", b"a,b\n" + b"1,2\n" * 500)
    assert (table.head, len(table.rows), table.note) == (("a", "b"), 100, "the first 100 rows")
    assert previews.of("a.tsv", b"a\tb\n1\t2\n").rows == (("1", "2"),)
    assert previews.of("a.json", b'{"a":[1,2]}').text == '{\n  "a": [\n    1,\n    2\n  ]\n}'
    assert previews.of("a.json", b"[" * 60_000).kind == "text"
    deep = b"[" * 900 + b"1," * 20_000 + b"1" + b"]" * 900
    assert len(previews.of("a.json", deep).text) < 2 * len(deep)  # laid out, it would be a hundred times as long
    for hidden in (rb'{"a": "\u202e"}', rb'{"a": "\ud800"}'):
        assert previews.of("a.json", hidden).text.encode().isascii()
    assert previews.of("a.txt", "x\u202ey\x1b[31m".encode()).text == "x\\u202ey\\x1b[31m"


def test_a_pickle_is_bytes():
    assert previews.of("model.pkl", b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00\x8c\x01a\x94.").kind == ""


def test_the_console_as_a_file(client, run):
    answer = client.get(f"/runs/{run.id}/console.txt")
    assert answer.text == "<b>hello</b>\n"
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["content-disposition"].startswith("attachment")

"""A record folder without the values of secrets, and files that hold them."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from orchestrator.agent import wire
from orchestrator.agent.redact import NO_SECRETS, Secrets
from orchestrator.errors import UsageError
from orchestrator.execution import clean, spilled, values

VALUE = "kanarie-7Q2xWv9z"
SECRETS = Secrets({"TOKEN": VALUE.encode(), "PIN": b"4711"})


@pytest.fixture
def record(tmp_path: Path) -> Path:
    folder = tmp_path / "run" / "record"
    (folder / wire.MLFLOW).mkdir(parents=True)
    return folder


def cleaned(record: Path, name: str, data: bytes) -> bytes:
    (record / name).write_bytes(data)
    clean.clean(record, SECRETS)
    first = (record / name).read_bytes()
    clean.clean(record, SECRETS)
    assert (record / name).read_bytes() == first
    assert [path.name for path in record.parent.iterdir()] == ["record"]
    return first


@pytest.mark.parametrize("name", [wire.EVENTS, wire.ACCESSES, wire.MLFLOW_NOTES, wire.STARTED])
def test_events_are_cleaned_value_by_value(record, name):
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in VALUE)
    lines = [
        b'["m",1795729357471100000,"loss",4711,0.4711]\n',
        b'["m",1,"loss",1,1e300]\n',
        b'["p",1,"b",0.14711]\n',
        b'["m",1,"odd",1,"nan"]\n',
    ]
    spilled_lines = [f'["p",1,"a","x{VALUE}"]\n', f'["p",1,"b","{escaped}"]\n', f'["t",1,"{VALUE}","a\\"b"]\n']
    found = cleaned(record, name, b"".join(lines) + "".join(spilled_lines).encode() + b'["p",1,"pin",4711]\n')
    kept = found.splitlines(keepends=True)
    assert kept[1:4] == lines[1:]
    assert json.loads(kept[0])[:3] == ["m", 1795729357471100000, "loss"] and json.loads(kept[0])[4] == 0.4711
    assert [json.loads(line)[2:] for line in kept[4:]] == [["a", "x***"], ["b", "***"], ["***", 'a"b'], ["pin", "***"]]


def test_what_is_no_event_is_blackened(record):
    assert cleaned(record, wire.EVENTS, f"no {VALUE}\n".encode()) == b"no " + b"*" * len(VALUE) + b"\n"
    deep = b"[" * 100_000 + VALUE.encode() + b"\n"
    assert VALUE.encode() not in cleaned(record, wire.EVENTS, deep)


@pytest.mark.parametrize("name", [wire.STDOUT, wire.STDERR, wire.LEDGER, wire.TAIL_OF["o"]])
def test_positions_stay(record, name):
    data = b"a\n" + VALUE.encode() + b"\n\xff\0" + VALUE[:8].encode() + b"\n" + VALUE[8:].encode()
    hidden = cleaned(record, name, data)
    assert hidden == b"a\n" + b"*" * 16 + b"\n\xff\0" + b"*" * 8 + b"\n" + b"*" * 8


def test_across_what_is_read_at_once(record, monkeypatch):
    monkeypatch.setattr(clean, "_WINDOW", 7)
    data = b"x" * 100 + VALUE.encode() + b"y" * 50 + VALUE.encode()
    assert cleaned(record, wire.STDOUT, data) == b"x" * 100 + b"*" * 16 + b"y" * 50 + b"*" * 16


def test_pointers_of_the_console_are_numbers(record):
    data = b"1795729357471100000 o 4711\n" + VALUE.encode() + b"\n12 e 3\n"
    assert cleaned(record, wire.CONSOLE, data) == b"1795729357471100000 o 4711\n12 e 3\n"


def test_what_holds_none_is_not_touched(record):
    file = record / wire.STDOUT
    file.write_bytes(b"fine")
    before = file.stat()
    clean.clean(record, SECRETS)
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_nothing_outside_of_the_folder_is_touched(record, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "notes.jsonl").write_text(VALUE)
    (record / wire.MLFLOW).rmdir()
    (record / wire.MLFLOW).symlink_to(other)
    (record / wire.STDOUT).symlink_to(other / "notes.jsonl")
    os.mkfifo(record / wire.STDERR)
    clean.clean(record, SECRETS)
    assert (other / "notes.jsonl").read_text() == VALUE


def packed() -> dict[str, bytes]:
    inner = b"x" * 1000 + VALUE.encode()
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("fine", b"fine")
        archive.writestr("inner", inner)
    twice = io.BytesIO()
    with zipfile.ZipFile(twice, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.gz", gzip.compress(inner))
    tarred = io.BytesIO()
    with tarfile.open(fileobj=tarred, mode="w:xz") as tar:
        member = tarfile.TarInfo("x")
        member.size = len(inner)
        tar.addfile(member, io.BytesIO(inner))
    return {
        "plain": inner,
        "gz": gzip.compress(inner),
        "gz, cut": gzip.compress(VALUE.encode() + os.urandom(1_000_000))[:500_000],
        "bz2": bz2.compress(inner),
        "xz": lzma.compress(inner),
        "zip": many.getvalue(),
        "gz in zip": twice.getvalue(),
        "xz in gz": gzip.compress(lzma.compress(inner)),
        "tar.xz": tarred.getvalue(),
    }


@pytest.mark.parametrize("form", packed())
def test_a_file_that_holds_a_value(tmp_path, form):
    (tmp_path / "f").write_bytes(packed()[form])
    assert spilled.problem(tmp_path, "f", SECRETS) == "it holds the value of the secret TOKEN"


@pytest.mark.parametrize("data", [b"", b"fine", b"PK nothing", b"\x1f\x8bnothing", gzip.compress(b"fine")[:-9]])
def test_a_file_that_holds_none(tmp_path, data):
    (tmp_path / "f").write_bytes(data)
    assert spilled.problem(tmp_path, "f", SECRETS) is None


def test_names_and_links(tmp_path):
    (tmp_path / "link").symlink_to("/" + VALUE)
    assert spilled.problem(tmp_path, "link", SECRETS) == "it holds the value of the secret TOKEN"
    assert spilled.problem(tmp_path, f"a/{VALUE}/", SECRETS) == "its name holds the value of the secret TOKEN"


def test_what_unpacks_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(spilled, "MOST", 1000)
    (tmp_path / "f").write_bytes(gzip.compress(b"x" * 2000))
    assert spilled.problem(tmp_path, "f", SECRETS) == "it unpacks to too much to be searched for secrets"


def test_references(tmp_path, monkeypatch):
    monkeypatch.setenv("A", "one")
    (tmp_path / "b").write_bytes(b"two\n")
    references = {"A": "env:A", "B": f"file:{tmp_path / 'b'}"}
    assert values.read(references) == {"A": b"one", "B": b"two\n"}
    monkeypatch.delenv("A")
    assert values.readable(references) == {"B": b"two\n"}
    with pytest.raises(UsageError, match="secret A: A is not set here"):
        values.read(references)
    (tmp_path / "b").write_bytes(b"x" * (values.MAX_SIZE + 1))
    with pytest.raises(UsageError, match=r"secret B: .*1048576 bytes"):
        values.read({"B": references["B"]})


def test_a_spec_that_holds_a_value_is_refused():
    values.refuse(SECRETS, b"fine")
    values.refuse(NO_SECRETS, VALUE.encode())
    with pytest.raises(UsageError, match="the secret TOKEN stands in the spec") as caught:
        values.refuse(SECRETS, f"params: {{x: {VALUE}}}".encode())
    assert VALUE not in str(caught.value) + caught.value.hint

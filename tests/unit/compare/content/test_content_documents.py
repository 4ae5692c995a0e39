from __future__ import annotations

import struct

import pytest

from orchestrator.execution.protobuf import write_varint
from orchestrator.execution.tfrecord import masked_crc


def test_json(look, told):
    found = look("a.json", b'{"a": [1, {"b": "x"}], "c": 1}', b'{"c":1.0,"a":[1,{"b":"y"},2]}')
    assert found.comparator == "JSON"
    assert told(found) == {"a[1].b": "x → y", "a[2]": "only on the right: 2", "c": "1 → 1.0"}


@pytest.mark.parametrize(
    ("name", "left", "right", "comparator"),
    [
        ("a.json", b'{"a": 1, "b": "\\u00e9"}', '{"b":"é",\n"a":1}'.encode(), "JSON"),
        ("config", b'{"a": 1}', b'{"a":1}', "JSON"),
        ("a.json", b"[1e2, 1e400]", b"[100.0,10e399]", "JSON"),
        ("a.jsonl", b'{"a": 1}\n[2]\n', b'{"a":1}\r\n[ 2]\n', "JSON lines"),
        ("a.yaml", b"a: 1\nb: [x, 'y']\n", b'# note\nb:\n- "x"\n- y\na: 1\n', "YAML"),
        ("MLmodel", b"flavors: {}\nrun_id: abcdefgh1\n", b"flavors: {}\nrun_id: abcdefgh2\n", "MLmodel"),
    ],
)
def test_how_it_is_written_is_not_content(look, name, left, right, comparator):
    assert look(name, left, right).detail == f"equal by content ({comparator})"


@pytest.mark.parametrize(
    ("name", "left", "right"),
    [
        ("a.json", b"[1]", b"[true]"),
        ("a.json", b"[0.0]", b"[-0.0]"),
        ("a.json", b'{"a": 1, "a": 2}', b'{"a": 2}'),
        ("a.json", b"[1e400]", b"[1e500]"),
        ("a.json", b"[1e-400]", b"[0.0]"),
        ("a.json", b"[-1e-400]", b"[1e-400]"),
        ("a.json", b"[12345678901234567890.5]", b"[12345678901234567891.5]"),
        ("a.json", b"[0]", b"[-0]"),
        ("a.json", b"[NaN]", b"[null]"),
        ("a.jsonl", b"\n", b"null\n"),
        ("a.jsonl", b"1\n", b"1\n2\n"),
        ("a.yaml", b"a: 1", b"a: '1'"),
        ("a.yaml", b"a: 1", b"'a': 1.0"),
        ("a.yaml", b"1: x", b"'1': x"),
        ("a.yaml", b"!x [1]", b"!y [1]"),
        ("a.yaml", b"a: 1\na: 2", b"a: 2"),
        ("a.yaml", b"a", b"---\na\n---\na"),
        ("a.yaml", b"# none\n", b"[]\n"),
        ("a.yaml", b"1\n---\n2\n", b"[1, 2]\n"),
        ("a.yaml", b"1\n---\n2\n", b"1\n---\n3\n"),
        ("a.yaml", b"%YAML 1.1\n---\na: 012\n", b"%YAML 1.2\n---\na: 012\n"),
        ("MLmodel", b"# none\n", b"[]\n"),
        ("a.txt", b"a\n", b"a\r\n"),
    ],
)
def test_these_are_not_equal(look, name, left, right):
    assert look(name, left, right).state == "changed"


def test_yaml_that_never_ends_has_an_end(look):
    laughs = b"a0: &a0 [x]\n" + b"".join(
        b"a%d: &a%d [%s]\n" % (i, i, b", ".join([b"*a%d" % (i - 1)] * 9)) for i in range(1, 40)
    )
    assert look("a.yaml", laughs, b"# note\n" + laughs).state == "content"
    deep = look("a.yaml", b"[" * 100_000, b"[" * 100_001)
    assert deep.comparator == "text" and "not readable as YAML: too deep" in deep.detail
    deep = look("a.json", b"[" * 100_000, b"[" * 100_001)
    assert deep.comparator == "text" and "not readable as JSON: too deep" in deep.detail


MODEL = """artifact_path: file:///runs/{run}/artifacts/model
flavors:
  sklearn: {{sklearn_version: {version}}}
model_id: m-{run}
model_uuid: {uuid}
run_id: {run}
utc_time_created: '2026-01-0{day} 10:00:00'
"""


def test_mlmodel(look, told):
    sides = [MODEL.format(run=run * 32, uuid=uuid * 32, day=day, version="1.5") for run, uuid, day in ("ab1", "cd2")]
    assert look("models/m/MLmodel", *(side.encode() for side in sides)).detail == "equal by content (MLmodel)"
    other = sides[1].replace("1.5", "1.6").encode()
    assert told(look("MLmodel", sides[0].encode(), other)) == {"flavors.sklearn.sklearn_version": "1.5 → 1.6"}


def test_text(look):
    found = look("a.txt", b"a\nb\nc\nd\n", b"a\nX\nc\nY\n")
    (line,) = found.children
    assert (found.comparator, line.name, line.summary) == ("text", "line 2", "b → X (2 of 4 lines differ)")
    assert line.measures == {"first_line": 2, "differing": 2, "lines": 4}


def test_bytes(look):
    found = look("a.bin", b"\0" * 5000 + b"a", b"\0" * 5000 + b"bc")
    assert (found.comparator, found.children[0].name, found.children[0].summary) == ("bytes", "byte 5000", "61 → 62")
    assert look("a.bin", b"\0", b"\0\0").children[0].summary == "(ended) → 00"


def event(wall_time, step, tag, value) -> bytes:
    inner = b"\x0a" + write_varint(len(tag)) + tag + b"\x15" + struct.pack("<f", value)
    summary = b"\x0a" + write_varint(len(inner)) + inner
    return (
        b"\x09"
        + struct.pack("<d", wall_time)
        + b"\x10"
        + write_varint(step)
        + b"\x2a"
        + write_varint(len(summary))
        + summary
    )


def events(*made: bytes) -> bytes:
    frames = []
    for data in made:
        length = struct.pack("<Q", len(data))
        crcs = [struct.pack("<I", masked_crc(part)) for part in (length, data)]
        frames.append(length + crcs[0] + data + crcs[1])
    return b"".join(frames)


def test_tensorboard(look, told):
    name = "runs/events.out.tfevents.1.host.2.0"
    one = events(event(1.0, 3, b"loss", 0.5), event(2.0, 4, b"loss", 0.25))
    later = events(event(9.0, 3, b"loss", 0.5), event(9.5, 4, b"loss", 0.25))
    assert look(name, one, later).detail == "equal by content (TensorBoard events)"
    other = events(event(9.0, 3, b"loss", 0.5), event(9.5, 4, b"loss", 0.75), event(9.5, 5, b"loss", 1))
    assert told(look(name, one, other)) == {
        "event 1": "loss at step 4: 0.25 → loss at step 4: 0.75",
        "event 2": "only on the right: loss at step 5: 1.0",
    }
    assert "not readable as TensorBoard events: cut short" in look(name, one, later[:-3]).detail


def test_png(look, kept, told):
    for other in ("picture_filtered.png", "picture_noted.png"):
        assert look("a.png", kept("picture.png"), kept(other)).detail == "equal by content (PNG pixels)"
    (pixels,) = look("a.png", kept("picture.png"), kept("picture_other.png")).children
    assert (pixels.measures["first_index"], pixels.measures["differing"]) == ("[2, 4, 0]", 4)
    assert "bytes behind its end" in look("a.png", kept("picture.png"), kept("picture_other.png") + b"x").detail


def test_a_picture_that_claims_to_be_huge_is_not_unpacked(look, kept):
    import zlib

    data = bytearray(kept("picture.png"))
    data[16:24] = struct.pack(">II", 2**31 - 1, 2**31 - 1)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    other = bytes(data).replace(b"IEND", b"IENX")
    assert "not readable as PNG pixels" in look("a.png", bytes(data), other).detail

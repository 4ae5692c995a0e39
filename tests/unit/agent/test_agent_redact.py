"""Values of secrets are taken out of what is written: in every encoding, however the stream is cut."""

from __future__ import annotations

import ast
import base64
import hashlib
import io
import itertools
import json
import subprocess
import sys
import urllib.parse

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orchestrator.agent.needles import needles
from orchestrator.agent.redact import HIDDEN, Secrets, Stream, read_values

PLAIN = b"kanarie-7Q2xWv9z"
ODD = 'pä"ss\\w/ö+r d&<é>%'.encode()
KEY = b"-----BEGIN KEY-----\nMIIabcdefghijklmnop\nqrstuvwxyz0123456789\n-----END KEY-----\n"


def through(secrets: Secrets, *pieces: bytes) -> bytes:
    stream = Stream(secrets)
    return b"".join(map(stream.feed, pieces)) + stream.finish()


def forms(value: bytes) -> dict[str, bytes]:
    text = value.decode()
    return {
        "as it is": value,
        "base64": base64.b64encode(value),
        "base64, one byte on": base64.b64encode(b"x" + value)[2:],
        "base64 in a longer text": base64.b64encode(b"user:" + value + b" and more"),
        "base64 for addresses": base64.urlsafe_b64encode(b">>>" + value + b"???"),
        "base64 in lines": base64.encodebytes(value * 9),
        "hex": value.hex().encode(),
        "HEX": value.hex().upper().encode(),
        "quoted": urllib.parse.quote(value, safe="").encode(),
        "quoted, slashes left": urllib.parse.quote(value).encode(),
        "form": urllib.parse.urlencode({"k": text}).encode(),
        "JSON": json.dumps(text).encode(),
        "JSON in UTF-8": json.dumps(text, ensure_ascii=False).encode(),
        "repr": repr(text).encode(),
        "ascii": ascii(text).encode(),
        "repr of bytes": repr(value).encode(),
    }


@pytest.mark.parametrize("value", [PLAIN, ODD], ids=["plain", "odd"])
@pytest.mark.parametrize("form", forms(PLAIN))
def test_a_value_is_hidden_in_every_encoding(value, form):
    written = b"before " + forms(value)[form] + b" after\n"
    hidden = Secrets({"TOKEN": value}).hide(written)
    assert HIDDEN in hidden and hidden.startswith(b"before ") and hidden.endswith(b" after\n")
    assert not any(needle in hidden for needle in needles(value))


def test_what_holds_no_value_stays_as_it_is():
    secrets = Secrets({"TOKEN": PLAIN})
    for text in (b"", b"\n", b"kanarie-7Q2xWv9", b"anarie-7Q2xWv9z", bytes(range(256)) * 20):
        assert secrets.hide(text) == text == secrets.blacken(text)
        assert secrets.first_in(text) is None
    assert through(secrets, bytes(range(256)) * 20) == bytes(range(256)) * 20


def test_over_lines_and_letter_by_letter():
    secrets = Secrets({"TOKEN": PLAIN})
    assert secrets.hide(b"a " + PLAIN[:5] + b"\r\n" + PLAIN[5:] + b"\nb") == b"a ***\r\n\nb"
    assert through(secrets, *(b"%c\n" % letter for letter in PLAIN)) == b"k\na\n***" + b"\n" * (len(PLAIN) - 2)


def test_a_key_of_several_lines_is_hidden_line_by_line():
    secrets = Secrets({"KEY": KEY})
    for line in (b"MIIabcdefghijklmnop", b"qrstuvwxyz0123456789", base64.b64encode(b"qrstuvwxyz0123456789")):
        assert secrets.hide(b"<" + line + b">").replace(b"=", b"") == b"<***>"
    assert secrets.hide(b"-----BEGIN KEY-----") == b"-----BEGIN KEY-----"
    assert not any(line in secrets.hide(base64.encodebytes(KEY)) for line in base64.encodebytes(KEY).splitlines()[:-1])


def test_a_long_file_is_looked_for_in_parts():
    value = b"".join(hashlib.sha512(b"%d" % number).digest() for number in range(500))
    assert set(Secrets({"BIG": value}).hide(value)) <= set(HIDDEN + b"\r\n")


def test_short_values_are_not_looked_for():
    assert not Secrets({"PIN": b"123", "EMPTY": b"", "LINES": b"a\nb\nc"})
    assert Secrets({"PIN": b"1234"}).hide(b"01234") == b"0***"


def test_values_that_share_bytes_go_together():
    secrets = Secrets({"A": b"abcdef", "B": b"defghi", "C": b"abcdefgh"})
    assert secrets.hide(b"-abcdefghi-") == b"-***-"
    assert secrets.hide(b"abcdefabcdef") == b"******"


def test_blackening_keeps_the_size_and_the_lines():
    assert Secrets({"A": b"abcdef"}).blacken(b"x abc\ndef y") == b"x ***\n*** y"


def test_what_is_held_back_when_the_stream_ends():
    secrets = Secrets({"TOKEN": PLAIN})
    stream = Stream(secrets)
    assert stream.feed(b"so: " + PLAIN[:12]) == b"so: "
    assert stream.preview(b"?") == PLAIN[:12] + b"?"
    assert stream.finish() == HIDDEN
    assert through(secrets, b"so: " + PLAIN[:3]) == b"so: " + PLAIN[:3]


def test_a_stream_is_searched_across_its_chunks(monkeypatch):
    monkeypatch.setattr("orchestrator.agent.redact._CHUNK", 5)
    secrets = Secrets({"TOKEN": PLAIN, "OTHER": b"something else"})
    assert secrets.first_in_stream(io.BytesIO(b"x" * 13 + PLAIN + b"x")) == "TOKEN"
    assert secrets.first_in_stream(io.BytesIO(b"x" * 13 + PLAIN[1:])) is None


ALPHABET = st.text(st.sampled_from("ab\n"), max_size=40).map(str.encode)
VALUES = st.dictionaries(st.sampled_from("XYZ"), st.text(st.sampled_from("ab"), min_size=4, max_size=7).map(str.encode))


@given(values=VALUES, data=ALPHABET, cuts=st.lists(st.integers(0, 40)))
@example(values={"X": b"abab"}, data=b"aba\nbab", cuts=[4])
def test_the_same_bytes_come_to_the_same_however_they_are_cut(values, data, cuts):
    secrets = Secrets(values)
    borders = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[start:end] for start, end in itertools.pairwise(borders)]
    assert through(secrets, *pieces) == through(secrets, data)


@given(values=VALUES, data=ALPHABET)
def test_nothing_is_left_of_a_value_on_one_line(values, data):
    hidden = through(Secrets(values), data)
    assert not any(value in hidden for value in values.values())
    assert hidden.count(b"\n") == data.count(b"\n")


@given(
    data=st.binary(max_size=60),
    value=st.binary(min_size=4, max_size=12).filter(lambda value: not set(value) & set(b"*\r\n")),
    at=st.integers(0, 60),
)
def test_any_value_in_any_text(data, value, at):
    secrets = Secrets({"X": value})
    written = data[:at] + value + data[at:]
    assert value not in secrets.hide(written)
    assert value not in through(secrets, written)


def test_python_can_say_it_in_a_traceback():
    said = subprocess.run([sys.executable, "-c", f"raise ValueError({ODD!r})"], capture_output=True, check=False).stderr
    assert repr(ODD)[2:-1].encode() in said
    assert repr(ODD)[2:-1].encode() not in Secrets({"X": ODD}).hide(said)
    assert ast.literal_eval(repr(ODD)) == ODD


def test_values_are_read_from_a_folder(tmp_path):
    (tmp_path / "B").write_bytes(b"two")
    (tmp_path / "A").write_bytes(b"one")
    assert list(read_values(str(tmp_path)).items()) == [("A", b"one"), ("B", b"two")]
    assert read_values(str(tmp_path / "none")) == {}

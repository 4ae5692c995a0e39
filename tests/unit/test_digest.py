"""Digests and canonical JSON."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from orchestrator.digest import Digest, canonical
from orchestrator.errors import UsageError

SAFE = 2**53 - 1
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-SAFE, SAFE)
    # RFC 8785 writes whole floats below 1e21 with digits alone: beyond 2**53 they would be read as integers.
    | st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: not SAFE < abs(number) < 1e21)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
keys = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=25)
HEX = "0123456789abcdef" * 4


class Holder(BaseModel):
    digest: Digest


@given(values)
def test_canonical_json_round_trips(value):
    text = canonical(value)
    assert json.loads(text) == value
    assert canonical(json.loads(text)) == text


@given(st.dictionaries(keys, scalars), st.randoms())
def test_the_order_of_keys_does_not_matter(value, random):
    shuffled = list(value.items())
    random.shuffle(shuffled)
    assert canonical(dict(shuffled)) == canonical(value)


@given(st.dictionaries(keys, st.none()))
def test_keys_stand_in_the_order_of_utf_16(value):
    found = [key for key, _ in json.loads(canonical(value), object_pairs_hook=list)]
    assert found == sorted(value, key=lambda key: key.encode("utf-16-be"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.0, b"0"),
        (1.0, b"1"),
        (1e21, b"1e+21"),
        (1e308, b"1e+308"),
        (5e-324, b"5e-324"),
        (0.1 + 0.2, b"0.30000000000000004"),
        ("é\n\u2028", '"é\\n\u2028"'.encode()),
        ((1, [True, None]), b"[1,[true,null]]"),
    ],
)
def test_known_forms(value, text):
    assert canonical(value) == text


def deep() -> list:
    value: list = []
    for _ in range(100_000):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), -float("inf"), 2**53, -(2**53), {1: 2}, {"a": {3}}, b"x", "\ud800", {"\ud800": 1}],
    ids=ascii,
)
def test_what_json_cannot_carry(value):
    with pytest.raises(UsageError, match="no canonical JSON"):
        canonical(value)


def test_what_is_too_deep():
    with pytest.raises(UsageError, match="no canonical JSON"):
        canonical(deep())


@given(st.binary())
def test_a_digest_is_the_sha256(data):
    digest = Digest.of(data)
    assert digest == "sha256:" + hashlib.sha256(data).hexdigest()
    assert digest == Digest.of_stream(io.BytesIO(data)) == Digest(str(digest)) == Digest.from_hex(digest.hex)
    assert digest.hex.startswith(digest.short) and len(digest.short) == 12


def test_what_is_left_of_a_stream_is_hashed():
    stream = io.BytesIO(b"head" + bytes(3 << 20))
    stream.read(4)
    assert Digest.of_stream(stream) == Digest.of(bytes(3 << 20))


HOSTILE = [
    "",
    HEX,
    "sha256:",
    "sha256:" + HEX[1:],
    "sha256:" + HEX + "0",
    "sha256:" + HEX.upper(),
    "sha512:" + HEX,
    "SHA256:" + HEX,
    " sha256:" + HEX,
    "sha256:" + HEX + "\n",
    "sha256:" + "\u0660" * 64,
    "sha256:../" + HEX[3:],
]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_what_is_no_digest(text):
    with pytest.raises(UsageError, match="not a digest"):
        Digest(text)
    with pytest.raises(ValidationError):
        Holder(digest=text)
    with pytest.raises(ValidationError):
        Holder.model_validate_json(json.dumps({"digest": text}))


@given(st.text())
def test_only_digests_are_digests(text):
    with pytest.raises(UsageError):
        Digest(text)


def test_it_survives_models_copies_and_pickles():
    digest = Digest("sha256:" + HEX)
    again = Holder.model_validate_json(Holder(digest=digest).model_dump_json()).digest
    for copied in (again, copy.deepcopy(digest), pickle.loads(pickle.dumps(digest))):  # noqa: S301
        assert copied == digest and type(copied) is Digest
    assert Digest.of_json({"b": 1, "a": 2}) == Digest.of(b'{"a":2,"b":1}')

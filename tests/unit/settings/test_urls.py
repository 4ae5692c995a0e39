"""A password in an address is never shown."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orchestrator.settings.model import Settings
from orchestrator.settings.urls import has_password, shown, shown_in

WORD = st.text(st.sampled_from("abcXYZ019-._~"), max_size=6)
SECRET = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=12).map(
    lambda text: "GE" + text + "HEIM"
)
QUERY_SECRET = SECRET.filter(lambda text: "&" not in text)
KEY = st.sampled_from(["password", "sslpassword", "PASSWORD", "pass%77ord", "p%61ssword"])


def no_secret(text: str, secret: str) -> bool:
    return secret not in text and "GE" not in text and "HEIM" not in text


@given(user=WORD, secret=SECRET, host=WORD, rest=st.sampled_from(["", "/db", "/db?x=1", ":5432/db", ",h2:1/db"]))
def test_the_password_of_a_user(user, secret, host, rest):
    address = f"postgresql://{user}:{secret}@{host}{rest}"
    assert no_secret(shown(address), secret)
    assert shown(address).startswith(f"postgresql://{user}:***@")
    assert has_password(address)
    assert no_secret(repr(Settings(index=address)), secret)


@given(secret=QUERY_SECRET, key=KEY, before=st.sampled_from(["", "a=b&"]), after=st.sampled_from(["", "&c=d"]))
def test_the_password_of_a_parameter(secret, key, before, after):
    address = f"postgresql://me@host/db?{before}{key}={secret}{after}"
    assert no_secret(shown(address), secret)
    assert has_password(address)


@given(user=WORD, host=WORD, key=KEY, one=SECRET, other=QUERY_SECRET)
@example(user="me", host="host", key="password", one="GEHEIM", other="GE@HEIM")
def test_both(user, host, key, one, other):
    assert no_secret(shown(f"postgres://{user}:{one}@{host}/db?{key}={other}"), one)


@given(
    secret=st.text(st.sampled_from("abc019!$*+;=:@/?#%"), max_size=12).map(lambda text: "GE" + text + "HEIM"),
    before=st.sampled_from(["", "cannot reach ", "x='"]),
    after=st.sampled_from(["", ": refused", "' is wrong", "\nmore"]),
)
def test_in_a_text(secret, before, after):
    assert no_secret(shown_in(f"{before}postgresql://me:{secret}@host/db{after}"), secret)


@pytest.mark.parametrize(
    "address",
    [
        "", "x", "a:b@c/d", "s3://bucket/prefix", "https://host:9000", "postgresql://[::1]:5432/db",
        "postgresql://me@host:5432/db?application_name=x", "postgresql:///db?passfile=/home/me/.pgpass",
    ],
)  # fmt: skip
def test_what_holds_none_stays(address):
    assert shown(address) == address and not has_password(address)
    assert shown_in(f"see {address} there") == f"see {address} there"

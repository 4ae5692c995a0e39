"""What is wrong is said with its place, all at once, and no password is in it."""

from __future__ import annotations

import pytest

from orchestrator.errors import SettingsError


def said(place, **layers) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        place.resolve(**layers)
    assert "geheim" not in str(caught.value) + repr(caught.value)
    return caught.value.findings


def test_all_that_is_wrong_is_said_at_once(place):
    file = place.write(
        "hom = 3\n"
        "store = 3\n"
        "[profiles.local]\n"
        "[profiles.team]\n"
        "indx = [1,\n 2]\n"
        "registry = [\n]\n"
        "store-endpoint = 'ftp://x'\n"
        "profile = 'local'\n"
        "[profiles.'a b']\n"
        "[profiles]\n"
        "flat = 1\n"
    )
    user = place.write_user("store_region = 'x'\nprofile = 1\nhome = 'none'\n")
    assert set(said(place, flags={"store": "x"}, ORCHESTRATOR_INDEX="mysql://x")) == {
        "--store: must read s3://BUCKET or s3://BUCKET/PREFIX",
        "ORCHESTRATOR_INDEX: must read postgresql://USER@HOST/DATABASE",
        f"{file}:1: unknown key `hom`; did you mean `home`?",
        f"{file}:2: `store` must be text, not a whole number",
        f"{file}:3: `local` is built in: everything lies in home. Give this profile another name",
        f"{file}:5: unknown key `indx`; did you mean `index`?",
        f"{file}:7: `registry` must be text, not a list",
        f"{file}:9: `store-endpoint` must read https://HOST or https://HOST:PORT",
        f"{file}:10: unknown key `profile`; known: home, store, store-endpoint, store-region, store-ca, second-store,"
        " index, registry",
        f"{file}:11: a profile's name must be letters, digits, `_`, `-`",
        f"{file}:13: a profile must be a table: [profiles.NAME]",
        f"{user}:1: unknown key `store_region`; did you mean `store-region`?",
        f"{user}:2: `profile` must be text",
        f"{user}:3: `home` must be a folder",
    }


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("store", "s3://"), ("store", "s3://A"), ("store", "s3://abc/../d"), ("store", "s3://abc/d?x"), ("store", ""),
        ("store", "s3://key:geheim@abc"), ("second-store", "s3:/abc"), ("second-store", "https://x"),
        ("store-endpoint", "https://key:geheim@host"), ("store-endpoint", "https://host/path"),
        ("store-region", "a b"), ("index", "x"), ("index", "postgresql://"), ("registry", "https://a/b"),
        ("registry", "user:geheim@a.test/b"), ("registry", "a.test"), ("registry", "a.test/B"), ("home", " x"),
        ("home", "x\n"), ("home", "~nobody-of-this-name/x"),
    ],
)  # fmt: skip
def test_values_that_cannot_be_right(place, key, value):
    assert len(said(place, flags={key: value})) == 1 or value == ""


@pytest.mark.parametrize("where", ["postgresql://me:geheim@host/db", "postgresql://host/db?password=geheim"])
def test_where_a_password_may_stand(place, where):
    assert place.resolve(ORCHESTRATOR_INDEX=where).settings.index == where
    user = place.write_user(f"index = '{where}'")
    assert place.resolve().settings.index == where
    assert "geheim" not in repr(place.resolve().settings) + str(place.resolve())
    user.chmod(0o644)
    assert "others can read this file" in said(place)[0]
    user.unlink()
    file = place.write(f"\nindex = '{where}'")
    assert said(place)[0].startswith(f"{file}:2: `index` holds a password, and a project's file is seen by others")
    file.unlink()
    assert said(place, flags={"index": where})[0].startswith("--index: holds a password, and others on this machine")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"a = 1\nb c\n", ":2:3: Expected '=' after a key in a key/value pair"),
        (b"a = 1\nb = '\xff'\n", ":2: not UTF-8"),
        (b"a = " + b"[" * 5000, ":1: nested too deeply"),
        (b"#" * (1 << 18) + b"#", ": larger than 262144 bytes: no file of settings"),
    ],
)
def test_files_that_are_none(place, data, told):
    file = place.write("")
    file.write_bytes(data)
    assert said(place) == [f"{file}{told}"]


def test_a_table_that_is_none(place):
    file = place.write("[tool]\norchestrator = 3\n", "pyproject.toml")
    assert said(place) == [f"{file}:2: tool.orchestrator must be a table"]
    place.write("profiles = 3")
    assert said(place)[0].endswith("orchestrator.toml:1: `profiles` must be a table of tables: [profiles.team]")

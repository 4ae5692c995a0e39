"""Which of the layers counts, and who is named as its author."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from orchestrator.errors import SettingsError
from orchestrator.settings import trust
from orchestrator.settings.model import KEYS, Settings, default_home, variable_of
from orchestrator.settings.resolve import Effective


def origin(found: Effective, key: str) -> str:
    return str(found.origins[key])


def said(place, **layers) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        place.resolve(**layers)
    return caught.value.findings


def test_nothing_said_is_everything_at_home(place):
    found = place.resolve()
    assert found.settings == Settings(home=default_home())
    assert found.profile is None
    assert {str(one) for one in found.origins.values()} == {"default"}


def test_the_order_of_the_layers(place):
    file = place.write("store = 's3://bucket/project'")
    user = place.write_user("\nstore = 's3://bucket/user'\nregistry = 'user.test/x'\n")
    layers = [
        ({"flags": {"store": "s3://bucket/flag"}, "ORCHESTRATOR_STORE": "s3://bucket/variable"}, "flag", "--store"),
        ({"ORCHESTRATOR_STORE": "s3://bucket/variable"}, "variable", "ORCHESTRATOR_STORE"),
        ({"ORCHESTRATOR_STORE": ""}, "project", f"{file}:1"),
    ]
    for given, name, author in layers:
        found = place.resolve(**given)
        assert (found.settings.store, origin(found, "store")) == (f"s3://bucket/{name}", author)
        assert (found.settings.registry, origin(found, "registry")) == ("user.test/x", f"{user}:3")
    file.unlink()
    assert origin(place.resolve(), "store") == f"{user}:2"


@pytest.mark.parametrize("key", KEYS)
def test_every_key_has_a_variable_that_none_takes_back(place, key):
    texts = {
        "home": "/a", "store": "s3://abc/d", "store-endpoint": "https://a:1", "store-region": "eu-1",
        "store-ca": "/ca.pem", "second-store": "s3://abc/e", "index": "postgresql://a@b/c", "registry": "a.test/b",
    }  # fmt: skip
    place.write_user(f"{key} = '{texts[key]}'")
    assert str(getattr(place.resolve().settings, key.replace("-", "_"))) == texts[key]
    assert place.resolve(**{variable_of(key): texts[key]}).settings.shown(key) == texts[key]
    if key == "home":
        assert said(place, ORCHESTRATOR_HOME="none") == ["ORCHESTRATOR_HOME: must be a folder"]
    else:
        found = place.resolve(**{variable_of(key): "none"})
        assert found.settings.shown(key) is None and origin(found, key) == variable_of(key)


def test_paths_belong_to_who_names_them(place, monkeypatch):
    monkeypatch.chdir(place.below)
    place.write("home = 'h'\nsecond-store = '../second'\n")
    found = place.resolve(folder=place.below).settings
    assert found.home == place.project / "h"
    assert found.second_store == place.project / "../second"
    assert place.resolve(ORCHESTRATOR_HOME="v").settings.home == place.below / "v"
    assert place.resolve(flags={"home": "~/f"}).settings.home == Path.home() / "f"


def test_the_nearest_project_file_counts(place):
    place.write("[tool.orchestrator]\nregistry = 'a.test/pyproject'\n", "pyproject.toml")
    assert place.resolve(folder=place.below).settings.registry == "a.test/pyproject"
    place.write("registry = 'a.test/own'")
    assert place.resolve(folder=place.below).settings.registry == "a.test/own"
    (place.below / "pyproject.toml").write_text("[tool.other]\nx = 1\n")
    assert place.resolve(folder=place.below).settings.registry == "a.test/own"
    (place.below / "pyproject.toml").write_text("[tool]\norchestrator.registry = 'a.test/deep'\n")
    assert place.resolve(folder=place.below).settings.registry == "a.test/deep"


def test_the_way_up_ends_at_a_repository_and_at_home(place, monkeypatch):
    place.write("registry = 'a.test/b'")
    assert place.resolve(folder=place.below).settings.registry
    monkeypatch.setattr(Path, "home", lambda: place.below.parent)
    assert place.resolve(folder=place.below).settings.registry is None
    monkeypatch.undo()
    (place.below / ".git").mkdir()
    assert place.resolve(folder=place.below).settings.registry is None


def test_no_file_is_read_where_none_shall_be(place):
    place.write("nonsense")
    place.write_user("nonsense")
    assert place.resolve(ORCHESTRATOR_NO_CONFIG="1").settings == Settings(home=default_home())


PROFILES = "registry = 'a.test/all'\n[profiles.team]\nstore = 's3://bucket/team'\nregistry = 'a.test/team'\n"


def test_profiles(place):
    user = place.write_user(PROFILES)
    assert place.resolve().settings.registry == "a.test/all"
    found = place.resolve(ORCHESTRATOR_PROFILE="team")
    assert (found.profile, origin(found, "profile")) == ("team", "ORCHESTRATOR_PROFILE")
    assert (found.settings.store, origin(found, "store")) == ("s3://bucket/team", f"{user}:3")
    assert (found.settings.registry, origin(found, "registry")) == ("a.test/team", f"{user}:4")
    file = place.write("profile = 'team'\nregistry = 'a.test/project'")
    assert origin(place.resolve(), "profile") == f"{file}:1"
    assert place.resolve().settings.registry == "a.test/project"
    assert place.resolve(flags={"profile": "local"}).settings == Settings(home=default_home())
    assert origin(place.resolve(flags={"profile": "local"}), "store") == "profile local"
    assert place.resolve(flags={"profile": "local", "registry": "x.test/y"}).settings.registry == "x.test/y"


def test_a_profile_that_nobody_knows(place):
    place.write_user(PROFILES)
    assert said(place, flags={"profile": "teem"}) == [
        "--profile: no profile `teem`; did you mean `team`? known: local, team"
    ]
    assert said(place, ORCHESTRATOR_PROFILE="x") == ["ORCHESTRATOR_PROFILE: no profile `x`; known: local, team"]


def test_a_project_file_takes_effect_once_it_is_trusted(place):
    file = place.write("home = 'here'\n[profiles.team]\nstore = 's3://abc'\nstore-region = 'x'\n")
    found = place.resolve(flags={"profile": "team"})
    assert found.untrusted == [
        f"{file}:1: `home` takes effect only once this file is trusted",
        f"{file}:3: `store` takes effect only once this file is trusted",
        f"{file}:4: `store-region` takes effect only once this file is trusted",
    ]
    with pytest.raises(SettingsError, match="trusted") as caught:
        found.trusted()
    assert "orchestrator config --trust" in caught.value.hint
    trust.trust(found.project, place.environ)
    assert place.resolve(flags={"profile": "team"}).trusted().store == "s3://abc"
    place.write(file.read_text() + "registry = 'a.test/b'\n")
    assert len(place.resolve(flags={"profile": "team"}).untrusted) == 4
    trust.trust(place.resolve().project, place.environ)
    assert place.resolve(flags={"profile": "local"}).trusted().store is None


@pytest.mark.parametrize("home", ["/elsewhere", "../elsewhere", "link", "within"])
def test_a_home_needs_trust_wherever_it_is(place, home):
    """One within the project too: a store with a hostile run may have come with the code."""
    (place.project / "link").symlink_to(place.project.parent)
    place.write(f"home = '{home}'")
    assert len(place.resolve().untrusted) == 1


def test_trust_is_kept_for_ourselves(place, tmp_path):
    place.write("store = 's3://abc'")
    trust.trust(place.resolve().project, place.environ)
    ledger = tmp_path / "state" / "orchestrator" / "trusted"
    assert ledger.stat().st_mode & 0o777 == 0o600 and len(ledger.read_text().splitlines()) == 1
    trust.trust(place.resolve().project, place.environ)
    assert len(ledger.read_text().splitlines()) == 1


def test_git_is_not_asked(place, monkeypatch):
    monkeypatch.setattr(subprocess, "run", lambda *_: pytest.fail("no program is needed"))
    assert place.resolve()


def test_blank_lines_cost_nothing(place):
    """A file that comes with somebody's code is looked at before anything else; matching it once took for ever."""
    place.write("[project]\n" + "\n" * 100_000 + "x = 1\n", "pyproject.toml")
    assert place.resolve().settings.store is None


@pytest.mark.parametrize("text", ["profile = 'prod'\n", "profile = 'local'\n", "store = 'none'\n"])
def test_to_choose_among_my_stores_needs_trust_too(place, text):
    place.write_user("store = 's3://abc/mine'\n[profiles.prod]\nstore = 's3://abc/everything'\n")
    place.write(text)
    assert len(place.resolve().untrusted) == 1

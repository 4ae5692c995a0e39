"""Training scripts that nobody here wrote come back bit for bit. The suite runs a fast part; `make corpus` runs all."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from orchestrator.lock import file, requirements
from tests.corpus import home
from tests.corpus.manifest import LOCKS, load
from tests.corpus.measure import measure

MANIFEST = load()
FAST = [one for one in MANIFEST.scripts if one.fast]


@pytest.fixture(scope="module")
def opened():
    home.build(MANIFEST, {one.environment for one in FAST})
    with home.opened() as pair:
        yield pair


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.parametrize("level", ["standard", "strict"])
@pytest.mark.parametrize("script", FAST, ids=lambda one: one.name)
def test_it_comes_back(opened, script, level):
    workspace, places = opened
    result = measure(workspace, MANIFEST, script, level, places)
    assert result.answer != "invalid", result.first
    if script.claimed(level):
        assert result.answer == "bit-exact", result.first


def test_the_manifest_is_sound():
    names = [one.name for one in MANIFEST.scripts]
    assert len(set(names)) == len(names)
    assert {one.environment for one in MANIFEST.scripts} == set(MANIFEST.environments)
    assert {one.archive for one in MANIFEST.scripts} - {None} == set(MANIFEST.archives)
    for one in MANIFEST.scripts:
        assert (one.archive is None) == (one.sha256 is None), one.name
        assert all(PurePosixPath(path).is_relative_to(PurePosixPath(one.path).parent) for path in one.beside), one.name


def test_the_corpus_is_large_and_its_fast_part_is_claimed():
    assert len(MANIFEST.scripts) >= 30
    assert len(FAST) >= 10
    assert all(one.claimed(level) for one in FAST for level in ("standard", "strict"))


@pytest.mark.parametrize("name", sorted(MANIFEST.environments))
def test_an_environment_is_locked(name):
    lock = file.read(LOCKS / f"{name}.lock")
    assert lock is not None
    assert lock.requirements == requirements.parse(list(MANIFEST.environments[name]), name)

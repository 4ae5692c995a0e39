"""Level, names, and what can be had: what is in force."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from orchestrator.determinism.controls import Controls, contradictions, resolve
from orchestrator.determinism.levels import INTERPOSED, LEVELS


def resolved(level="standard", *, network=False, interposer=True, **named):
    return resolve(level, named, network=network, interposer=interposer)


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_by_itself(level):
    found = resolved(level)
    assert found.controls == Controls.of(level)
    assert (found.notes, found.lacking, found.controls.missing(level)) == ((), (), ())


def test_levels_grow():
    off, standard, strict = (set(Controls.of(level).names) for level in LEVELS)
    assert not off
    assert strict - standard == {"one_thread", "joblib", "addresses"}
    assert standard < strict


def test_names_go_before_the_level():
    found = resolved("strict", clock="off", cpu="x86-64-v2").controls
    assert found == Controls.of("strict").without("clock").model_copy(update={"cpu": "x86-64-v2"})
    assert found.missing("strict") == ("clock",)
    assert resolved("off", hash="on", cpu="on").controls.names == ("hash", "cpu=x86-64-v3")
    assert resolved("standard", cpu="off").controls.cpu == "off"


def test_only_what_is_on_is_written_down():
    assert Controls().model_dump(mode="json") == {}
    assert Controls(hash=True, cpu="x86-64-v3").model_dump(mode="json") == {"hash": True, "cpu": "x86-64-v3"}
    for level in LEVELS:
        controls = Controls.of(level)
        assert Controls.model_validate_json(controls.model_dump_json()) == controls
    with pytest.raises(ValidationError):
        Controls.model_validate({"clok": True})


def test_one_thread_goes_with_threads():
    assert not resolved("strict", threads="off").controls.one_thread
    both = resolved("off", one_thread="on").controls
    assert (both.threads, both.one_thread) == (True, True)
    assert contradictions({"one_thread": "on", "threads": "off"}) == {
        "one_thread": "`one_thread` needs `threads`, which is off"
    }
    assert contradictions({"one_thread": "on"}) == contradictions({"threads": "off"}) == {}


def test_without_the_library_what_it_does_is_left_out_and_told():
    found = resolved("standard", interposer=False)
    assert found.controls.missing("standard") == INTERPOSED
    assert found.lacking == ()
    (note,) = found.notes
    assert "entropy, clock, listings; threads and cpu in part" in note
    assert "orchestrator doctor" in note


def test_without_the_library_what_is_named_is_lacking():
    found = resolved("standard", interposer=False, clock="on", listings="off")
    assert found.lacking == ("clock",)
    assert resolved("off", interposer=False, hash="on").notes == ()


def test_with_a_network_entropy_is_off_unless_it_is_named():
    found = resolved(network=True)
    assert found.controls.missing("standard") == ("entropy",)
    assert "TLS keys" in found.notes[0]
    both = resolved(network=True, entropy="on")
    assert both.controls.entropy
    assert "TLS keys are predictable" in both.notes[0]
    assert resolved(network=True, entropy="off").notes == resolved("off", network=True).notes == ()

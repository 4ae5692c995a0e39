"""Everything at once, from C: under the sanitizers, and as jobs get it."""

from __future__ import annotations

import pytest
from programs import Owned


@pytest.fixture
def names(owned: Owned) -> Owned:
    folder = owned.folder / "names"
    folder.mkdir()
    for number in (5, 3, 8, 1, 9, 2):
        (folder / f"n{number}").touch()
    owned.variables["ORCHESTRATOR_PROCESSORS"] = "3"
    return owned


def drawn(lines: list[str]) -> list[str]:
    return [
        line for line in lines if line.split()[0] in ("main", "one", "two", "three", "fork") and len(line.split()) == 2
    ]


def test_a_replay_prints_what_the_recording_printed(names, driver):
    first, second = names.record(str(driver)), names.replay(str(driver))
    assert (first.code, first.err) == (0, "")
    assert second.lines == first.lines
    assert (second.counters["beyond"], second.counters["waits"]) == (0, 0)
    assert first.counters["draws"] == second.counters["draws"] > 30


def test_no_sanitizer_has_anything_to_say(names, sanitized):
    names.preload = ""
    names.variables["ASAN_OPTIONS"] = "detect_leaks=0:verify_asan_link_order=0"  # the programs it starts exit at once
    first, second = names.record(str(sanitized)), names.replay(str(sanitized))
    assert (first.code, first.err) == (0, "")
    assert (second.code, second.err) == (0, "")
    assert second.lines == first.lines


def test_every_process_and_thread_has_a_stream_of_its_own(names, driver):
    found = drawn(names.record(str(driver)).lines)
    values = [line.split()[1] for line in found if len(line.split()[1]) >= 10]
    assert len(values) == len(set(values)) >= 20


def test_listings_are_sorted_and_can_be_gone_back_in(names, driver):
    lines = names.record(str(driver)).lines
    assert [line for line in lines if line.startswith("name n")] == [f"name n{number}" for number in (1, 2, 3, 5, 8, 9)]
    assert [line for line in lines if line.startswith("second")] == ["second .."] * 2


def test_deadlines_are_met(names, driver):
    ends = {"cond 110", "mutex 110", "sem -1", "sleep 0", "futex -1"}
    lines = names.record(str(driver)).lines
    assert ends <= set(lines)
    assert "processors 3 3" in lines

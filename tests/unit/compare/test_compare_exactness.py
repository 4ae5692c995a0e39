"""The three classes: bit-exact, exact by content, different; and what a policy makes of the second."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from orchestrator.compare.outcomes import compare_outcomes
from orchestrator.compare.pairing import pair_names
from orchestrator.compare.render.junit import junit
from orchestrator.compare.render.text import difference_lines, plain, summary, verdict_lines
from orchestrator.compare.verdict import Verdict
from orchestrator.store.streams import put_bytes

ONE, SAME, OTHER = {"outputs/a.json": b'{"a": 1}'}, {"outputs/a.json": b'{"a":1}'}, {"outputs/a.json": b'{"a": 2}'}


def pair(bench, files, **more):
    return bench.outcome(files=ONE, **more), bench.outcome(files=files, **more)


def test_bit_exact(bench):
    found = bench.verdict(*pair(bench, ONE))
    assert (found.answer, found.exactness, found.comparators) == ("identical", "bit-exact", ())
    ignoring = bench.verdict(*pair(bench, ONE), artifacts="ignore")
    assert (ignoring.answer, ignoring.exactness) == ("within-policy", "bit-exact")
    assert summary(ignoring).startswith("within-policy, bit-exact: ")


def test_exact_by_content_is_a_class_of_its_own_and_does_not_pass_unasked(bench):
    found = bench.verdict(*pair(bench, SAME))
    assert (found.answer, found.passed) == ("diverged", False)
    assert (found.exactness, found.comparators) == ("exact by content", ("JSON",))
    assert found.failures[0].text.startswith("equal by content (JSON); other bytes, 8 → 7 bytes, ")


@pytest.mark.parametrize("rule", ["content", {"*.json": "content"}, {"*": "exact", "outputs/*": "content"}])
def test_a_policy_may_let_content_pass(bench, rule):
    found = bench.verdict(*pair(bench, SAME), artifacts=rule)
    assert (found.answer, found.exactness) == ("within-policy", "exact by content")
    assert [finding.comparators for finding in found.alike] == [("JSON",)]
    assert bench.verdict(*pair(bench, OTHER), artifacts=rule).answer == "diverged"
    assert bench.verdict(*pair(bench, {}), artifacts=rule).answer == "diverged"
    assert bench.verdict(*pair(bench, ONE), artifacts=rule).answer == "identical"


def test_one_thing_that_differs_makes_all_different(bench):
    left = bench.outcome({"l": [(0, 1.0)]}, ONE)
    found = bench.verdict(left, bench.outcome({"l": [(0, 2.0)]}, SAME), artifacts="content", metrics="ignore")
    assert (found.answer, found.exactness, found.comparators) == ("within-policy", "different", ())


def test_another_mode_is_no_content(bench):
    from orchestrator.store.tree import FileEntry

    entry = FileEntry(path="a.json", digest=bench.put(b"[ 1]"), size=4, executable=True)
    found = bench.verdict(bench.outcome(files={"a.json": b"[1]"}), bench.outcome(files={"a.json": entry}))
    assert found.exactness == "different"


def test_runs_within_the_run_count(bench):
    def parent(files):
        child = bench.outcome(files=files)
        digest = put_bytes(bench.blobs, child.to_bytes())
        return bench.outcome().model_copy(update={"children": {"fold": digest}})

    found = bench.verdict(parent(ONE), parent(SAME), artifacts="content")
    assert (found.answer, found.exactness, found.comparators) == ("within-policy", "exact by content", ("JSON",))
    assert bench.verdict(parent(ONE), parent(OTHER)).exactness == "different"
    alone = parent(ONE), bench.outcome()
    assert bench.verdict(*alone).exactness == "different"


def test_it_is_never_printed_as_identical_or_bit_exact(bench):
    left, right = pair(bench, SAME)
    verdict = bench.verdict(left, right, artifacts="content")
    difference = plain(difference_lines(compare_outcomes(left, right, bench.blobs)))
    texts = [plain(verdict_lines(verdict)), junit([verdict]), difference]
    assert texts[0].startswith("within-policy, exact by content (JSON): compared ")
    assert "  ≈ artifacts/outputs/a.json: equal by content (JSON); other bytes" in texts[0]
    assert difference.startswith("outcome: equal by content, compared ")
    assert not any(word in text for text in texts for word in ("identical", "bit-exact"))
    case = ElementTree.fromstring(junit([verdict])).find(".//testcase[@name='outputs/a.json']")  # noqa: S314
    assert case is not None and (case.findtext("system-out") or "").startswith("equal by content (JSON)")


def test_a_verdict_of_before_is_still_read():
    old = b'{"answer":"identical","compared":{"bytes":1,"files":1,"points":2},"findings":[],"ignored":[]}'
    found = Verdict.model_validate_json(old)
    assert (found.exactness, found.comparators, found.first.texts) == (None, (), ())
    assert summary(found) == "identical: compared 2 points, 1 file, 1 B"


EVENTS = "outputs/runs/{folder}/events.out.tfevents.{time}.host.{pid}.0"


def events(folder, time, pid, content=b"") -> dict[str, bytes]:
    return {EVENTS.format(folder=folder, time=time, pid=pid): content}


def test_event_files_are_paired_although_their_names_tell_time_and_process(bench):
    left = bench.outcome(files=events("Jan01_10-00-00_host", 1700000001, 8))
    right = bench.outcome(files=events("Jan02_11-30-00_host", 1700009999, 9))
    found = bench.verdict(left, right, artifacts="content")
    assert (found.answer, found.exactness) == ("within-policy", "exact by content")
    assert "now called outputs/runs/Jan02_11-30-00_host/events.out" in found.findings[-1].text


def test_what_is_paired():
    names = [EVENTS.format(folder="a", time=time, pid=pid) for time, pid in ((1, 2), (3, 4), (5, 6), (7, 8))]
    assert pair_names(names[:1], names[1:2]) == {names[0]: names[1]}
    assert pair_names(names[:2], names[2:]) == {names[0]: names[2], names[1]: names[3]}
    assert pair_names(names[:1], names[1:3]) == {}
    assert pair_names(names[:2], names[1:2]) == {}
    assert pair_names(["version_0/" + names[0]], ["version_1/" + names[1]]) == {}
    assert pair_names(["a/1700000001.txt"], ["a/1700000002.txt"]) == {}

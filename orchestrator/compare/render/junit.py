"""A verdict as JUnit XML, which every CI system reads: one test case for each thing that was judged."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from orchestrator.compare.render.text import summary
from orchestrator.compare.values import printable
from orchestrator.compare.verdict import Finding, Verdict

_NOTHING = Finding(path="verdict", rule="policy", text="nothing was judged", passed=False)


def junit(verdicts: Sequence[Verdict], *, name: str = "orchestrator") -> str:
    """The document; its suites are the sections of the outcome, for one replay after the other.

    XML has no place for most control characters, so names and texts come with these escaped, ``\\x1b``. An
    inconclusive verdict becomes one failed test: a document without tests would count as passed.
    """
    judged = [verdict.findings or (_NOTHING,) for verdict in verdicts] or [(_NOTHING,)]
    root = Element("testsuites", {"name": printable(name), **_counts([it for one in judged for it in one])})
    for number, findings in enumerate(judged):
        first = len(root)
        for section, members in groupby(findings, key=lambda finding: finding.section):
            _suite(root, section if len(judged) == 1 else f"replay {number + 1}: {section}", list(members))
        if verdicts:
            _remarks(root[first], verdicts[number])
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(root: Element, section: str, findings: Sequence[Finding]) -> None:
    suite = SubElement(root, "testsuite", {"name": printable(section), **_counts(findings)})
    for finding in findings:
        name = printable(finding.name)
        case = SubElement(suite, "testcase", {"classname": printable(section), "name": name, "time": "0"})
        if not finding.passed:
            text = printable(finding.text)
            failure = SubElement(case, "failure", {"type": "diverged", "message": text})
            failure.text = printable(f"{finding.path}: {finding.text} [{finding.rule}]")
        elif finding.comparators:
            SubElement(case, "system-out").text = printable(finding.text)


def _remarks(suite: Element, verdict: Verdict) -> None:
    """The summary, the first divergence and the ignored differences, where a reader of the report finds them."""
    ignored = [f"ignored {printable(item.path)}: {printable(item.text)}" for item in verdict.ignored]
    first = [] if verdict.passed else [f"first apart: {printable(text)}" for text in verdict.first.texts]
    SubElement(suite, "system-out").text = "\n".join([summary(verdict), *first, *ignored])


def _counts(findings: Sequence[Finding]) -> dict[str, str]:
    failed = sum(not finding.passed for finding in findings)
    return {"tests": str(len(findings)), "failures": str(failed), "errors": "0", "skipped": "0", "time": "0"}

"""Judging: what a verify policy makes of a difference between two outcomes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

from orchestrator.compare.difference import Compared, Difference
from orchestrator.compare.divergence import first_divergence
from orchestrator.compare.exactness import exactness_of
from orchestrator.compare.outcomes import CHILDREN
from orchestrator.compare.points import load_table
from orchestrator.compare.series import align, beyond, show
from orchestrator.compare.verdict import Answer, Finding, Ignored, Verdict
from orchestrator.digest import Digest
from orchestrator.errors import UsageError
from orchestrator.metrics import Series
from orchestrator.runspec.model import MetricRule, Tolerance, VerifySpec
from orchestrator.runspec.verify import ArtifactRule
from orchestrator.store.port import BlobStore

Rule = MetricRule | ArtifactRule
Section = Rule | Mapping[str, MetricRule] | Mapping[str, ArtifactRule]
"""One rule for all, or name pattern → rule."""
Tables = tuple[Mapping[str, Series], Mapping[str, Series]]

_PARTS = 3
"""How many parts of a node a finding tells."""


_DEFAULTS: dict[str, Rule] = {"streams": "ignore"}
"""For names that a section's mapping does not mention; elsewhere: exact."""


class _Item(NamedTuple):
    section: str
    node: Difference
    rule: Rule

    @property
    def path(self) -> str:
        return self.section if self.section == "exit_code" else f"{self.section}/{self.node.name}"


def judge(difference: Difference, verify: VerifySpec, blobs: BlobStore) -> Verdict:
    """Judge what :func:`~orchestrator.compare.outcomes.compare_outcomes` found.

    A tolerance has to hold at every point, and a difference only carries the extremes: the points come from
    the two metrics tables that it names. A blob never changes, so the verdict depends on the first two
    arguments alone.

    Raises:
        UsageError: this is no difference between two outcomes.
    """
    part = _judge_one(difference, verify, blobs)
    findings = (*part.findings, *_unrecorded(difference, verify))
    exactness, comparators = exactness_of(difference)
    return Verdict(
        answer=_answer(difference, findings, whole=part.whole),
        findings=findings,
        compared=part.compared,
        ignored=part.ignored,
        exactness=exactness,
        comparators=comparators,
        first=first_divergence(difference),
    )


class _Part(NamedTuple):
    """A run, or a run within it, judged."""

    findings: tuple[Finding, ...]
    ignored: tuple[Ignored, ...]
    compared: Compared
    whole: bool
    """Whether nothing that belongs to an outcome was left out."""


def _judge_one(difference: Difference, verify: VerifySpec, blobs: BlobStore) -> _Part:
    items = list(_items(difference, verify))
    judged = [item for item in items if item.rule != "ignore"]
    tables = _tables(difference, judged, blobs)
    left_out = [item for item in items if item.rule == "ignore"]
    parts = [
        _Part(
            tuple(_finding(item, tables) for item in judged),
            tuple(Ignored(path=item.path, text=item.node.summary) for item in left_out if not item.node.equal),
            Compared.total(item.node.compared for item in judged),
            all(item.section == "streams" for item in left_out),
        ),
        *_judge_children(difference, verify, blobs),
    ]
    return _Part(
        tuple(finding for part in parts for finding in part.findings),
        tuple(one for part in parts for one in part.ignored),
        Compared.total(part.compared for part in parts),
        all(part.whole for part in parts),
    )


def _judge_children(difference: Difference, verify: VerifySpec, blobs: BlobStore) -> Iterator[_Part]:
    """Runs within the run, by the same rules; one that only a side has is a finding of its own."""
    children = difference.child(CHILDREN)
    for child in children.children if children else ():
        path = f"{CHILDREN}/{child.name}"
        if child.state in ("added", "removed"):
            yield _Part((Finding(path=path, rule="exact", text=_text(child), passed=False),), (), Compared(), True)
            continue
        part = _judge_one(child, verify, blobs)
        yield part._replace(
            findings=tuple(one.model_copy(update={"path": f"{path}/{one.path}"}) for one in part.findings),
            ignored=tuple(one.model_copy(update={"path": f"{path}/{one.path}"}) for one in part.ignored),
        )


def rule_for(name: str, section: Section, default: Rule = "exact") -> Rule:
    """The rule for a name: the most specific pattern that matches; the section's default where none does.

    The name itself is more specific than any pattern, then the longest pattern wins: a mapping has no order, neither
    in YAML nor in a plan's canonical JSON.
    """
    if not isinstance(section, Mapping):
        return section
    matching = [pattern for pattern in section if pattern == name or fnmatchcase(name, pattern)]
    if not matching:
        return default
    return section[max(matching, key=lambda pattern: (pattern == name, len(pattern), pattern))]


def _sections(verify: VerifySpec) -> dict[str, Section]:
    return {name: getattr(verify, name) for name in ("exit_code", "params", "metrics", "artifacts", "streams")}


def _items(difference: Difference, verify: VerifySpec) -> Iterator[_Item]:
    for name, section in _sections(verify).items():
        node = difference.child(name)
        if node is None and name != "streams":
            raise UsageError(f"not a difference between two outcomes: it has no {name}")
        if node is None:
            continue
        for part in [node] if name == "exit_code" else node.children:
            yield _Item(name, part, rule_for(part.name, section, _DEFAULTS.get(name, "exact")))


def _unrecorded(difference: Difference, verify: VerifySpec) -> Iterator[Finding]:
    """Streams that the policy asks for and neither side has: what cannot be judged does not pass."""
    streams = difference.child("streams")
    for name in ("stdout", "stderr"):
        rule = rule_for(name, _sections(verify)["streams"], _DEFAULTS["streams"])
        if rule != "ignore" and (streams is None or streams.child(name) is None):
            yield Finding(path=f"streams/{name}", rule="exact", text="not recorded on either side", passed=False)


def _tables(difference: Difference, items: list[_Item], blobs: BlobStore) -> Tables:
    node = difference.child("metrics")
    needed = any(isinstance(item.rule, Tolerance) and item.node.state == "changed" for item in items)
    if node is None or not needed:
        return {}, {}
    return load_table(blobs, Digest(str(node.left))), load_table(blobs, Digest(str(node.right)))


def _finding(item: _Item, tables: Tables) -> Finding:
    if not isinstance(item.rule, Tolerance):
        passed = item.node.equal_by_content if item.rule == "content" else item.node.equal
        comparators = tuple(sorted(item.node.comparators)) if item.node.state == "content" else ()
        return Finding(path=item.path, rule=item.rule, text=_text(item.node), passed=passed, comparators=comparators)
    rule = f"|a - b| <= {item.rule.abs!r} + {item.rule.rel!r} * |a|"
    name = item.node.name
    if item.node.state != "changed" or name not in tables[0] or name not in tables[1]:
        return Finding(path=item.path, rule=rule, text=_text(item.node), passed=item.node.equal)
    broken = _broken(tables[0][name], tables[1][name], item.rule)
    return Finding(path=item.path, rule=rule, text=broken or _text(item.node), passed=not broken)


def _text(node: Difference) -> str:
    """A node and its first parts that differ, in a line."""
    return "; ".join([node.summary, *(f"{part.name}: {part.summary}" for part in node.changes[:_PARTS])])


def _broken(left: Series, right: Series, tolerance: Tolerance) -> str:
    """Where a tolerance does not hold; empty where it holds at every point."""
    pairs = align(left, right).differing()
    far = beyond(pairs, tolerance)
    parts = []
    if far:
        step, one, other = pairs.steps[far[0]], show(pairs.left[far[0]]), show(pairs.right[far[0]])
        parts.append(f"{len(far)} of {len(left)} beyond, first at step {step}: {one} → {other}")
    if pairs.missing:
        parts.append(f"{len(pairs.missing)} missing, first of step {pairs.missing[0]}")
    if pairs.extra:
        parts.append(f"{len(pairs.extra)} extra, first of step {pairs.extra[0]}")
    return "; ".join(parts)


def _answer(difference: Difference, findings: tuple[Finding, ...], *, whole: bool) -> Answer:
    if not findings:
        return "inconclusive"
    if not all(finding.passed for finding in findings):
        return "diverged"
    return "identical" if whole and difference.left == difference.right else "within-policy"

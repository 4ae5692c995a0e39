"""The RunSpec's ``verify`` section: what a replay must bring back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StrictFloat, Tag

from orchestrator.model import Frozen
from orchestrator.runspec import fields
from orchestrator.runspec.fields import chosen_by


class Tolerance(Frozen):
    """How far a metric may be from the original: \\|a - b\\| <= abs + rel * \\|a\\|."""

    abs: StrictFloat = Field(0.0, ge=0, description="an absolute distance")
    rel: StrictFloat = Field(0.0, ge=0, description="a distance relative to the original")


def _rule_shape(value: Any) -> str | None:
    return fields.TOLERANCE if isinstance(value, Mapping | Tolerance) else fields.shape(value)


def _metrics_shape(value: Any) -> str | None:
    """A mapping is one tolerance where it gives numbers to ``abs`` or ``rel``; else it maps names."""
    if isinstance(value, Tolerance):
        return fields.TOLERANCE
    if not isinstance(value, Mapping) or not {"abs", "rel"} & set(value):
        return fields.shape(value)
    named = any(isinstance(rule, str | Mapping | Tolerance) for rule in value.values())
    return fields.MAPPING if named else fields.TOLERANCE


_RULE = "`exact`, `ignore` or a tolerance (`abs`, `rel`)"
_SECTION = "`exact`, `ignore` or a mapping from name patterns to them"

_ARTIFACTS = "`exact`, `content`, `ignore` or a mapping from path patterns to them"

Strictness = Literal["exact", "ignore"]
ArtifactRule = Literal["exact", "content", "ignore"]
"""``content``: other bytes pass where a comparator finds all that the file says equal."""
MetricRule = Annotated[
    Annotated[Strictness, Tag(fields.TEXT)] | Annotated[Tolerance, Tag(fields.TOLERANCE)],
    chosen_by(_rule_shape, _RULE),
]
Rules = Annotated[
    Annotated[Strictness, Tag(fields.TEXT)] | Annotated[dict[str, Strictness], Tag(fields.MAPPING)],
    chosen_by(fields.shape, _SECTION),
]
ArtifactRules = Annotated[
    Annotated[ArtifactRule, Tag(fields.TEXT)] | Annotated[dict[str, ArtifactRule], Tag(fields.MAPPING)],
    chosen_by(fields.shape, _ARTIFACTS),
]
MetricRules = Annotated[
    Annotated[Strictness, Tag(fields.TEXT)]
    | Annotated[Tolerance, Tag(fields.TOLERANCE)]
    | Annotated[dict[str, MetricRule], Tag(fields.MAPPING)],
    chosen_by(_metrics_shape, _RULE + ", or a mapping from name patterns to them"),
]
StreamRules = Annotated[
    Annotated[Strictness, Tag(fields.TEXT)]
    | Annotated[dict[Literal["stdout", "stderr"], Strictness], Tag(fields.MAPPING)],
    chosen_by(fields.shape, "`exact`, `ignore` or a mapping from `stdout` and `stderr` to them"),
]


class VerifySpec(Frozen):
    """What a replay must bring back.

    A section is one rule, or a mapping from name pattern to rule; the most specific pattern wins.
    """

    exit_code: Strictness = Field("exact", description="the job's exit code")
    params: Rules = Field("exact", description="parameters, by name pattern")
    metrics: MetricRules = Field("exact", description="metrics, by name pattern")
    artifacts: ArtifactRules = Field("exact", description="artifacts, by path pattern")
    streams: StreamRules = Field("ignore", description="what the job writes to stdout and stderr")

"""Text to RunSpec: read, override, validate, check; every finding at once."""

from __future__ import annotations

from orchestrator.runspec import checks, yaml
from orchestrator.runspec.findings import Findings
from orchestrator.runspec.model import RunSpec
from orchestrator.runspec.overrides import apply
from orchestrator.runspec.validate import validate
from orchestrator.runspec.wording import describe


def parse(text: bytes, name: str, overrides: tuple[str, ...] = ()) -> RunSpec:
    """The RunSpec in a YAML text. ``name`` is what the findings call the file.

    Each override reads ``params.lr=0.1``: a dotted path and a YAML 1.2 scalar.

    Raises:
        SpecError: every finding, each ``file:line:col: message`` or ``--set PATH: message``, in order.
    """
    reading = yaml.read(text)
    findings = Findings(name, reading.places, {})
    for problem in reading.problems:
        findings.add_problem(problem)
    if not reading.complete:
        findings.raise_any()
    if not isinstance(reading.value, dict):
        findings.add((), f"a runspec is a mapping, not {describe(reading.value)}")
        findings.raise_any()
    value = apply(reading.value, overrides, findings)
    spec = validate(value, reading.broken, findings)
    checks.check(value, findings)
    findings.raise_any()
    assert spec is not None  # noqa: S101 - without a finding there is a spec
    return spec

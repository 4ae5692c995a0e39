"""The records in a bundle: which may be there, and whether they belong together. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from orchestrator import runid
from orchestrator.bundle.model import BadBundle, Bundle
from orchestrator.errors import Corruption
from orchestrator.model import Document
from orchestrator.run import CertificateRecord, Origin, Run, VerdictRecord, moment
from orchestrator.sweep.model import is_id

_D = TypeVar("_D", bound=Document)

_RUN = f"({runid.PATTERN})"
_RUN_KEY = re.compile(f"runs/{_RUN}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
_VERDICT_KEY = re.compile(f"verdicts/{_RUN}/{_RUN}", re.ASCII)
_CERTIFICATE_KEY = re.compile(f"certificates/{_RUN}", re.ASCII)


def runs(document: Bundle) -> dict[str, Run]:
    """The runs by id, those within runs included, once all records are known to be what their keys say.

    Raises:
        BadBundle: there is another record, one says something else than its key, or one does not fit the others.
    """
    found: dict[str, Run] = {}
    for key, text in document.records.items():
        if match := _RUN_KEY.fullmatch(key):
            found[match[1]] = _run(key, text, match[1])
        elif match := _VERDICT_KEY.fullmatch(key):
            verdict = _parse(VerdictRecord, key, text)
            _hold((verdict.of, verdict.replay) == (match[1], match[3]), f"{key} is a verdict on {verdict.of!r}")
            _hold(isinstance(verdict.verdict.get("answer", ""), str), f"{key} has no answer")
        elif match := _CERTIFICATE_KEY.fullmatch(key):
            certificate = _parse(CertificateRecord, key, text)
            _hold(certificate.of == match[1], f"{key} is a certificate of {certificate.of!r}")
        else:
            raise BadBundle(f"it brings a record that no run has: {key[:120]!r}")
    _hold_together(document, found)
    return found


def _run(key: str, text: str, run_id: str) -> Run:
    run = _parse(Run, key, text)
    _hold(run.id == run_id, f"{key} is the record of {run.id!r}")
    _hold((run.outcome is not None) or run.status in ("lost", "killed"), f"{key} has ended without an outcome")
    _hold("\0" not in run.name, f"{key} has a name that is none")
    for other in (run.origin.of, run.origin.parent):
        _hold(other is None or runid.is_one(other), f"{key} names a run that cannot be")
    _hold(_is_trial(run.origin), f"{key} names a trial that cannot be")
    for time in (run.facts.created, run.facts.started, run.facts.ended):
        _hold(time is None or _is_time(time), f"{key} has a time that is none: {time!r}")
    _hold(_is_host(run.facts.host), f"{key} describes its machine in another way")
    return run


def _is_trial(origin: Origin) -> bool:
    if origin.sweep is None or origin.trial is None:
        return origin.sweep is None and origin.trial is None
    return is_id(origin.sweep) and origin.trial >= 0


def _is_time(text: str) -> bool:
    return bool(_TIME.fullmatch(text)) and moment(text) is not None


def _is_host(host: Mapping[str, Any]) -> bool:
    """What a replay will hold this machine against."""
    cpu, gpus = host.get("cpu", {}), host.get("gpus")
    devices = gpus.get("devices") if isinstance(gpus, Mapping) else None
    named = not gpus or (isinstance(devices, list) and all(isinstance(one, Mapping) for one in devices))
    return isinstance(cpu, Mapping) and named


def _hold_together(document: Bundle, found: Mapping[str, Run]) -> None:
    tops = sorted((run_id for run_id in found if runid.top(run_id) == run_id), key=runid.in_order)
    _hold(bool(tops), "it brings no run")
    _hold(tuple(tops) == document.runs, "it announces other runs than it brings")
    for run_id, run in found.items():
        parent = runid.top(run_id)
        _hold(run.origin.parent == (None if parent == run_id else parent), f"{run_id} says it was made elsewhere")
        _hold(parent in found, f"{run_id} comes without {parent}")
        _hold(run.plan == found[parent].plan, f"{run_id} has another plan than {parent}")
    numbers: dict[str, list[int]] = {}
    for run_id in found:
        numbers.setdefault(runid.top(run_id), []).append(runid.in_order(run_id)[1])
    for parent, among in numbers.items():
        _hold(sorted(among) == list(range(len(among))), f"of the runs within {parent} one is missing")
    for key in document.records:
        about = key.split("/")[1]
        _hold(about in found, f"{key} is about a run that it does not bring")


def verdicts(document: Bundle) -> Iterator[tuple[str, str, str]]:
    """(key, run, replay) of each verdict."""
    for key in document.records:
        if match := _VERDICT_KEY.fullmatch(key):
            yield key, match[1], match[3]


def _parse(kind: type[_D], key: str, text: str) -> _D:
    try:
        return kind.from_bytes(text.encode())
    except (Corruption, UnicodeEncodeError, RecursionError) as error:
        raise BadBundle(f"{key} cannot be read: {str(error)[:300]}") from error


def _hold(true: bool, otherwise: str) -> None:
    if not true:
        raise BadBundle(otherwise[:300])

"""What each kind of record must be."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from orchestrator import runid
from orchestrator.bundle.imported import ImportRecord
from orchestrator.digest import Digest
from orchestrator.errors import Corruption, EnvironmentProblem, OrchestratorError, UsageError
from orchestrator.execution.live import ANNOUNCED, Request
from orchestrator.image.oci import Image
from orchestrator.lock.model import LayerPin
from orchestrator.maintenance import of_sweeps, reading
from orchestrator.maintenance.annotation import Annotation
from orchestrator.maintenance.finding import Finding
from orchestrator.maintenance.pins import Pin
from orchestrator.run import CertificateRecord, Run, VerdictRecord
from orchestrator.store.port import RecordStore

ASIDE = "damaged/"
"""Where damaged records are set aside: not looked at again."""

CACHES = ("images/", "layers/", "bytecode/")
"""What was built from what. Any of them may be dropped: it is made again."""


def run(key: str, data: bytes) -> Run:
    """A run's record.

    Raises:
        Corruption: it is none, or that of another run.
    """
    name = key.removeprefix("runs/")
    if not runid.is_one(name):
        raise Corruption(f"{name!r} is no run's id")
    return Run.recorded(name, data)


def _verdict(key: str, data: bytes) -> None:
    parsed = VerdictRecord.from_bytes(data)
    _same(key, f"verdicts/{parsed.of}/{parsed.replay}")


def _certificate(key: str, data: bytes) -> None:
    _same(key, f"certificates/{CertificateRecord.from_bytes(data).of}")


def _pin(key: str, data: bytes) -> None:
    _same(key, f"pins/{Pin.from_bytes(data).run}")


def _annotation(key: str, data: bytes) -> None:
    _same(key.rpartition("/")[0], f"annotations/{Annotation.from_bytes(data).run}")


def _import(key: str, data: bytes) -> None:
    _same(key, f"imports/{ImportRecord.from_bytes(data).run}")


def _live(key: str, data: bytes) -> None:
    _same(key, f"{ANNOUNCED}{Request.from_bytes(data).id}")


def _image(key: str, data: bytes) -> None:
    Image.from_bytes(data)


def _layer(key: str, data: bytes) -> None:
    try:
        LayerPin.model_validate_json(data)
    except ValueError as error:
        raise Corruption(f"not a layer's record: {error}") from error


def _bytecode(key: str, data: bytes) -> None:
    try:
        Digest(data.decode())
    except (UsageError, UnicodeDecodeError) as error:
        raise Corruption("not the digest of compiled bytecode") from error


def _same(key: str, wanted: str) -> None:
    if key != wanted:
        raise Corruption(f"this is the record {wanted}")


_MUST_BE: dict[str, Callable[[str, bytes], object]] = {
    "runs/": run,
    "verdicts/": _verdict,
    "certificates/": _certificate,
    "pins/": _pin,
    "imports/": _import,
    "annotations/": _annotation,
    "sweeps/": of_sweeps.check,
    ANNOUNCED: _live,
    "images/": _image,
    "layers/": _layer,
    "bytecode/": _bytecode,
}


def check(records: RecordStore, keys: list[str]) -> Iterator[Finding]:
    """The damaged ones among some records. Of a kind that is not known here, the seal alone is checked."""
    for key in keys:
        try:
            data = records.read(key)
            if data is not None:  # it may have been removed meanwhile
                _parse(key, data)
        except EnvironmentProblem:
            raise  # a store that does not answer, or refuses, says nothing of its records
        except (OrchestratorError, OSError) as error:
            said = error.message if isinstance(error, OrchestratorError) else f"cannot be read: {error.strerror}"
            broken = (key.removeprefix("runs/"),) if key.startswith("runs/") else ()
            yield Finding("damaged record", key, said.splitlines()[0], broken)


def readable_runs(records: RecordStore) -> Iterator[Run]:
    """The recorded runs, one at a time, in the order of their ids. What is damaged is left out."""
    return reading.readable(records, records.list("runs/"), run)


def _parse(key: str, data: bytes) -> None:
    for prefix, must_be in _MUST_BE.items():
        if key.startswith(prefix):
            must_be(key, data)

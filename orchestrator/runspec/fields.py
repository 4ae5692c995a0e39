"""The types of the RunSpec's fields: what they accept, in which units, and how a union chooses its branch."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    Tag,
)

MAX_EXACT_INT = 2**53 - 1
"""The largest integer that JSON carries exactly on every reader."""

MAX_MOUNT = 4096

NAME_PATTERN = r"^[A-Za-z_][A-Za-z0-9_.-]{0,127}$"
ENVIRONMENT_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]{0,127}$"
PYTHON_PATTERN = r"^3\.[0-9]+$"
SHA256_PATTERN = r"^[0-9a-f]{64}$"
SECRET_PATTERN = r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$"  # noqa: S105 - no secret
MEMORY_PATTERN = r"^\s*[0-9]{1,15}\s*[kmgtKMGT]?[iI]?[bB]?\s*$"
DURATION_PATTERN = r"^\s*[0-9]{1,15}\s*[smhdSMHD]?\s*$"

TEXT, LIST, MAPPING, TOLERANCE = "<text>", "<list>", "<mapping>", "<tolerance>"
"""A union's branches, as they stand in pydantic's ``loc``."""
BRANCHES = frozenset({TEXT, LIST, MAPPING, TOLERANCE})

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_SPANS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_memory(text: str) -> int:
    """Bytes of ``512m``, ``4g``, ``1048576``; units are powers of 1024.

    Raises:
        ValueError: not such a text.
    """
    match = re.fullmatch(r"([0-9]{1,15})\s*([kmgt]?)i?b?", text.strip().lower())
    if not match:
        raise ValueError("a size reads 512m, 4g or a number of bytes")
    return int(match[1]) * _UNITS[match[2]]


def parse_duration(text: str) -> int:
    """Seconds of ``90``, ``90s``, ``15m``, ``2h``, ``1d``.

    Raises:
        ValueError: not such a text.
    """
    match = re.fullmatch(r"([0-9]{1,15})\s*([smhd]?)", text.strip().lower())
    if not match:
        raise ValueError("a duration reads 90s, 15m, 2h or 1d")
    return int(match[1]) * _SPANS[match[2]]


def shape(value: Any) -> str | None:
    """Which branch of a union of text, list and mapping this value is for."""
    if isinstance(value, str):
        return TEXT
    if isinstance(value, list | tuple):
        return LIST
    return MAPPING if isinstance(value, Mapping) else None


def chosen_by(choose: Any, expected: str) -> Discriminator:
    """A union whose errors are those of one branch; where none fits: ``must be <expected>``."""
    return Discriminator(choose, custom_error_type="shape", custom_error_message=expected)


def _memory(value: Any) -> Any:
    return parse_memory(value) if isinstance(value, str) else value


def _duration(value: Any) -> Any:
    return parse_duration(value) if isinstance(value, str) else value


def _scalar(value: Any) -> Any:
    if not isinstance(value, bool | int | float | str):
        raise ValueError("a parameter is true, false, a number or text")
    if type(value) is int and abs(value) > MAX_EXACT_INT:
        raise ValueError(f"an integer beyond ±{MAX_EXACT_INT} does not survive JSON; write it as a string")
    if isinstance(value, float) and value - value != 0:
        raise ValueError("a parameter is a finite number; write an infinity or nan as a string")
    return value


def _recorded(value: Any) -> Any:
    """Canonical JSON writes 1e16 as 10000000000000000: read back, an integer of that size was a float."""
    return float(value) if type(value) is int and abs(value) > MAX_EXACT_INT else value


def _whole(value: Any) -> Any:
    if type(value) is not int:
        raise ValueError("must be the number 1")
    return value


def _absolute(path: str) -> str:
    if len(path) > MAX_MOUNT:
        raise ValueError(f"a mount is no longer than {MAX_MOUNT} characters")
    if not path.startswith("/") or ".." in path.split("/") or "\0" in path or not path.strip("/."):
        raise ValueError("give an absolute path inside the container, without `..`")
    return posixpath.normpath("/" + path.lstrip("/"))


def _relative(path: str) -> str:
    if path.startswith("/") or ".." in path.split("/") or not path or "\0" in path:
        raise ValueError("give a relative path without `..`")
    return path


Scalar = Annotated[StrictBool | StrictInt | StrictFloat | StrictStr, BeforeValidator(_scalar)]
"""A parameter's value: true, 3, 0.1 or text."""

RecordedScalar = Annotated[StrictBool | StrictInt | StrictFloat | StrictStr, BeforeValidator(_recorded)]
"""The same as it stands in a stored document."""

Name = Annotated[str, Field(pattern=NAME_PATTERN)]
EnvironmentName = Annotated[str, Field(pattern=ENVIRONMENT_PATTERN)]
SecretReference = Annotated[str, Field(pattern=SECRET_PATTERN)]
MountPath = Annotated[str, AfterValidator(_absolute)]
RelativePath = Annotated[str, AfterValidator(_relative)]
One = BeforeValidator(_whole)

_Amount = Annotated[StrictInt, Field(gt=0, le=MAX_EXACT_INT)]
ByteCount = Annotated[
    _Amount,
    BeforeValidator(_memory, json_schema_input_type=_Amount | Annotated[str, Field(pattern=MEMORY_PATTERN)]),
]
Seconds = Annotated[
    _Amount,
    BeforeValidator(_duration, json_schema_input_type=_Amount | Annotated[str, Field(pattern=DURATION_PATTERN)]),
]

Words = tuple[str, ...]
WordsOrLine = Annotated[
    Annotated[str, Tag(TEXT)] | Annotated[Words, Tag(LIST)], chosen_by(shape, "text or a list of texts")
]
WordsOrFile = Annotated[
    Annotated[RelativePath, Tag(TEXT)] | Annotated[Words, Tag(LIST)],
    chosen_by(shape, "a file's path or a list of requirements"),
]

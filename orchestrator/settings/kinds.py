"""The kinds of values that settings have, each read from text. What is wrong is said without showing a password.

Each takes what a file holds and the folder that relative paths belong to, and raises a ValueError that says why not.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from orchestrator.settings.urls import has_password

NOTHING = "none"
"""What takes back what a layer below has set."""

_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9!_.*'()/-]*)?")
_ENDPOINT = re.compile(r"https?://[^\s/?#@]+/?")
_REGION = re.compile(r"[A-Za-z0-9-]{1,64}")
_POSTGRES = re.compile(r"postgres(ql)?://\S+")
_REGISTRY = re.compile(
    r"[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+|\[[0-9a-fA-F:]+\](:[0-9]{1,5})?/\S+"
)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        kinds: dict[type, str] = {bool: "true or false", int: "a whole number", float: "a number", dict: "a table"}
        raise ValueError(f"must be text, not {kinds.get(type(value), 'a list')}")
    if not value or value != value.strip() or not value.isprintable():
        raise ValueError("must not be empty, begin or end with blanks, or hold control characters")
    return value


def folder(value: Any, base: Path) -> Path:
    """A path; a relative one is taken from the folder of the file that names it."""
    text = _text(value)
    if "://" in text:
        raise ValueError("must be a path on this machine")
    try:
        path = Path(text).expanduser()
    except RuntimeError:
        raise ValueError("names the home directory of somebody who is not known here") from None
    return base / path


def bucket(value: Any, base: Path) -> str:
    """``s3://BUCKET/PREFIX``."""
    text = _text(value)
    if has_password(text) or "@" in text:
        raise ValueError("must hold no credentials: boto3 finds them as the AWS tools do")
    parts = text.removeprefix("s3://").split("/")
    if not _BUCKET.fullmatch(text) or any(not part.strip(".") and part for part in parts):
        raise ValueError("must read s3://BUCKET or s3://BUCKET/PREFIX")
    return text.rstrip("/")


def bucket_or_folder(value: Any, base: Path) -> str | Path:
    """Either, told apart by how it begins."""
    return bucket(value, base) if isinstance(value, str) and value.startswith("s3:") else folder(value, base)


def endpoint(value: Any, base: Path) -> str:
    """An S3 server's address."""
    text = _text(value)
    if "@" in text:
        raise ValueError("must hold no credentials: boto3 finds them as the AWS tools do")
    if not _ENDPOINT.fullmatch(text):
        raise ValueError("must read https://HOST or https://HOST:PORT")
    return text.rstrip("/")


def region(value: Any, base: Path) -> str:
    """A region's name."""
    if not _REGION.fullmatch(text := _text(value)):
        raise ValueError("must be letters, digits and hyphens")
    return text


def postgres(value: Any, base: Path) -> str:
    """A database's address; it may hold a password."""
    if not _POSTGRES.fullmatch(text := _text(value)):
        raise ValueError("must read postgresql://USER@HOST/DATABASE")
    return text


def registry(value: Any, base: Path) -> str:
    """``HOST:PORT/REPOSITORY``."""
    text = _text(value)
    if "@" in text:
        raise ValueError("must hold no credentials: they come from Docker's configuration (`docker login`)")
    if not _REGISTRY.fullmatch(text):
        raise ValueError("must read HOST/REPOSITORY or HOST:PORT/REPOSITORY, in lower case, without https://")
    return text

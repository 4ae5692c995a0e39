"""The ways in which a secret's value may stand in what a program writes: as it is, and in the usual encodings."""

from __future__ import annotations

import json
import re

SHORTEST = 4
"""Bytes: a shorter value stands in too many texts by chance, and is not looked for."""
SHORTEST_ENCODED = 8
"""So of its encodings: ``AA==`` is none."""
_WRAPPED = 76
"""Where ``base64`` and MIME break their lines."""
_PART = 510
"""Bytes that are looked for at once; in base64 they end where a group of four letters does."""
_FRAME = re.compile(rb"-----[A-Z0-9 ]+-----")
"""What frames every key and certificate is no secret."""
_WORD = re.compile(rb"[A-Za-z0-9_-]*")


def needles(value: bytes) -> list[bytes]:
    """Everything to be looked for, without line breaks, the longest first.

    A value of several lines is looked for as a whole and line by line; a very long one in parts.
    """
    found: set[bytes] = set()
    for text in _texts(value):
        found.add(text)
        found.update(form for form in _encoded(text) if len(form) >= SHORTEST_ENCODED)
    bare = {one.translate(None, b"\r\n") for one in found}
    return sorted((one for one in bare if len(one) >= SHORTEST), key=lambda one: (-len(one), one))


def _texts(value: bytes) -> set[bytes]:
    lines = [line.strip() for line in value.splitlines()]
    lines = [line for line in lines if not _FRAME.fullmatch(line)]
    whole = [value, value.strip(), *lines]
    parts = [text[start : start + _PART] for text in whole for start in range(0, len(text), _PART)]
    return {part for part in parts if len(part.translate(None, b"\r\n")) >= SHORTEST}


def _encoded(text: bytes) -> list[bytes]:
    forms = [text.hex().encode(), text.hex().upper().encode(), *_base64(text), *_wide(text)]
    if _WORD.fullmatch(text):  # as it is, however it is quoted
        return forms
    return forms + _quoted(text)


def _base64(text: bytes) -> list[bytes]:
    """At each of three distances from the beginning of what is encoded: what the neighbours do not change."""
    from binascii import b2a_base64  # imported with the first secret

    forms = []
    for before in range(3):
        encoded = b2a_base64(b"\0" * before + text, newline=False).rstrip(b"=")
        first = (0, 2, 3)[before]
        partial = (before + len(text)) % 3 != 0
        inner = encoded[first : len(encoded) - partial]
        forms += [inner, *(_lines(encoded) if before == 0 else [])]
    return forms + [form.replace(b"+", b"-").replace(b"/", b"_") for form in forms]


def _wide(text: bytes) -> list[bytes]:
    """Two and four bytes a letter: what NumPy's arrays of text hold, and files of Windows."""
    decoded = text.decode("utf-8", "replace")
    return [decoded.encode(form) for form in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")]


def _lines(encoded: bytes) -> list[bytes]:
    return [encoded[start : start + _WRAPPED] for start in range(0, len(encoded), _WRAPPED)]


def _quoted(text: bytes) -> list[bytes]:
    from urllib.parse import quote_from_bytes, quote_plus

    decoded = text.decode("utf-8", "surrogateescape")
    percent = [quote_from_bytes(text, safe=""), quote_from_bytes(text), quote_plus(text)]
    lower = [re.sub("%..", lambda found: found[0].lower(), form) for form in percent]
    escaped = [json.dumps(decoded)[1:-1], json.dumps(decoded, ensure_ascii=False)[1:-1].replace("/", "\\/")]
    plain = [json.dumps(decoded, ensure_ascii=False)[1:-1], json.dumps(decoded)[1:-1].replace("/", "\\/")]
    shown = [repr(decoded)[1:-1], repr(text)[2:-1], ascii(decoded)[1:-1]]
    html = decoded.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    forms = [*percent, *lower, *escaped, *plain, *shown, html]
    return [form.encode("utf-8", "surrogateescape") for form in forms]

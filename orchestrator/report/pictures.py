"""Which files are pictures that a browser may show. What they are, their bytes say: a name is only a hint."""

from __future__ import annotations

MAGIC = 16
"""Bytes that tell."""

_TYPES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


def media_type(start: bytes) -> str | None:
    """The media type of an image that begins so; never of one that can hold a script."""
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in _TYPES if start.startswith(magic)), None)

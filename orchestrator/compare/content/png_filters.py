"""PNG's filters, taken off: a row's bytes were written as differences from those left of and above them."""

from __future__ import annotations

from orchestrator.compare.content.port import Unreadable


def unfiltered(rows: bytes, row: int, pixel: int) -> bytes:
    """The bytes of the picture; ``row`` and ``pixel`` are their sizes in bytes.

    Raises:
        Unreadable: a filter that PNG has not.
    """
    out = bytearray()
    above = bytes(row)
    for at in range(0, len(rows), row + 1):
        above = _row(rows[at], rows[at + 1 : at + 1 + row], above, pixel)
        out += above
    return bytes(out)


def _row(kind: int, data: bytes, above: bytes, pixel: int) -> bytes:
    if kind == 0:
        return data
    if kind == 2:
        return bytes((a + b) & 0xFF for a, b in zip(data, above, strict=True))
    if kind not in (1, 3, 4):
        raise Unreadable(f"a row with filter {kind}")
    out = bytearray(pixel) + data
    up = bytes(pixel) + above
    for i in range(pixel, len(out)):
        left, over, corner = out[i - pixel], up[i], up[i - pixel]
        guess = left if kind == 1 else (left + over) // 2 if kind == 3 else _paeth(left, over, corner)
        out[i] = (out[i] + guess) & 0xFF
    return bytes(out[pixel:])


def _paeth(left: int, over: int, corner: int) -> int:
    """Whichever of the three is nearest to ``left + over - corner``."""
    to_left, to_over, to_corner = abs(over - corner), abs(left - corner), abs(left + over - 2 * corner)
    if to_left <= to_over and to_left <= to_corner:
        return left
    return over if to_over <= to_corner else corner

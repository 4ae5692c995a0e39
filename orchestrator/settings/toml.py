"""TOML with positions: the line on which a key stands, which Python's parser does not tell.

A document that is cut where a statement ends holds all keys up to there. So the line of a key is found by halving,
whatever way of writing tables, quotes and lists the file has.
"""

from __future__ import annotations

import bisect
import re
import tomllib
from pathlib import Path
from typing import Any

from orchestrator.errors import SettingsError

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"""+|'
    r"'''.*?'''+|"
    r'"(?:\\.|[^"\\\n])*"|'
    r"'[^'\n]*'|#[^\n]*|[\[\]{}]|\n",
    re.DOTALL,
)
_NO_STATEMENT = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*")
_POSITION = re.compile(r"(.*) \(at line (\d+), column (\d+)\)", re.DOTALL)


class TomlFile:
    """A parsed file.

    Raises:
        SettingsError: it cannot be read, or is no TOML; told as ``file:line:column: text``.
    """

    def __init__(self, path: Path, data: bytes) -> None:
        self.path = path
        try:
            text = data.decode().replace("\r\n", "\n")
            self.content = tomllib.loads(text)
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise SettingsError([f"{path}:{line}: not UTF-8"]) from None
        except tomllib.TOMLDecodeError as error:
            raise SettingsError([_located(path, str(error))]) from None
        except RecursionError:
            raise SettingsError([f"{path}:1: nested too deeply"]) from None
        self._text = text

    def line(self, *keys: str) -> int:
        """The line, from 1, on which the key at this path begins; 1 where there is no such key."""
        if not _holds(self.content, keys):
            return 1
        cuts = _ends_of_statements(self._text)
        first = bisect.bisect_left(cuts, True, key=lambda cut: _holds(tomllib.loads(self._text[:cut]), keys))
        before = cuts[first - 1] if first else 0
        blank = _NO_STATEMENT.match(self._text, before)
        return self._text.count("\n", 0, blank.end() if blank else before) + 1


def _ends_of_statements(text: str) -> list[int]:
    """The positions behind the lines that end outside of strings and brackets; the end of a valid document is one."""
    depth, ends = 0, []
    for token in _TOKEN.finditer(text):
        match token[0]:
            case "[" | "{":
                depth += 1
            case "]" | "}":
                depth -= 1
            case "\n" if depth == 0:
                ends.append(token.end())
    return [*ends, len(text)]


def _located(path: Path, said: str) -> str:
    """Python's message, with the position where others have it. The text around it is not shown."""
    found = _POSITION.fullmatch(said)
    return f"{path}:{found[2]}:{found[3]}: {found[1]}" if found else f"{path}: {said}"


def _holds(content: dict[str, Any], keys: tuple[str, ...]) -> bool:
    inner: Any = content
    for key in keys:
        if not isinstance(inner, dict) or key not in inner:
            return False
        inner = inner[key]
    return True

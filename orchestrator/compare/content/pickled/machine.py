"""Reads a pickle into nodes. It is an interpreter of pickle's operations in which none of them does anything."""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from typing import IO, Any, cast

from orchestrator.compare.content.pickled.nodes import Global, Made, Members, Pairs, Persistent
from orchestrator.compare.content.port import Unreadable

MOST = 5_000_000
"""Operations."""

_MARK = object()
_PUSHES = frozenset(
    {
        *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
        *("STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
        *("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
    }
)
_CONSTANTS: dict[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_NOTHING = frozenset({"PROTO", "FRAME", "READONLY_BUFFER", "STOP"})


class Bounded:
    """A stream that is never asked for more than it has: a pickle may claim any length."""

    def __init__(self, stream: IO[bytes], end: int) -> None:
        self.stream = stream
        self.end = end

    def read(self, count: int) -> bytes:
        """Up to ``count`` bytes."""
        return self.stream.read(max(min(count, self.end - self.tell()), 0))

    def readline(self) -> bytes:
        """A line."""
        return self.stream.readline(max(self.end - self.tell(), 0))

    def tell(self) -> int:
        """Where in the stream."""
        return self.stream.tell()


Between = Callable[[Bounded, Made], None]
"""Called when an object got its state: joblib writes an array's bytes right there."""


class Machine:
    """One pickle."""

    def __init__(self, stream: Bounded, between: Between | None = None) -> None:
        self._stream = stream
        self._between = between
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def run(self) -> Any:
        """What the pickle describes; the stream stands behind it then.

        Raises:
            Unreadable: it is no pickle, or has too many operations.
            ValueError, IndexError, KeyError, TypeError: it is damaged.
        """
        for count, (opcode, argument, _) in enumerate(pickletools.genops(cast(IO[bytes], self._stream))):
            if count > MOST:
                raise Unreadable(f"more than {MOST:,} operations")
            self._take(opcode.name, argument)
        if len(self._stack) != 1:
            raise Unreadable("a pickle that leaves not one thing")
        return self._stack[0]

    def _take(self, name: str, argument: Any) -> None:
        if name in _PUSHES:
            self._stack.append(argument)
        elif name in _CONSTANTS:
            self._stack.append(_CONSTANTS[name])
        elif name not in _NOTHING:
            operation = _OPERATIONS.get(name)
            if operation is None:
                raise Unreadable(f"the operation {name}")
            operation(self, argument)

    def _marked(self) -> list[Any]:
        """What stands above the last mark; both are taken off."""
        at = len(self._stack) - 1
        while self._stack[at] is not _MARK:
            at -= 1
            if at < 0:
                raise Unreadable("no mark")
        items = self._stack[at + 1 :]
        del self._stack[at:]
        return items

    def _push(self, value: Any) -> None:
        self._stack.append(value)

    def _tuple(self, count: int) -> None:
        items = tuple(self._stack[-count:])
        if len(items) != count:
            raise Unreadable("too few items")
        self._stack[-count:] = [items]

    def _append(self, values: list[Any]) -> None:
        target = self._stack[-1]
        if isinstance(target, list):
            target.extend(values)
        elif isinstance(target, Made | Members):
            target.items.extend(values)
        else:
            raise Unreadable("items for what holds none")

    def _set(self, values: list[Any]) -> None:
        target = self._stack[-1]
        if not isinstance(target, Pairs | Made) or len(values) % 2:
            raise Unreadable("entries for what has none")
        target.pairs.extend(zip(values[::2], values[1::2], strict=True))

    def _build(self) -> None:
        state = self._stack.pop()
        target = self._stack[-1]
        if not isinstance(target, Made):
            raise Unreadable("a state for what has none")
        target.states.append(state)
        if self._between:
            self._between(self._stream, target)

    def _put(self, index: int) -> None:
        self._memo[index] = self._stack[-1]

    def _global(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        self._push(Global(module, name))

    def _stack_global(self) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        if not (isinstance(name, str) and isinstance(module, str)):
            raise Unreadable("a name that is no text")
        self._push(Global(module, name))

    def _reduce(self) -> None:
        arguments, callee = self._stack.pop(), self._stack.pop()
        self._push(_bytes_of(callee, arguments) or Made(callee, arguments))

    def _new(self, *, keywords: bool) -> None:
        named = self._stack.pop() if keywords else None
        arguments, cls = self._stack.pop(), self._stack.pop()
        self._push(Made(cls, arguments, named))

    def _instance(self, callee: Any, arguments: list[Any]) -> None:
        self._push(Made(callee, tuple(arguments)))

    def _object(self) -> None:
        cls, *arguments = self._marked()
        self._instance(cls, arguments)

    def _inst(self, argument: str) -> None:
        arguments = self._marked()
        module, _, name = argument.partition(" ")
        self._instance(Global(module, name), arguments)

    def _pairs(self) -> None:
        values = self._marked()
        self._push(Pairs())
        self._set(values)


def _bytes_of(callee: Any, arguments: Any) -> bytes | None:
    """How protocols before 3 write bytes; as a value of their own they are shown, and measured, better."""
    if callee != Global("_codecs", "encode") or not isinstance(arguments, tuple) or len(arguments) != 2:
        return None
    text, encoding = arguments
    return text.encode("latin-1") or None if isinstance(text, str) and encoding == "latin1" else None


_OPERATIONS: dict[str, Callable[[Machine, Any], None]] = {
    "MARK": lambda m, _: m._push(_MARK),
    "POP": lambda m, _: m._stack.pop(),
    "POP_MARK": lambda m, _: m._marked().clear(),
    "DUP": lambda m, _: m._push(m._stack[-1]),
    "EMPTY_LIST": lambda m, _: m._push([]),
    "EMPTY_DICT": lambda m, _: m._push(Pairs()),
    "EMPTY_SET": lambda m, _: m._push(Members()),
    "LIST": lambda m, _: m._push(m._marked()),
    "TUPLE": lambda m, _: m._push(tuple(m._marked())),
    "TUPLE1": lambda m, _: m._tuple(1),
    "TUPLE2": lambda m, _: m._tuple(2),
    "TUPLE3": lambda m, _: m._tuple(3),
    "DICT": lambda m, _: m._pairs(),
    "FROZENSET": lambda m, _: m._push(Members(m._marked(), frozen=True)),
    "APPEND": lambda m, _: m._append([m._stack.pop()]),
    "APPENDS": lambda m, _: m._append(m._marked()),
    "ADDITEMS": lambda m, _: m._append(m._marked()),
    "SETITEM": lambda m, _: m._set([m._stack.pop(-2), m._stack.pop()]),
    "SETITEMS": lambda m, _: m._set(m._marked()),
    "PUT": lambda m, index: m._put(index),
    "BINPUT": lambda m, index: m._put(index),
    "LONG_BINPUT": lambda m, index: m._put(index),
    "MEMOIZE": lambda m, _: m._put(len(m._memo)),
    "GET": lambda m, index: m._push(m._memo[index]),
    "BINGET": lambda m, index: m._push(m._memo[index]),
    "LONG_BINGET": lambda m, index: m._push(m._memo[index]),
    "GLOBAL": lambda m, name: m._global(name),
    "STACK_GLOBAL": lambda m, _: m._stack_global(),
    "REDUCE": lambda m, _: m._reduce(),
    "NEWOBJ": lambda m, _: m._new(keywords=False),
    "NEWOBJ_EX": lambda m, _: m._new(keywords=True),
    "OBJ": lambda m, _: m._object(),
    "INST": lambda m, name: m._inst(name),
    "BUILD": lambda m, _: m._build(),
    "PERSID": lambda m, key: m._push(Persistent(key)),
    "BINPERSID": lambda m, _: m._push(Persistent(m._stack.pop())),
    "EXT1": lambda m, code: m._push(Global("copyreg", f"extension {code}")),
    "EXT2": lambda m, code: m._push(Global("copyreg", f"extension {code}")),
    "EXT4": lambda m, code: m._push(Global("copyreg", f"extension {code}")),
}

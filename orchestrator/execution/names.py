"""Names that may be given several times, told apart."""

from __future__ import annotations


class Names:
    """Gives each of those who ask for one name a name of its own: ``loss``, then ``loss~2``."""

    def __init__(self) -> None:
        self._given: dict[str, int] = {}

    def give(self, name: str) -> str:
        """This name, or with the next number that is free."""
        taken = name
        while taken in self._given:
            self._given[name] += 1
            taken = f"{name}~{self._given[name]}"
        self._given[taken] = 1
        return taken

"""Two sides' objects, paired: what refers to what is content, where an object stands is not."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Identities:
    """Which object of the left side is which of the right."""

    right_of: dict[object, object] = field(default_factory=dict)
    left_of: dict[object, object] = field(default_factory=dict)

    def pair(self, left: object, right: object) -> bool | None:
        """True where this is a new pair, None where it is a known one, False where either belongs to another."""
        if left not in self.right_of and right not in self.left_of:
            self.right_of[left], self.left_of[right] = right, left
            return True
        return None if self.right_of.get(left) == right and self.left_of.get(right) == left else False

"""Hundreds of numbers as one: a lane of 64 bits for each in a single long integer. Imports nothing of this package.

Python adds, shifts and compares integers of thousands of bits in the time of a few single additions: where the same
is asked of every number of a list, this takes half as long as a loop. All numbers stay below 2**62, so that no lane
runs over into the next; the first number is in the lowest lane.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["Lanes"]

_LANE = 64
_FEW = 32  # numbers that are packed one by one sooner than a module is loaded
_SHORT = 16  # lanes whose sum takes no longer than adding halves of them
_FULL = (1 << _LANE) - 1
_ONE = (1).to_bytes(_LANE // 8, "little")


class Lanes:
    """Arithmetic on lists of `count` numbers, each packed into one integer. Adding and subtracting need no help."""

    __slots__ = ("_all", "_halves", "_masks", "_ones", "_top", "count")

    def __init__(self, count: int) -> None:
        self.count = count
        self._all = (1 << _LANE * count) - 1
        self._ones = int.from_bytes(_ONE * count, "little")
        self._top = self._ones << _LANE - 1
        self._masks: dict[int, int] = {}
        self._halves: list[tuple[int, int]] = []
        while count > _SHORT:
            count = (count + 1) // 2
            self._halves.append((_LANE * count, (1 << _LANE * count) - 1))

    def packed(self, numbers: Sequence[int]) -> int:
        """A lane for each number."""
        if self.count < _FEW:
            return int.from_bytes(b"".join([number.to_bytes(_LANE // 8, "little") for number in numbers]), "little")
        from struct import pack  # noqa: PLC0415 - a start with an ordinary map does without

        return int.from_bytes(pack(f"<{self.count}Q", *numbers), "little")

    def fill(self, number: int) -> int:
        """The same number in every lane."""
        return self._ones * number

    def shifted(self, numbers: int, bits: int) -> int:
        """Every number without its lowest bits."""
        mask = self._masks.get(bits)
        if mask is None:
            mask = self._masks[bits] = self._ones * (_FULL >> bits)
        return (numbers >> bits) & mask

    def before(self, numbers: int, first: int) -> int:
        """For every number the one before it; `first` for the first."""
        return (numbers << _LANE) & self._all | first

    def above(self, numbers: int, others: int) -> int:
        """How much every number is above its counterpart; 0 where it is not."""
        differences = (numbers | self._top) - others
        kept = differences & self._top
        return differences & (kept - (kept >> (_LANE - 1)))

    def at_most(self, numbers: int, others: int) -> bool:
        """Whether every number is at most its counterpart."""
        return ((others | self._top) - numbers) & self._top == self._top

    def equal(self, numbers: int, others: int) -> int:
        """How many numbers equal their counterparts."""
        return self.count - ((((numbers ^ others) | self._top) - self._ones) & self._top).bit_count()

    def total(self, numbers: int) -> int:
        """The sum of all numbers, which is below 2**64 - 1."""
        # The remainder is the sum, but a long division: half of the lanes are added to the other half before.
        for bits, mask in self._halves:
            numbers = (numbers >> bits) + (numbers & mask)
        return numbers % _FULL

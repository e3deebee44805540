"""What can be computed from sets of people that are told, by elimination. Pure."""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

PRIME: Final = 2**31 - 1
Row = NDArray[Any]


class Space:
    """All that can be computed from sets that are told: rows of numbered people.

    The rows are kept in reduced form: of each, one person (its pivot) is in it and in no other.
    """

    def __init__(self, people: int) -> None:
        # People with the same number are alike in every told set; 0 is everybody who is in none.
        self._alike = np.zeros(people, dtype=np.int64)
        self._new: list[Row] = []
        self._pivots: list[int] = []
        self._rows = np.zeros((16, people), dtype=np.int64)

    def row(self, people: Iterable[int]) -> Row:
        """Return a set as a row."""
        row = np.zeros(len(self._alike), dtype=bool)
        row[list(people)] = True
        return row

    def add(self, row: Row) -> None:
        """Add a set that is told."""
        _, alike = np.unique(np.append(self._alike * 2 + row, 0), return_inverse=True)
        # Somebody who is in no set stands at the end, so that their number stays 0.
        self._alike = alike[:-1]
        self._new.append(row)

    def admits(self, row: Row, wanted: int) -> bool:
        """Say whether a set follows from the told ones, or in `wanted` lots of people, nobody in two, from nothing."""
        lots = self._pairs(row, wanted)
        if len(lots) < wanted:
            for one in self._new:
                self._settle(one)
            self._new = []
            left = self._left(row)
            if not left.any():
                return True
            # Somebody of those who are left is in each lot.
            if np.count_nonzero(left) >= wanted:
                self._add_lots(lots, row, wanted)
        return len(lots) >= wanted

    def _pairs(self, row: Row, wanted: int) -> list[set[int]]:
        """Return people whom nothing told of tells apart and `row` does, by two; alone, who is in nothing told of."""
        there = np.bincount(self._alike)
        mixed = np.flatnonzero(np.bincount(self._alike[row], minlength=len(there)) % there.clip(1))
        found = [{int(person)} for person in np.flatnonzero(row & (self._alike == 0))[:wanted]]
        for number in mixed:
            if number and len(found) < wanted:
                alike = self._alike == number
                inside, beside = np.flatnonzero(alike & row), np.flatnonzero(alike & ~row)
                found += [{int(a), int(b)} for a, b in zip(inside, beside, strict=False)]
        return found

    def _settle(self, row: Row) -> None:
        left = self._left(row)
        if not left.any():
            return
        number = len(self._pivots)
        if number == len(self._rows):
            self._rows = np.vstack([self._rows, np.zeros_like(self._rows)])
        self._rows[number] = left
        self._pivots.append(-1)
        self._pivot(number, np.flatnonzero(left))

    def _pivot(self, number: int, people: Row) -> None:
        """Make one of `people`, who are all in a row, its pivot."""
        # One of many who are alike: then what is left of a set is mostly who is in it alone.
        at = int(people[np.bincount(self._alike)[self._alike[people]].argmax()])
        one = self._rows[number] * pow(int(self._rows[number, at]), -1, PRIME) % PRIME
        others = np.flatnonzero(self._rows[: len(self._pivots), at])
        others = others[others != number]
        there = np.flatnonzero(one)
        part = np.ix_(others, there)
        self._rows[part] = (self._rows[part] - self._rows[others, at, None] * one[there]) % PRIME
        self._rows[number], self._pivots[number] = one, at

    def _left(self, row: Row) -> Row:
        """Return what is left of a set once all that told ones add up to is taken from it, modulo a prime."""
        left: Row = (row - self._rows[: len(self._pivots)][row[self._pivots]].sum(axis=0)) % PRIME
        return left

    def _add_lots(self, lots: list[set[int]], row: Row, wanted: int) -> None:
        """Add lots of people whose memberships add up to nothing in all that is told of, but not in `row`.

        Each is somebody who is left of the row, with the pivots by whom they are told; of all there are the smallest.
        Pivots that are used up are exchanged for others of their rows first, as far as there are any.
        """
        taken = np.zeros(len(row), dtype=bool)
        taken[[person for lot in lots for person in lot]] = True
        while len(lots) < wanted:
            for number in np.flatnonzero(taken[self._pivots]):
                if len(people := np.flatnonzero(self._rows[number].astype(bool) & ~taken)):
                    self._pivot(int(number), people)
            people = np.flatnonzero(self._left(row).astype(bool) & ~taken)
            if not len(people):
                return
            told_by, pivots = self._rows[: len(self._pivots), people] != 0, np.array(self._pivots, dtype=np.int64)
            for n in np.argsort(told_by.sum(axis=0), kind="stable"):
                lot = np.append(pivots[told_by[:, n]], people[n])
                if not taken[lot].any():
                    taken[lot] = True
                    lots.append(set(lot.tolist()))
                    if len(lots) == wanted:
                        return

"""What can be computed from sets of people that are told, by elimination. Pure."""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

PRIME: Final = 2**31 - 1
Row = NDArray[Any]


class Space:
    """All that can be computed from sets that are told: rows of numbered people."""

    def __init__(self, people: int) -> None:
        # People with the same number are alike in every told set; 0 is everybody who is in none.
        self._alike = np.zeros(people, dtype=np.int64)
        self._new: list[Row] = []
        self._reduced: list[tuple[int, Row]] = []

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
                self._settle(one.astype(np.int64))
            self._new = []
            if not lots and not self._left(row.astype(np.int64)).any():
                return True
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
        row = self._left(row)
        if len(places := np.flatnonzero(row)):
            at = int(places[0])
            self._reduced.append((at, row * pow(int(row[at]), -1, PRIME) % PRIME))

    def _left(self, row: Row) -> Row:
        """Return what is left of a row once all that told ones add up to is taken from it, modulo a prime."""
        for at, one in self._reduced:
            if row[at]:
                row = (row - row[at] * one) % PRIME
        return row

    def _add_lots(self, lots: list[set[int]], row: Row, wanted: int) -> None:
        """Add lots of people whose memberships add up to nothing, in all that is told of but not in `row`."""
        told = np.array([one for _, one in self._reduced], dtype=np.int64).reshape(len(self._reduced), len(row))
        free = [int(person) for person in np.argsort(self._alike, kind="stable")]
        while len(lots) < wanted:
            taken = set[int]().union(*lots)
            free = [person for person in free if person not in taken]
            lot = _lot(np.vstack([told, row])[:, free])
            if lot is None:
                return
            lots.append({free[n] for n in lot})


def _lot(columns: Row) -> set[int] | None:
    """Return columns that add up to nothing but in the last row, where they do not; None if there are none."""
    # What adds up is mostly found among the first few more columns than there are rows.
    width = 2 * len(columns) + 64
    while True:
        found = _first_lot(columns[:, :width].copy())
        if found is not None or width >= columns.shape[1]:
            return found
        width *= 4


def _first_lot(left: Row) -> set[int] | None:
    """Return the first column that follows from those before it but for the last row, with those it follows from.

    Gauss-Jordan, row by row at once: left of a column stand pivots alone, so what stands in it is how it follows.
    """
    pivots = list[int]()
    for number in range(left.shape[1]):
        at = len(pivots)
        below = np.flatnonzero(left[at:-1, number])
        if not len(below):
            if left[-1, number]:
                return {number} | {pivots[n] for n in np.flatnonzero(left[:at, number])}
            continue
        if below[0]:
            left[[at, at + below[0]]] = left[[at + below[0], at]]
        one = left[at, number:] * pow(int(left[at, number]), -1, PRIME) % PRIME
        left[at, number:] = one
        others = np.flatnonzero(left[:, number])
        others = others[others != at]
        left[others, number:] = (left[others, number:] - left[others, number, None] * one) % PRIME
        pivots.append(number)
    return None

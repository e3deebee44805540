"""What was corrected of a frozen week: which number, from what to what, when and why (B-0).

A number that is told of nobody, or of fewer than five people, in either version is not told here either (B-12), nor is
any where one to four people came into the week or went out of it: the two versions beside each other would be theirs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from sqlalchemy import select

from colleague.adoption.few.apart import below_five
from colleague.adoption.few.decide import ORGANISATION
from colleague.adoption.frozen.kept import numbers_of
from colleague.adoption.frozen.tickets import TICKETS
from colleague.adoption.groups import KINDS, NoSuchGroup
from colleague.adoption.tables import FrozenRow
from colleague.adoption.weeks import Week
from colleague.identity.actor import Actor
from colleague.kit.db import Session
from colleague.kit.errors import Invalid

NONE: Final = "not told"
NAMES: Final[Mapping[str, str]] = {
    "seats": "Seats", "person_days": "Person-days of five", "active": "Active people", "passive": "Passive people",
    "wau": "Weekly active", "adjusted": "Weekly active, of those not away", "sessions": "Sessions each",
    "completion": "Completion", "breadth": "Breadth", "tenured": "Breadth of seats twelve weeks old",
    "time": "Time to output", "skipped": "Skipped for holidays", TICKETS: "Tickets",
}  # fmt: skip
# What is told first of a number that has parts, and how.
_FIRST: Final[Mapping[str, tuple[str, str]]] = {
    "wau": ("value", "share"), "adjusted": ("value", "share"), "completion": ("value", "share"),
    "sessions": ("mean", "number"), "breadth": ("median", "number"), "tenured": ("median", "number"),
    "time": ("reduction", "less"), TICKETS: ("tickets", "number"),
}  # fmt: skip
# What is kept by id: that it changed is said, and not which.
_UNNAMED: Final = "about"
_OTHERS: Final = "about other use cases or connectors"


class BadWeek(Invalid):
    """A week is written as 2026-W09."""


@dataclass(frozen=True, slots=True)
class Change:
    """One number, in words: what it was, and what it is since."""

    name: str
    was: str
    now: str

    def __str__(self) -> str:
        """Return it in a few words."""
        return f"{self.name.lower()} {self.was} → {self.now}"


@dataclass(frozen=True, slots=True)
class Correction:
    """Another version of a week that was frozen: when, why, and what changed; nothing where nothing of it is told."""

    week: str
    version: int
    at: datetime
    reason: str
    changes: tuple[Change, ...]

    @property
    def said(self) -> str:
        """Return it in a line."""
        what = ", ".join(map(str, self.changes)) or "nothing that is told here"
        return f"{self.week} was corrected on {self.at:%d %b %Y} (version {self.version}): {what}. {self.reason}"

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self) | {"at": self.at.isoformat()}


@dataclass(frozen=True, slots=True)
class Versions:
    """A week of a group in all its versions. `frozen_at`: when its first was kept; None while there is none."""

    week: str
    kind: str
    name: str
    frozen_at: datetime | None
    corrections: tuple[Correction, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "week": self.week, "kind": self.kind, "name": self.name,
            "frozen_at": self.frozen_at and self.frozen_at.isoformat(),
            "corrections": [one.to_json() for one in self.corrections],
        }  # fmt: skip


async def versions(session: Session, actor: Actor, week: str, *, kind: str = "", name: str = "") -> Versions:
    """Return a week of the organisation, or of one group, in its versions. Raises BadWeek, NoSuchGroup,
    PermissionMissing.
    """
    actor.require("org:adoption:read")
    try:
        asked = Week.read(week[:10])
    except ValueError:
        raise BadWeek from None
    if (kind and kind not in KINDS) or "\x00" in name:
        raise NoSuchGroup
    rows = await _rows(session, asked, asked, kind or ORGANISATION, name if kind else "", all_=True)
    if kind and not rows:
        raise NoSuchGroup
    first = min((row.at for row in rows), default=None)
    return Versions(str(asked), kind or ORGANISATION, name if kind else "", first, _corrections(rows))


async def corrections(
    session: Session, first: Week, last: Week, *, kind: str = ORGANISATION, name: str = ""
) -> list[Correction]:  # fmt: skip
    """Return what was corrected of the weeks of a period, oldest week first: for whoever reads its numbers already."""
    rows = await _rows(session, first, last, kind, name)
    by_week = groupby(rows, key=lambda row: row.week)
    return [one for _, mine in by_week for one in _corrections(list(mine))]


async def _rows(
    session: Session, first: Week, last: Week, kind: str, name: str, *, all_: bool = False
) -> list[FrozenRow]:  # fmt: skip
    """Return all versions of a group's weeks, of corrected weeks alone unless `all_`, in the order they were kept."""
    mine = (
        FrozenRow.kind == kind, FrozenRow.name == name, FrozenRow.week >= str(first), FrozenRow.week <= str(last)
    )  # fmt: skip
    query = select(FrozenRow).where(*mine).order_by(FrozenRow.week, FrozenRow.at, FrozenRow.version)
    if not all_:
        query = query.where(FrozenRow.week.in_(select(FrozenRow.week).where(*mine, FrozenRow.version > 1)))
    return list(await session.scalars(query))


def _corrections(rows: Sequence[FrozenRow]) -> tuple[Correction, ...]:
    """Return the corrections of one week of one group from its rows in the order they were kept. Pure."""
    there: dict[str, FrozenRow] = {}
    found = []
    for (at, _), kept in groupby(rows, key=lambda row: (row.at, row.version > 1)):
        made, before = list(kept), _told(there.values())
        there |= {row.part: row for row in made}
        # Its completion, and what was not kept before an update, come later and correct nothing.
        again = [row for row in made if row.version > 1]
        if again:
            reason = " ".join(dict.fromkeys(row.reason for row in again))
            changes = _changes(before, _told(there.values()))
            found.append(Correction(again[0].week, max(row.version for row in again), at, reason, changes))
    return tuple(found)


def _told(rows: Any) -> dict[str, Any]:
    """Return what readers are told of a week by these rows."""
    by_key = {(row.kind, row.name, row.week, row.part): row for row in rows}
    told: dict[str, Any] = {}
    for one in numbers_of(by_key).values():
        told |= one.to_json()
    for (*_, part), row in by_key.items():
        if part == TICKETS:
            told[TICKETS] = row.figures
    return told


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    if before.get("suppressed") or after.get("suppressed"):
        return ()
    if below_five(abs((before.get("seats") or 0) - (after.get("seats") or 0))):
        return ()
    return tuple(
        Change(title, *_words(name, before.get(name), after.get(name)))
        for name, title in NAMES.items() if before.get(name) != after.get(name)
    )  # fmt: skip


def _words(name: str, was: Any, now: Any) -> tuple[str, str]:
    """Return a number before and after; where what is told first stayed the same, with the parts that did not."""
    told = _headline(name, was), _headline(name, now)
    if told[0] != told[1] or not isinstance(was, Mapping) or not isinstance(now, Mapping):
        return told
    parts = [key for key in {**was, **now} if was.get(key) != now.get(key) and key != _UNNAMED][:3]
    if not parts:
        return told[0], f"{told[1]} ({_OTHERS})"
    first, second = ("; ".join(f"{key} {_plain(one.get(key))}" for key in parts) for one in (was, now))
    return f"{told[0]} ({first})", f"{told[1]} ({second})"


def _headline(name: str, one: Any) -> str:
    if not isinstance(one, Mapping):
        return _plain(one)
    key, unit = _FIRST[name]
    value, count = one.get(key), f" (n {one['n']})" if one.get("n") is not None else ""
    if value is None:
        return NONE
    said = f"{value:.1f}".removesuffix(".0") if unit == "number" else f"{100 * value:.1f} %".replace(".0 %", " %")
    return f"{said} less" if unit == "less" else f"{said}{count}"


def _plain(value: Any) -> str:
    match value:
        case None:
            return NONE
        case bool():
            return "yes" if value else "no"
        case Mapping():
            return ", ".join(f"{key} {_plain(one)}" for key, one in value.items()) or "none"
        case float():
            return f"{value:.3g}"
        case _:
            return str(value)

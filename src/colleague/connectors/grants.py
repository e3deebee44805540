"""Grants: a connector opened to a team for named places (R26, CN-5, CN-6). Without one nobody reaches anything."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.exc import IntegrityError

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.connectors.connector import Grant
from colleague.connectors.registry import Registry, normal_place
from colleague.connectors.tables import AccountRow, GrantRow
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Invalid, NotFound
from colleague.kit.ids import new_id
from colleague.policy.model import DataClass, Scope

EVERYTHING = ("", "*")


class ConnectorNotEnabled(Conflict):
    """The connector «{kind}» is not enabled for the organisation: enable it first."""


class BadGrant(Invalid):
    """The connector cannot be opened like this: {why}."""


class NoSuchGrant(NotFound):
    """There is no such grant, or it was revoked."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A grant as people look at it."""

    grant: Grant
    reason: str
    granted_by: str
    granted_at: datetime
    expires_at: datetime | None

    @property
    def id(self) -> str:
        """The grant's id."""
        return self.grant.id

    def to_json(self) -> dict[str, object]:
        """Return the grant as JSON."""
        g = self.grant
        return {
            "id": g.id, "connector": g.connector, "team": g.team, "places": list(g.places), "may_write": g.may_write,
            "ceiling": g.ceiling.name.lower(), "place_class": g.place_class.name.lower(), "trusted": g.trusted,
            "reason": self.reason, "granted_by": self.granted_by, "granted_at": self.granted_at.isoformat(),
            "expires_at": self.expires_at.isoformat() if self.expires_at else None,
        }  # fmt: skip


def read_class(word: str) -> DataClass:
    """Return the class named `word` (public, internal, confidential, restricted); BadGrant if there is none."""
    try:
        return DataClass[word.strip().upper()]
    except KeyError:
        raise BadGrant(why=f"«{word[:40]}» is no class: public, internal, confidential or restricted") from None


def inside(place: str, opened: str) -> bool:
    """Say whether `place` is `opened` or lies in it. `""` and `*` open everything, `*.host` every host below one."""
    below = opened.startswith("*.") and place.endswith(opened[1:])
    return opened in EVERYTHING or place == opened or place.startswith(f"{opened}/") or below


def covers(grant: Grant, place: str) -> bool:
    """Say whether `grant` opens `place`. A place "" names none: the connector itself narrows to what is granted."""
    return place == "" or any(inside(place, opened) for opened in grant.places)


def scopes_for(grants: Iterable[Grant], connector: str, place: str) -> tuple[Scope, ...]:
    """Return the grants as policy sees them, one scope a grant in the same order. Pure."""
    return tuple(
        Scope(
            g.id,
            g.connector,
            g.team,
            covers=g.connector == connector and covers(g, place),
            may_write=g.may_write,
            ceiling=g.ceiling,
        )
        for g in grants
    )


async def grant(
    session: Session, actor: Actor, registry: Registry, connector: str, team: str, places: Sequence[str], *,
    reason: str = "", may_write: bool = False, ceiling: DataClass = DataClass.INTERNAL,
    place_class: DataClass = DataClass.INTERNAL, trusted: bool = False, expires_at: datetime | None = None,
    ledger: Ledger, clock: Clock,
) -> Opened:  # fmt: skip
    """Open `connector` to `team` for `places`. `place_class` is the class of what lies there, `ceiling` the highest
    class that may be read through this grant. Full access ("" or "*") needs a written reason (R26).

    Raises NoSuchConnector, ConnectorNotEnabled, BadGrant, PermissionMissing.
    """
    actor.require("org:connectors:manage")
    kind = (await registry.now(session)).get(connector)
    places = tuple(dict.fromkeys(normal_place(kind, place) for place in places))
    if not places or len(places) > 100 or any(len(place) > 1000 for place in places):
        raise BadGrant(why="name 1 to 100 places, each of at most 1,000 characters")
    if any(place in EVERYTHING for place in places) and len(reason.strip()) < 10:
        raise BadGrant(why="opening everything needs a written reason (10 characters or more)")
    if len(reason) > 2000:
        raise BadGrant(why="the reason is longer than 2,000 characters")
    if place_class > ceiling:
        raise BadGrant(
            why=f"the places are {place_class.name.lower()} but the ceiling is {ceiling.name.lower()}: it opens nothing"
        )
    if expires_at is not None and expires_at <= clock.now():
        raise BadGrant(why="it would have expired already")
    if not await is_enabled(session, connector):
        raise ConnectorNotEnabled(kind=connector)
    row = GrantRow(
        id=new_id("grant"), connector=connector, team_id=team, places=list(places), may_write=may_write,
        ceiling=int(ceiling), place_class=int(place_class), trusted=trusted, reason=reason.strip(),
        granted_by=actor.id, granted_at=clock.now(), expires_at=expires_at,
    )  # fmt: skip
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise BadGrant(why="there is no such team") from None
    facts = {
        "connector": connector, "team": team, "places": list(places), "may_write": may_write,
        "ceiling": ceiling.name.lower(), "place_class": place_class.name.lower(), "trusted": trusted,
        "everything": any(place in EVERYTHING for place in places),
        "expires_at": expires_at.isoformat() if expires_at else None,
    }  # fmt: skip
    await ledger.record(session, Event("grant.opened", actor=actor.id, subject=row.id, data=facts))
    return _opened(row)


async def revoke(session: Session, actor: Actor, grant_id: str, *, ledger: Ledger, clock: Clock) -> None:
    """Close a grant at once: the next call of any run finds it gone. Raises NoSuchGrant, PermissionMissing."""
    actor.require("org:connectors:manage")
    row = await session.get(GrantRow, grant_id, with_for_update=True)
    if row is None or row.revoked_at is not None:
        raise NoSuchGrant
    row.revoked_at, row.revoked_by = clock.now(), actor.id
    facts = {"connector": row.connector, "team": row.team_id}
    await ledger.record(session, Event("grant.revoked", actor=actor.id, subject=grant_id, data=facts))


async def grants_of(session: Session, teams: Iterable[str], connector: str, *, clock: Clock) -> tuple[Grant, ...]:
    """Return the grants of `connector` that hold now for a member of `teams`; none while it is not enabled."""
    if not await is_enabled(session, connector):
        return ()
    query = (
        select(GrantRow)
        .where(GrantRow.connector == connector, GrantRow.team_id.in_(sorted(teams)), *_holds(clock))
        .order_by(GrantRow.id)
    )
    return tuple(_grant(row) for row in await session.scalars(query))


async def list_grants(session: Session, *, connector: str | None = None, clock: Clock) -> list[Opened]:
    """Return every grant that holds now, of one connector or of all."""
    query = select(GrantRow).where(*_holds(clock)).order_by(GrantRow.connector, GrantRow.id)
    if connector is not None:
        query = query.where(GrantRow.connector == connector)
    return [_opened(row) for row in await session.scalars(query)]


async def is_enabled(session: Session, connector: str) -> bool:
    """Say whether `connector` is enabled for the organisation."""
    query = select(AccountRow.id).where(
        AccountRow.connector == connector, AccountRow.person_id.is_(None), AccountRow.active
    )
    return await session.scalar(query) is not None


def _holds(clock: Clock) -> tuple[ColumnElement[bool], ...]:
    now = clock.now()
    return GrantRow.revoked_at.is_(None), or_(GrantRow.expires_at.is_(None), GrantRow.expires_at > now)


def _grant(row: GrantRow) -> Grant:
    return Grant(
        row.id, row.connector, row.team_id, tuple(row.places), row.may_write, DataClass(row.ceiling),
        DataClass(row.place_class), row.trusted,
    )  # fmt: skip


def _opened(row: GrantRow) -> Opened:
    return Opened(_grant(row), row.reason, row.granted_by, row.granted_at, row.expires_at)

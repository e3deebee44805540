"""Grants: a connector opened to a team or role for named places (R26, CN-5, CN-6). Without one nobody reaches anything.

Several grants add up: each opens its own places. What a grant says of a tool (allow, ask, block) holds in its places
whatever another says: the strictest word of all grants that touch the place wins (R28).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, false, or_, select, update
from sqlalchemy.exc import IntegrityError

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.connectors.connector import Grant
from colleague.connectors.registry import Registry, normal_place
from colleague.connectors.surface import check_source
from colleague.connectors.tables import AccountRow, GrantRow
from colleague.identity.actor import Actor
from colleague.identity.directory import ROLE
from colleague.identity.roles import known_roles, roles_since
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Conflict, Invalid, NotFound
from colleague.kit.ids import is_id, new_id
from colleague.kit.seen import says
from colleague.policy.governance import current_governance
from colleague.policy.model import DataClass, Scope, ToolWord
from colleague.policy.standards.entries import check_entry

EVERYTHING = ("", "*")
WORDS = {"allow": ToolWord.ALLOW, "ask": ToolWord.ASK, "block": ToolWord.BLOCK}
# An exception for full access holds for a year at most; the hour spares whoever names the same day of next year.
LONGEST, SHORTEST_REASON, MOST_TOOLS = timedelta(days=366, hours=1), 10, 200
USED_EVERY = timedelta(hours=1)
# Two sources of data that are opened at the same moment are counted one after the other.
SURFACE = 727_102


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
    used_at: datetime | None = None

    @property
    def everything(self) -> bool:
        """Say whether it opens everything: then reason and end are the exception that is on record for it (CN-4)."""
        return is_whole(self.grant.places)

    @property
    def excepted(self) -> bool:
        """Say whether it may open what it opens: everything only with a reason and an end."""
        return not self.everything or (self.expires_at is not None and len(self.reason) >= SHORTEST_REASON)

    @property
    def id(self) -> str:
        """The grant's id."""
        return self.grant.id

    def to_json(self) -> dict[str, object]:
        """Return the grant as JSON."""
        g = self.grant
        return {
            "id": g.id, "connector": g.connector, "team": g.team or None, "role": g.role or None,
            "places": list(g.places), "may_write": g.may_write,
            "ceiling": g.ceiling.name.lower(), "place_class": g.place_class.name.lower(), "trusted": g.trusted,
            "reason": self.reason, "granted_by": self.granted_by, "granted_at": self.granted_at.isoformat(),
            "expires_at": self.expires_at.isoformat() if self.expires_at else None,
            "used_at": self.used_at.isoformat() if self.used_at else None,
            "tools": words_json(g.tools), "everything": self.everything, "excepted": self.excepted,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a connector is opened: places, whether to write, classes, words for tools, reason and end."""

    places: Sequence[str]
    may_write: bool = False
    ceiling: DataClass = DataClass.INTERNAL
    place_class: DataClass = DataClass.INTERNAL
    trusted: bool = False
    tools: Mapping[str, ToolWord] | None = None
    reason: str = ""
    expires_at: datetime | None = None


def is_whole(places: Iterable[str]) -> bool:
    """Say whether one of `places` means everything."""
    return any(place in EVERYTHING for place in places)


def read_words(words: Mapping[str, str]) -> dict[str, ToolWord]:
    """Return words for tools (`allow`, `ask`, `block`) as values; an empty word is none. BadGrant for another."""
    for word in words.values():
        if word and word not in WORDS:
            raise BadGrant(why=f"«{word[:40]}» is no word for a tool: allow, ask or block")
    return {tool.strip(): WORDS[word] for tool, word in words.items() if word}


def words_json(tools: Mapping[str, ToolWord]) -> dict[str, str]:
    """Return what a grant says of tools as JSON."""
    return {tool: word.name.lower() for tool, word in sorted(tools.items())}


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


def scopes_for(
    grants: Iterable[Grant], connector: str, place: str, tool: str = "", lapsed: Iterable[Opened] = ()
) -> tuple[Scope, ...]:
    """Return the grants as policy sees them, one scope a grant in the same order, then the lapsed ones. Pure."""

    def scope(g: Grant) -> Scope:
        mine = g.connector == connector
        return Scope(
            g.id, g.connector, g.holder, covers=mine and covers(g, place), may_write=g.may_write, ceiling=g.ceiling,
            below=mine and any(inside(opened, place) for opened in g.places), word=g.word(tool),
        )  # fmt: skip

    over = [replace(scope(o.grant), ended=o.excepted, whole=not o.excepted) for o in lapsed]
    return (*map(scope, grants), *over)


async def grant(
    session: Session, actor: Actor, registry: Registry, connector: str, team: str, places: Sequence[str], *,
    reason: str = "", may_write: bool = False, ceiling: DataClass = DataClass.INTERNAL,
    place_class: DataClass = DataClass.INTERNAL, trusted: bool = False, expires_at: datetime | None = None,
    tools: Mapping[str, ToolWord] | None = None, ledger: Ledger, clock: Clock,
) -> Opened:  # fmt: skip
    """Open `connector` to `team` (a team's id, or `role:NAME`) for `places`. `place_class` is the class of what lies
    there, `ceiling` the highest class that may be read through this grant, `tools` what it says of single tools.

    Full access ("" or "*") is refused unless an exception comes with it: a written reason and an end within a year,
    which stand in the ledger and beside the grant (R26, CN-4).

    Raises NoSuchConnector, ConnectorNotEnabled, BadGrant, BeyondThePilot, MeantForLater, PermissionMissing.
    """
    terms = Terms(places, may_write, ceiling, place_class, trusted, tools, reason, expires_at)
    made = await proposed(session, actor, registry, connector, team, terms, clock=clock)
    row = GrantRow(
        id=made.id, connector=connector, team_id=made.grant.team or None, role=made.grant.role, revoked_by="",
        granted_by=actor.id, granted_at=clock.now(), **_columns(made),
    )  # fmt: skip
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise BadGrant(why="there is no such team") from None
    await _record(session, "grant.opened", actor, made, ledger)
    return _opened(row)


async def proposed(
    session: Session, actor: Actor, registry: Registry, connector: str, holder: str, terms: Terms, *, clock: Clock,
    grant_id: str = "",
) -> Opened:  # fmt: skip
    """Return the grant that `terms` would make, checked but not stored. Raises what `grant` raises."""
    await advisory_lock(session, SURFACE)
    actor.require("org:connectors:manage")
    known = await registry.now(session)
    kind = known.get(connector)
    places = tuple(dict.fromkeys(normal_place(kind, place) for place in terms.places))
    words = dict(terms.tools or {})
    if fault := _fault(replace(terms, places=places), {t.name for t in kind.tools()}, clock):
        raise BadGrant(why=fault)
    role = holder.removeprefix(ROLE) if holder.startswith(ROLE) else ""
    if role and role not in await known_roles(session):
        raise BadGrant(why=f"there is no role «{role[:40]}»")
    if not await is_enabled(session, connector):
        raise ConnectorNotEnabled(kind=connector)
    made = Grant(
        grant_id or new_id("grant"), connector, "" if role else holder, places, terms.may_write, terms.ceiling,
        terms.place_class, terms.trusted, role, words,
    )  # fmt: skip
    governance, held = await current_governance(session), await list_grants(session, clock=clock)
    check_entry(governance, "connector", connector)
    check_source(governance, [opened.grant for opened in held], made, known)
    return Opened(made, terms.reason.strip(), actor.id, clock.now(), terms.expires_at)


def _fault(terms: Terms, tools: Iterable[str], clock: Clock) -> str:
    """Return what is wrong with terms, "" if nothing is."""
    if not terms.places or len(terms.places) > 100 or any(len(place) > 1000 for place in terms.places):
        return "name 1 to 100 places, each of at most 1,000 characters"
    if len(terms.reason) > 2000:
        return "the reason is longer than 2,000 characters"
    if terms.place_class > terms.ceiling:
        classes = terms.place_class.name.lower(), terms.ceiling.name.lower()
        return f"the places are {classes[0]} but the ceiling is {classes[1]}: it opens nothing"
    if terms.expires_at is not None and terms.expires_at <= clock.now():
        return "it would have expired already"
    if is_whole(terms.places):
        if not says(terms.reason, SHORTEST_REASON):
            return "opening everything needs an exception: a written reason (10 characters or more)"
        if terms.expires_at is None or terms.expires_at > clock.now() + LONGEST:
            return "opening everything needs an exception: an end date within a year"
    unknown = sorted(set(terms.tools or {}) - {*tools, "*"})
    if unknown or len(terms.tools or {}) > MOST_TOOLS:
        return f"the connector has no tool «{unknown[0][:80]}»" if unknown else "it names more than 200 tools"
    return ""


async def change_grant(
    session: Session, actor: Actor, registry: Registry, grant_id: str, terms: Terms, *, ledger: Ledger, clock: Clock
) -> Opened:
    """Put a grant on other terms; to whom it is given stays. The next call of any run finds it so.

    Raises NoSuchGrant and what `grant` raises.
    """
    row = await _open_row(session, actor, grant_id)
    before = _opened(row)
    made = await proposed(
        session, actor, registry, row.connector, before.grant.holder, terms, clock=clock, grant_id=grant_id
    )
    for name, value in _columns(made).items():
        setattr(row, name, value)
    row.granted_by, row.granted_at = actor.id, clock.now()
    await _record(session, "grant.changed", actor, made, ledger, before=_facts(before))
    return _opened(row)


async def revoke(session: Session, actor: Actor, grant_id: str, *, ledger: Ledger, clock: Clock) -> None:
    """Close a grant at once: the next call of any run finds it gone. Raises NoSuchGrant, PermissionMissing."""
    row = await _open_row(session, actor, grant_id)
    row.revoked_at, row.revoked_by = clock.now(), actor.id
    facts = {"connector": row.connector, "team": row.team_id, "role": row.role}
    await ledger.record(session, Event("grant.revoked", actor=actor.id, subject=grant_id, data=facts))


async def _open_row(session: Session, actor: Actor, grant_id: str) -> GrantRow:
    actor.require("org:connectors:manage")
    row = await session.get(GrantRow, grant_id, with_for_update=True) if is_id(grant_id) else None
    if row is None or row.revoked_at is not None:
        raise NoSuchGrant
    return row


def _columns(made: Opened) -> dict[str, object]:
    g = made.grant
    return {
        "places": list(g.places), "may_write": g.may_write, "ceiling": int(g.ceiling),
        "place_class": int(g.place_class), "trusted": g.trusted, "tools": words_json(g.tools), "reason": made.reason,
        "expires_at": made.expires_at,
    }  # fmt: skip


def _facts(made: Opened) -> dict[str, object]:
    shown = made.to_json()
    names = ("connector", "team", "role", "places", "may_write", "ceiling", "place_class", "trusted", "everything",
             "expires_at", "tools")  # fmt: skip
    return {name: shown[name] for name in names}


async def _record(session: Session, verb: str, actor: Actor, made: Opened, ledger: Ledger, **more: object) -> None:
    await ledger.record(session, Event(verb, actor=actor.id, subject=made.id, data={**_facts(made), **more}))
    if made.everything:
        facts = {"connector": made.grant.connector, "holder": made.grant.holder, "reason": made.reason,
                 "until": made.expires_at.isoformat() if made.expires_at else None}  # fmt: skip
        await ledger.record(session, Event("grant.exception_made", actor=actor.id, subject=made.id, data=facts))


async def grants_of(session: Session, holders: Iterable[str], connector: str, *, clock: Clock) -> tuple[Grant, ...]:
    """Return the grants of `connector` that hold now for `holders` (ids of teams, `role:NAME`); none while it is off.

    What opens everything without an exception that holds is not among them.
    """
    if not await is_enabled(session, connector):
        return ()
    query = select(GrantRow).where(GrantRow.connector == connector, _of(holders), *_holds(clock)).order_by(GrantRow.id)
    found = map(_opened, await _standing(session, await session.scalars(query)))
    return tuple(o.grant for o in found if o.excepted)


async def lapsed_of(session: Session, holders: Iterable[str], connector: str, *, clock: Clock) -> tuple[Opened, ...]:
    """Return the grants that were never revoked and open nothing any more: ended, or everything without an exception.

    They are told to policy, so that a run hears why a place is closed.
    """
    if not await is_enabled(session, connector):
        return ()
    over = or_(GrantRow.expires_at <= clock.now(), GrantRow.expires_at.is_(None))
    query = select(GrantRow).where(GrantRow.connector == connector, _of(holders), GrantRow.revoked_at.is_(None), over)
    found = map(_opened, await _standing(session, await session.scalars(query.order_by(GrantRow.id))))
    return tuple(o for o in found if o.expires_at is not None or not o.excepted)


async def list_grants(
    session: Session, *, connector: str | None = None, ended: bool = False, clock: Clock
) -> list[Opened]:
    """Return every grant that holds now, of one connector or of all; with `ended` also those whose end has passed."""
    query = select(GrantRow).where(GrantRow.revoked_at.is_(None)).order_by(GrantRow.connector, GrantRow.id)
    if not ended:
        query = query.where(*_holds(clock))
    if connector is not None:
        query = query.where(GrantRow.connector == connector)
    found = [_opened(row) for row in await _standing(session, await session.scalars(query))]
    return [o for o in found if ended or o.excepted]


async def get_grant(session: Session, grant_id: str) -> Opened:
    """Return a grant that was not revoked, ended or not; NoSuchGrant otherwise."""
    row = await session.get(GrantRow, grant_id) if is_id(grant_id) else None
    if row is None or row.revoked_at is not None:
        raise NoSuchGrant
    return _opened(row)


async def mark_used(session: Session, grants: Iterable[str], *, clock: Clock) -> None:
    """Keep that these grants were used now, for the review of unused ones; an hour is exact enough.

    A row that somebody else holds is left out: nobody waits for this.
    """
    now = clock.now()
    stale = or_(GrantRow.used_at.is_(None), GrantRow.used_at < now - USED_EVERY)
    wanted = select(GrantRow.id).where(GrantRow.id.in_(sorted(grants)), stale).with_for_update(skip_locked=True)
    if ids := list(await session.scalars(wanted)):
        await session.execute(update(GrantRow).where(GrantRow.id.in_(ids)).values(used_at=now))


async def _standing(session: Session, rows: Iterable[GrantRow]) -> list[GrantRow]:
    """Leave out grants to a role that was retired: one of the same name that is made later inherits nothing."""
    found = list(rows)
    if roles := {row.role for row in found if row.role}:
        since = await roles_since(session, roles)
        found = [r for r in found if not r.role or (r.role in since and since[r.role] <= r.granted_at)]
    return found


def _of(holders: Iterable[str]) -> ColumnElement[bool]:
    held = sorted(holders)
    roles = [h.removeprefix(ROLE) for h in held if h.startswith(ROLE)]
    teams = GrantRow.team_id.in_([h for h in held if not h.startswith(ROLE)])
    return or_(teams, GrantRow.role.in_(roles) if roles else false())


async def is_enabled(session: Session, connector: str) -> bool:
    """Say whether `connector` is enabled for the organisation."""
    query = select(AccountRow.id).where(
        AccountRow.connector == connector, AccountRow.person_id.is_(None), AccountRow.active
    )
    return await session.scalar(query) is not None


def _holds(clock: Clock) -> tuple[ColumnElement[bool], ...]:
    now = clock.now()
    return GrantRow.revoked_at.is_(None), or_(GrantRow.expires_at.is_(None), GrantRow.expires_at > now)


def _opened(row: GrantRow) -> Opened:
    made = Grant(
        row.id, row.connector, row.team_id or "", tuple(row.places), row.may_write, DataClass(row.ceiling),
        DataClass(row.place_class), row.trusted, row.role, {tool: WORDS[word] for tool, word in row.tools.items()},
    )  # fmt: skip
    return Opened(made, row.reason, row.granted_by, row.granted_at, row.expires_at, row.used_at)

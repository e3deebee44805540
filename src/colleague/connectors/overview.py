"""What there is and who reaches what: connectors, tools, grants, people by places (CN-6), accounts and their health."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from colleague.connectors.accounts import AccountView, list_accounts
from colleague.connectors.choose import Choice, narrow
from colleague.connectors.connector import Connector, Tool
from colleague.connectors.grants import Opened, grants_of, list_grants
from colleague.connectors.registry import Registry, is_personal
from colleague.connectors.tiers import ToolStates, tool_states
from colleague.identity.actor import Actor
from colleague.identity.directory import ROLE, list_teams, people_of
from colleague.identity.roles import known_roles
from colleague.kit.clock import Clock
from colleague.kit.db import Session


@dataclass(frozen=True, slots=True)
class Reach:
    """One person, and what a connector opens to them: (place, team or role, may write, class)."""

    person: str
    name: str
    places: tuple[tuple[str, str, bool, str], ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A grant with the name of whom it is given to, and what became of it: holds, ended, or no exception."""

    opened: Opened
    holder: str
    state: str

    def to_json(self) -> dict[str, Any]:
        """Return the grant as JSON."""
        team = self.holder if self.opened.grant.team else None
        return {**self.opened.to_json(), "holder": self.holder, "team_name": team, "state": self.state}


@dataclass(frozen=True, slots=True)
class Sight:
    """One connector as an administrator sees it."""

    connector: Connector
    personal: bool
    enabled: bool
    organisation: AccountView | None
    accounts: tuple[AccountView, ...]
    tools: tuple[tuple[Tool, str], ...]
    grants: tuple[Shown, ...]
    reach: tuple[Reach, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the connector as JSON, without secrets."""
        return {
            "kind": self.connector.kind, "title": self.connector.title, "enabled": self.enabled,
            "personal": self.personal,
            "organisation": self.organisation.to_json() if self.organisation else None,
            "accounts": [a.to_json() for a in self.accounts],
            "tools": [
                {"name": t.name, "title": t.title, "tier": t.tier.name.lower(), "state": state, "hash": t.hash,
                 "egress": t.egress, "writes": t.writes, "deletes": t.deletes}
                for t, state in self.tools
            ],
            "grants": [g.to_json() for g in self.grants],
            "reach": [
                {"person": r.person, "name": r.name, "places": [
                    {"place": place, "team": holder, "may_write": writes, "class": word}
                    for place, holder, writes, word in r.places
                ]}
                for r in self.reach
            ],
        }  # fmt: skip


async def reach_of(
    session: Session, holders: Iterable[str], registry: Registry, *, clock: Clock, places: Sequence[Choice] = ()
) -> list[tuple[str, tuple[str, ...]]]:
    """Return what a person with `holders` (ids of teams, `role:NAME`) reaches now: by connector's title.

    `places`: the files and folders a task is limited to.
    """
    found = []
    for connector in registry:
        grants = narrow(await grants_of(session, holders, connector.kind, clock=clock), connector.kind, places)
        if grants:
            found.append((connector.title, tuple(sorted({place for g in grants for place in g.places}))))
    return found


async def overview(session: Session, actor: Actor, registry: Registry, *, clock: Clock) -> list[Sight]:
    """Return every connector with its tools, grants (also ended ones), and who reaches which places.

    Needs org:connectors:read.
    """
    actor.require("org:connectors:read")
    states = await tool_states(session)
    names = await holder_names(session)
    accounts = await list_accounts(session)
    now = clock.now()
    grants = [
        Shown(g, names.get(g.grant.holder, g.grant.holder), state_of(g, now))
        for g in await list_grants(session, ended=True, clock=clock)
    ]
    members = {holder: await people_of(session, holder) for holder in sorted({g.opened.grant.holder for g in grants})}
    return [_sight(connector, states, accounts, grants, members) for connector in await registry.now(session)]


def by_person(sights: Sequence[Sight]) -> list[tuple[str, str, dict[str, tuple[tuple[str, str, bool, str], ...]]]]:
    """Return people × connectors (CN-6): id and name of each person who reaches anything, and what by connector."""
    found: dict[str, tuple[str, dict[str, tuple[tuple[str, str, bool, str], ...]]]] = {}
    for sight in sights:
        for reach in sight.reach:
            found.setdefault(reach.person, (reach.name, {}))[1][sight.connector.kind] = reach.places
    rows = [(person, name, reached) for person, (name, reached) in found.items()]
    return sorted(rows, key=lambda row: row[1].casefold())


def people_json(sights: Sequence[Sight]) -> list[dict[str, Any]]:
    """Return people × connectors as JSON."""
    return [
        {"person": person, "name": name, "connectors": {
            kind: [{"place": place or "*", "through": holder, "may_write": writes, "class": word}
                   for place, holder, writes, word in places]
            for kind, places in reached.items()
        }}
        for person, name, reached in by_person(sights)
    ]  # fmt: skip


def state_of(opened: Opened, now: datetime) -> str:
    """Say what became of a grant that was not revoked: holds, ended, or no exception (it opens everything)."""
    if opened.expires_at is not None and opened.expires_at <= now:
        return "ended"
    return "holds" if opened.excepted else "no exception"


async def holder_names(session: Session) -> dict[str, str]:
    """Return the names of all to whom a connector may be opened: teams by id, roles by `role:NAME`."""
    teams = {team.id: team.name for team in await list_teams(session)}
    return teams | {f"{ROLE}{name}": f"role {name.replace('_', ' ')}" for name in await known_roles(session)}


def _sight(
    connector: Connector, states: ToolStates, accounts: list[AccountView], grants: list[Shown],
    members: dict[str, list[tuple[str, str]]],
) -> Sight:  # fmt: skip
    mine = [a for a in accounts if a.connector == connector.kind]
    organisation = next((a for a in mine if not a.person), None)
    enabled = organisation is not None and organisation.active
    shown = tuple(g for g in grants if g.opened.grant.connector == connector.kind)
    reached: dict[str, tuple[str, list[tuple[str, str, bool, str]]]] = {}
    # Grants of a connector that is switched off open nothing: they are listed, but nobody reaches anything.
    for one in shown if enabled else ():
        g = one.opened.grant
        for person, name in members[g.holder] if one.state == "holds" else ():
            lines = reached.setdefault(person, (name, []))[1]
            lines += [(place, one.holder, g.may_write, g.place_class.name.lower()) for place in g.places]
    reach = [Reach(person, name, tuple(sorted(set(lines)))) for person, (name, lines) in reached.items()]
    return Sight(
        connector, is_personal(connector), enabled, organisation, tuple(a for a in mine if a.person),
        tuple((t, states.get(t.name, t.hash)) for t in connector.tools()),
        shown,
        tuple(sorted(reach, key=lambda r: r.name.casefold())),
    )  # fmt: skip

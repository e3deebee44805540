"""What there is and who reaches what: connectors, tools, grants, people by places (CN-6), accounts and their health."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from colleague.connectors.accounts import AccountView, list_accounts
from colleague.connectors.choose import Choice, narrow
from colleague.connectors.connector import Connector, Tool
from colleague.connectors.grants import Opened, grants_of, list_grants
from colleague.connectors.registry import Registry, is_personal
from colleague.connectors.tiers import ToolStates, tool_states
from colleague.identity.actor import Actor
from colleague.identity.directory import list_teams, members_of
from colleague.kit.clock import Clock
from colleague.kit.db import Session


@dataclass(frozen=True, slots=True)
class Reach:
    """One person, and what a connector opens to them: (place, team, may write, class)."""

    person: str
    name: str
    places: tuple[tuple[str, str, bool, str], ...]


@dataclass(frozen=True, slots=True)
class Sight:
    """One connector as an administrator sees it."""

    connector: Connector
    personal: bool
    enabled: bool
    organisation: AccountView | None
    accounts: tuple[AccountView, ...]
    tools: tuple[tuple[Tool, str], ...]
    grants: tuple[tuple[Opened, str], ...]
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
            "grants": [{**g.to_json(), "team_name": team} for g, team in self.grants],
            "reach": [
                {"person": r.person, "name": r.name, "places": [
                    {"place": place, "team": team, "may_write": writes, "class": word}
                    for place, team, writes, word in r.places
                ]}
                for r in self.reach
            ],
        }  # fmt: skip


async def reach_of(
    session: Session, teams: Iterable[str], registry: Registry, *, clock: Clock, places: Sequence[Choice] = ()
) -> list[tuple[str, tuple[str, ...]]]:
    """Return what a member of `teams` reaches now: the title of each connector that is open, and its places.

    `places`: the files and folders a task is limited to.
    """
    found = []
    for connector in registry:
        grants = narrow(await grants_of(session, teams, connector.kind, clock=clock), connector.kind, places)
        if grants:
            found.append((connector.title, tuple(sorted({place for g in grants for place in g.places}))))
    return found


async def overview(session: Session, actor: Actor, registry: Registry, *, clock: Clock) -> list[Sight]:
    """Return every connector with its tools, grants, and who reaches which places; needs org:connectors:read."""
    actor.require("org:connectors:read")
    states = await tool_states(session)
    names = {team.id: team.name for team in await list_teams(session)}
    accounts = await list_accounts(session)
    grants = await list_grants(session, clock=clock)
    members: dict[str, list[tuple[str, str]]] = {}
    for team in sorted({g.grant.team for g in grants}):
        members[team] = [(p.id, p.name) for p in await members_of(session, team) if p.active]
    return [_sight(connector, states, names, accounts, grants, members) for connector in await registry.now(session)]


def _sight(
    connector: Connector, states: ToolStates, names: dict[str, str], accounts: list[AccountView],
    grants: list[Opened], members: dict[str, list[tuple[str, str]]],
) -> Sight:  # fmt: skip
    mine = [a for a in accounts if a.connector == connector.kind]
    organisation = next((a for a in mine if not a.person), None)
    enabled = organisation is not None and organisation.active
    opened = [g for g in grants if g.grant.connector == connector.kind]
    reached: dict[str, tuple[str, list[tuple[str, str, bool, str]]]] = {}
    # Grants of a connector that is switched off open nothing: they are listed, but nobody reaches anything.
    for one in opened if enabled else ():
        g = one.grant
        for person, name in members[g.team]:
            lines = reached.setdefault(person, (name, []))[1]
            team = names.get(g.team, g.team)
            lines += [(place, team, g.may_write, g.place_class.name.lower()) for place in g.places]
    reach = [Reach(person, name, tuple(sorted(set(lines)))) for person, (name, lines) in reached.items()]
    return Sight(
        connector, is_personal(connector), enabled, organisation, tuple(a for a in mine if a.person),
        tuple((t, states.get(t.name, t.hash)) for t in connector.tools()),
        tuple((g, names.get(g.grant.team, g.grant.team)) for g in opened),
        tuple(sorted(reach, key=lambda r: r.name.casefold())),
    )  # fmt: skip

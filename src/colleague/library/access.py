"""What somebody may find: the access tokens of a person now, and those of a document. One notation for both.

`grant:ID` for each grant that holds, `project:ID` for each membership. A passage is found only by who shares one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from colleague.connectors.accounts import organisation_account
from colleague.connectors.connector import Access, Grant
from colleague.connectors.grants import ConnectorNotEnabled, covers, grants_of, list_grants
from colleague.connectors.registry import Registry, is_personal
from colleague.connectors.screen import Blocked
from colleague.connectors.shelf import Shelf
from colleague.identity.directory import ROLE, holders_of
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.secrets import Secrets
from colleague.policy.governance import current_governance
from colleague.policy.inputs import narrowed
from colleague.policy.model import DataClass, Tier, ToolWord
from colleague.policy.standards.entries import phase_of
from colleague.projects.store import projects_of


@dataclass(frozen=True, slots=True)
class Reader:
    """A person, as the library looks at them at this moment: memberships, and grants by connector.

    `held_back` are grants that block a tool that reads, or ask before it: what they cover is not found here, whatever
    another grant opens, for finding is reading. `highest` is the highest class that may reach the agent for them.
    """

    person: str
    projects: frozenset[str]
    grants: Mapping[str, tuple[Grant, ...]] = field(default_factory=dict)
    held_back: Mapping[str, tuple[Grant, ...]] = field(default_factory=dict)
    highest: DataClass = DataClass.PUBLIC

    @property
    def tokens(self) -> list[str]:
        """Return every token this person holds."""
        held = [f"grant:{g.id}" for grants in self.grants.values() for g in grants]
        return held + [f"project:{p}" for p in sorted(self.projects)]

    def may_open(self, connector: str, place: str) -> tuple[Grant, ...]:
        """Return the grants through which this person reads `place` now."""
        if place == "" or any(covers(g, place) for g in self.held_back.get(connector, ())):
            return ()
        return tuple(g for g in self.grants.get(connector, ()) if covers(g, place))


def usable(grants: Iterable[Grant], highest: DataClass) -> tuple[Grant, ...]:
    """Return the grants through which anything may be read: class below their ceiling and the organisation's."""
    return tuple(g for g in grants if g.place_class <= min(g.ceiling, highest))


def shelves(registry: Registry) -> dict[str, Shelf]:
    """Return the connectors whose places can be indexed; what belongs to one person's account never can."""
    return {c.kind: c for c in registry if isinstance(c, Shelf) and not is_personal(c)}


async def reader_of(session: Session, person: str, *, registry: Registry, clock: Clock) -> Reader:
    """Return what the person may find now; nothing at all for somebody who is not active."""
    held = await holders_of(session, person)
    teams = frozenset(h for h in held if not h.startswith(ROLE))
    governance = await current_governance(session)
    highest = narrowed(governance, teams).highest_input
    grants: dict[str, tuple[Grant, ...]] = {}
    back: dict[str, tuple[Grant, ...]] = {}
    for connector in registry:
        if connector.kind in shelves(registry):
            found = await grants_of(session, held, connector.kind, clock=clock)
            reading = [t.name for t in connector.tools() if t.tier is Tier.READ]
            early = phase_of(governance, "connector", connector.kind) > governance.phase
            back[connector.kind] = tuple(
                g for g in found if early or any(g.word(t) is not ToolWord.ALLOW for t in reading)
            )
            grants[connector.kind] = usable((g for g in found if g not in back[connector.kind]), highest)
    return Reader(person, await projects_of(session, person), grants, back, highest)


def tokens_for(grants: Iterable[Grant], path: str) -> list[str]:
    """Return the tokens of what lies at `path`: each grant that opens it. Pure."""
    return sorted(f"grant:{g.id}" for g in grants if covers(g, path))


async def everyone(session: Session, connector: str, *, secrets: Secrets, clock: Clock) -> Access | None:
    """Return with what an index reads: the organisation's account and every grant that holds. None while it is off, or
    meant for a later phase.

    It never writes, so it has no key.
    """
    try:
        account = await organisation_account(session, connector, secrets=secrets)
    except ConnectorNotEnabled:
        return None
    governance = await current_governance(session)
    if phase_of(governance, "connector", connector) > governance.phase:
        return None
    held = await list_grants(session, connector=connector, clock=clock)
    grants = usable((o.grant for o in held), governance.highest_input)
    return Access(account, grants, "", blocked=Blocked.of(governance))

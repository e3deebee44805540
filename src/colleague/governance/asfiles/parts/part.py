"""What every part keeps, and what it is handed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from colleague.audit.record import Ledger
from colleague.connectors.registry import Registry
from colleague.governance.asfiles.shape import Entry
from colleague.identity.actor import Actor
from colleague.identity.directory import ROLE, list_teams
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.secrets import Secrets

E = TypeVar("E", bound=Entry)


class ByHand(Exception):
    """This cannot be done by files: its argument says what a person does instead."""


class Waits(Exception):
    """This was proposed: its argument says for whom it waits."""


class Foreign(Protocol):
    """Servers that an administrator registered, and what was said of their tools. The composition root hands it in."""

    prefix: str

    async def servers(self, session: Session, actor: Actor, registry: Registry) -> dict[str, dict[str, str]]:
        """Return title, transport and sign-in of each, by its connector's kind."""
        ...

    async def words(self, session: Session, actor: Actor, registry: Registry) -> dict[str, dict[str, Any]]:
        """Return tier, class, egress and reason of each tool that was classified."""
        ...

    async def register(
        self, session: Session, actor: Actor, registry: Registry, kind: str, about: Mapping[str, str],
        values: Mapping[str, Any], *, ledger: Ledger, secrets: Secrets, clock: Clock,
    ) -> None:  # fmt: skip
        """Register a server."""
        ...

    async def remove(self, session: Session, actor: Actor, kind: str, *, ledger: Ledger, clock: Clock) -> None:
        """Take a server away."""
        ...

    async def classify(
        self, session: Session, actor: Actor, registry: Registry, name: str, word: Mapping[str, Any], *, ledger: Ledger,
        clock: Clock,
    ) -> None:  # fmt: skip
        """Say what a tool is, and approve it."""
        ...


@dataclass(frozen=True, slots=True)
class Means:
    """What parts do their deeds with: they act as `actor`, in one transaction.

    `wanted` are the connectors that the files enable, so that what belongs to a connector that is off is compared too.
    """

    session: Session
    actor: Actor
    registry: Registry
    secrets: Secrets
    ledger: Ledger
    clock: Clock
    foreign: Foreign
    wanted: frozenset[str] = field(default_factory=frozenset)

    async def team_ids(self) -> dict[str, str]:
        """Return the ids of teams by name."""
        return {team.name: team.id for team in await list_teams(self.session)}

    async def team(self, name: str) -> str:
        """Return the id of a team; ByHand if there is none."""
        found = (await self.team_ids()).get(name)
        if found is None:
            raise ByHand(f"there is no team «{name}»: add it to teams.yaml, or make it under People")
        return found

    async def holder(self, team: str, role: str) -> str:
        """Return the holder of a grant: a team's id, or `role:NAME`."""
        return await self.team(team) if team else f"{ROLE}{role}"


class Part(Protocol[E]):
    """One list of a configuration.

    `add`, `change` and `remove` return what it means for people, as a sentence ("" if nothing needs to be said), or
    None if it is not theirs to do. They raise ByHand for what files cannot do, Waits for what needs a second person,
    and whatever their deeds raise.
    """

    name: str

    async def read(self, means: Means) -> Mapping[str, E]:
        """Return what is in force, by key."""
        ...

    async def add(self, means: Means, entry: E) -> str | None:
        """Make what is in the files and not in force."""
        ...

    async def change(self, means: Means, before: E, entry: E) -> str | None:
        """Put what is in force on the terms of the files."""
        ...

    async def remove(self, means: Means, before: E) -> str | None:
        """Take away what is in force and not in the files."""
        ...


def by_key(*entries: E) -> dict[str, E]:
    """Return entries by their keys."""
    return {entry.key: entry for entry in entries}

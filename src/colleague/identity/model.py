"""People as values that leave the slice."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the organisation, with the names of their teams and roles. Who waits for a seat is not active.

    `excluded`: why the numbers of the programme leave them out, "" for who counts. `erased_at`: from then on
    it is the record of nobody.
    """

    id: str
    name: str
    email: str
    active: bool = True
    roles: frozenset[str] = frozenset()
    teams: tuple[str, ...] = ()
    department: str = ""
    waiting_since: datetime | None = None
    excluded: str = ""
    erased_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Team:
    """A group of people to whom connectors are opened."""

    id: str
    name: str
    members: int = 0

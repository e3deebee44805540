"""The champion network as gate 3 and the programme see it: per live department, how many, and how many active."""

from collections import Counter
from typing import Final

from colleague.adoption.facts.read import last_active
from colleague.identity.directory import departments_of, list_active
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.rollout.champions.store import champions_now
from colleague.rollout.network import ACTIVE, Department, Network

NONE: Final = ""


async def network(session: Session, clock: Clock) -> Network:
    """Return, for each department with an active seat, its champions and how many acted in the last 14 days (PH-7)."""
    departments = await departments_of(session)
    people = [one.id for one in await list_active(session)]
    seats = Counter(departments.get(person, NONE) for person in people)
    found = await champions_now(session)
    last = await last_active(session, [one.person for one in found])
    since = clock.now() - ACTIVE
    number = Counter(one.department for one in found)
    active = Counter(one.department for one in found if one.person in last and last[one.person] >= since)
    return Network(
        tuple(Department(name, seats[name], number[name], active[name]) for name in sorted(seats) if name), seats[NONE]
    )

"""Name who answers for the programme: a sponsor from the business, and a lead (MI-2)."""

import re
from dataclasses import replace
from typing import Final

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import find_by_email
from colleague.identity.model import Person
from colleague.identity.seats.hold import current_limit, set_limit
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Invalid
from colleague.policy.model import Phase
from colleague.rollout.quarter import hold_when_due
from colleague.rollout.store import current_programme
from colleague.rollout.tables import ProgrammeRow
from colleague.usecases.around import one_line

# Departments that make it an IT project; the sponsor comes from another one.
_IT: Final = re.compile(
    r"\b(it|i\.t\.|ict|edv|ict|information technology|information systems|informatik|informatique|infrastructure|"
    r"software engineering|engineering it|platform|devops|tech ops|it security|information security|cyber ?security)\b",
    re.IGNORECASE,
)
LONGEST_GOAL: Final = 500


class NobodyOfThatAddress(Invalid):
    """Nobody who is active here has the address of the {role}."""


class SponsorFromBusiness(Invalid):
    """The sponsor comes from the business, not from IT: who owns the change answers for it (MI-2). {why}"""


class TwoPeople(Invalid):
    """Sponsor and lead are two people: each confirms what the other proposes."""


class GoalMissing(Invalid):
    """Say what the business wants of it, in a sentence. A date to go live is no goal."""


def is_it(department: str) -> bool:
    """Say whether a department is IT by its name."""
    return bool(_IT.search(department))


def against_sponsor(person: Person) -> str:
    """Return why somebody cannot be the sponsor, "" if they can."""
    if not person.department:
        return f"Say in which department {person.name} works first, under People."
    return f"{person.name} works in «{person.department}»." if is_it(person.department) else ""


async def name_programme(
    session: Session, actor: Actor, *, sponsor: str, lead: str, goal: str, ledger: Ledger, clock: Clock
) -> None:  # fmt: skip
    """Name sponsor and lead by mail address, and the goal; later too, when one of them leaves.

    Raises NobodyOfThatAddress, SponsorFromBusiness, TwoPeople, GoalMissing.
    """
    actor.require("org:programme:manage")
    people = [await _person(session, email, role) for email, role in ((sponsor, "sponsor"), (lead, "lead"))]
    if people[0].id == people[1].id:
        raise TwoPeople
    if why := against_sponsor(people[0]):
        raise SponsorFromBusiness(why=why)
    goal = one_line(goal, "goal", LONGEST_GOAL)
    if len(goal) < 10:
        raise GoalMissing
    row = await session.get(ProgrammeRow, 1, with_for_update=True)
    values = {
        "sponsor_id": people[0].id, "lead_id": people[1].id, "goal": goal, "changed_by": actor.id,
        "changed_at": clock.now(),
    }  # fmt: skip
    if row is None:
        session.add(ProgrammeRow(id=1, **values))
    else:
        for name, value in values.items():
            setattr(row, name, value)
    await session.flush()
    if (await current_programme(session)).phase is Phase.PILOT:
        # Whom the pilot is warned of gets a seat with this sponsor's reason (PP-3).
        limit = replace(await current_limit(session), sponsor=people[0].id)
        await set_limit(session, actor, limit, ledger=ledger, clock=clock)
    facts = {"sponsor": people[0].id, "lead": people[1].id}
    await ledger.record(session, Event("programme.named", actor.id, subject="programme", data=facts))
    # What the new lead vouched for counts no more.
    await hold_when_due(session, ledger=ledger, clock=clock)


async def _person(session: Session, email: str, role: str) -> Person:
    found = await find_by_email(session, email.strip()[:254])
    if found is None or not found.active:
        raise NobodyOfThatAddress(role=role)
    return found


class NotNamedYet(Conflict):
    """Nobody answers for the programme yet: name a sponsor from the business, and a lead."""

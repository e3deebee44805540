"""Tell people what the programme asks of them: whom it names, who is the second person of a move, whose month begins.

What is older than a day when its turn comes is told to nobody: a house whose clock was moved has nothing to say.
"""

from datetime import datetime, timedelta
from typing import Final

from colleague.identity.directory import names_of
from colleague.identity.roles import ids_that_may
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.policy.model import Phase
from colleague.policy.standards.surface import WORDS as SURFACE
from colleague.rollout.cohorts.store import get_cohort, members_of
from colleague.rollout.define import named_at
from colleague.rollout.model import ENTERING, Programme
from colleague.rollout.phases import PHASES
from colleague.rollout.second import OWNER, stands
from colleague.rollout.store import current_programme, get_move
from colleague.rollout.tables import MoveRow
from colleague.tasks.parts import Tell

NEWS: Final = timedelta(days=1)
SPONSOR: Final = "You are the sponsor of the programme"
LEAD: Final = "You lead the programme"
SECOND: Final = "The programme waits for you"
BEGINS: Final = "Your first month begins"


async def tell_named(session: Session, person: str, by: str, *, tell: Tell, clock: Clock) -> bool:
    """Tell somebody that they are the sponsor, or lead the programme, unless they are it no more; say whether."""
    programme, at = await current_programme(session), await named_at(session)
    if person == by or person not in (programme.sponsor, programme.lead) or not _new(at, clock):
        return False
    who = (await names_of(session, [by])).get(by, "Somebody")
    text = (
        f"{who} named you. The goal: {programme.goal.rstrip('.')}. You own the change: gates and seats beyond the "
        "phase wait for you, and your reason for whoever a pilot is warned of. An owner confirms first that it is you. "
        "Readouts are open to you."
        if person == programme.sponsor else
        f"{who} named you. The goal: {programme.goal.rstrip('.')}. The page of the programme says what comes next."
    )  # fmt: skip
    await tell(session, person, SPONSOR if person == programme.sponsor else LEAD, text, "/programme")
    return True


async def tell_second(session: Session, move: str, *, tell: Tell, clock: Clock) -> int:
    """Tell those who may be the second person of a move that it waits for them; return how many."""
    row, programme = await get_move(session, move), await current_programme(session)
    if row.state != "proposed" or not _new(row.proposed_at, clock):
        return 0
    asked = await _seconds(session, row, programme)
    who = (await names_of(session, [row.proposed_by])).get(row.proposed_by, "Somebody")
    text = f"{who} proposes {_what(row)}. Look at the evidence; then confirm it, or say what is missing."
    for person in sorted(asked):
        await tell(session, person, SECOND, text, f"/programme/moves/{row.id}")
    return len(asked)


async def tell_cohort(session: Session, cohort: str, *, tell: Tell, clock: Clock) -> int:
    """Tell the people of a cohort that their first month begins; return how many."""
    found = await get_cohort(session, cohort)
    if found.state != "started" or not _new(found.started_at, clock):
        return 0
    text = (
        "It says week by week what you do, beginning with a piece of work that your team has anyway: four short "
        "modules, one task handed over in writing, and the minutes it took."
    )
    people = sorted(one.person for one in await members_of(session, cohort))
    for person in people:
        await tell(session, person, BEGINS, text, "/first-month")
    return len(people)


async def _seconds(session: Session, row: MoveRow, programme: Programme) -> set[str]:
    """Return who may confirm a move, as `second.may_confirm` has it."""
    owners = set(await ids_that_may(session, OWNER))
    if row.kind == "skip":
        asked = {programme.sponsor} | owners
    elif row.proposed_by == programme.sponsor:
        asked = {programme.lead} if row.kind == "gate" else owners
    else:
        asked = {programme.sponsor}
        if row.kind in ENTERING and not await stands(session, programme):
            asked |= owners
    return asked - {row.proposed_by, ""}


def _what(row: MoveRow) -> str:
    to = PHASES[Phase(row.to_phase)].words
    if row.kind == "seats":
        return f"{row.seats} seats within this phase"
    if row.kind in SURFACE:
        return f"up to {row.seats} {row.kind} in the pilot"
    if row.kind == "exception":
        return f"{row.seats} {'seat' if row.seats == 1 else 'seats'} in the pilot without the three criteria"
    return f"to enter {to} without its gate" if row.kind == "skip" else f"to enter {to}"


def _new(at: datetime | None, clock: Clock) -> bool:
    return at is not None and clock.now() - at < NEWS

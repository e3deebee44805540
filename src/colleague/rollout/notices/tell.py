"""Tell people what the programme asks of them: whom it names, who is the second person of a move, whose month begins.

What is older than a day when its turn comes is told to nobody: a house whose clock was moved has nothing to say.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from colleague.identity.directory import active_among, actor_of, names_of
from colleague.identity.roles import ids_that_may
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.policy.model import Phase
from colleague.policy.standards.surface import WORDS as SURFACE
from colleague.rollout.cohorts.model import Member
from colleague.rollout.cohorts.store import get_cohort, member, members_of
from colleague.rollout.define import named_at
from colleague.rollout.model import ENTERING, Programme
from colleague.rollout.phases import PHASES
from colleague.rollout.second import OWNER, AnotherPerson, SponsorNotConfirmed, confirmers, may_confirm, stands
from colleague.rollout.store import current_programme, get_move
from colleague.rollout.tables import MoveRow
from colleague.tasks.parts import Tell

NEWS: Final = timedelta(days=1)
SPONSOR: Final = "You are the sponsor of the programme"
LEAD: Final = "You lead the programme"
SECOND: Final = "The programme waits for you"
FIRST: Final = "The programme's sponsor waits to be confirmed"
BEGINS: Final = "Your first month begins"
_MONTH: Final = (
    "It says week by week what you do, beginning with a piece of work that your team has anyway: four short modules, "
    "one task handed over in writing, and the minutes it took."
)


async def tell_named(session: Session, person: str, by: str, *, tell: Tell, clock: Clock) -> bool:
    """Tell somebody that they are the sponsor, or lead the programme, unless they are it no more; say whether."""
    programme, at = await current_programme(session), await named_at(session)
    if person == by or person not in (programme.sponsor, programme.lead) or not _new(at, clock):
        return False
    who = (await names_of(session, [by])).get(by, "Somebody")
    # An owner is the sponsor without it; and somebody may have confirmed them meanwhile.
    first = "" if await stands(session, programme) else "An owner confirms first that it is you. "
    text = (
        f"{who} named you. The goal: {programme.goal.rstrip('.')}. You own the change: gates and seats beyond the "
        f"phase wait for you, and your reason for whoever a pilot is warned of. {first}Readouts are open to you."
        if person == programme.sponsor else
        f"{who} named you. The goal: {programme.goal.rstrip('.')}. The page of the programme says what comes next."
    )  # fmt: skip
    await tell(session, person, SPONSOR if person == programme.sponsor else LEAD, text, "/programme")
    return True


async def tell_second(session: Session, move: str, *, tell: Tell, clock: Clock) -> int:
    """Tell those who may be the second person of a move that it waits for them, and where it waits for a sponsor whom
    no owner confirmed, those who may confirm them; return how many notices that is."""
    row, programme = await get_move(session, move), await current_programme(session)
    if row.state != "proposed" or not _new(row.proposed_at, clock):
        return 0
    asked, sponsor = await _seconds(session, row, programme, clock=clock), programme.sponsor
    waits = _needs_sponsor(row, programme) and not await stands(session, programme)
    first = await confirmers(session, clock=clock) if waits else frozenset[str]()
    who = (await names_of(session, [row.proposed_by])).get(row.proposed_by, "Somebody")
    text = f"{who} proposes {_what(row)}. Look at the evidence; then confirm it, or say what is missing."
    for person in sorted(asked):
        mine = " First an owner confirms that you are the sponsor." if waits and person == sponsor else ""
        await tell(session, person, SECOND, text + mine, f"/programme/moves/{row.id}")
    name = (await names_of(session, [sponsor])).get(sponsor, "the sponsor")
    for person in sorted(first):
        why = f"{who} proposes {_what(row)}. {name} decides on it once an owner has said that they are the sponsor."
        await tell(session, person, FIRST, why, "/programme#named")
    return len(asked) + len(first)


async def tell_cohort(session: Session, cohort: str, *, tell: Tell, clock: Clock) -> int:
    """Tell the people of a cohort whose first month begins with it; return how many. Who waits for a seat, has left, or
    began in an earlier cohort is not told."""
    found = await get_cohort(session, cohort)
    if found.state != "started" or not _new(found.started_at, clock):
        return 0
    here = await members_of(session, cohort)
    # Who came after it started is told as they come.
    people = [one for one in here if found.started_at is not None and one.joined_at <= found.started_at]
    return await _begin(session, people, tell=tell, clock=clock)


async def tell_joined(session: Session, person: str, *, tell: Tell, clock: Clock) -> bool:
    """Tell somebody who joined a started cohort that their first month begins, if it does; say whether."""
    one = await member(session, person)
    return one is not None and await _begin(session, [one], tell=tell, clock=clock) == 1


async def _begin(session: Session, people: Collection[Member], *, tell: Tell, clock: Clock) -> int:
    beginners = sorted(one.person for one in people if _new(one.began_at, clock))
    for person in beginners:
        await tell(session, person, BEGINS, _MONTH, "/first-month")
    return len(beginners)


async def _seconds(session: Session, row: MoveRow, programme: Programme, *, clock: Clock) -> set[str]:
    """Return who is asked to confirm a move and may, as `second.may_confirm` has it; a sponsor also whom an owner
    confirms first."""
    owners = set(await ids_that_may(session, OWNER))
    if row.kind == "skip":
        asked = {programme.sponsor} | owners
    elif row.proposed_by == programme.sponsor:
        asked = {programme.lead} if row.kind == "gate" else owners
    else:
        asked = {programme.sponsor}
        if row.kind in ENTERING and not await stands(session, programme):
            asked |= owners
    may = set()
    for person in await active_among(session, asked - {row.proposed_by, ""}):
        try:
            await may_confirm(
                session, await actor_of(session, person_id=person, via="page"), row, programme, clock=clock
            )
        except AnotherPerson:
            continue
        except SponsorNotConfirmed:
            pass
        may.add(person)
    return may


def _needs_sponsor(row: MoveRow, programme: Programme) -> bool:
    return row.kind == "skip" or (row.kind not in ENTERING and row.proposed_by != programme.sponsor)


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

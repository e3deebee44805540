"""Who is in a cohort: people join and leave, each beginning with a use case tied to a ritual of theirs (AD-2)."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import select

from colleague.adoption.items import open_item
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import get_person, members_of
from colleague.identity.groups.mapping import find_mapping
from colleague.identity.model import Person
from colleague.identity.seats.chosen import drop_choice
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Conflict, Invalid, NotFound
from colleague.kit.ids import is_id
from colleague.rollout.cohorts.begin import first_case
from colleague.rollout.cohorts.make import LOCK, CohortClosed
from colleague.rollout.cohorts.ready import too_early
from colleague.rollout.cohorts.store import row_of
from colleague.rollout.cohorts.tables import CandidateRow, CohortRow, MemberRow
from colleague.rollout.later.notices import JOINED, tell_later
from colleague.usecases.around import one_line
from colleague.usecases.rituals import standing_cases

UNTIED: Final = (
    "Somebody joined a cohort that has started and has no use case tied to a ritual for the first week: write one for"
    " this department or its team, with the weekday and what the team makes then (AD-2)."
)


class InAnotherCohort(Conflict):
    """{name} is in the cohort «{cohort}»: take them out there first."""


class NotAMember(NotFound):
    """This person is not in this cohort."""


class ChosenOneByOne(Conflict):
    """The people of a pilot are chosen one by one, on three criteria."""


class NobodyToJoin(Conflict):
    """No group or team maps to this cohort, or nobody is in it: map one first, or name people."""


class TooEarly(Conflict):
    """{why}"""


class BadBeginning(Invalid):
    """This use case is not one to begin with: it is not approved, serves no ritual, or is not their department's."""


async def fill_cohort(
    session: Session, actor: Actor, cohort: str, people: Collection[str] = (), *, ledger: Ledger, clock: Clock
) -> int:  # fmt: skip
    """Let people into a cohort of a later phase: those named, or all of the group or team that maps to it.

    Not before gate 1: into the pilot people are chosen (PP-2). Returns how many joined.

    Raises ChosenOneByOne, CohortClosed, TooEarly, NobodyToJoin, InAnotherCohort, PersonNotFound.
    """
    actor.require("org:programme:manage")
    row = await row_of(session, cohort, lock=True)
    if row.kind == "pilot":
        raise ChosenOneByOne
    if row.state == "closed":
        raise CohortClosed
    if early := await too_early(session):
        raise TooEarly(why=early[0])
    group = await find_mapping(session, row.group_id) if row.group_id else None
    all_ = set(people) or set(group.people if group else ())
    if not all_ and row.team_id:
        all_ = {one.id for one in await members_of(session, row.team_id)}
    if not all_:
        raise NobodyToJoin
    return await join(session, actor, row, all_, ledger=ledger, clock=clock)


async def join(
    session: Session, actor: Actor, row: CohortRow, people: Collection[str], *, ledger: Ledger, clock: Clock
) -> int:  # fmt: skip
    """Let people into a cohort that is locked and checked; who is in it already stays. Returns how many joined."""
    # Two cohorts that let the same person in at once wait for each other.
    await advisory_lock(session, LOCK)
    cases, now, joined, untied = await standing_cases(session), clock.now(), [], set[str]()
    for person in sorted(people):
        who = await get_person(session, person)
        if await _settled(session, who, row, clock=clock):
            continue
        kept = await session.get(MemberRow, (row.id, who.id), with_for_update=True)
        if kept is None:
            kept = MemberRow(cohort_id=row.id, person_id=who.id, by=actor.id, joined_at=now, left_why="")
            session.add(kept)
        kept.left_at, kept.left_why, kept.by, kept.joined_at = None, "", actor.id, now
        kept.use_case_id = first_case(who.department, who.teams, cases) or None
        # Who comes back to a cohort began with it the first time.
        kept.began_at = (kept.began_at or now) if row.state == "started" else None
        joined.append(who.id)
        if row.state == "started" and not kept.use_case_id:
            untied.add(who.department)
    await session.flush()
    for department in sorted(untied):
        about = f"department:{department}" if department else "programme"
        await open_item(session, f"ritual:{department}", "onboarding", about, UNTIED, ledger=ledger, clock=clock)
    for person in joined:
        event = Event("cohort.joined", actor.id, subject=row.id, person=person, data={"person": person})
        await ledger.record(session, event)
        if row.state == "started":
            await tell_later(session, JOINED, person)
    return len(joined)


async def _settled(session: Session, who: Person, row: CohortRow, *, clock: Clock) -> bool:
    """Say whether somebody is in `row` already; out of a closed cohort they go. Raises InAnotherCohort."""
    query = select(MemberRow, CohortRow).join(CohortRow, CohortRow.id == MemberRow.cohort_id)
    query = query.where(MemberRow.person_id == who.id, MemberRow.left_at.is_(None))
    found = (await session.execute(query.with_for_update(of=MemberRow))).first()
    if found is None:
        return False
    there, cohort = found
    if cohort.id == row.id:
        return True
    if cohort.state != "closed":
        raise InAnotherCohort(name=who.name, cohort=cohort.name)
    there.left_at, there.left_why = clock.now(), f"joined «{row.name}»"
    await session.flush()
    return False


async def leave_cohort(
    session: Session, actor: Actor, cohort: str, person: str, why: str, *, ledger: Ledger, clock: Clock
) -> None:  # fmt: skip
    """Take somebody out of a cohort, with a reason. Raises NotAMember, BadText, PermissionMissing."""
    actor.require("org:programme:manage")
    why = one_line(why, "why", 300, needed=True)
    row = await row_of(session, cohort, lock=True)
    if not await leave_if_in(session, actor, row.id, person, why, ledger=ledger, clock=clock):
        raise NotAMember


async def leave_if_in(
    session: Session, actor: Actor, cohort: str, person: str, why: str, *, ledger: Ledger, clock: Clock
) -> bool:  # fmt: skip
    """Take somebody out of a cohort if they are in it; say whether they were. A candidate who was chosen for it is
    proposed again as long as it is open: they can be chosen anew."""
    row = await session.get(MemberRow, (cohort, person), with_for_update=True) if is_id(person) else None
    if row is None or row.left_at is not None:
        return False
    row.left_at, row.left_why = clock.now(), why
    await session.flush()
    # In one cohort at a time: who leaves that of the pilot is chosen no more (PP-2).
    await drop_choice(session, actor, person, ledger=ledger)
    candidate = await session.get(CandidateRow, (cohort, person), with_for_update=True)
    is_open = (await session.get_one(CohortRow, cohort)).state != "closed"
    if is_open and candidate is not None and candidate.stand == "chosen":
        candidate.stand = "proposed"
        await session.flush()
    event = Event(
        "cohort.left", actor.id, subject=cohort, person=person, data={"person": person}, personal={"why": why}
    )
    await ledger.record(session, event)
    return True


async def begin_with(
    session: Session, actor: Actor, person: str, use_case: str, *, ledger: Ledger
) -> None:  # fmt: skip
    """Let somebody begin with another use case: the person themselves, or who runs the programme.

    It stands, serves a ritual, and is of their department or team. Raises NotAMember, BadBeginning, PermissionMissing.
    """
    if actor.id != person:
        actor.require("org:programme:manage")
    query = select(MemberRow).where(MemberRow.person_id == person, MemberRow.left_at.is_(None)).with_for_update()
    row = await session.scalar(query)
    if row is None:
        raise NotAMember
    who = await get_person(session, person)
    fit = {c.id for c in await standing_cases(session) if c.ritual and c.fits(who.department, who.teams)}
    if use_case not in fit:
        raise BadBeginning
    row.use_case_id = use_case
    await session.flush()
    facts = {"use_case": use_case}
    await ledger.record(
        session, Event("cohort.begins_with", actor.id, subject=row.cohort_id, person=person, data=facts)
    )

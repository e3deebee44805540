"""Find cohorts, their candidates and members; who is in which cohort, and whether the open ones are mapped."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select

from colleague.adoption.facts.read import seated_since
from colleague.identity.directory import get_person, list_teams, mails_of, names_of, titles_of
from colleague.identity.groups.mapping import find_mapping, signs_on
from colleague.identity.seats.reason import writers_of
from colleague.kit.db import Session
from colleague.kit.errors import NotFound
from colleague.kit.ids import is_id
from colleague.policy.model import Phase
from colleague.rollout.cohorts.model import Candidate, Cohort, Kind, Member, Score, Stand, State
from colleague.rollout.cohorts.tables import CandidateRow, CohortRow, MemberRow
from colleague.rollout.phases import PHASES
from colleague.rollout.store import current_programme


class CohortNotFound(NotFound):
    """There is no such cohort."""


async def list_cohorts(session: Session) -> list[Cohort]:
    """Return every cohort, the open ones first, by name."""
    rows = await session.scalars(select(CohortRow).order_by(CohortRow.state == "closed", CohortRow.made_at))
    return [value_of(row) for row in rows]


async def row_of(session: Session, cohort: str, *, lock: bool = False) -> CohortRow:
    """Return the row of a cohort, locked if asked; CohortNotFound if there is none."""
    query = select(CohortRow).where(CohortRow.id == cohort).execution_options(populate_existing=True)
    row = await session.scalar(query.with_for_update() if lock else query) if is_id(cohort) else None
    if row is None:
        raise CohortNotFound
    return row


async def get_cohort(session: Session, cohort: str) -> Cohort:
    """Return a cohort; CohortNotFound if there is none."""
    return value_of(await row_of(session, cohort))


def value_of(row: CohortRow) -> Cohort:
    """Return a row as a value."""
    kind: Kind = row.kind  # type: ignore[assignment]
    state: State = row.state  # type: ignore[assignment]
    return Cohort(row.id, row.name, kind, state, row.group_id or "", row.team_id or "", row.started_at)


async def candidates_of(session: Session, cohort: str, *stands: Stand) -> list[Candidate]:
    """Return candidates (in some stands) with what the directory knows of them now, by name."""
    query = select(CandidateRow).where(CandidateRow.cohort_id == cohort)
    rows = list(await session.scalars(query.where(CandidateRow.stand.in_(stands)) if stands else query))
    people = [row.person_id for row in rows]
    names, known = await names_of(session, people), await known_of(session, people)
    writers = await writers_of(session, people)
    found = [
        Candidate(
            row.person_id, names.get(row.person_id, ""), Score.from_json(row.score), row.stand,  # type: ignore[arg-type]
            known[row.person_id], row.sponsor_id or "", row.sponsor_reason,
            writers.get(row.person_id, "") if row.sponsor_reason else "",
        )
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.name.casefold(), one.person))


async def known_of(session: Session, people: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return department and title of people as the directory has them, "" for what it does not know."""
    titles = await titles_of(session, people)
    return {one: ((await get_person(session, one)).department, titles.get(one, "")) for one in people}


async def members_of(session: Session, *cohorts: str) -> list[Member]:
    """Return who is in some cohorts now, or in any; in the order in which they joined."""
    query = select(MemberRow).where(MemberRow.left_at.is_(None))
    query = query.where(MemberRow.cohort_id.in_(cohorts)) if cohorts else query
    rows = list(await session.scalars(query.order_by(MemberRow.joined_at, MemberRow.person_id)))
    began = await _begun(session, [r.person_id for r in rows])
    return [Member(r.person_id, r.cohort_id, r.use_case_id or "", r.joined_at, began.get(r.person_id)) for r in rows]


async def _begun(session: Session, people: Collection[str]) -> dict[str, datetime]:
    """Return when the first month of people began who hold a seat and whose cohort, present or earlier, has started.

    Whoever waits for a seat begins with it; who goes on from one cohort to the next on the same seat has begun already
    (AD-1, C-10: the person's own tenure).
    """
    first = select(MemberRow.person_id, func.min(MemberRow.began_at)).where(MemberRow.began_at.is_not(None))
    first = first.where(MemberRow.person_id.in_(people)).group_by(MemberRow.person_id)
    here = await mails_of(session, people)
    seated = await seated_since(session, people)
    return {
        person: max(began, seated.get(person, began))
        for person, began in await session.execute(first)
        if began is not None and person in here
    }


async def member(session: Session, person: str) -> Member | None:
    """Return where somebody is a member now; None if nowhere."""
    query = select(MemberRow).where(MemberRow.person_id == person, MemberRow.left_at.is_(None))
    r = await session.scalar(query)
    if r is None:
        return None
    began = await _begun(session, [person])
    return Member(r.person_id, r.cohort_id, r.use_case_id or "", r.joined_at, began.get(person))


async def cohorts_of(session: Session) -> dict[str, str]:
    """Return the cohort's name of everybody who is in one, by person."""
    query = select(MemberRow.person_id, CohortRow.name).join(CohortRow, CohortRow.id == MemberRow.cohort_id)
    return dict((await session.execute(query.where(MemberRow.left_at.is_(None)))).all())


async def first_days(session: Session) -> dict[str, datetime]:
    """Return when everybody who is in a cohort now began, by person; nobody who has not begun, or waits (AD-1)."""
    return {one.person: one.began_at for one in await members_of(session) if one.began_at is not None}


async def people_by_cohort(session: Session) -> dict[str, frozenset[str]]:
    """Return who is in each cohort, by its name: the source of the groups that numbers are told of."""
    found: dict[str, set[str]] = {}
    for person, cohort in (await cohorts_of(session)).items():
        found.setdefault(cohort, set()).add(person)
    return {name: frozenset(people) for name, people in found.items()}


async def unmapped(session: Session) -> tuple[str, ...]:
    """Return why nobody may be invited yet, () if somebody may (ID-4).

    Where people come by an identity provider, each open cohort needs a group of it that maps to it, and there must be
    a cohort. Where people are added by hand there is nothing to map.
    """
    if not await signs_on(session):
        return ()
    open_ = [one for one in await list_cohorts(session) if one.state != "closed"]
    if not open_:
        return ("There is no cohort yet, so no group of your identity provider can map to it: make one first.",)
    phase = (await current_programme(session)).phase
    if phase is not Phase.PILOT and not any(one.kind == "rollout" for one in open_):
        return (
            f"{PHASES[phase].title} has no cohort of its own yet, so no group of your identity provider can map to it:"
            " make one first.",
        )
    return tuple([why for one in open_ if (why := await why_unmapped(session, one))])


async def against_invitations(session: Session) -> tuple[str, ...]:
    """Return why nobody new may be invited yet: as `unmapped`, once there is a cohort at all.

    Before that people come to set the organisation up; the pilot itself does not start without its cohort.
    """
    return await unmapped(session) if await list_cohorts(session) else ()


async def why_unmapped(session: Session, cohort: Cohort) -> str:
    """Return why no group maps to a cohort; "" if one does, or if people do not come by an identity provider."""
    if not await signs_on(session):
        return ""
    if not cohort.group or await find_mapping(session, cohort.group) is None:
        return (
            f"No group of your identity provider maps to «{cohort.name}»: choose it on the page of the cohort before"
            " anybody is invited."
        )
    return ""


async def team_name(session: Session, team: str) -> str:
    """Return the name of a team; "" if it is gone."""
    return next((one.name for one in await list_teams(session) if one.id == team), "")

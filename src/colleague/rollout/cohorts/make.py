"""Make cohorts, map them to a group, let them start, and end them."""

from sqlalchemy import select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.groups.mapping import find_mapping
from colleague.identity.groups.members import NoSuchGroup
from colleague.identity.people import NoSuchTeam
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Conflict, Invalid
from colleague.kit.ids import new_id
from colleague.rollout.cohorts.begin import beginnings
from colleague.rollout.cohorts.model import KINDS, Cohort
from colleague.rollout.cohorts.ready import ready
from colleague.rollout.cohorts.store import members_of, row_of, team_name, value_of
from colleague.rollout.cohorts.tables import CohortRow, MemberRow
from colleague.rollout.later.notices import BEGAN, tell_later
from colleague.usecases.around import Reach, one_line

LOCK = 727_081


class BadCohort(Invalid):
    """A cohort is {kinds}."""


class WithTheProgramme(Conflict):
    """A pilot cohort starts with the programme itself: Programme, Start the pilot."""


class CohortNameTaken(Conflict):
    """There is a cohort called «{name}» already."""


class CohortClosed(Conflict):
    """This cohort is closed and stays as it was."""


class MayNotStart(Conflict):
    """This cohort cannot start yet. {reasons}"""


class NotStarted(Conflict):
    """This cohort has not started: there is nothing to close. Take its people out instead."""


async def make_cohort(
    session: Session, actor: Actor, name: str, kind: str = "pilot", *, ledger: Ledger, clock: Clock
) -> Cohort:  # fmt: skip
    """Make a cohort without people. Raises BadText, BadCohort, CohortNameTaken, PermissionMissing."""
    actor.require("org:programme:manage")
    name = one_line(name, "name", 80, needed=True)
    if kind not in KINDS:
        raise BadCohort(kinds=" or ".join(KINDS))
    await advisory_lock(session, LOCK)
    if name.casefold() in {one.casefold() for one in await session.scalars(select(CohortRow.name))}:
        raise CohortNameTaken(name=name)
    row = CohortRow(
        id=new_id("cohort"), name=name, kind=kind, state="draft", made_by=actor.id, made_at=clock.now(), closed_why=""
    )  # fmt: skip
    session.add(row)
    await session.flush()
    await ledger.record(session, Event("cohort.made", actor.id, subject=row.id, data={"name": name, "kind": kind}))
    return value_of(row)


async def map_cohort(
    session: Session, actor: Actor, cohort: str, *, group: str = "", team: str = "", ledger: Ledger
) -> Cohort:  # fmt: skip
    """Say which group of the identity provider, or which team, is this cohort; "" for neither any more (ID-4).

    Raises CohortNotFound, CohortClosed, NoSuchGroup, NoSuchTeam, PermissionMissing.
    """
    actor.require("org:programme:manage")
    row = await row_of(session, cohort, lock=True)
    if row.state == "closed":
        raise CohortClosed
    if group and await find_mapping(session, group) is None:
        raise NoSuchGroup
    if team and not await team_name(session, team):
        raise NoSuchTeam
    row.group_id, row.team_id = group or None, team or None
    await session.flush()
    await ledger.record(session, Event("cohort.mapped", actor.id, subject=row.id, data={"group": group, "team": team}))
    return value_of(row)


async def start_cohort(
    session: Session, actor: Actor, cohort: str, *, reach: Reach, ledger: Ledger, clock: Clock, pilot: bool = False
) -> Cohort:  # fmt: skip
    """Let a cohort start: its people's first month begins today. `pilot`: the programme starts with it.

    Raises CohortNotFound, MayNotStart with every reason, WithTheProgramme, PermissionMissing.
    """
    actor.require("org:programme:manage")
    row = await row_of(session, cohort, lock=True)
    found = await ready(session, value_of(row), reach=reach)
    if not found.ok:
        raise MayNotStart(reasons=" ".join(found.reasons))
    if row.kind == "pilot" and not pilot:
        raise WithTheProgramme
    now = clock.now()
    row.state, row.started_at, row.started_by = "started", now, actor.id
    people = select(MemberRow).where(MemberRow.cohort_id == row.id, MemberRow.left_at.is_(None))
    begin_with = await beginnings(session, await members_of(session, row.id))
    for one in await session.scalars(people):
        one.began_at, one.use_case_id = now, begin_with[one.person_id]
    await session.flush()
    facts = {"people": len(begin_with), "seats": found.seats}
    await ledger.record(session, Event("cohort.started", actor.id, subject=row.id, data=facts))
    await tell_later(session, BEGAN, row.id)
    return value_of(row)


async def close_cohort(
    session: Session, actor: Actor, cohort: str, why: str, *, ledger: Ledger, clock: Clock
) -> Cohort:  # fmt: skip
    """End a cohort: its people stay counted under its name until they join another.

    Raises CohortNotFound, CohortClosed, NotStarted, BadText, PermissionMissing.
    """
    actor.require("org:programme:manage")
    why = one_line(why, "why", 300, needed=True)
    row = await row_of(session, cohort, lock=True)
    if row.state == "closed":
        raise CohortClosed
    if row.state != "started":
        raise NotStarted
    row.state, row.closed_at, row.closed_why = "closed", clock.now(), why
    await session.flush()
    await ledger.record(session, Event("cohort.closed", actor.id, subject=row.id, data={"why": why}))
    return value_of(row)

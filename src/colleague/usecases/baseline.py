"""Measure how long the work takes before launch, person by person (PP-7, R83). Rows of a person are theirs (B-12)."""

import math
from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import func, select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import PersonNotFound, is_active
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Invalid, NotFound
from colleague.kit.ids import is_id, new_id
from colleague.usecases.around import one_line
from colleague.usecases.model import HOWS, How, Observation, UseCase
from colleague.usecases.sample import Baseline, baseline, veiled
from colleague.usecases.store import followed, get_use_case, observations_of
from colleague.usecases.tables import ObservationRow

LONGEST = 10_080
OLDEST = timedelta(days=366)
MOST = 200


class BadObservation(Invalid):
    """This measurement cannot be kept: {why}."""


class BaselineClosed(Conflict):
    """The baseline is closed: this use case {why}. A time before is measured before."""


class TooManyObservations(Conflict):
    """Two hundred times of one person are enough for a baseline."""


class NoSuchObservation(NotFound):
    """There is no such measurement, or it is somebody else's."""


async def measure(
    session: Session, actor: Actor, use_case: str, minutes: float, on: date, how: str, *, person: str = "",
    note: str = "", ledger: Ledger, clock: Clock,
) -> Observation:  # fmt: skip
    """Keep one measured time: of the actor, or of `person` for those who may manage use cases.

    `how`: timed, records or self_reported.
    Raises BadObservation, BaselineClosed, PersonNotFound, TooManyObservations, UseCaseNotFound.
    """
    whose = person or actor.id
    actor.require("own:tasks:use" if whose == actor.id else "org:usecases:manage")
    actor.require("org:usecases:read")
    found = await _open(session, use_case)
    if not math.isfinite(minutes) or not 0.1 <= minutes <= LONGEST:
        raise BadObservation(why="it lies between a tenth of a minute and 10,080 minutes")
    if how not in HOWS:
        raise BadObservation(why=f"say how it is known: {', '.join(HOWS)}")
    today = clock.now().date()
    # A day that has begun somewhere on earth is no day to come.
    if not today - OLDEST <= on <= today + timedelta(days=1):
        raise BadObservation(why="its day is within the last year and not to come")
    if not is_id(whose) or not await is_active(session, whose):
        raise PersonNotFound
    own = (
        select(func.count())
        .select_from(ObservationRow)
        .where(ObservationRow.use_case_id == found.id, ObservationRow.person_id == whose)
    )
    if (await session.scalar(own) or 0) >= MOST:
        raise TooManyObservations
    kept: How = how  # type: ignore[assignment]
    note = one_line(note, "note", 300)
    one = Observation(new_id("obs"), whose, round(minutes, 1), on, kept, actor.id, found.version, note)
    session.add(
        ObservationRow(
            id=one.id, use_case_id=found.id, version=one.version, person_id=one.person, minutes=one.minutes, on=one.on,
            how=one.how, note=one.note, by=one.by, at=clock.now(), withdrawn_why="",
        )
    )  # fmt: skip
    await session.flush()
    facts = {"observation": one.id, "how": how, "for_another": whose != actor.id, "version": one.version}
    await ledger.record(session, Event("baseline.measured", actor.id, subject=found.id, data=facts))
    return one


async def withdraw(
    session: Session, actor: Actor, use_case: str, observation: str, why: str, *, ledger: Ledger
) -> None:
    """Take a measurement out, one's own or, for those who may manage use cases, anybody's; with a reason.

    Raises BadText, BaselineClosed, NoSuchObservation.
    """
    actor.require("org:usecases:read")
    why = one_line(why, "why it is withdrawn", 300, needed=True)
    found = await _open(session, use_case)
    row = await session.get(ObservationRow, observation) if is_id(observation) else None
    mine = row is not None and row.person_id == actor.id and actor.may("own:tasks:use")
    if row is None or row.use_case_id != found.id or row.withdrawn_by or not (mine or actor.may("org:usecases:manage")):
        raise NoSuchObservation
    row.withdrawn_by, row.withdrawn_why = actor.id, why
    facts = {"observation": row.id, "for_another": row.person_id != actor.id}
    await ledger.record(session, Event("baseline.corrected", actor.id, subject=found.id, data=facts))


async def baseline_of(session: Session, use_case: str) -> Baseline:
    """Return what was measured and what was reported of a use case, each summed up by itself."""
    return baseline((await observations_of(session, use_case))[use_case])


def seen_by(actor: Actor, rows: Sequence[Observation]) -> tuple[Baseline, list[Observation]]:
    """Return the sum and the single rows that `actor` may see (B-12): everything with org:usecases:manage, else their
    own rows, and a sum that does not tell what one or two others took.
    """
    found = baseline(rows)
    if actor.may("org:usecases:manage"):
        return found, list(rows)
    own = [one for one in rows if one.person == actor.id]
    return veiled(found, baseline(own)), own


async def _open(session: Session, use_case: str) -> UseCase:
    """Return a use case, locked, whose baseline is open. Raises BaselineClosed."""
    found = await get_use_case(session, use_case, lock=True)
    if found.live_at:
        raise BaselineClosed(why=f"went live on {found.live_at:%Y-%m-%d}")
    if found.state == "retired":
        raise BaselineClosed(why="is retired")
    if old := (await followed(session)).get(found.id):
        raise BaselineClosed(why=f"goes on with the skill of «{old.card.name}», and has what was measured before that")
    return found

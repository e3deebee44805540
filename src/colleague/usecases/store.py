"""Find use cases and what belongs to them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from colleague.kit.db import Session
from colleague.kit.errors import NotFound
from colleague.kit.ids import is_id
from colleague.usecases.model import Card, Framework, Friction, Observation, State, UseCase, skill_of
from colleague.usecases.tables import CardRow, FrameworkRow, FrictionRow, ObservationRow, UseCaseRow


class UseCaseNotFound(NotFound):
    """There is no such use case."""


async def list_use_cases(session: Session, *, states: Sequence[State] = ()) -> list[UseCase]:
    """Return all use cases, or those in some states, by name."""
    newest = (CardRow.use_case_id == UseCaseRow.id) & (CardRow.version == UseCaseRow.version)
    query = select(UseCaseRow, CardRow).join(CardRow, newest).order_by(UseCaseRow.name, UseCaseRow.id)
    if states:
        query = query.where(UseCaseRow.state.in_(states))
    return [value_of(row, card) for row, card in await session.execute(query)]


async def get_use_case(session: Session, use_case: str, *, lock: bool = False) -> UseCase:
    """Return a use case, locked if asked; UseCaseNotFound if there is none."""
    query = select(UseCaseRow).where(UseCaseRow.id == use_case).execution_options(populate_existing=True)
    row = await session.scalar(query.with_for_update() if lock else query) if is_id(use_case) else None
    if row is None:
        raise UseCaseNotFound
    return value_of(row, await session.get_one(CardRow, (row.id, row.version)))


async def cards_of(session: Session, use_case: str) -> Sequence[CardRow]:
    """Return every card a use case ever had, newest first."""
    query = select(CardRow).where(CardRow.use_case_id == use_case).order_by(CardRow.version.desc())
    return (await session.scalars(query)).all()


async def observations_of(session: Session, *use_cases: str) -> dict[str, list[Observation]]:
    """Return what counts of what was measured, by use case, oldest first: of one that goes on with the skill of an
    earlier one, what was measured before that (`followed`).
    """
    before = await followed(session) if use_cases else {}
    whose = {one: before[one].id if one in before else one for one in use_cases}
    query = select(ObservationRow).where(
        ObservationRow.use_case_id.in_(whose.values()), ObservationRow.withdrawn_by.is_(None)
    )
    found: dict[str, list[Observation]] = {one: [] for one in whose.values()}
    for row in await session.scalars(query.order_by(ObservationRow.on, ObservationRow.at, ObservationRow.id)):
        found[row.use_case_id].append(
            Observation(row.id, row.person_id, row.minutes, row.on, row.how, row.by, row.version, row.note)  # type: ignore[arg-type]
        )
    return {one: found[root] for one, root in whose.items()}


async def followed(session: Session) -> dict[str, UseCase]:
    """Return the use case that each goes on from, by its id: the first with the same skill that was launched before it
    and had ended, or had another skill, or was written for everybody or for the same department.

    It has that one's baseline: a time before is measured before the skill was in use (B-8).
    """
    every = await list_use_cases(session)
    named = await _named_since_launch(session, every)
    launched = sorted((one for one in every if one.live_at), key=lambda one: (one.live_at, one.id))
    found = {}
    for one in every:
        skill = skill_of(one.card.skill)
        earlier = (
            old
            for old in launched
            if old.id != one.id and skill in named[old.id] and _gave_way(old, one, named[old.id][skill])
        )
        if skill and (first := next(earlier, None)):
            found[one.id] = first
    return found


def _gave_way(old: UseCase, one: UseCase, until: datetime | None) -> bool:
    """Say whether `old` was launched first, and whoever did the work of `one` had its skill with `old`, whose card
    names it `until` then (None: still).
    """
    if old.live_at is None or (one.live_at and (one.live_at, one.id) < (old.live_at, old.id)):
        return False
    ended = any(at is not None and (one.live_at is None or at <= one.live_at) for at in (old.retired_at, until))
    department = old.card.department.casefold()
    same = not department or department == one.card.department.casefold()
    return ended or same


async def _named_since_launch(session: Session, every: Sequence[UseCase]) -> dict[str, dict[str, datetime | None]]:
    """Return the skills that cards of each launched use case named, from the card it was first launched with on, and
    until when; None for what the newest names.
    """
    live = {one.id: one.live_at for one in every if one.live_at}
    found: dict[str, dict[str, datetime | None]] = {one: {} for one in live}
    rows = await session.scalars(
        select(CardRow).where(CardRow.use_case_id.in_(live)).order_by(CardRow.use_case_id, CardRow.version)
    )
    for row in rows:
        named, skill = found[row.use_case_id], skill_of(str(row.card.get("skill", "")))
        if row.at <= live[row.use_case_id]:
            named.clear()
        named.update({other: row.at for other, until in named.items() if until is None and other != skill})
        named[skill] = None
    return found


async def frictions_of(session: Session, use_case: str) -> list[Friction]:
    """Return what got in the way, the unresolved first, newest first."""
    query = select(FrictionRow).where(FrictionRow.use_case_id == use_case)
    rows = await session.scalars(query.order_by(FrictionRow.resolution != "", FrictionRow.at.desc(), FrictionRow.id))
    return [Friction(r.id, r.step, r.text, r.minutes, r.by, r.at, r.resolution) for r in rows]


async def frameworks_of(session: Session, use_case: str) -> list[Framework]:
    """Return every version of the prompt framework, newest first."""
    query = select(FrameworkRow).where(FrameworkRow.use_case_id == use_case).order_by(FrameworkRow.version.desc())
    return [Framework(r.version, r.text, r.why, r.by, r.at, r.passed) for r in await session.scalars(query)]


def value_of(row: UseCaseRow, card: CardRow) -> UseCase:
    """Return rows as a value."""
    state: State = row.state  # type: ignore[assignment]
    return UseCase(
        row.id, row.version, state, card.by, Card.from_json(card.card), row.live_at, row.new_capability, row.retired_at
    )

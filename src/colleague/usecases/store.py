"""Find use cases and what belongs to them."""

from collections.abc import Sequence

from sqlalchemy import select

from colleague.kit.db import Session
from colleague.kit.errors import NotFound
from colleague.kit.ids import is_id
from colleague.usecases.model import Card, Framework, Friction, Observation, State, UseCase
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
    """Return what counts of what was measured, by use case, oldest first."""
    query = select(ObservationRow).where(
        ObservationRow.use_case_id.in_(use_cases), ObservationRow.withdrawn_by.is_(None)
    )
    found: dict[str, list[Observation]] = {one: [] for one in use_cases}
    for row in await session.scalars(query.order_by(ObservationRow.on, ObservationRow.at, ObservationRow.id)):
        found[row.use_case_id].append(
            Observation(row.id, row.person_id, row.minutes, row.on, row.how, row.by, row.version, row.note)  # type: ignore[arg-type]
        )
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
    return UseCase(row.id, row.version, state, card.by, Card.from_json(card.card), row.live_at, row.new_capability)

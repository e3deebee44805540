"""The names of use cases, for floors above that link things to them."""

from colleague.kit.db import Session
from colleague.usecases.store import list_use_cases


async def use_case_names(session: Session) -> dict[str, str]:
    """Return the name of every use case by its id, the retired ones too: what was linked to them stays linked."""
    return {one.id: one.card.name for one in await list_use_cases(session)}

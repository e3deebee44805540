"""How a simulated rollout ends: with the readout that the programme lead makes."""

from typing import Final

from colleague.identity.directory import actor_of
from colleague.rollout.readout.freeze import make_readout
from colleague.rollout.readout.model import Readout
from colleague.rollout.simulate.parts import Parts
from colleague.rollout.store import current_programme

ASK: Final = "Shall the rollout go on as it was simulated?"


async def ending(parts: Parts) -> Readout:
    """Make the readout of the last twelve weeks, and return it. Raises ActivityAlone where nothing else is measured."""
    async with parts.database.transaction() as session:
        lead = await actor_of(session, person_id=(await current_programme(session)).lead, via="page")
        made = await make_readout(
            session, lead, ASK, groups=parts.groups, reach=parts.reach, ledger=parts.ledger, clock=parts.clock
        )  # fmt: skip
        return made.readout

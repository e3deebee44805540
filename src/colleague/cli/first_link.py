"""The link with which the first owner signs up; printed by `colleague serve` while nobody is there."""

from colleague.bootstrap import House
from colleague.identity.links.first_run import first_run_link


async def first_link(house: House) -> str | None:
    """Return a fresh one-time link, or None if the organisation has people already."""
    async with house.database.transaction() as session:
        path = await first_run_link(session, ledger=house.ledger, clock=house.clock)
    await house.database.close()
    return f"{house.settings.url}{path}" if path else None

"""STOP: the number is its person's no more (CTIA Messaging Principles; R54). Only a new handshake binds it again."""

from colleague.channels.addresses.end import break_address
from colleague.dispatch.doors.parts import Doors


async def stop(doors: Doors, number: str) -> None:
    """End whoever's binding of a number, on record: nothing is sent there and nothing heard from there any more."""
    async with doors.database.transaction() as session:
        await break_address(
            session, "sms", number, "STOP was answered to a text message.", ledger=doors.ledger, clock=doors.clock
        )

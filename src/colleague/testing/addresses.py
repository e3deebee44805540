"""An address bound to a person without its handshake, for tests of what comes after."""

from datetime import datetime

from colleague.channels.addresses.model import spell
from colleague.channels.addresses.tables import AddressRow
from colleague.kit.db import Session
from colleague.kit.ids import new_id


async def bind(session: Session, person_id: str, kind: str, address: str, *, at: datetime) -> str:
    """Make `address` the person's own, as if the code had come back `at` that time; return the binding's id."""
    row = AddressRow(
        id=new_id("address"), person_id=person_id, kind=kind, address=spell(kind, address), state="verified",
        begun_at=at, expires_at=at, verified_at=at,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    return row.id

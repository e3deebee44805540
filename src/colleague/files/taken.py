"""A person takes an output: downloads it. That is use (B-2), and the first time it is accepted by a human (B-8)."""

from datetime import timedelta
from typing import Final

from sqlalchemy.dialects.postgresql import insert

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.files.tables import OutputRow, OutputVersionRow, TakenRow
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session

# A session of a person ends after half an hour (B-4): within it the same file is taken once.
AGAIN: Final = timedelta(minutes=30)


async def take_output(
    session: Session, actor: Actor, output: OutputRow, version: OutputVersionRow, *, ledger: Ledger, clock: Clock
) -> bool:  # fmt: skip
    """Put on record that `actor` took a version they may see, and say whether it is on record anew.

    Taken again within half an hour nothing is written, also when two requests race. Whether they may see it was asked
    by who looked it up.
    """
    now = clock.now()
    values = {"output_id": version.output_id, "version": version.version, "person_id": actor.id, "at": now}
    row = insert(TakenRow).values(values)
    row = row.on_conflict_do_update(
        index_elements=["output_id", "version", "person_id"], set_={"at": now}, where=TakenRow.at <= now - AGAIN
    )
    if await session.scalar(row.returning(TakenRow.output_id)) is None:
        return False
    facts = {"version": version.version, "sha256": version.sha256, "via": actor.via}
    await ledger.record(session, Event("output.taken", actor.id, subject=output.id, run=output.run_id, data=facts))
    return True

"""Tell the lead whom an identity provider moved, with a seat in the pilot, to work it is warned of; and the sponsor
what somebody wrote down as their reason (PP-3).
"""

from datetime import timedelta

from colleague.identity.directory import get_person, names_of
from colleague.identity.seats.reason import seated_without_reason, written_since
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.rollout.cohorts.store import list_cohorts
from colleague.rollout.store import current_programme
from colleague.tasks.parts import Tell

TITLE = "The pilot is warned of somebody who has a seat"
WRITTEN = "A reason of yours was written down"


async def tell_lead(session: Session, person: str, *, tell: Tell) -> bool:
    """Tell the lead about one person, unless they were answered for meanwhile; return whether they were told."""
    programme = await current_programme(session)
    if not programme.lead or person not in {one.person for one in await seated_without_reason(session)}:
        return False
    pilot = next((one for one in await list_cohorts(session) if one.kind == "pilot" and one.state != "closed"), None)
    text = (
        f"Your identity provider moved {(await get_person(session, person)).name} to legal, HR or compliance work. They"
        " keep their seat. Ask the sponsor, and write their reason, or take the seat back: it stands open until then."
    )
    await tell(session, programme.lead, TITLE, text, f"/programme/cohorts/{pilot.id}#asked" if pilot else "/people")
    return True


async def tell_sponsor(session: Session, person: str, *, tell: Tell, clock: Clock) -> bool:
    """Tell the sponsor which reason somebody else wrote down as theirs, on the day it was; return whether they were
    told."""
    row = await written_since(session, person, clock.now() - timedelta(days=1))
    if row is None:
        return False
    names = await names_of(session, [row.by, row.person_id])
    text = (
        f"{names.get(row.by, 'Somebody')} wrote down why {names.get(row.person_id, 'somebody')} may be in the pilot, as"
        f" your words: «{row.reason}». If you did not say so, tell them and an owner: the reason stands in your name."
    )
    await tell(session, row.sponsor_id, WRITTEN, text, "/programme")
    return True

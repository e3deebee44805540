"""Tell the lead whom an identity provider moved, with a seat in the pilot, to work it is warned of, and whose account
may be another person's by now; and the sponsor what somebody wrote down as their reason (PP-2, PP-3).
"""

from datetime import timedelta

from colleague.identity.directory import get_person, names_of
from colleague.identity.seats.chosen import unchosen
from colleague.identity.seats.reason import seated_without_reason, written_since
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.rollout.cohorts.store import list_cohorts
from colleague.rollout.store import current_programme
from colleague.tasks.parts import Tell

TITLE = "The pilot is warned of somebody who has a seat"
LOST = "Somebody of the pilot may be another person now"
WRITTEN = "A reason of yours was written down"


async def tell_lead(session: Session, person: str, *, tell: Tell) -> bool:
    """Tell the lead about one person, unless they were answered for meanwhile; return whether they were told."""
    programme = await current_programme(session)
    if not programme.lead or person not in {one.person for one in await seated_without_reason(session)}:
        return False
    pilot = await _pilot(session)
    text = (
        f"Your identity provider moved {(await get_person(session, person)).name} to legal, HR or compliance work. They"
        " keep their seat. Ask the sponsor, and write their reason, or take the seat back: it stands open until then."
    )
    await tell(session, programme.lead, TITLE, text, f"{pilot}#asked" if pilot else "/people")
    return True


async def tell_lost(session: Session, person: str, *, tell: Tell) -> bool:
    """Tell the lead that nobody is chosen any more for an account whose name and address its provider both changed,
    unless somebody was chosen anew meanwhile; return whether they were told."""
    programme, names = await current_programme(session), await names_of(session, [person])
    if not programme.lead or person not in names or not await unchosen(session, [person]):
        return False
    text = (
        f"Your identity provider has changed both name and address of {names[person]}'s account since it was chosen for"
        " the pilot, or excepted: it may be another person's now, and counts as chosen no more. A seat it holds it"
        " keeps, counted apart. If it is the same person, choose them anew; if not, take the seat back (People)."
    )
    await tell(session, programme.lead, LOST, text, await _pilot(session) or "/people")
    return True


async def _pilot(session: Session) -> str:
    """Return where the pilot's open cohort is shown; "" without one."""
    there = (one.id for one in await list_cohorts(session) if one.kind == "pilot" and one.state != "closed")
    return next((f"/programme/cohorts/{one}" for one in there), "")


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

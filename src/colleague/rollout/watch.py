"""Look every day at what the programme is warned of: an item for each alarm that has none open."""

from datetime import timedelta
from typing import Final

from colleague.adoption.facts.read import seats
from colleague.adoption.items import open_item
from colleague.adoption.model import Seat
from colleague.adoption.thresholds import watch_expansion
from colleague.audit.record import Ledger
from colleague.dispatch.triggers.model import FEWEST_IN_PILOT
from colleague.dispatch.triggers.store import list_triggers
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.policy.model import Phase
from colleague.rollout.alarms import Look, alarms
from colleague.rollout.begin import against_owners
from colleague.rollout.evidence import collect
from colleague.rollout.gates import gate
from colleague.rollout.onboarding.store import completed
from colleague.rollout.quarter import hold_when_due
from colleague.rollout.store import attestations, current_programme, today

MONTH: Final = timedelta(days=30)


async def look(session: Session, *, clock: Clock) -> Look | None:
    """Return what the alarms are judged on; None before the programme starts."""
    programme = await current_programme(session)
    if not programme.started:
        return None
    evidence = await collect(session, clock=clock, use_cases=False)
    now, there = clock.now(), await seats(session)

    def held(one: Seat) -> bool:
        return one.removed_at is None or one.removed_at > now

    new = {one.person for one in there if held(one) and one.assigned_at > now - MONTH}
    before = [
        one for one in there
        if one.assigned_at <= now - MONTH and (one.removed_at is None or one.removed_at > now - MONTH)
    ]  # fmt: skip
    done = await completed(session)
    return Look(
        programme.phase, evidence.week - evidence.holidays, evidence.weeks, sum(map(held, there)),
        len(before), len(new), len(new & done),
        gate(programme.phase, evidence).criteria[0] if programme.phase is Phase.ENTERPRISE else None,
    )  # fmt: skip


async def _without_dispatch(session: Session, *, clock: Clock) -> bool:
    said = await attestations(session, until=await today(session, clock))
    return "dispatch-later" in said and len(await list_triggers(session, state="active")) < FEWEST_IN_PILOT


async def watch(session: Session, *, ledger: Ledger, clock: Clock) -> int:
    """Open an item for each alarm that has none, hold the catalogue while a review is due; return how many are new."""
    seen, opened = await look(session, clock=clock), 0
    programme = await current_programme(session)
    if programme.phase is Phase.EXPANSION and programme.since is not None:
        # Below 40 % in week 6 opens an item that keeps the next gate shut (KP-2).
        await watch_expansion(session, programme.since, ledger=ledger, clock=clock)
    found = dict(alarms(seen)) if seen else {}
    if programme.started and (why := await against_owners(session, programme)):
        found["owners"] = f"{why} Without somebody of the business who answers for it, it is an IT project (MI-2)."
    if programme.started and programme.phase > Phase.PILOT and await _without_dispatch(session, clock=clock):
        found["dispatch-later"] = (
            "The decision to begin without Dispatch ended with the pilot: five to ten triggers are wanted now (C-3)."
        )
    await hold_when_due(session, ledger=ledger, clock=clock)
    for key, why in found.items():
        opened += await open_item(session, f"alarm:{key}", "alarm", "programme", why, ledger=ledger, clock=clock)
    return opened

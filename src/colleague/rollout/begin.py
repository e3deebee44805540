"""Start the pilot: once everything it starts with is there, and not before (PP-1 to PP-5, AD-6, GP-1, MI-2)."""

from collections.abc import Sequence

from colleague.adoption.calendar import read_calendars
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.dispatch.triggers.model import FEWEST_IN_PILOT, MOST_IN_PILOT
from colleague.dispatch.triggers.store import list_triggers
from colleague.governance.document.store import in_force
from colleague.identity.actor import Actor
from colleague.identity.directory import get_person
from colleague.identity.model import Person
from colleague.identity.seats.hold import Limit, seats_held, set_limit
from colleague.identity.seats.reason import seated_without_reason
from colleague.kit.canonical import digest
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Conflict
from colleague.kit.ids import new_id
from colleague.policy.governance import enter_phase
from colleague.policy.model import Phase
from colleague.rollout.advance import GateClosed, missing_words
from colleague.rollout.catalogue.collect import catalogue
from colleague.rollout.catalogue.model import Entry
from colleague.rollout.cohorts.make import start_cohort
from colleague.rollout.cohorts.model import Cohort
from colleague.rollout.cohorts.ready import ready as cohort_ready
from colleague.rollout.cohorts.store import list_cohorts
from colleague.rollout.define import against_sponsor, says_a_goal
from colleague.rollout.model import Criterion, Gate, Programme
from colleague.rollout.phases import PHASES
from colleague.rollout.store import MOVES, attestations, current_programme, led
from colleague.rollout.tables import MoveRow
from colleague.usecases.around import Reach
from colleague.usecases.model import FEWEST
from colleague.usecases.ready import Ready
from colleague.usecases.ready import ready as cases_ready


class AlreadyStarted(Conflict):
    """The programme has started already."""


async def start_gate(
    session: Session, *, reach: Reach, clock: Clock, cases: Ready | None = None, entries: Sequence[Entry] | None = None
) -> Gate:  # fmt: skip
    """Return what a pilot starts with, judged at this moment. `cases`, `entries`: the use cases and the catalogue,
    where somebody has read them.
    """
    programme = await current_programme(session)
    cases = cases or await cases_ready(session, reach=reach)
    if entries is None:
        entries = await catalogue(session, reach=reach, clock=clock, cases=cases.approved, use=False)
    return Gate(0, "Start of the pilot", (
        await _owned(session, programme), _baselines(cases), await _cohort(session, reach, cases),
        await _governance(session), _catalogue(entries), await _dispatch(session, programme, clock),
        await _seats(session, programme),
    ))  # fmt: skip


async def begin_pilot(
    session: Session, actor: Actor, *, reach: Reach, ledger: Ledger, clock: Clock
) -> Programme:  # fmt: skip
    """Start the pilot with its cohort: seats are given by hand from now on, up to forty. The evidence is frozen.

    Raises AlreadyStarted, GateClosed with everything that is missing.
    """
    actor.require("org:programme:manage")
    await advisory_lock(session, MOVES)
    programme = await current_programme(session)
    if programme.started:
        raise AlreadyStarted
    judged = await start_gate(session, reach=reach, clock=clock)
    if not judged.holds:
        raise GateClosed(missing=missing_words(judged))
    for cohort in await _pilots(session):
        if cohort.state == "draft":
            await start_cohort(session, actor, cohort.id, reach=reach, ledger=ledger, clock=clock, pilot=True)
    spec, frozen = PHASES[Phase.PILOT], judged.to_json()
    day = (await read_calendars(session)).organisation.day(clock.now())
    row = MoveRow(
        id=new_id("move"), kind="start", from_phase=int(Phase.PILOT), to_phase=int(Phase.PILOT), seats=None,
        state="done", why="", snapshot={"gate": frozen}, digest=digest(frozen), proposed_by=actor.id,
        proposed_at=clock.now(), decided_by=None, decided_at=clock.now(), on=day,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    await ledger.record(session, Event("programme.started", actor.id, subject=row.id, data={"digest": row.digest}))
    limit = Limit(spec.most, spec.words, by_hand=True, sponsor=programme.sponsor, criteria=True)
    await set_limit(session, actor, limit, ledger=ledger, clock=clock)
    await enter_phase(session, actor, Phase.PILOT, second="", ledger=ledger, clock=clock)
    return await current_programme(session)


async def _pilots(session: Session) -> list[Cohort]:
    return [one for one in await list_cohorts(session) if one.kind == "pilot" and one.state != "closed"]


async def against_owners(session: Session, programme: Programme) -> str:
    """Return what stands against who owns the programme: nobody, from IT, or no longer here; "" if nothing (MI-2)."""
    return (await _owners(session, programme))[1]


async def _owners(session: Session, programme: Programme) -> tuple[list[Person], str]:
    """Return sponsor and lead, as far as they are named, each read once, and what stands against them."""
    found = list[Person]()
    for person, what in ((programme.sponsor, "sponsor"), (programme.lead, "lead")):
        if not person:
            return found, f"Nobody is named {what} yet."
        found.append(one := await get_person(session, person))
        if not one.active:
            return found, f"{one.name} is no longer active: name another {what}."
    return found, await against_sponsor(session, found[0])


async def _owned(session: Session, programme: Programme) -> Criterion:
    value, holds = "nobody is named", False
    if programme.sponsor and programme.lead:
        people, why = await _owners(session, programme)
        if not why and not says_a_goal(programme.goal):
            why = f"The goal says no more than that something goes live: «{programme.goal}»."
        holds = not why
        value = why or f"{people[0].name} ({people[0].department}), led by {people[1].name}"
    return Criterion(
        "owned", "The business owns it", "a sponsor outside IT, a lead and a goal", value, holds, "computed", "MI-2",
        "/programme#named", programme.sponsor,
    )  # fmt: skip


async def _cohort(session: Session, reach: Reach, cases: Ready) -> Criterion:
    found, value, holds = await _pilots(session), "there is no pilot cohort", False
    rows = "/programme/cohorts"
    if len(found) > 1:
        value = f"{len(found)} pilot cohorts: one pilot starts the programme"
    elif found:
        stands = await cohort_ready(session, found[0], reach=reach, cases=cases)
        value = f"«{found[0].name}» with {stands.seats} seats. {' '.join(stands.reasons)}".strip()
        holds, rows = stands.ok, f"{rows}/{found[0].id}"
    return Criterion(
        "cohort", "The cohort and its use cases are ready",
        "15 to 40 people chosen on three criteria, three to five use cases, a group that maps to them", value, holds,
        "computed", "PP-1 to PP-5, ID-4", rows,
    )  # fmt: skip


def _baselines(found: Ready) -> Criterion:
    said = [f"measured for {len(found.measured)}." if found.approved else "no use case yet", *found.unmeasured]
    said += [f"«{name}» is a new capability: there is no before." for name, _ in found.new]
    return Criterion(
        "baselines", "Baselines are measured", "before launch, for every use case with a before, three at least",
        " ".join(said), len(found.measured) >= FEWEST and not found.unmeasured, "computed", "AD-6", "/use-cases",
    )  # fmt: skip


async def _governance(session: Session) -> Criterion:
    found = await in_force(session)
    holds = found is not None and not found.unsigned
    return Criterion(
        "governance", "The governance document is in force", "four parts, signed by their owners",
        f"version {found.number}" if found else "there is none", holds, "computed", "GP-1", "/governance",
        found.published_by if found else "",
    )  # fmt: skip


def _catalogue(found: Sequence[Entry]) -> Criterion:
    faulty = [one for one in found if one.faults]
    value = f"{len(found)} in use" if found else "nothing is in use: switch a skill on"
    if faulty:
        value += ": " + "; ".join(f"{one.title}: {' and '.join(one.faults)}" for one in faulty[:5])
        value += f"; and {len(faulty) - 5} more" if len(faulty) > 5 else ""
    return Criterion(
        "catalogue", "The catalogue is reviewed", "everything in use has an owner and a review that holds", value,
        bool(found) and not faulty, "computed", "PL-7", "/catalogue",
    )  # fmt: skip


async def _dispatch(session: Session, programme: Programme, clock: Clock) -> Criterion:
    active = len(await list_triggers(session, state="active"))
    today = (await read_calendars(session)).organisation.day(clock.now())
    later = (await attestations(session, until=today, but=await led(session, programme))).get("dispatch-later")
    value = f"{active} triggers are on" + (f"; begins without it: {later.words}" if later else "")
    return Criterion(
        "dispatch", "Dispatch is part of it", "five to ten triggers, or somebody vouches below that it begins without",
        value,
        FEWEST_IN_PILOT <= active <= MOST_IN_PILOT or later is not None, "computed", "DI-4, MI-3", "/dispatch/triggers",
        later.by if later else "", later.on if later else None,
    )  # fmt: skip


async def _seats(session: Session, programme: Programme) -> Criterion:
    held, most = await seats_held(session), PHASES[Phase.PILOT].most or 0
    warned = [one.name for one in await seated_without_reason(session, programme.sponsor)] if programme.sponsor else []
    value = f"{held} seats" + (f"; without a reason, on their page: {', '.join(warned[:5])}" if warned else "")
    value += f" and {len(warned) - 5} more" if len(warned) > 5 else ""
    return Criterion(
        "seats", "No more seats than a pilot has",
        f"{most} at most, and the sponsor's reason for everybody whom a pilot is warned of", value,
        held <= most and not warned, "computed", "PH-1, MI-1, PP-3", "/people",
    )  # fmt: skip

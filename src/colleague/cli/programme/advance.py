"""`colleague programme status | name | confirm-sponsor | start | gate | skip | seats | exception | surface | confirm |
withdraw | attest`."""

from datetime import date
from typing import Annotated

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, BadDay, act_as, do_as, line, person_at, rows, with_house
from colleague.identity.actor import Actor
from colleague.identity.directory import find_by_email, names_of
from colleague.kit.db import Session
from colleague.rollout.advance import confirm_move, propose_gate, propose_seats, propose_skip, withdraw_move
from colleague.rollout.attest import attest as vouch
from colleague.rollout.begin import begin_pilot
from colleague.rollout.catalogue.surface import propose_surface
from colleague.rollout.cohorts.exception import propose_exception
from colleague.rollout.define import name_programme
from colleague.rollout.model import ATTESTED, ENTERING, choice_words, left_out
from colleague.rollout.phases import PHASES
from colleague.rollout.second import confirm_sponsor
from colleague.rollout.store import get_move
from colleague.rollout.tables import MoveRow
from colleague.rollout.view import Posture, posture

Why = Annotated[str, typer.Option(help="Why, and which risk is taken; it stays on every readout.")]
Move = Annotated[str, typer.Argument(metavar="MOVE", help="The move, by id.")]


async def _stands(house: House, session: Session, actor: Actor) -> Posture:
    return await posture(
        session, actor, groups=house.groups, reach=house.reach, registry=house.registry, clock=house.clock
    )  # fmt: skip


def status(as_person: As) -> None:
    """Show phase, seats, the gate with its evidence, guards and alarms."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        stands = await _stands(house, session, actor)
        free = f" ({stands.holidays} of holidays do not count)" if stands.holidays else ""
        started = f"{stands.spec.title}, week {stands.week}{free}" if stands.programme.started else "Not started"
        of = "" if stands.limit.most is None else f" of {stands.limit.most}"
        line(f"{started}; {stands.held}{of} seats.")
        if stands.asked:
            line(f"{stands.asked} of them without the sponsor's reason: colleague cohort show.")
        if stands.by_choice:
            line(f"Of them {choice_words(stands.by_choice)}.")
        rows(
            (stands.gate.title, "wanted", "there is"),
            [(f"{'ok' if c.holds else '--'} {c.title}", c.wanted, c.value) for c in stands.gate.criteria],
        )  # fmt: skip
        if stands.excluded:
            line(left_out(stands.excluded))
        if stands.week_eight:
            line(f"Week 8 of the expansion: {stands.week_eight.said}")
        for step in stands.programme.skipped:
            sponsor = stands.names.get(step.accepted_by, "somebody")
            risk = f" The risk, accepted by {sponsor}: {step.risk}" if step.risk else ""
            line(f"{PHASES[step.phase].title} was entered on {step.on} without its gate: {step.why}{risk}")
        rows(("mistake", "stands"), [(f"{'ok' if g.holds else '--'} {g.mistake}", g.stands) for g in stands.guards])
        if stands.surface:
            rows(
                ("the pilot has", "", ""),
                [(f"{'--' if e.over else 'ok'} {e.title}", e.words, ", ".join(e.names)) for e in stands.surface],
            )  # fmt: skip
        for item in stands.alarms:
            line(f"{item.kind}: {item.why}")
        if stands.waiting:
            line(f"Waits for {stands.waiting.waits_for}: {stands.waiting.kind} {stands.waiting.id}.")

    do_as(as_person, work)


def name(
    as_person: As,
    sponsor: Annotated[str, typer.Option(help="Mail address of the sponsor, from the business.")],
    lead: Annotated[str, typer.Option(help="Mail address of the lead.")],
    goal: Annotated[str, typer.Option(help="What the business wants of it.")],
) -> None:
    """Name who answers for the programme."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        await name_programme(
            session, actor, sponsor=sponsor, lead=lead, goal=goal, ledger=house.ledger, clock=house.clock
        )  # fmt: skip

    do_as(as_person, work)
    line("Sponsor and lead are named.")


def confirm_the_sponsor(
    as_person: As, sponsor: Annotated[str, typer.Argument(metavar="EMAIL", help="Mail address of the sponsor.")]
) -> None:
    """Confirm as an owner who the sponsor is; until then they confirm no gate and no seats."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        person = await find_by_email(session, sponsor)
        await confirm_sponsor(session, actor, person.id if person else "", ledger=house.ledger, clock=house.clock)

    do_as(as_person, work)
    line("The sponsor is confirmed.")


def start(as_person: As) -> None:
    """Start the pilot, once nothing is missing."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        await begin_pilot(session, actor, reach=house.reach, ledger=house.ledger, clock=house.clock)

    do_as(as_person, work)
    line("The pilot has started. Seats are given by hand from now on: colleague person seats.")


def _proposed(row: MoveRow) -> None:
    line(f"Proposed: {row.id}. Another person looks at it and confirms it:")
    line(f"  colleague programme confirm {row.id} --as …")


def gate(as_person: As) -> None:
    """Propose to pass the gate of the present phase."""

    async def work(house: House, session: Session, actor: Actor) -> MoveRow:
        return await propose_gate(session, actor, ledger=house.ledger, clock=house.clock)

    _proposed(do_as(as_person, work))


def skip(
    as_person: As, why: Why, risk: Annotated[str, typer.Option(help="The risk that the sponsor is to accept.")]
) -> None:  # fmt: skip
    """Propose to skip a gate that does not hold: another owner confirms it, and the sponsor accepts the risk."""

    async def work(house: House, session: Session, actor: Actor) -> MoveRow:
        return await propose_skip(session, actor, why=why, risk=risk, ledger=house.ledger, clock=house.clock)

    _proposed(do_as(as_person, work))


def seats(as_person: As, number: Annotated[int, typer.Argument(help="How many seats.")], why: Why) -> None:
    """Propose seats beyond the present phase; the sponsor confirms them."""

    async def work(house: House, session: Session, actor: Actor) -> MoveRow:
        return await propose_seats(session, actor, number, why=why, ledger=house.ledger, clock=house.clock)

    _proposed(do_as(as_person, work))


def exception(
    as_person: As, email: Annotated[list[str], typer.Argument(metavar="EMAIL...", help="For whom.")], why: Why
) -> None:
    """Propose that people whom nobody chose may hold seats in the running pilot; the sponsor confirms it."""

    async def work(house: House, session: Session, actor: Actor) -> MoveRow:
        people = [(await person_at(session, one)).id for one in email]
        return await propose_exception(session, actor, people, why=why, ledger=house.ledger, clock=house.clock)

    _proposed(do_as(as_person, work))


def surface(
    as_person: As, what: Annotated[str, typer.Argument(help="skills, connectors or automations.")],
    most: Annotated[int, typer.Argument(help="How many the pilot may have.")], why: Why,
) -> None:  # fmt: skip
    """Propose that the pilot has more than three skills, one connector and no automation; the sponsor accepts it."""

    async def work(house: House, session: Session, actor: Actor) -> MoveRow:
        return await propose_surface(
            session, actor, what, most, why=why, ledger=house.ledger, clock=house.clock
        )  # fmt: skip

    _proposed(do_as(as_person, work))


def confirm(move: Move, as_person: As) -> None:
    """Show what somebody else proposed, and confirm exactly that."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await _stands(house, session, actor)
            row = await get_move(session, move)
            people = await names_of(session, row.snapshot.get("people", ()))
            digest, gate = row.digest, row.snapshot.get("gate", {})
        for one in gate.get("criteria", []):
            line(f"{'ok' if one['holds'] else '--'} {one['title']}: {one['value']}")
        if row.kind not in ENTERING:
            line(f"Without the three criteria: {', '.join(people.values())}." if people
                 else f"Up to {row.seats} {row.kind}.")  # fmt: skip
        if row.why:
            line(f"Why: {row.why}")
        if row.risk:
            line(f"Risk: {row.risk}")
        async with house.database.transaction() as session:
            await confirm_move(session, actor, move, digest, ledger=house.ledger, clock=house.clock)
            row = await get_move(session, move)
            done = row.state == "done"
        line("Confirmed." if done else f"On record. It waits for {row.waits_for}.")

    with_house(work)


def withdraw(move: Move, as_person: As) -> None:
    """Withdraw a move that waits."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        await withdraw_move(session, actor, move, ledger=house.ledger, clock=house.clock)

    do_as(as_person, work)
    line("Withdrawn.")


def attest(
    as_person: As,
    criterion: Annotated[str, typer.Argument(help=f"One of {', '.join(ATTESTED)}.")],
    words: Annotated[str, typer.Option(help="In your words.")],
    on: Annotated[str, typer.Option(help="The day it was so, as 2027-03-01.")],
    document: Annotated[str, typer.Option(help="Where the document is.")] = "",
) -> None:
    """Vouch for what cannot be counted."""
    try:
        day = date.fromisoformat(on)
    except ValueError:
        raise BadDay(option="--on") from None

    async def work(house: House, session: Session, actor: Actor) -> str:
        return await vouch(
            session, actor, criterion, words=words, on=day, document=document, ledger=house.ledger,
            clock=house.clock,
        )  # fmt: skip

    line(f"On record: {do_as(as_person, work)}.")

"""`colleague dispatch schedule`: make, see, switch, try, run, hand over and end schedules, as a named person."""

from datetime import UTC, datetime, time
from typing import Annotated, Any

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, do_as, line, rows, with_house
from colleague.dispatch.schedules.dry_run import dry_run
from colleague.dispatch.schedules.envelopes.give import BadEnvelope, Terms, end_envelope, give_envelope, list_envelopes
from colleague.dispatch.schedules.form import local_time, shown
from colleague.dispatch.schedules.hand_over import accept, decline, offer
from colleague.dispatch.schedules.make import activate, create_schedule, end_schedule, pause, run_now
from colleague.dispatch.schedules.model import Order
from colleague.dispatch.schedules.order import BadOrder, next_times
from colleague.dispatch.schedules.store import list_schedules, schedule_of, slots_of, visible_row
from colleague.identity.actor import Actor
from colleague.kit.db import Session
from colleague.policy.model import DataClass, Tier

app = typer.Typer(help="See, make and switch schedules and standing approvals.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="SCHEDULE", help="The schedule, by id.")]
Why = Annotated[str, typer.Option(help="Why, in a few words.")]
Everybody = Annotated[bool, typer.Option("--all", help="Everybody's.")]


def _do(as_person: str, deed: Any, *things: Any) -> Any:
    """Do one deed about a schedule in a transaction of its own, and return what it returns."""

    async def work(house: House, session: Session, actor: Actor) -> Any:
        return await deed(session, actor, *things, parts=house.scheduling)

    return do_as(as_person, work)


@app.command("list")
def index(
    as_person: As, everybody: Everybody = False,
    ended: Annotated[bool, typer.Option(help="Those that ended too.")] = False,
) -> None:  # fmt: skip
    """List schedules."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            found = await list_schedules(session, actor, everybody=everybody, ended=ended)
        rows(
            ("id", "name", "state", "next", "tier", "kind"),
            [(s.id, s.order.name, s.state, shown(s.next_at, s.order.zone), s.order.tier.name.lower(), s.order.kind)
             for s in found],
        )  # fmt: skip

    with_house(work)


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="What it is called.")],
    words: Annotated[str, typer.Argument(help="What should be done: the words of a task.")], as_person: As,
    cron: Annotated[str, typer.Option(help="By the clock: five fields, such as «30 8 * * MON-FRI».")] = "",
    at: Annotated[str, typer.Option(help="Once, at 2026-12-31T08:30 in the zone.")] = "",
    skill: Annotated[str, typer.Option(help="After each completed task of yours with this skill.")] = "",
    place: Annotated[str, typer.Option(help="When a file appears in connector:folder.")] = "",
    zone: Annotated[str, typer.Option(help="The time zone, such as Europe/Zurich.")] = "UTC",
    tier: Annotated[str, typer.Option(help="read, communicate or modify: it never goes above.")] = "read",
    catch_up: Annotated[str, typer.Option(help="After an outage: skip, once or all.")] = "once",
    most: Annotated[int, typer.Option(help="With «all»: how many at most.")] = 3,
    ceiling: Annotated[float, typer.Option(help="What one run may cost.")] = 2.0,
    quiet: Annotated[bool, typer.Option(help="Do not tell me when a run has ended.")] = False,
) -> None:  # fmt: skip
    """Make a schedule as a draft; `activate` switches it on."""
    given = {"cron": cron, "once": at, "skill": skill, "file": place}
    kinds = [kind for kind, value in given.items() if value]
    if len(kinds) != 1 or tier.upper() not in Tier.__members__:
        raise BadOrder(why="exactly one of --cron, --at, --skill and --place, and a tier that there is")
    order = Order(
        name, words, kinds[0], cron, zone, local_time(at, zone) if at else None, skill, place,  # type: ignore[arg-type]
        Tier[tier.upper()], "quiet" if quiet else "notice", catch_up, most, round(ceiling * 1_000_000),  # type: ignore[arg-type]
    )  # fmt: skip
    line(f"Schedule {_do(as_person, create_schedule, order)} (a draft)")


@app.command("show")
def show(schedule: Id, as_person: As) -> None:
    """Show a schedule, its next times and its last slots."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            found = schedule_of(await visible_row(session, actor, schedule))
            slots = await slots_of(session, schedule)
        order = found.order
        line(f"{order.name}: {found.state}. {found.why}", "bold")
        line(order.words)
        if found.trouble:
            line(found.trouble)
        if found.state == "active":
            for moment in next_times(order, house.clock.now()):
                line(f"  next  {shown(moment, order.zone)} ({order.zone})")
        for slot in slots:
            line(f"  {shown(slot.at, order.zone)}  {slot.state.value}  {slot.task} {slot.why}".rstrip())

    with_house(work)


@app.command("activate")
def switch_on(schedule: Id, as_person: As) -> None:
    """Switch a draft on, or let a paused one go on."""
    _do(as_person, activate, schedule)
    line("It runs.")


@app.command("pause")
def halt(schedule: Id, as_person: As, why: Why) -> None:
    """Let it run no more until its owner lets it go on."""
    _do(as_person, pause, schedule, why)
    line("Paused.")


@app.command("end")
def end(schedule: Id, as_person: As, why: Why) -> None:
    """End it for good, with its standing approvals."""
    _do(as_person, end_schedule, schedule, why)
    line("Ended.")


@app.command("run")
def run(schedule: Id, as_person: As) -> None:
    """Start it once now, as it would run by itself. A worker must be running."""
    line(f"Slot {_do(as_person, run_now, schedule, '')}")


@app.command("dry-run")
def rehearse(schedule: Id, as_person: As) -> None:
    """Say what would happen at the next slot; nothing happens."""
    found = _do(as_person, dry_run, schedule)
    line(f"It would not start: {found.hindrance}" if found.hindrance else "It would start.", "bold")
    for step in found.plan:
        line(f"  last time  {step}")
    rows(
        ("tool", "when", "it would be", "why"),
        [(t.tool, t.when, {1: "done", 2: "asked", 3: "refused"}[t.effect], t.why) for t in found.lines],
    )
    for one in found.standing:
        line(f"agreed to beforehand: {one.words}")
    line(f"At most {found.ceiling / 1_000_000:.2f} US dollars a run.")


@app.command("offer")
def hand_over(schedule: Id, email: Annotated[str, typer.Argument(help="To whom.")], as_person: As) -> None:
    """Offer it to a colleague, who accepts it."""
    _do(as_person, offer, schedule, email)
    line("Offered.")


@app.command("accept")
def take(schedule: Id, as_person: As) -> None:
    """Accept a schedule that is offered to you; it is paused until you activate it."""
    _do(as_person, accept, schedule)
    line("It is yours.")


@app.command("decline")
def refuse(schedule: Id, as_person: As) -> None:
    """Decline an offer, or take one's own back."""
    _do(as_person, decline, schedule)
    line("Declined.")


@app.command("standing")
def standing(as_person: As, everybody: Everybody = False) -> None:
    """List standing approvals that hold."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            found = await list_envelopes(session, actor, clock=house.clock, everybody=everybody)
        rows(
            ("id", "schedule", "agreed to", "used", "until"),
            [(e.id, e.schedule, e.words, str(e.used), f"{e.terms.ends_at:%Y-%m-%d}") for e in found],
        )

    with_house(work)


@app.command("agree")
def agree(
    schedule: Id, tool: Annotated[str, typer.Argument(help="The tool, such as mail_send.")], as_person: As,
    to: Annotated[list[str], typer.Option(help="An exact recipient inside the organisation; may be repeated.")],
    until: Annotated[str, typer.Option(help="The last day, within ninety days: 2026-12-31.")],
    most: Annotated[int, typer.Option(help="How often at most in a period.")] = 1,
    period: Annotated[str, typer.Option(help="day, week or month.")] = "day",
    ceiling: Annotated[str, typer.Option(help="Not after reading more: public, internal, confidential.")] = "internal",
) -> None:  # fmt: skip
    """Agree beforehand to what a schedule sends inside the organisation."""
    try:
        ends_at = datetime.combine(datetime.fromisoformat(until).date(), time(23, 59), tzinfo=UTC)
        terms = Terms(tool, tuple(to), ends_at, most, period, DataClass[ceiling.upper()])  # type: ignore[arg-type]
    except (ValueError, KeyError):
        raise BadEnvelope(why="say a last day such as 2026-12-31 and a class") from None

    async def work(house: House) -> str:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            return await give_envelope(
                session, actor, schedule, terms, registry=house.registry, ledger=house.ledger, clock=house.clock
            )

    line(f"Agreed: {with_house(work)}")


@app.command("revoke")
def revoke(envelope: Annotated[str, typer.Argument(help="The standing approval, by id.")], as_person: As) -> None:
    """Revoke a standing approval: from the next call on each is asked."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await end_envelope(session, actor, envelope, ledger=house.ledger, clock=house.clock)

    with_house(work)
    line("Revoked.")

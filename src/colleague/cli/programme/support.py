"""`colleague support`: write, sort, answer and import tickets; the support model, as a named person."""

from pathlib import Path
from typing import Annotated, Any

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, do_as, line, rows, with_house
from colleague.identity.actor import Actor
from colleague.kit.db import Session
from colleague.rollout.tickets.weekly import Tickets, ticket_weeks
from colleague.support.answer import answer_ticket, close_ticket, say_more, sort_ticket
from colleague.support.bring_in import bring_in
from colleague.support.model import SupportModel, Wish
from colleague.support.model_card import confirm_support_model, list_support_models, write_support_model
from colleague.support.view import list_queue, own_tickets, see_ticket
from colleague.support.write import write_ticket

app = typer.Typer(help="Write, answer and import support tickets; the support model.", no_args_is_help=True)
model = typer.Typer(help="How people get help, and that somebody confirmed it.", no_args_is_help=True)
app.add_typer(model, name="model")
Id = Annotated[str, typer.Argument(metavar="TICKET", help="The ticket, by id.")]
Text = Annotated[str, typer.Option(help="What is said.")]
Category = Annotated[str, typer.Option(help="access, connector, quality, how-to or policy refusal.")]
UseCase = Annotated[str, typer.Option(help="The use case it is about, by id.")]
Connector = Annotated[str, typer.Option(help="The connector it is about, by kind.")]


def _do(as_person: str, deed: Any, *things: Any, **names: str) -> Any:
    """Do one deed in a transaction of its own with the parts that are named, and return what it returns."""

    async def work(house: House, session: Session, actor: Actor) -> Any:
        parts = {
            "registry": house.registry,
            "tell": house.parts.tell,
            "free_days": house.parts.free_days,
            "ledger": house.ledger,
            "clock": house.clock,
        }
        more = {name: parts[name] for name in names.get("needs", "").split()}
        return await deed(session, actor, *things, **more)

    return do_as(as_person, work)


@app.command("list")
def index(
    as_person: As, everybodys: Annotated[bool, typer.Option("--queue", help="What waits, for who answers.")] = False
) -> None:  # fmt: skip
    """List your own tickets, or with --queue those that wait for an answer, in their order."""
    found = _do(as_person, list_queue if everybodys else own_tickets)
    rows(
        ("id", "title", "about", "state", "due"),
        [(one.id, one.title, one.category or "not sorted", f"{one.state}{', champion' if one.champion else ''}",
          one.due_at.isoformat(timespec="minutes") if one.due_at else "") for one in found],
    )  # fmt: skip


@app.command()
def show(ticket: Id, as_person: As) -> None:
    """Show one ticket with what was said on it."""
    sight = _do(as_person, see_ticket, ticket, needs="registry")
    line(f"{sight.line.title}: {sight.line.state}, {sight.line.category or 'not sorted yet'}", "bold")
    line(sight.text)
    for one in sight.answers:
        line(f"{sight.names.get(one.by, 'somebody')}{', support' if one.ours else ''}: {one.text}")


@app.command()
def write(
    title: Annotated[str, typer.Argument(help="It in one line.")], as_person: As, text: Text, category: Category = "",
    use_case: UseCase = "", connector: Connector = "",
    task: Annotated[str, typer.Option(help="The task in which it happened, by id.")] = "",
) -> None:  # fmt: skip
    """Write a ticket."""
    wish = Wish(title, text, category, use_case, connector, task)
    line(_do(as_person, write_ticket, wish, needs="registry tell free_days ledger clock").id)


@app.command()
def sort(ticket: Id, category: Category, as_person: As, use_case: UseCase = "", connector: Connector = "") -> None:
    """Say what a ticket is about."""
    _do(as_person, sort_ticket, ticket, category, use_case, connector, needs="registry ledger")
    line("Sorted.")


@app.command()
def answer(ticket: Id, text: Text, as_person: As) -> None:
    """Answer a ticket; its writer is told."""
    _do(as_person, answer_ticket, ticket, text, needs="tell ledger clock")
    line("Answered.")


@app.command()
def more(ticket: Id, text: Text, as_person: As) -> None:
    """Say more on your own ticket; it waits for an answer again."""
    _do(as_person, say_more, ticket, text, needs="tell ledger clock")
    line("It waits for an answer again.")


@app.command()
def close(ticket: Id, as_person: As) -> None:
    """Close a ticket."""
    _do(as_person, close_ticket, ticket, needs="ledger clock")
    line("Closed.")


@app.command("import")
def take_in(
    source: Annotated[str, typer.Argument(help="The desk the list comes from, such as servicedesk.")],
    file: Annotated[Path, typer.Argument(help="A CSV or JSON file.")], as_person: As,
) -> None:  # fmt: skip
    """Import a list of tickets: all of it or, with the lines that are wrong, nothing."""
    done = _do(as_person, bring_in, source, file.read_bytes(), needs="registry ledger clock")
    line(f"{done.created} new, {done.changed} changed, {done.unchanged} as before.")
    if done.left_out:
        line(f"Not read: {', '.join(done.left_out)}.")


@app.command()
def weeks(as_person: As) -> None:
    """Show tickets for each hundred active people by week, and about what they stay high."""

    async def work(house: House) -> Tickets:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            return await ticket_weeks(session, actor, clock=house.clock)

    found = with_house(work)
    rows(
        ("week", "of the phase", "tickets", "per 100 active", "about"),
        [(w.name, str(w.number or ""), str(w.tickets), "" if w.rate is None else f"{w.rate:.1f}",
          ", ".join(f"{name} {count}" for name, count in w.categories.items())) for w in found.weeks],
    )  # fmt: skip
    if found.together.rate is not None:
        line(f"Together: {found.together.tickets} tickets, {found.together.rate:.1f} per 100 active people and week.")
    if fell := found.trend.decline:
        words = "fall" if fell.declines else "do not fall"
        line(f"Tickets {words} by week 6: {fell.ratio:.2f} times weeks 1 and 2, at most {fell.upper:.2f} with 95 %.")
    for thing in found.trend.high:
        line(f"Staying high: {thing}")


@model.command("show")
def show_model(as_person: As) -> None:
    """Show the support model with its versions."""
    rows(
        ("version", "owner", "channels", "hours", "champions", "everybody", "confirmed by"),
        [(str(one.version), one.owner_name, ", ".join(one.card.channels), one.card.hours,
          f"{one.card.champion_hours} h", f"{one.card.everybody_hours} h", one.confirmed_name)
         for one in _do(as_person, list_support_models)],
    )  # fmt: skip


@model.command("write")
def write_model(
    as_person: As, owner: Annotated[str, typer.Option(help="Mail address of who answers for it.")],
    hours: Annotated[str, typer.Option(help="When, such as «Monday to Friday, 9:00 to 17:00».")],
    channels: Annotated[str, typer.Option(help="Ways to ask, with commas.")] = "page, mail",
    champion_hours: Annotated[int, typer.Option(help="Working hours to a first answer for champions.")] = 4,
    everybody_hours: Annotated[int, typer.Option(help="Working hours to a first answer for everybody.")] = 16,
    after: Annotated[int, typer.Option(help="The version it was made from.")] = 0,
) -> None:  # fmt: skip
    """Write the next version of the support model."""
    card = SupportModel(tuple(channels.split(",")), hours, owner, champion_hours, everybody_hours)

    async def work(house: House) -> int:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            made = await write_support_model(
                session, actor, card, after=after, ledger=house.ledger, clock=house.clock
            )  # fmt: skip
        return made.version

    line(f"Version {with_house(work)}. Somebody else confirms it.")


@model.command("confirm")
def confirm(version: Annotated[int, typer.Argument(help="The version that was looked at.")], as_person: As) -> None:
    """Confirm the newest version, which somebody else wrote."""
    _do(as_person, confirm_support_model, version, needs="ledger clock")
    line("Confirmed.")

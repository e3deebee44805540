"""`colleague approval`: see and answer what the agent asks before it acts."""

from typing import Annotated, Literal

import typer

from colleague.approvals.answer import WHO, answer
from colleague.approvals.inbox import get_card, list_inbox
from colleague.approvals.model import Card
from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, confirm, line, rows, with_house
from colleague.identity.actor import Actor

app = typer.Typer(help="See and answer what the agent asks before it acts.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(help="The approval's id, from «list».")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask again at the terminal.")]


@app.command("list")
def index(
    as_person: As,
    answered: Annotated[bool, typer.Option("--answered", help="Those already answered, newest first.")] = False,
) -> None:
    """List what waits for one's answer."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            cards = await list_inbox(session, actor, open_only=not answered)
        if not cards:
            line("Nothing was answered yet." if answered else "Nothing waits for your answer.")
            return
        rows(
            ("id", "state", "what", "to", "asked (UTC)"),
            [(c.id, c.state, c.title, _to(c), f"{c.asked_at:%d %b %H:%M}") for c in cards],
        )

    with_house(work)


def _to(card: Card) -> str:
    return next((value for name, value in card.preview["fields"] if name == "To"), "")


def show_card(card: Card) -> None:
    """Print exactly what will happen, why it is asked, and what became of it."""
    line(f"{card.title}  ({card.tier}, {card.state})", "bold")
    if card.why.get("external"):
        line(f"  ! Outside the organisation: {', '.join(card.why['external'])}", "bold red")
    for doubt in card.why.get("doubts", ()):
        found = f"; it was found in {doubt['found_in']}" if doubt.get("found_in") else ""
        odd = doubt.get("odd") or f"comes neither from you nor from a trusted source{found}"
        line(f"  ! Check «{card.seen(doubt['value'])}»: it {odd}.", "bold red")
    if card.lenders:
        where = ", ".join(card.lenders)
        line(
            f"  ! ⟦Text in these brackets⟧ stands word for word in {where}: it would go out as your words.", "bold red"
        )
    for name, value in card.preview["fields"]:
        line(f"  {name + ':':<9} {_marked(card, name, value)}")
    for name in card.preview["attachments"]:
        line(f"  {'Attached:':<9} {name}")
    if card.preview["body"]:
        line("")
        for text in _marked(card, "body", card.preview["body"]).splitlines():
            line(f"    {text}")
        line("")
    for ruling in card.why.get("rulings", ()):
        line(f"  {ruling['why']} (rule {ruling['rule']})", "dim")
    undo = card.preview["undo"]
    line(f"  {'Cannot be undone' if undo == 'cannot be undone' else f'To undo: {undo}'}.", "dim")
    if card.state == "asked":
        who = WHO.get(card.approver, card.approver)
        line(f"  Open until {card.expires_at:%d %b %Y %H:%M} (UTC), for {who}.", "dim")
    elif card.answered_at is not None:
        reason = f": «{card.reason}»" if card.reason else ""
        line(f"  {card.state.capitalize()} by {card.answered_by} at {card.answered_at:%d %b %H:%M} (UTC){reason}")


def _marked(card: Card, where: str, text: str) -> str:
    """Return a text of the card with brackets round what was taken from somebody else."""
    return "".join(f"⟦{piece}⟧" if source else piece for piece, source in card.parts(where, text))


@app.command("show")
def show(approval: Id, as_person: As) -> None:
    """Show exactly what will happen if it is approved."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            show_card(await get_card(session, actor, approval))

    with_house(work)


@app.command("approve")
def approve(approval: Id, as_person: As, yes: Yes = False) -> None:
    """Approve what is shown; the task goes on."""
    _decide(approval, as_person, "approved", yes=yes)


@app.command("deny")
def deny(
    approval: Id, as_person: As, reason: Annotated[str, typer.Option(help="Why; the agent reads it.")] = "",
    yes: Yes = False,
) -> None:  # fmt: skip
    """Deny what is shown; the task goes on without it."""
    _decide(approval, as_person, "denied", reason=reason, yes=yes)


def _decide(
    approval: str, as_person: str, verdict: Literal["approved", "denied"], *, reason: str = "", yes: bool
) -> None:
    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            card = await get_card(session, actor, approval)
        show_card(card)
        word = "Approve" if verdict == "approved" else "Deny"
        if card.state == "asked" and not yes and not await confirm(f"{word} this?"):
            line("Not answered: it stays open.")
            return
        await decide(house, actor, card, verdict, reason)
        line(f"{verdict.capitalize()}.", "green" if verdict == "approved" else "")

    with_house(work)


async def decide(
    house: House, actor: Actor, card: Card, verdict: Literal["approved", "denied"], reason: str = ""
) -> None:
    """Answer exactly the card that was shown: if anything has changed since, the answer does not count."""
    async with house.database.transaction() as session:
        await answer(
            session, actor, card.id, verdict, digest=card.digest, reason=reason, ledger=house.ledger, clock=house.clock
        )

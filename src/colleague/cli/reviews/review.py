"""`colleague review`: what waits for one's look, what is to be looked at, and one's word."""

from typing import Annotated, Literal

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, line, rows, with_house
from colleague.identity.actor import Actor
from colleague.policy.model import DataClass
from colleague.tasks.reviews.act import decide, lower_class, put_into, second_look
from colleague.tasks.reviews.queue import waiting_for
from colleague.tasks.reviews.sheet import Sheet, sheet_of

app = typer.Typer(help="Review what the agent made.", no_args_is_help=True)
Output = Annotated[str, typer.Argument(help="The id of the output.")]
Version = Annotated[int | None, typer.Option("--version", help="Which version; the newest if it is not said.")]
Note = Annotated[str, typer.Option("--note", help="A note that stays with the review.")]


@app.command("list")
def index(as_person: As) -> None:
    """List what waits for a look of yours, the oldest first."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            waiting = await waiting_for(session, actor)
        if not waiting:
            line("Nothing waits for you.")
            return
        rows(
            ("output", "version", "name", "category", "why", "for"),
            [
                (w.output.id, str(w.version.version), w.output.name, w.kind.title, w.why, w.owner)
                for w in waiting
            ],
        )  # fmt: skip

    with_house(work)


async def _sheet(house: House, actor: Actor, output: str, version: int | None, *, opens: bool) -> Sheet:
    return await sheet_of(
        actor, output, version, opens=opens, database=house.database, ledger=house.ledger, clock=house.clock
    )


@app.command("show")
def show(output: Output, as_person: As, version: Version = None) -> None:
    """Show what is known of a version and what is to be looked at. If it waits for you, your time begins here."""

    async def work(house: House) -> None:
        sheet = await _sheet(house, await act_as(house, as_person), output, version, opens=True)
        kind, known = sheet.kind, sheet.evidence
        line(f"{sheet.output.name}, version {sheet.version.version}: {sheet.version.review}", "bold")
        line(f"  {kind.title}{' (high stakes)' if kind.high_stakes else ''}. {kind.standard}")
        for number, item in enumerate(kind.checklist, 1):
            line(f"  {number}. {item}")
        line(f"  Class {known.label.data_class.name.lower()}")
        for reason in known.reasons:
            line(f"    {reason}")
        line(f"  Made from {', '.join(sheet.version.made_from) or 'no documents'}")
        for block in sheet.document.blocks:
            for text in filter(None, (block.text, *(" | ".join(row) for row in block.rows))):
                line(f"    {text}")
        for tag, old, new in sheet.changes:
            line(f"  {tag}: {old} -> {new}")
        for row in sheet.looks:
            took = f"{row.seconds} s" if row.seconds is not None else "time not measured"
            line(f"  {row.verdict} by {sheet.people.get(row.person_id, 'somebody')} ({took}) {row.note}")
        line(f"  {'Waits for your ' + sheet.waits if sheet.waits else 'Waits for nothing of yours'}.")

    with_house(work)


@app.command("accept")
def accept(
    output: Output, as_person: As, version: Version = None, note: Note = "",
    tick: Annotated[list[int] | None, typer.Option("--tick", help="A point you looked at, by its number.")] = None,
) -> None:  # fmt: skip
    """Accept a version: of high stakes after `show`, with every point ticked."""
    _decide(output, as_person, version, note, tick or [], accept=True)


@app.command("reject")
def reject(output: Output, as_person: As, version: Version = None, note: Note = "") -> None:
    """Reject a version: it stays a draft that nobody may use."""
    _decide(output, as_person, version, note, [], accept=False)


def _decide(output: str, as_person: str, version: int | None, note: str, tick: list[int], *, accept: bool) -> None:
    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        sheet = await _sheet(house, actor, output, version, opens=False)
        ticked = [item for number, item in enumerate(sheet.kind.checklist, 1) if number in tick]
        await decide(
            actor, output, sheet.version.version, accept=accept, note=note, checklist=ticked, parts=house.parts
        )
        after = await _sheet(house, actor, output, sheet.version.version, opens=False)
        line("Accepted." if accept else "Rejected.")
        if after.version.second_look == "wanted":
            line("It was drawn for a second look by somebody else; nothing waits for that.")

    with_house(work)


@app.command("agree")
def agree(
    output: Output, as_person: As, version: Version = None, note: Note = "",
    agree: Annotated[bool, typer.Option("--agree/--disagree", help="Agree, or disagree.")] = True,
) -> None:  # fmt: skip
    """Say what you think of what its owner accepted: a second look, after `show`."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        sheet = await _sheet(house, actor, output, version, opens=False)
        await second_look(actor, output, sheet.version.version, agree=agree, note=note, parts=house.parts)
        line("Recorded.")

    with_house(work)


@app.command("raise")
def put(output: Output, category: str, as_person: As) -> None:
    """Put an output into another category, up and not down."""

    async def work(house: House) -> None:
        await put_into(await act_as(house, as_person), output, category, parts=house.parts)
        line(f"It is of the category {category} now.")

    with_house(work)


@app.command("declassify")
def declassify(
    output: Output, to: Annotated[Literal["public", "internal", "confidential"], typer.Argument(help="The class.")],
    as_person: As, reason: Annotated[str, typer.Option(help="Why it may count as less.")],
    version: Version = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
) -> None:  # fmt: skip
    """Lower the class of exactly these bytes, after you were shown what gave the higher one."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        sheet = await _sheet(house, actor, output, version, opens=False)
        line(f"Class {sheet.evidence.label.data_class.name.lower()}, because of", "bold")
        for why in sheet.evidence.reasons:
            line(f"  {why}")
        if not yes and not typer.confirm("Overrule that?"):
            return
        await lower_class(
            actor, output, sheet.version.version, DataClass[to.upper()], reason, seen=sheet.evidence.digest,
            parts=house.parts,
        )  # fmt: skip
        line(f"It counts as {to} now.")

    with_house(work)

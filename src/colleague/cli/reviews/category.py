"""`colleague category`: what each kind of output asks for, and changing it."""

from dataclasses import replace
from typing import Annotated

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, line, rows, with_house
from colleague.kit.errors import NotFound
from colleague.policy.categories.change import describe_category, withdraw_category
from colleague.policy.governance import current_governance
from colleague.policy.model import Governance
from colleague.policy.second_person.on_record import changing
from colleague.policy.second_person.propose import Proposal
from colleague.policy.standards.category import Category, categories

app = typer.Typer(help="See and change output categories and their review standards.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The category's id, such as client_proposal.")]


class NoSuchCategory(NotFound):
    """There is no category «{name}»; `colleague category list` shows them."""


async def _known(house: House) -> dict[str, Category]:
    async with house.database.transaction() as session:
        return categories(await current_governance(session))


@app.command("list")
def index(as_person: As) -> None:
    """List the categories."""

    async def work(house: House) -> None:
        (await act_as(house, as_person)).require("own:tasks:use")
        rows(
            ("category", "title", "stakes", "points", "reviewed by", "second looks"),
            [
                (c.id, c.title, "high" if c.high_stakes else "light", str(len(c.checklist)),
                 ", ".join(c.reviewers) or ("who may review" if c.high_stakes else "its owner"),
                 "" if c.high_stakes else f"{c.sample} %")
                for c in (await _known(house)).values()
            ],
        )  # fmt: skip

    with_house(work)


@app.command("show")
def show(name: Name, as_person: As) -> None:
    """Show one category: its standard and its checklist."""

    async def work(house: House) -> None:
        (await act_as(house, as_person)).require("own:tasks:use")
        found = (await _known(house)).get(name)
        if found is None:
            raise NoSuchCategory(name=name[:40])
        line(f"{found.title} ({'high stakes' if found.high_stakes else 'light'})", "bold")
        line(f"  {found.standard}")
        for item in found.checklist:
            line(f"  - {item}")

    with_house(work)


@app.command("set")
def describe(
    name: Name, as_person: As,
    title: Annotated[str | None, typer.Option(help="Its title.")] = None,
    high: Annotated[bool | None, typer.Option("--high/--light", help="The stakes; high for a new one.")] = None,
    standard: Annotated[str | None, typer.Option(help="What the review is about.")] = None,
    point: Annotated[list[str] | None, typer.Option("--point", help="A point of the checklist.")] = None,
    reviewer: Annotated[list[str] | None, typer.Option("--reviewer", help="A role that may review it.")] = None,
    sample: Annotated[int | None, typer.Option(help="Second looks at light ones, of a hundred.")] = None,
) -> None:  # fmt: skip
    """Add a category, or change what is said. What asks for less than now waits for a second person."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        before = (await _known(house)).get(name) or Category(name, "", True)
        said = {
            "title": title, "high_stakes": high, "standard": standard, "checklist": tuple(point) if point else None,
            "reviewers": tuple(reviewer) if reviewer else None, "sample": sample,
        }  # fmt: skip
        after = replace(before, **{k: v for k, v in said.items() if v is not None})  # type: ignore[arg-type]
        async with changing(house.database, actor, "settings", house.ledger) as session:
            _done(await describe_category(session, actor, after.to_json(), ledger=house.ledger, clock=house.clock))

    with_house(work)


@app.command("withdraw")
def withdraw(name: Name, as_person: As) -> None:
    """Take back what the organisation said of a category."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with changing(house.database, actor, "settings", house.ledger) as session:
            _done(await withdraw_category(session, actor, name, ledger=house.ledger, clock=house.clock))

    with_house(work)


def _done(done: Governance | Proposal) -> None:
    if isinstance(done, Proposal):
        line(f"This asks for less: it waits for a second person (proposal {done.id}).", "yellow")
    else:
        line(f"In force (version {done.version}).")

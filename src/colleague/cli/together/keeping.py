"""`colleague task pin`, `unpin`, `archive`, `restore`, `search` and `delete`."""

from collections.abc import Callable
from typing import Annotated

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, confirm, day, line, with_house
from colleague.kit.errors import Invalid
from colleague.tasks.keeping.delete import STAYS, delete_task, going
from colleague.tasks.keeping.marks import Mark, mark
from colleague.tasks.keeping.search import Filters, search_tasks
from colleague.tasks.model import State


class NoSuchState(Invalid):
    """A state is one of: {states}."""


def marker(what: Mark, words: str) -> Callable[[str, str], None]:
    """Return the verb that puts one mark."""

    def do(task: str, as_person: As) -> None:
        async def work(house: House) -> None:
            actor = await act_as(house, as_person)
            async with house.database.transaction() as session:
                await mark(session, actor, task, what, ledger=house.ledger, clock=house.clock)

        with_house(work)

    do.__doc__ = words
    return do


def search(
    words: Annotated[str, typer.Argument(help='Words, "a phrase", -without.')], as_person: As,
    state: Annotated[str, typer.Option(help="Only tasks in this state.")] = "",
    since: Annotated[str, typer.Option(help="Handed over on this day or later.")] = "",
    until: Annotated[str, typer.Option(help="Handed over on this day or before.")] = "",
    before: Annotated[str, typer.Option(help="Go on with tasks older than this id.")] = "",
) -> None:  # fmt: skip
    """Search one's own and shared tasks, archived ones too."""
    if state and state not in list(State):
        raise NoSuchState(states=", ".join(State))
    narrowed = Filters(
        State(state) if state else None, day(since, "--since"), day(until, "--until", end=True)
    )  # fmt: skip

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            found = await search_tasks(
                session, actor, words, narrowed, language=house.settings.search_language, before=before
            )
        for hit in found.hits:
            line(f"{hit.id}  {hit.state}  {hit.title}", "bold")
            for excerpt in hit.excerpts:
                marked = "".join(f"[{piece}]" if on else piece for piece, on in excerpt.pieces)
                line(f"    {excerpt.where}: {marked}")
        if not found.hits:
            line("Nothing found.")
        if found.before:
            line(f"There is more: --before {found.before}")

    with_house(work)


def delete(task: str, as_person: As, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Delete an ended task for good: its words, calls, files and results."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            gone = await going(session, actor, task)
        line(f"«{gone.title}» will be deleted for good:", "bold")
        for words in gone.lines:
            line(f"  goes   {words}")
        for words in STAYS:
            line(f"  stays  {words}")
        if not yes and not await confirm("Delete it?"):
            line("Nothing was deleted.")
            return
        async with house.database.transaction() as session:
            await delete_task(session, actor, task, sure=True, ledger=house.ledger, clock=house.clock)
        line("Deleted.")

    with_house(work)

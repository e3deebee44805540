"""`colleague dispatch results`: where answers went, and why not more of them."""

from typing import Annotated

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, rows, with_house
from colleague.dispatch.deliver.view import list_results


def results(
    as_person: As, everybody: Annotated[bool, typer.Option("--all", help="Everybody's.")] = False,
    task: Annotated[str, typer.Option(help="Those of one task, by its id.")] = "",
) -> None:  # fmt: skip
    """List what became of your results, or of everybody's."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            found = await list_results(session, actor, everybody=everybody, task=task)
        rows(
            ("task", "person", "by", "state", "what went", "why"),
            [(s.task, s.person_name, s.title, s.state, s.form, s.why) for s in found],
        )

    with_house(work)

"""`colleague task share` and `unshare`: colleagues on one's task."""

from typing import Annotated

import typer

from colleague.approvals.partners import WORDS, Part, partners_of
from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, line, rows, with_house
from colleague.kit.errors import Invalid
from colleague.tasks.together.share import find_colleague, share, unshare

PARTS: dict[str, Part] = {"viewer": "viewer", "approver": "approver", "co-driver": "driver"}


class NoSuchPart(Invalid):
    """A colleague is viewer, approver or co-driver."""


def add(
    task: str, who: Annotated[str, typer.Argument(help="Name or mail address.")], as_person: As,
    part: Annotated[str, typer.Option("--part", help="viewer, approver or co-driver.")] = "viewer",
) -> None:  # fmt: skip
    """Share a task with a colleague; they see all that it has read."""
    if part not in PARTS:
        raise NoSuchPart

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await share(session, actor, task, who, PARTS[part], ledger=house.ledger, clock=house.clock)
            found = await partners_of(session, task)
        rows(("colleague", "as"), [(p.name, WORDS[p.role]) for p in found])

    with_house(work)


def remove(task: str, who: Annotated[str, typer.Argument(help="Name or mail address.")], as_person: As) -> None:
    """Stop sharing a task with a colleague."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            person = await find_colleague(session, who)
            await unshare(session, actor, task, person.id, ledger=house.ledger, clock=house.clock)
        line(f"Not shared with {person.name} any more.")

    with_house(work)

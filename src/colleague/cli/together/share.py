"""`colleague task share`, `unshare`, `hand-over`, `offers`, `take-over`, `decline`, `take-back`: people on a task."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer

from colleague.approvals.partners import WORDS, Part, partners_of
from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, line, rows, with_house
from colleague.kit.errors import Invalid
from colleague.tasks.together.hand_over import accept, decline, offer, offers_to, take_back
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


def hand_over(
    task: str, who: Annotated[str, typer.Argument(help="Name or mail address.")], as_person: As,
    stay: Annotated[bool, typer.Option(help="Stay as viewer.")] = True,
    note: Annotated[str, typer.Option(help="A few words to them.")] = "",
) -> None:  # fmt: skip
    """Offer a task of one's own to a colleague; nothing changes before they accept."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            made = await offer(session, actor, task, who, stay=stay, note=note, parts=house.parts)
        line(f"Offered: {made}")

    with_house(work)


def offers(as_person: As) -> None:
    """List the tasks that are offered to one."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            found = await offers_to(session, actor.id, clock=house.clock)
        if not found:
            line("No task is offered to you.")
            return
        rows(("offer", "task", "until"), [(o.id, title, f"{o.expires_at:%Y-%m-%d %H:%M}") for o, title in found])

    with_house(work)


def _answer(deed: Callable[..., Awaitable[Any]], words: str) -> Callable[[str, str], None]:
    def do(offer: str, as_person: As) -> None:
        async def work(house: House) -> None:
            actor = await act_as(house, as_person)
            async with house.database.transaction() as session:
                row = await deed(session, actor, offer, parts=house.parts)
            if row is not None:
                done = row.state == "done"
                line(f"Task {row.task_id} is yours{'' if done else ' as soon as the call under way has ended'}.")

        with_house(work)

    do.__doc__ = words
    return do


take_over = _answer(accept, "Take an offered task over: it goes on with one's own rights.")
refuse = _answer(decline, "Say no to an offered task.")
back = _answer(take_back, "Withdraw an offer that nobody has accepted yet.")

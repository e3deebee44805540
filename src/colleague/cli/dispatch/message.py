"""`colleague dispatch say|bench|messages`: say a command, try one out, see what came in."""

import uuid
from typing import Annotated

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, line, person_at, rows, with_house
from colleague.dispatch.model import Incoming
from colleague.dispatch.receive.bench import try_out
from colleague.dispatch.receive.receive import receive
from colleague.dispatch.receive.view import list_messages

Text = Annotated[str, typer.Argument(help="The message.")]


def say(text: Text, as_person: As) -> None:
    """Say a command, as it would be texted; a worker does the rest."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        message = Incoming("api", "", f"{actor.id} {uuid.uuid4()}", text, house.clock.now(), person=actor.id)
        line((await receive(message, parts=house.dispatch)).text)

    with_house(work)


def bench(
    text: Text, as_person: As, person: Annotated[str, typer.Option(help="Who would send it; else you.")] = "",
    channel: Annotated[str, typer.Option(help="sms, slack, email, voice, form, api or mcp.")] = "sms",
) -> None:  # fmt: skip
    """Say what a message would do, for this person, now; nothing happens."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            whose = (await person_at(session, person)).id if person else actor.id
            tried = await try_out(session, actor, whose, text, channel, parts=house.dispatch)
        line(f"{tried.verdict}: {tried.words}", "bold")
        for why in tried.closed:
            line(f"Closed: {why}")
        if tried.plan:
            line(f"The agent is told: {tried.plan.goal}")
            line(f"Plan {tried.plan.digest}, tier {tried.plan.tier.name.lower()}")
            rows(("tool", "decision", "why"), list(tried.tools))

    with_house(work)


def messages(as_person: As, everybody: Annotated[bool, typer.Option("--all", help="Everybody's.")] = False) -> None:
    """List what came in: when, who, what was done, what came out, and the review."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            found = await list_messages(session, actor, everybody=everybody, limit=50)
        rows(
            ("at", "by", "channel", "said", "done", "output", "review"),
            [(f"{m.at:%Y-%m-%d %H:%M}", m.person_name or "unknown", m.channel, m.content, m.action, m.output, m.review)
             for m in found],
        )  # fmt: skip

    with_house(work)

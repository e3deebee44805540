"""What a message from away costs: to read it, to refuse it, to start its task; beside one durable commit."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

from sqlalchemy import text

from colleague.dispatch.model import Incoming
from colleague.dispatch.receive.receive import receive
from colleague.dispatch.triggers.match import plans_of, said
from colleague.dispatch.triggers.model import Trigger
from colleague.dispatch.triggers.standard import activate_reading, add_standard, standard_wordings
from colleague.testing.house import TestHouse, furnish
from colleague.testing.postgres import TestPostgres

Row = tuple[str, float, str, str]
TIMES = 200


async def each(deed: Callable[[int], Awaitable[object]], times: int = TIMES) -> float:
    """Return the milliseconds that one deed takes, done one after another."""
    start = time.perf_counter()
    for number in range(times):
        await deed(number)
    return (time.perf_counter() - start) * 1000 / times


def read_one() -> float:
    """Return the microseconds to read one message against the ten standard triggers."""
    triggers = [Trigger(f"t{i}", 1, "active", "o", w) for i, w in enumerate(standard_wordings())]
    messages = [said(t.wording.example) for t in triggers] + [said("could you look at this when you have a minute")]
    start = time.perf_counter()
    for _ in range(500):
        for message in messages:
            plans_of(message, triggers, today=date(2026, 3, 3))
    return (time.perf_counter() - start) * 1e6 / 500 / len(messages)


async def of_house(home: TestHouse) -> list[Row]:
    """Measure in a house with the standard triggers on."""
    house, owner = home.house, home.people["owner"]
    async with house.database.transaction() as session:
        await add_standard(session, owner, ledger=house.ledger, clock=house.clock)
        await activate_reading(session, owner, ledger=house.ledger, clock=house.clock)

    async with house.database.transaction() as session:
        await session.execute(text("CREATE TABLE IF NOT EXISTS bare (t text)"))

    async def commit(number: int) -> None:
        async with house.database.transaction() as session:
            await session.execute(text("INSERT INTO bare VALUES (:n)"), {"n": str(number)})

    people = [p for name, p in home.people.items() if name != "tom"]

    async def say(words: str, number: int) -> None:
        # Spread over people: each may say sixty things an hour.
        person = people[number % len(people)].id
        message = Incoming("api", "", f"{words} {number}", words, house.clock.now(), person=person)
        await receive(message, parts=house.dispatch)

    async def stranger(number: int) -> None:
        message = Incoming("sms", f"+44770{number:07}", f"s{number}", "brief Harbour City", house.clock.now())
        await receive(message, parts=house.dispatch)

    durable = await each(commit)
    anchor = f"a durable commit {durable:.1f} ms"
    return [
        ("a stranger, put on record", await each(stranger), "ms", anchor),
        ("a message that fits nothing, refused", await each(lambda n: say("nothing of this", n), 40), "ms", anchor),
        ("a command, its task started", await each(lambda n: say("find the price", n), 40), "ms", anchor),
    ]


def bench() -> list[Row]:
    """Measure all of it."""

    async def measured() -> list[Row]:
        with tempfile.TemporaryDirectory() as name:
            postgres = TestPostgres(Path(name) / "pg")
            with postgres.database() as url:
                home = await furnish(url, Path(name), connectors=())
                try:
                    return await of_house(home)
                finally:
                    await home.house.close()

    return [("a message read against ten triggers", read_one(), "µs", ""), *asyncio.run(measured())]

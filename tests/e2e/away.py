"""The demo organisation with Dispatch open and a scripted model: `python -m tests.e2e.away web` or `… worker`.

Settings come from the environment, as for `colleague serve` and `colleague worker`. What happens each minute happens
each second here.
"""

import asyncio
import re
import sys
from collections.abc import Sequence

import uvicorn

from colleague.agent.messages import Message, Outcome, Turn
from colleague.agent.tools import ToolSpec
from colleague.audit.jobs import keep_sealing
from colleague.bootstrap import House, build
from colleague.cli.aldermoor.house import OWNER, REVIEWER, prepare_demo
from colleague.cli.serve import web
from colleague.dispatch.triggers.define import activate_trigger
from colleague.dispatch.triggers.standard import activate_reading, add_standard
from colleague.dispatch.triggers.store import list_triggers
from colleague.identity.directory import actor_of
from colleague.identity.people import assign_role
from colleague.kit import log
from colleague.kit.settings import Settings
from colleague.testing.house import agreed
from colleague.testing.llm import ScriptedLlm, call, request_of

EACH_MINUTE = (
    "dispatch.read_mail", "dispatch.schedules.tick", "dispatch.conclude", "dispatch.results", "approvals.look",
)  # fmt: skip
TWICE = "Mail twice"


class Secretary(ScriptedLlm):
    """Sends the one mail it is asked for, or two where it is asked for two, and says so."""

    async def turn(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Turn:
        """Return the next turn."""
        asked, done = request_of(messages), sum(isinstance(m, Turn) for m in messages)
        to = re.findall(r"[\w.]+@[\w.]+\.example", asked)
        mails = (2 if TWICE in asked else 1) if "mail" in asked.casefold() and to else 0
        if done < mails:
            words = asked.strip().rpartition(": ")[2]
            return call("mail_send", to=to[:1], subject=f"{words} ({done + 1})", body=f"{words}.")
        failed = [m for m in messages if isinstance(m, Outcome) and m.tool == "mail_send" and not m.ok]
        told = "Not told" if failed else "Told"
        return Turn(f"{told}: {asked.strip().rpartition(': ')[2]}" if mails else "Read, and nothing to tell.")


async def open_dispatch(house: House) -> None:
    """Open Dispatch as its owner and a second administrator would: every tier, the standard triggers."""
    ledger, clock = house.ledger, house.clock
    async with house.database.transaction() as session:
        owner = await actor_of(session, email=OWNER, via="page")
        second = await actor_of(session, email=REVIEWER, via="page")
        await assign_role(session, owner, second.id, "administrator", ledger=ledger)
        await agreed(session, owner, {"phase": "broad", "dispatch_ceiling": "modify"}, ledger=ledger, clock=clock)
        await add_standard(session, owner, ledger=ledger, clock=clock)
        await activate_reading(session, owner, ledger=ledger, clock=clock)
    async with house.database.transaction() as session:
        second = await actor_of(session, email=REVIEWER, via="page")
        for trigger in await list_triggers(session, state="draft"):
            await activate_trigger(session, second, trigger.id, version=trigger.version, ledger=ledger, clock=clock)
    await house.database.close()


async def work(house: House) -> None:
    """Be a worker whose minutes last a second."""

    async def each_second() -> None:
        while True:
            for name in EACH_MINUTE:
                await house.queue.tasks[name]()
            await asyncio.sleep(1)

    sealing = keep_sealing(
        house.database, signer=house.signer, sink=house.sink, clock=house.clock, ledger=house.ledger
    )  # fmt: skip
    beside = [asyncio.create_task(sealing), asyncio.create_task(each_second())]
    await asyncio.wait([*beside, asyncio.create_task(house.queue.run())], return_when=asyncio.FIRST_COMPLETED)


def main(part: str) -> None:
    """Serve, or work."""
    settings = Settings(model="play")
    log.setup(level="WARNING")
    house = build(settings, models={"play": Secretary(name="play")})
    if part == "worker":
        asyncio.run(work(house))
        return
    asyncio.run(prepare_demo(house))
    asyncio.run(open_dispatch(house))
    uvicorn.run(web(house), port=settings.port, log_level="warning", server_header=False, timeout_graceful_shutdown=3)


if __name__ == "__main__":
    main(sys.argv[1])

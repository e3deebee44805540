"""The demo organisation served with a scripted model (`python -m tests.e2e.scripted FOLDER PORT`): no key, no surprise.

It proposes a note when it is asked to remember something, compares with two sub-agents when it is asked to compare, and
else says what it was told of the project.
"""

import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from colleague.agent.messages import Call, Message, Said, Turn
from colleague.agent.tools import ToolSpec
from colleague.bootstrap import House, build
from colleague.cli.aldermoor.house import prepare_demo, start_mail_sink
from colleague.cli.serve import web
from colleague.kit.settings import Settings
from colleague.testing.llm import ScriptedLlm, call, request_of
from colleague.testing.worker import work

DANA = "dana@aldermoor.example"
MARK = "Notes of the project, accepted by people."


def play(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Turn:
    """Return the next turn: of a sub-agent, of a comparison, or of one that has only one turn to say."""
    asked, done = request_of(messages), sum(isinstance(m, Turn) for m in messages)
    part = next((m.text for m in messages if isinstance(m, Said) and m.who == "agent"), "")
    if part:
        return _part(part, done)
    if asked.startswith("Compare: "):
        return _compare(asked, done)
    if done:
        return Turn("Done.")
    if asked.startswith("Remember: "):
        return call("propose_note", text=asked.removeprefix("Remember: "), why="The person asked to remember it.")
    told = messages[0].text
    return Turn(told[told.index(MARK) :] if MARK in told else "I was told no notes.")


def _compare(asked: str, done: int) -> Turn:
    """Plan, ask, let two sub-agents work, say what came of it; or say it at once, when asked for one sentence."""
    if "one sentence" in asked:
        return Turn("In one sentence: South is cheaper.")
    match done:
        case 0:
            return call("set_plan", steps=["Read the bids", "Compare them", "Tell Dana"], current=1)
        case 1:
            return call("ask_person", question="Shall I go on?", choices=["Yes", "No"])
        case 2:
            goals = ("Read the bid of North.", "Read the bid of South and tell Dana.")
            return Turn(calls=tuple(Call("s", "start_subagent", {"goal": goal}) for goal in goals))
        case _:
            changed = "with the risks" if "Look at the risks" in asked else "without the risks"
            return Turn(f"Both bids are compared, {changed}.")


def _part(part: str, done: int) -> Turn:
    if done == 0 and "South" in part:
        return call("mail_send", to=[DANA], subject="The bids", body="South costs 380.")
    if done == 0:
        return call("find_colleague", name="Dana")
    return Turn("South costs 380." if "South" in part else "North costs 420.")


class Player(ScriptedLlm):
    """Plays `play`, whatever the conversation holds already."""

    async def turn(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Turn:
        return play(messages, tools)


async def both(house: House, port: int) -> None:
    """Serve, and do the jobs beside it."""
    server = uvicorn.Server(uvicorn.Config(web(house), port=port, log_level="warning", server_header=False))

    async def jobs() -> None:
        while not server.should_exit:
            await work(house)
            await work(house, queue="house")
            await asyncio.sleep(0.2)

    await asyncio.gather(server.serve(), jobs())


def main(folder: Path, port: int) -> None:
    """Prepare and serve."""
    # As an exit, so that the database is stopped, too (like `colleague serve`).
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    settings = Settings(data_dir=folder, demo=True, port=port, model="play")
    house = build(settings, models={"play": Player(name="play")})
    sink = start_mail_sink(settings, show=False)
    try:
        asyncio.run(prepare_demo(house))
        asyncio.run(both(house, port))
    finally:
        sink.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

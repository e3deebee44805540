"""The demo organisation served with a scripted model (`python -m tests.e2e.scripted FOLDER PORT`): no key, no surprise.

It proposes a note when it is asked to remember something, and says what it was told of the project.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from colleague.agent.messages import Message, Turn
from colleague.agent.tools import ToolSpec
from colleague.bootstrap import House, build
from colleague.cli.aldermoor.house import prepare_demo
from colleague.cli.serve import web
from colleague.kit.settings import Settings
from colleague.testing.llm import ScriptedLlm, call, request_of
from colleague.testing.worker import work

MARK = "Notes of the project, accepted by people."


def play(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Turn:
    """Return the first turn: a proposal if something shall be remembered, else the notes as they were told."""
    asked = request_of(messages)
    if asked.startswith("Remember: "):
        return call("propose_note", text=asked.removeprefix("Remember: "), why="The person asked to remember it.")
    told = messages[0].text
    return Turn(told[told.index(MARK) :] if MARK in told else "I was told no notes.")


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
    settings = Settings(data_dir=folder, demo=True, port=port, model="play")
    house = build(settings, models={"play": ScriptedLlm(play, name="play")})
    asyncio.run(prepare_demo(house))
    asyncio.run(both(house, port))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

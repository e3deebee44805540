"""A worker process for the chaos test: the real house, with a scripted model that plans, looks and mails."""

import asyncio
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from colleague.agent.messages import Message, Turn
from colleague.agent.tools import ToolSpec
from colleague.bootstrap import build
from colleague.kit import log
from colleague.kit.settings import Settings
from colleague.testing.llm import ScriptedLlm, call, request_of


def mail(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Turn:
    """Send one mail whose subject is the number in the request."""
    number = re.findall(r"number (\d+)", request_of(messages))[0]
    return call("mail_send", to=["dana@aldermoor.example"], subject=f"Number {number}", body="As you asked.")


CHAOS = ScriptedLlm(
    call("set_plan", steps=["Look", "Send"], current=1), call("list_files"), mail,
    call("set_plan", steps=["Look", "Send"], current=3), Turn("Sent."), name="chaos",
)  # fmt: skip


async def main(url: str, folder: str) -> None:
    settings = Settings(
        data_dir=Path(folder), database_url=url, model="chaos", heartbeat_seconds=0.5, stalled_seconds=3,
        egress_private=True,
    )  # fmt: skip
    house = build(settings, models={"chaos": CHAOS})
    await house.queue.run(concurrency=4)


if __name__ == "__main__":
    log.setup(level="ERROR")
    asyncio.run(main(*sys.argv[1:]))

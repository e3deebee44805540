"""A worker process for the chaos test: the real house, with a scripted model that plans, looks and mails."""

import asyncio
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from colleague.agent.messages import Message, Turn
from colleague.agent.tools import ToolSpec
from colleague.bootstrap import House, build
from colleague.connectors.mail.connector import MailConnector
from colleague.kit import log
from colleague.kit.settings import Settings
from colleague.testing.connector import FakeConnector
from colleague.testing.llm import ScriptedLlm, call, request_of


def mail(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Turn:
    """Send one mail whose subject is the number in the request."""
    number = re.findall(r"number (\d+)", request_of(messages))[0]
    return call("mail_send", to=["dana@aldermoor.example"], subject=f"Number {number}", body="As you asked.")


CHAOS = ScriptedLlm(
    call("set_plan", steps=["Look", "Send"], current=1), call("list_files"), mail,
    call("set_plan", steps=["Look", "Send"], current=3), Turn("Sent."), name="chaos",
)  # fmt: skip
# Short times, so that a dead worker is found soon. A mail takes less than a worker counts as alive, as in production.
QUICK: dict[str, Any] = {"heartbeat_seconds": 0.5, "stalled_seconds": 3, "egress_private": True}
MAIL_SECONDS = 2


def chaotic(settings: Settings) -> House:
    """Return a house that mails through the real connector, after some other steps."""
    return build(settings, models={"chaos": CHAOS}, connectors=[MailConnector(seconds=MAIL_SECONDS)])


def asks_at_once(settings: Settings) -> House:
    """Return a house in which each run asks in its first step whether a note may be sent."""
    ask = ScriptedLlm(call("fake_send", to="dana@aldermoor.example", text="Hello"), Turn("Sent."), name="chaos")
    return build(settings, models={"chaos": ask}, connectors=[FakeConnector()])


def work(url: str, folder: str, house: Callable[[Settings], House] = chaotic) -> None:
    """Be a worker process on the database `url` until killed."""
    log.setup(level="ERROR")
    settings = Settings(data_dir=Path(folder), database_url=url, model="chaos", **QUICK)
    asyncio.run(house(settings).queue.run(concurrency=4))

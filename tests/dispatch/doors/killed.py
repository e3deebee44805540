"""A worker that reads the mailbox and stops between the record of a mail and its mark as read, to be killed."""

import asyncio
import sys
import time
from dataclasses import replace
from pathlib import Path

from colleague.bootstrap import build
from colleague.dispatch.doors.mail.poll import read_mailbox
from colleague.dispatch.model import Incoming, Reply
from colleague.kit.settings import Settings


async def main(url: str, folder: str, mailbox: str) -> None:
    house = build(
        Settings(database_url=url, data_dir=Path(folder), mailbox_url=mailbox, mail_authserv="mx.aldermoor.example")
    )

    async def receive(incoming: Incoming) -> Reply:
        await house.doors.receive(incoming)
        print("recorded", flush=True)
        time.sleep(600)  # noqa: ASYNC251
        raise AssertionError("nobody killed it")

    await read_mailbox(replace(house.doors, receive=receive))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

"""Durable work: look into the mailbox each minute, take each mail once, answer by mail.

INVARIANT: a mail is marked as read only after what it says was taken and its answer was enqueued. A worker that dies in
between leaves it unread; taken again, it is the same message (its Message-ID) with the same, single answer.
"""

import asyncio
from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any

from colleague.dispatch.doors.answers.send import Send, answer_to
from colleague.dispatch.doors.mail.origin import NotProven
from colleague.dispatch.doors.mail.read import Letter, TooOld, open_letter, read
from colleague.dispatch.doors.mail.words import goes_to
from colleague.dispatch.doors.parts import Desk, Doors, log
from colleague.dispatch.model import Incoming, Reply
from colleague.kit import mail
from colleague.kit.clock import Clock
from colleague.kit.errors import Failure, Forbidden
from colleague.kit.mailbox import mailbox_of, mark_read, unread
from colleague.kit.mailbox import read as read_raw
from colleague.kit.settings import Settings

TASK, BATCH, SIZE = "dispatch.read_mail", 50, 30_000_000
TOO_LARGE = "This mail is larger than 30 MB. Nothing was done."


class NotFromHere(Forbidden):
    """This mail is for support, and nobody here has its sender's address."""


async def read_mailbox(doors: Doors) -> int:
    """Take what is unread in the mailbox; return how many mails were dealt with."""
    url = doors.settings.mailbox_url
    if url is None:
        return 0
    server, folder = mailbox_of(url.get_secret_value())
    done = 0
    try:
        for id_, size in await unread(server, BATCH, folder=folder):
            raw = await read_raw(server, id_, beginning=size > SIZE)
            if await _taken(doors, raw, whole=size <= SIZE):
                await mark_read(server, id_)
                done += 1
    except Failure as error:
        log.warning("mailbox not read", error=error.code, why=error.message)
    return done


async def _taken(doors: Doors, raw: bytes, *, whole: bool) -> bool:
    """Take one mail. A fault leaves it unread and keeps no other mail waiting."""
    try:
        return await take(doors, raw, whole=whole)
    except Exception as error:
        log.error("mail not taken", error=type(error).__name__)
        return False


async def take(doors: Doors, raw: bytes, *, whole: bool = True) -> bool:
    """Take one mail, or the beginning of one that is too large; say whether it is dealt with.

    False: it could not be taken now and stays unread.
    """
    now = doors.clock.now()
    try:
        # In a thread: a large mail takes a while to be read, and the worker has other things to do.
        letter = await asyncio.to_thread(
            open_letter, raw, authserv=doors.settings.mail_authserv, ours=_ours(doors), now=now
        )  # fmt: skip
    except (NotProven, TooOld) as error:
        await doors.refuse("email", error)
        return True
    if letter is None:
        return True
    if doors.desk is not None and goes_to(letter.mail, doors.settings.support_mail):
        return await _ticket(doors, doors.desk, letter, raw, whole=whole)
    known = await doors.bound("email", letter.sender) is not None
    incoming = await asyncio.to_thread(read, letter, raw, known=known and whole, now=now)
    reply = Reply(TOO_LARGE, "refused") if known and not whole else await doors.taken(incoming)
    if reply is None:
        return False
    return await _answered(doors, letter, incoming, reply)


async def _ticket(doors: Doors, desk: Desk, letter: Letter, raw: bytes, *, whole: bool) -> bool:
    """Hand a mail to support on. It starts nothing, so that its address need not be bound."""
    if not await desk.knows(letter.sender):
        await doors.refuse("email", NotFromHere())
        return True
    incoming = await asyncio.to_thread(read, letter, raw, known=whole, now=doors.clock.now())
    told, kept = TOO_LARGE, False
    if whole:
        told, kept = await desk.take(
            letter.sender, incoming.id, letter.subject, incoming.text, files=len(incoming.files)
        )  # fmt: skip
    return await _answered(doors, letter, incoming, Reply(told, "answered" if kept else "refused"))


async def _answered(doors: Doors, letter: Letter, incoming: Incoming, reply: Reply) -> bool:
    async with doors.database.transaction() as session:
        about = {"subject": letter.subject, "reply_to": letter.message_id, "references": letter.references}
        await answer_to(session, incoming, reply, letter.sender, about, clock=doors.clock)
    return True


def _ours(doors: Doors) -> frozenset[str]:
    return frozenset({parseaddr(doors.settings.mail_from)[1].casefold()} - {""})


def mail_sender(settings: Settings, clock: Clock) -> Send | None:
    """Return what sends an answer by mail; None where there is no mail server."""
    if settings.smtp_url is None:
        return None
    server = mail.server_of(settings.smtp_url.get_secret_value())
    name, own = parseaddr(settings.mail_from)

    async def send(to: str, text: str, about: Mapping[str, Any]) -> None:
        headers = [("Auto-Submitted", "auto-replied")]
        if about.get("references"):
            headers += [("In-Reply-To", str(about["reply_to"])), ("References", str(about["references"]))]
        letter = mail.Letter(
            sender=mail.address(own), sender_name=name, to=(to,), subject=f"Re: {about.get('subject') or 'your mail'}",
            body=f"{text}\n\n-- \nWritten by Colleague, an AI agent.\n", key=f"dispatch:{about['reply_to']}:{to}",
            at=clock.now(), headers=tuple(headers),
        )  # fmt: skip
        await mail.send(server, mail.compose(letter))

    return send

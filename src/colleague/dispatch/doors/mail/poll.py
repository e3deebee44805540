"""Durable work: look into the mailbox each minute, take each mail once, answer by mail.

INVARIANT: a mail is marked as read only after what it says was taken and its answer was enqueued. A worker that dies in
between leaves it unread; taken again, it is the same message (its Message-ID) with the same, single answer.
"""

from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any

from colleague.dispatch.doors.answers.send import Send, answer_to
from colleague.dispatch.doors.mail.origin import NotProven
from colleague.dispatch.doors.mail.read import Letter, TooOld, read
from colleague.dispatch.doors.parts import Doors, log
from colleague.dispatch.model import Reply
from colleague.kit import mail
from colleague.kit.clock import Clock
from colleague.kit.errors import Failure
from colleague.kit.mailbox import Raw, mailbox_of, mark_read, unread
from colleague.kit.settings import Settings

TASK, BATCH, SIZE = "dispatch.read_mail", 50, 30_000_000
TOO_LARGE = "This mail is larger than 30 MB. Nothing was done."


async def read_mailbox(doors: Doors) -> int:
    """Take what is unread in the mailbox; return how many mails were dealt with."""
    url = doors.settings.mailbox_url
    if url is None:
        return 0
    server, folder = mailbox_of(url.get_secret_value())
    done = 0
    try:
        for raw in await unread(server, BATCH, folder=folder, size=SIZE):
            if await _taken(doors, raw):
                await mark_read(server, raw.id)
                done += 1
    except Failure as error:
        log.warning("mailbox not read", error=error.code, why=error.message)
    return done


async def _taken(doors: Doors, raw: Raw) -> bool:
    """Take one mail. A fault leaves it unread and keeps no other mail waiting."""
    try:
        return await take(doors, raw)
    except Exception as error:
        log.error("mail not taken", error=type(error).__name__)
        return False


async def take(doors: Doors, raw: Raw) -> bool:
    """Take one mail; say whether it is dealt with. False: it could not be taken now and stays unread."""
    try:
        letter = read(raw.content, authserv=doors.settings.mail_authserv, ours=_ours(doors), now=doors.clock.now())
    except (NotProven, TooOld) as error:
        await doors.refuse("email", error)
        return True
    if letter is None:
        return True
    reply = await doors.taken(letter.incoming) if raw.whole else await _too_large(doors, letter)
    if reply is None:
        return False
    async with doors.database.transaction() as session:
        about = {"subject": letter.subject, "reply_to": letter.incoming.reply_to, "references": letter.references}
        await answer_to(session, letter.incoming, reply, letter.incoming.sender, about, clock=doors.clock)
    return True


async def _too_large(doors: Doors, letter: Letter) -> Reply:
    known = await doors.bound("email", letter.incoming.sender)
    return Reply(TOO_LARGE, "refused") if known else Reply("", "silent")


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

"""Notices by mail, through the server that the operator named."""

import re
from email.utils import parseaddr

from colleague.channels.channel import Message, Notice, Reader
from colleague.kit.clock import Clock
from colleague.kit.mail import Letter, address, compose, send, server_of

_MESSAGE_ID = re.compile(r"<[^\s<>@]{1,200}@[^\s<>@]{1,200}>", re.ASCII)


class EmailChannel:
    """Sends a notice as a plain mail with one link."""

    kind = "email"
    title = "Mail"

    def __init__(self, url: str, *, sender: str, base_url: str, clock: Clock, seconds: float = 30) -> None:
        """Take the mail server's address, the sender («Name <address>») and the address people use.

        BadMailServer, BadMail if they are none: an operator's mistake shows at the start, not at the first notice.
        """
        self._server = server_of(url)
        self._name, mail = parseaddr(sender)
        self._sender = address(mail)
        self._base, self._clock, self._seconds = base_url, clock, seconds

    async def deliver(self, notice: Notice, reader: Reader) -> None:
        """Send the mail. NotSent: surely not; SentUnknown: nobody can say. The Message-ID is made from the notice."""
        link = f"\n{self._base}{notice.link}\n" if notice.link else ""
        body = f"{notice.text}\n{link}\n-- \nA notice of Colleague to {reader.name}. Answers to it are not read.\n"
        await self.write(Message(reader.email, notice.title, body, f"{notice.id}:{self.kind}"))

    async def write(self, message: Message) -> None:
        """Send a mail with its files. NotSent: surely not; SentUnknown: nobody can say; BadMail for what is no mail."""
        known = _MESSAGE_ID.fullmatch(message.answers) is not None
        thread = (("In-Reply-To", message.answers), ("References", message.answers)) if known else ()
        letter = Letter(
            sender=self._sender,
            sender_name=self._name,
            to=(message.to,),
            subject=" ".join(message.title.split())[:200],
            body=message.text,
            key=message.key,
            at=self._clock.now(),
            parts=message.parts,
            headers=(("Auto-Submitted", "auto-generated"), *thread),
        )
        await send(self._server, compose(letter), seconds=self._seconds)

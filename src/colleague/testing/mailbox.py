"""A mail server in this process that keeps what it is given, and can fail in every way a real one does."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from types import TracebackType
from typing import Literal

Trouble = Literal[
    "", "drop_after_data", "drop_in_data", "refuse_recipient", "refuse_sender", "refuse_message", "garbage_after_data",
    "silent_after_data", "slow", "refuse_sign_in",
]  # fmt: skip


@dataclass
class Kept:
    """A message the server accepted (or, when it then dropped the line, took without saying so)."""

    sender: str
    recipients: list[str]
    raw: bytes = field(repr=False)

    @property
    def message(self) -> EmailMessage:
        """Return the message, parsed."""
        return message_from_bytes(self.raw, policy=default)


class MailSink:
    """An SMTP server on loopback (RFC 5321, AUTH PLAIN). `trouble` says how it fails from now on.

    `on_data` is called when a client begins to hand a message over, `on_taken` when the message is kept and the client
    does not know it yet; both with the client's port.
    """

    def __init__(self, *, user: str = "", password: str = "") -> None:
        """Take the sign-in it asks for, if any."""
        self.kept: list[Kept] = []
        self.trouble: Trouble = ""
        self.slow_seconds = 5.0
        self.on_data: Callable[[int], None] = lambda port: None
        self.on_taken: Callable[[int], None] = lambda port: None
        self._user, self._password = user, password
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Return the address of the server."""
        assert self._server is not None
        return f"smtp://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> "MailSink":
        """Start on a free port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 26)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        assert self._server is not None
        self._server.close()
        for task in tuple(self._lines):
            task.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(task)
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._lines.discard(task)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender, recipients = "", []

        async def say(line: str) -> None:
            writer.write(line.encode() + b"\r\n")
            await writer.drain()

        await say("220 sink ESMTP")
        while line := (await reader.readline()).decode("latin-1").rstrip("\r\n"):
            verb, _, rest = line.partition(" ")
            match verb.upper():
                case "EHLO" | "HELO":
                    await say("250-sink\r\n250-AUTH PLAIN\r\n250 SIZE 30000000")
                case "AUTH":
                    await say(self._sign_in(rest))
                case "MAIL" if self.trouble == "refuse_sender":
                    await say("550 no")
                case "MAIL":
                    sender = rest.partition("<")[2].partition(">")[0]
                    await say("250 ok")
                case "RCPT" if self.trouble == "refuse_recipient":
                    await say("550 no such user")
                case "RCPT":
                    recipients.append(rest.partition("<")[2].partition(">")[0])
                    await say("250 ok")
                case "DATA":
                    if not await self._take(reader, writer, sender, recipients):
                        return
                case "QUIT":
                    await say("221 bye")
                    return
                case _:
                    await say("250 ok")

    def _sign_in(self, rest: str) -> str:
        import base64

        try:
            _, user, password = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")
        except ValueError:
            return "501 no"
        right = (user, password) == (self._user, self._password) and self.trouble != "refuse_sign_in"
        return "235 ok" if right else "535 no"

    async def _take(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sender: str, recipients: list[str]
    ) -> bool:
        """Take a message; False when the line was dropped."""
        if self.trouble == "slow":
            await asyncio.sleep(self.slow_seconds)
        port = writer.get_extra_info("peername")[1]
        self.on_data(port)
        writer.write(b"354 go on\r\n")
        await writer.drain()
        if self.trouble == "drop_in_data":
            # RST, as a machine that loses power would leave it.
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            writer.transport.abort()
            return False
        raw = bytearray()
        while (line := await reader.readline()) != b".\r\n":
            if not line:
                return False
            raw += line[1:] if line.startswith(b"..") else line
        if self.trouble == "refuse_message":
            writer.write(b"554 no\r\n")
            await writer.drain()
            return True
        self.kept.append(Kept(sender, list(recipients), bytes(raw)))
        self.on_taken(port)
        recipients.clear()
        if self.trouble == "drop_after_data":
            writer.transport.abort()
            return False
        if self.trouble == "silent_after_data":
            await reader.read()
            return False
        writer.write(b"what?\r\n" if self.trouble == "garbage_after_data" else b"250 taken\r\n")
        await writer.drain()
        return True

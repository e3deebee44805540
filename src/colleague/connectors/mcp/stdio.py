"""A server as a program: started in the sandbox for one conversation, one JSON message a line.

Outside the sandbox no server is ever started: where no tier holds, the conversation is refused with the reason.
"""

import asyncio
import contextlib
import shutil
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio

from colleague.connectors.mcp.words import plain
from colleague.kit.errors import Unavailable
from colleague.kit.sandbox.box import Sandbox
from colleague.kit.sandbox.model import CodeRefused, Limits
from colleague.kit.sandbox.scratch import scratch
from colleague.kit.sandbox.start import Confined

LINE, NOISE = 8_000_000, 2000


class ProgramMissing(Unavailable):
    """The server's program is not on this machine: {command}."""


class ProgramEnded(Unavailable):
    """The server's program ended by itself{said}."""


@dataclass(frozen=True, slots=True)
class Program:
    """What to start. `readable`: folders it may read besides the interpreter; it can write only its own scratch."""

    command: str
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    readable: tuple[str, ...] = ()

    def argv(self) -> list[str]:
        """Return the command line with the program's whole path; ProgramMissing if it is not there."""
        own = Path(sys.executable).parent
        found = shutil.which(self.command, path=f"{own}:/usr/local/bin:/usr/bin:/bin")
        if found is None:
            raise ProgramMissing(command=self.command[:80])
        return [str(Path(found).absolute()), *self.args]


class Talk:
    """One conversation with a program: its streams for the SDK, and why it ended."""

    def __init__(self, confined: Confined, size_limit: int) -> None:
        """Take the running program and how many bytes all its messages may have."""
        self._confined, self._left = confined, size_limit
        self._said = b""
        self.failure: Unavailable | None = None

    async def hear(self, send: Any, parse: Any) -> None:
        """Pass on each line of the program's output as a message, until it ends or says too much."""
        buffer = bytearray()
        async with send:
            while chunk := await self._confined.stdout.read(1 << 16):
                self._left -= len(chunk)
                if self._left < 0 or len(buffer) > LINE:
                    self.failure = ProgramEnded(said=": it was stopped, because it said too much")
                    return
                *lines, rest = (buffer + chunk).split(b"\n")
                buffer = bytearray(rest)
                for line in lines:
                    # Lines that are no JSON at all are notes that belong on the error stream; they are passed over.
                    if line.lstrip().startswith(b"{") and (message := parse(bytes(line))) is not None:
                        await send.send(message)
            await self._explain()

    async def speak(self, receive: Any) -> None:
        """Write each message to the program's input."""
        try:
            async with receive:
                async for message in receive:
                    text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
                    self._confined.stdin.write(text.encode() + b"\n")
                    await self._confined.stdin.drain()
        except (OSError, ConnectionError, anyio.ClosedResourceError, anyio.BrokenResourceError):
            return

    async def listen_to_noise(self) -> None:
        """Keep the end of what the program says on its error stream, for the administrator."""
        while chunk := await self._confined.stderr.read(1 << 14):
            self._said = (self._said + chunk)[-NOISE:]

    async def end(self) -> None:
        """Kill the program and read its pipes to their end, so that nothing of them is left."""
        await self._confined.stop()
        with contextlib.suppress(OSError):
            self._confined.stdin.close()
        for pipe in (self._confined.stdout, self._confined.stderr):
            while await pipe.read(1 << 16):
                pass

    async def _explain(self) -> None:
        await self._confined.stop()
        report = await self._confined.wait()
        if why := report.get("unconfined"):
            self.failure = CodeRefused(why=f"{why}.")
        else:
            words = plain(self._said.decode("utf-8", "replace"), 300).replace("\n", " ")
            self.failure = ProgramEnded(said=f". Its last words: {words}" if words else "")


@asynccontextmanager
async def talking(
    sandbox: Sandbox, program: Program, *, size_limit: int, seconds: float
) -> AsyncIterator[tuple[Talk, Any]]:
    """Start the program and give (the talk, its pair of streams as an SDK transport); it is killed in the end.

    Raises CodeRefused (no sandbox holds here), ProgramMissing, BadRequest.
    """
    argv = program.argv()
    limits = Limits(address_space=None, cpu_seconds=seconds, wall_seconds=seconds + 30, processes=64)
    with scratch() as folder:
        confined = await sandbox.start(
            argv, folder.work, limits=limits, env=program.env, readable=_there(program.readable, argv[0])
        )
        talk = Talk(confined, size_limit)
        try:
            yield talk, _streams(talk)
        finally:
            # Whoever gave up on us, the program is ended first, with everything it has started.
            with anyio.CancelScope(shield=True):
                await talk.end()


def _there(folders: Sequence[str], program: str) -> list[str]:
    return [str(Path(f).resolve()) for f in (*folders, program) if Path(f).exists()]


@asynccontextmanager
async def _streams(talk: Talk) -> AsyncIterator[tuple[Any, Any]]:
    from mcp.shared.message import SessionMessage
    from mcp_types import jsonrpc_message_adapter

    def parse(line: bytes) -> Any:
        try:
            return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
        except ValueError as error:
            return error

    heard, hear = anyio.create_memory_object_stream[Any](0)
    say, said = anyio.create_memory_object_stream[Any](0)
    tasks = [
        asyncio.create_task(talk.hear(heard, parse)), asyncio.create_task(talk.speak(said)),
        asyncio.create_task(talk.listen_to_noise()),
    ]  # fmt: skip
    try:
        yield hear, say
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for stream in (heard, hear, say, said):
            stream.close()

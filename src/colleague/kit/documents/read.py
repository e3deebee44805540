"""Read a document in a confined child process: bounded memory, CPU, time and output, no network.

The parsers are other people's code on other people's bytes: when one aborts, the child dies, not the worker.
"""

import asyncio
import contextlib
import json
import sys
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from colleague.kit.documents.guard import DocumentBomb, DocumentDamaged, DocumentEncrypted, guard
from colleague.kit.documents.model import Document
from colleague.kit.documents.sniff import sniff
from colleague.kit.errors import Invalid, Unavailable


class DocumentTooHeavy(Invalid):
    """The file needs more memory or time than is allowed to read it. Split it, or save it in a simpler form."""


class ReaderUnavailable(Unavailable):
    """Documents cannot be read safely on this machine: {why}"""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the child may use."""

    memory: int = 1_000_000_000
    cpu_seconds: int = 30
    wall_seconds: float = 90
    output: int = 60_000_000


LIMITS = Limits()
SLOTS = 2
# A semaphore belongs to one event loop, and a process (tests, the command line) may run several.
_slots: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
_ERRORS = {"encrypted": DocumentEncrypted, "damaged": DocumentDamaged, "heavy": DocumentTooHeavy}


async def read_document(content: bytes, name: str, *, limits: Limits = LIMITS) -> Document:
    """Return what is in `content`. The type is found by content; `name` only tells kinds of text apart.

    Raises DocumentEmpty, DocumentTypeUnknown, DocumentEncrypted, DocumentBomb, DocumentDamaged, DocumentTooHeavy, or
    ReaderUnavailable where the child cannot be confined.
    """
    name = "".join(c for c in name if c.isprintable())[:200] or "file"
    media_type = await asyncio.to_thread(sniff, content, name)
    await asyncio.to_thread(guard, content, media_type)
    async with _slots.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(SLOTS)):
        code, output, complaint = await _child(content, media_type, name, limits)
    if code == 0:
        return await asyncio.to_thread(_document, output)
    word, _, detail = complaint.strip().rpartition("\n")[2].partition(":")
    if word == "unconfined":
        raise ReaderUnavailable(why=detail.strip() or "the sandbox does not hold.")
    if word == "bomb":
        raise DocumentBomb(why=detail.strip())
    if word in _ERRORS:
        raise _ERRORS[word]
    # Killed by a signal, out of memory or CPU, or aborted inside a parser.
    raise DocumentTooHeavy if code < 0 or code in (137, 152) else DocumentDamaged


def _document(output: bytes) -> Document:
    try:
        return Document.from_json(json.loads(output))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DocumentDamaged from error


async def _child(content: bytes, media_type: str, name: str, limits: Limits) -> tuple[int, bytes, str]:
    """Run the child and return (exit code, output, complaint); it is killed when time is over or the caller leaves."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-W", "ignore", "-m", "colleague.kit.documents.child", media_type, name,
        str(limits.memory), str(limits.cpu_seconds), str(limits.output),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}, limit=1 << 20,
    )  # fmt: skip
    try:
        async with asyncio.timeout(limits.wall_seconds):
            output, complaint, _ = await asyncio.gather(
                _at_most(process.stdout, limits.output), _at_most(process.stderr, 100_000), _feed(process, content)
            )
            await process.wait()
    except (TimeoutError, Flooded):
        return 137, b"", ""
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return process.returncode or 0, output, complaint.decode("utf-8", "replace")[-2000:]


class Flooded(Exception):
    """The child says more than it may."""


async def _at_most(stream: asyncio.StreamReader | None, limit: int) -> bytes:
    """Read a stream to its end; a child that was taken over must not fill the worker's memory."""
    pieces, size = [], 0
    while stream is not None and (piece := await stream.read(1 << 20)):
        size += len(piece)
        if size > limit:
            raise Flooded
        pieces.append(piece)
    return b"".join(pieces)


async def _feed(process: asyncio.subprocess.Process, content: bytes) -> None:
    if process.stdin is None:
        return
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(content)
        await process.stdin.drain()
    process.stdin.close()

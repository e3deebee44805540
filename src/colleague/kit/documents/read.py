"""Read a document in a confined child process: bounded memory, CPU, time and output, no network.

The parsers are other people's code on other people's bytes: when one aborts, the child dies, not the worker.
"""

import asyncio
import contextlib
import json
import sys
from dataclasses import dataclass

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
_SLOTS = asyncio.Semaphore(2)
_ERRORS = {"encrypted": DocumentEncrypted, "damaged": DocumentDamaged, "heavy": DocumentTooHeavy}


async def read_document(content: bytes, name: str, *, limits: Limits = LIMITS) -> Document:
    """Return what is in `content`. The type is found by content; `name` only tells kinds of text apart.

    Raises DocumentEmpty, DocumentTypeUnknown, DocumentEncrypted, DocumentBomb, DocumentDamaged, DocumentTooHeavy, or
    ReaderUnavailable where the child cannot be confined.
    """
    media_type = sniff(content, name)
    await asyncio.to_thread(guard, content, media_type)
    async with _SLOTS:
        code, output, complaint = await _child(content, media_type, name, limits)
    if code == 0:
        return Document.from_json(json.loads(output))
    word, _, detail = complaint.strip().rpartition("\n")[2].partition(":")
    if word == "unconfined":
        raise ReaderUnavailable(why=detail.strip() or "the sandbox does not hold.")
    if word == "bomb":
        raise DocumentBomb(why=detail.strip())
    if word in _ERRORS:
        raise _ERRORS[word]
    # Killed by a signal, out of memory or CPU, or aborted inside a parser.
    raise DocumentTooHeavy if code < 0 or code in (137, 152) else DocumentDamaged


async def _child(content: bytes, media_type: str, name: str, limits: Limits) -> tuple[int, bytes, str]:
    """Run the child and return (exit code, output, complaint); it is killed when time is over or the caller leaves."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-W", "ignore", "-m", "colleague.kit.documents.child", media_type, name[:200],
        str(limits.memory), str(limits.cpu_seconds), str(limits.output),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}, limit=1 << 20,
    )  # fmt: skip
    try:
        async with asyncio.timeout(limits.wall_seconds):
            output, complaint = await process.communicate(content)
    except TimeoutError:
        return 137, b"", ""
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if len(output) > limits.output:
        return 137, b"", ""
    return process.returncode or 0, output, complaint.decode("utf-8", "replace")[-2000:]

"""A readout as files: docx or pdf, on one page or in full."""

import asyncio
from dataclasses import dataclass

from colleague.kit.documents.write.formats import write
from colleague.kit.errors import Invalid
from colleague.rollout.readout.document import fitted, in_full
from colleague.rollout.readout.model import Frozen

FORMATS = ("pdf", "docx")


class ReadoutFormat(Invalid):
    """A readout is written as pdf or docx."""


@dataclass(frozen=True, slots=True)
class File:
    """A file to take away."""

    content: bytes
    media_type: str
    name: str


async def readout_file(frozen: Frozen, made_by: str, ending: str, *, whole: bool, origin: str) -> File:
    """Return the readout as a file: on one page, or the `whole` of it. `origin`: the installation's address, for links.

    Raises ReadoutFormat.
    """
    if ending not in FORMATS:
        raise ReadoutFormat
    name = f"readout-{frozen.version}{'-in-full' if whole else ''}.{ending}"
    return await asyncio.to_thread(_write, frozen, made_by, ending, whole, origin, name)


def _write(frozen: Frozen, made_by: str, ending: str, whole: bool, origin: str, name: str) -> File:
    # Word's letters are wider than those the page was measured with.
    page = None if whole else fitted(frozen, made_by, spare=2 if ending == "docx" else 0)
    content, kind = write(page or in_full(frozen, made_by, origin=origin), ending)
    return File(content, kind, name)

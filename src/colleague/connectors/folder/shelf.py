"""The folder as an index reads it: the same paths, grants and blocks as its tools."""

import asyncio
from collections.abc import AsyncIterator
from itertools import islice

from colleague.connectors.connector import Access, NotReachable
from colleague.connectors.folder.places import blocked_of, normal, opened_places, spot
from colleague.connectors.folder.search import files_below
from colleague.connectors.folder.tree import find_entry, read_file
from colleague.connectors.screen import screen
from colleague.connectors.shelf import Kept

LIMIT = 50_000_000


def _stamp(inode: object, changed: object, size: object) -> str:
    return f"{inode}:{changed}:{size}"


async def walk(place: str, access: Access) -> AsyncIterator[Kept]:
    """Give every file at or below `place` that is opened and not blocked."""
    files = files_below(access, opened_places(access, normal(place)))
    # Reading folders blocks: in a thread, a bunch at a time.
    while found := await asyncio.to_thread(lambda: list(islice(files, 200))):
        for at, key in found:
            yield Kept(at.path, _stamp(*key[2:]))


async def stamp(path: str, access: Access) -> str:
    """Return what changes when the file does; NotReachable if it is not there for these grants."""
    at = spot(access, path)
    screen(at.path, blocked=blocked_of(access))
    entry = await asyncio.to_thread(find_entry, at.root, at.parts)
    if entry is None or entry.kind != "file":
        raise NotReachable
    return _stamp(entry.inode, entry.changed_ns, entry.size)


async def fetch(path: str, access: Access) -> bytes:
    """Return the bytes of the file; its path and its type must not be blocked."""
    at = spot(access, path)
    screen(at.path, blocked=blocked_of(access))
    content = await asyncio.to_thread(read_file, at.root, at.parts, limit=LIMIT)
    await asyncio.to_thread(screen, at.path, content, blocked=blocked_of(access))
    return content

"""Find words in names and texts of opened places: bounded in time, files and memory."""

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from colleague.connectors.connector import Access, NotReachable
from colleague.connectors.excerpt import lines_of
from colleague.connectors.folder.places import Spot, begin, blocked_of, on_disk
from colleague.connectors.folder.tree import find_entry, list_folder, read_file
from colleague.connectors.screen import blocked_by, screen
from colleague.kit.documents.read import read_document
from colleague.kit.documents.unpack import kind_of
from colleague.kit.errors import Failure

SECONDS, FILES, FILE_LIMIT, CACHE_CHARACTERS = 15.0, 5000, 10_000_000, 30_000_000
# Read without a parser: a word is found in them as they are.
_PLAIN = (".txt", ".md", ".csv", ".tsv", ".json", ".log")


@dataclass(frozen=True, slots=True)
class Hit:
    """A file that holds words of the query."""

    path: str
    name: str
    excerpt: str


class TextCache:
    """Texts of files by their identity on the disk, the oldest forgotten first."""

    def __init__(self, limit: int = CACHE_CHARACTERS) -> None:
        """Take how many characters are kept."""
        self._texts: OrderedDict[tuple[object, ...], str] = OrderedDict()
        self._size, self._limit = 0, limit

    def get(self, key: tuple[object, ...]) -> str | None:
        """Return the text kept under `key`, if any."""
        if key in self._texts:
            self._texts.move_to_end(key)
        return self._texts.get(key)

    def put(self, key: tuple[object, ...], text: str) -> None:
        """Keep a text."""
        self._size += len(text) - len(self._texts.pop(key, ""))
        self._texts[key] = text
        while self._size > self._limit and self._texts:
            self._size -= len(self._texts.popitem(last=False)[1])


async def search(
    access: Access, places: Sequence[str], query: str, limit: int, cache: TextCache
) -> tuple[list[Hit], bool]:
    """Return the best hits in `places`, and whether everything could be looked at in time."""
    words = list(dict.fromkeys(re.findall(r"\w+", query.casefold())))[:20]
    if not words:
        return [], True
    deadline = time.monotonic() + SECONDS
    scored: list[tuple[float, str, Hit]] = []
    complete = True
    for number, (spot, key) in enumerate(files_below(access, places)):
        if number >= FILES or time.monotonic() > deadline:
            complete = False
            break
        text = cache.get(key)
        if text is None:
            text = await _text_of(access, spot, max(0.1, deadline - time.monotonic()))
            if text is None:
                complete, text = False, ""
            else:
                cache.put(key, text)
        name, folded = spot.path.casefold(), text.casefold()
        score = sum(3.0 * (w in name) + (w in folded) for w in words)
        if score and all(w in name or w in folded for w in words):
            score += 5
        if score:
            hit = Hit(spot.path, spot.path.rpartition("/")[2], around(text, folded, words))
            scored.append((-score, spot.path, hit))
    return [hit for _, _, hit in sorted(scored, key=lambda s: s[:2])[:limit]], complete


def around(text: str, folded: str, words: Sequence[str], width: int = 300) -> str:
    """Return the stretch of `text` about the first of `words` it holds, on one line."""
    found = [at for at in (folded.find(w) for w in words) if at >= 0]
    start = max(0, min(found) - width // 3) if found else 0
    return " ".join(text[start : start + width].split())


def files_below(access: Access, places: Sequence[str]) -> Iterator[tuple[Spot, tuple[object, ...]]]:
    """Give every file below `places` that is not blocked, and a key that changes when its content does."""
    account, blocked = access.account, blocked_of(access).paths
    waiting = list(reversed(begin(account, places)))
    while waiting:
        path = waiting.pop()
        try:
            spot = on_disk(account, path)
            itself = find_entry(spot.root, spot.parts)
            entries = list_folder(spot.root, spot.parts) if itself and itself.kind == "folder" else []
        except NotReachable:
            continue
        if itself and itself.kind == "file" and not blocked_by(path, blocked):
            yield spot, (spot.root, spot.parts, itself.inode, itself.changed_ns, itself.size)
        folders = []
        for entry in entries:
            below = f"{path}/{entry.name}" if path else entry.name
            if blocked_by(below, blocked):
                continue
            if entry.kind == "folder":
                folders.append(below)
            else:
                parts = (*spot.parts, entry.name)
                yield Spot(spot.root, parts, below), (spot.root, parts, entry.inode, entry.changed_ns, entry.size)
        waiting += reversed(folders)


async def _text_of(access: Access, spot: Spot, seconds: float) -> str | None:
    """Return the text of a file, "" if it has none that can be read; None if there was no time for it."""
    try:
        content = await asyncio.to_thread(read_file, spot.root, spot.parts, limit=FILE_LIMIT)
        await asyncio.to_thread(screen, spot.path, content, blocked=blocked_of(access))
        if spot.parts[-1].casefold().endswith(_PLAIN) and kind_of(content) == "text/plain":
            return content.decode(errors="replace")
        async with asyncio.timeout(seconds):
            document = await read_document(content, spot.parts[-1])
    except TimeoutError:
        return None
    except Failure:
        return ""
    return "\n".join(line for block in document.blocks for line in lines_of(block))

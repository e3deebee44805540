"""The tools with which a task finds and reads documents of sets. They only read, as the person, at this moment."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from colleague.connectors.connector import Result, Tool
from colleague.connectors.excerpt import excerpt
from colleague.kit.documents.model import Document
from colleague.kit.documents.read import read_document
from colleague.kit.errors import NotFound
from colleague.library.parts import Library
from colleague.library.search import open_document, search
from colleague.policy.model import Label, Role, Tier

NOTHING: Final = "This is not in the documents you may read."


class DocumentNotThere(NotFound):
    """There is no such document, or it is not open to you any more."""


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


_ID: Final = {"type": "string", "minLength": 1, "maxLength": 40}
_PAGE: Final = {"type": "integer", "minimum": 1, "maximum": 100_000}

LIBRARY_TOOLS: Final = (
    Tool(
        "search_library", "Search document sets",
        "Find passages in the document sets that the person may read, each with the place to cite. Ask in the words of "
        "the documents. If nothing is found, say that it is not in the documents they may read.",
        _object(["query"], query={"type": "string", "minLength": 1, "maxLength": 1000}, set=_ID),
        Tier.READ, {"query": Role.CONTENT, "set": Role.OPTION},
    ),
    Tool(
        "read_library", "Read a document of a set",
        "Read a document that search_library has found, by its id: all of it or the pages from `first` to `last`.",
        _object(["id"], id=_ID, first=_PAGE, last=_PAGE),
        Tier.READ, {"id": Role.OPTION, "first": Role.OPTION, "last": Role.OPTION},
    ),
)  # fmt: skip
NAMES: Final = frozenset(t.name for t in LIBRARY_TOOLS)


async def use(
    tool: str, arguments: Mapping[str, Any], *, person: str, sets: tuple[str, ...], library: Library
) -> Result:
    """Search or read for `person`. `sets`: where to search unless the call names one."""
    if tool == "search_library":
        chosen = (str(arguments["set"]),) if arguments.get("set") else sets
        return await _search(str(arguments["query"]), person, chosen, library)
    return await _read(arguments, person, library)


async def _search(query: str, person: str, sets: tuple[str, ...], library: Library) -> Result:
    found = await search(library, person, query, sets=sets)
    hits = [
        {"id": h.document, "name": h.name, "path": h.path, "where": h.place, "heading": h.heading,
         "excerpt": h.text, "changed": h.changed}
        for h in found.hits
    ]  # fmt: skip
    lines = [
        f"[{h.cite}] (id {h.document}{', changed since it was indexed: read it' if h.changed else ''})"
        f"{f' {h.heading}' if h.heading else ''}\n{h.text}"
        for h in found.hits
    ]
    return Result("\n\n".join(lines) or NOTHING, {"passages": hits}, found.label)


async def _read(arguments: Mapping[str, Any], person: str, library: Library) -> Result:
    first, last = int(arguments.get("first") or 1), arguments.get("last")
    found = await read(library, person, str(arguments["id"]))
    part = excerpt(found.document, first, last)
    data = {
        "document": part.document.to_json(), "name": found.name, "next": part.next, "place": found.path or found.name,
        "sha256": found.sha256,
    }  # fmt: skip
    note = "[This is the present text: it has changed since it was indexed.]\n" if found.changed else ""
    return Result(note + part.text, data, found.label)


@dataclass(frozen=True, slots=True)
class Opened:
    """A document as its source holds it now; `path` is "" for a file of a project."""

    set: str
    name: str
    path: str
    document: Document
    label: Label
    sha256: str
    changed: bool


async def read(library: Library, person: str, document: str) -> Opened:
    """Return a document as the source holds it now, and whether it has changed since it was indexed.

    Raises DocumentNotThere, or what the connector and the reader raise.
    """
    opened = await open_document(library, person, document)
    if opened is None:
        raise DocumentNotThere
    row, way, file = opened
    if file is not None:
        return Opened(row.set_id, row.name, "", Document.from_json(file.document), way.label, file.sha256, False)
    if way.shelf is None or way.reading is None:
        raise DocumentNotThere
    try:
        content = await way.shelf.fetch(row.path, way.reading)
    except NotFound:
        raise DocumentNotThere from None
    sha256 = hashlib.sha256(content).hexdigest()
    found = await read_document(content, row.name)
    return Opened(row.set_id, row.name, row.path, found, way.label, sha256, sha256 != row.sha256)

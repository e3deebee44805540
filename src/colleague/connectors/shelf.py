"""What an index needs of a place, beside its tools: which documents lie there, and their bytes. It only reads.

Not a tool: nothing a model says reaches it. What it gives is filtered by the grants it is handed, like a call.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from colleague.connectors.connector import Access


@dataclass(frozen=True, slots=True)
class Kept:
    """A document in a place: its path in the notation of grants, and a stamp that changes whenever it does."""

    path: str
    stamp: str


@runtime_checkable
class Shelf(Protocol):
    """A connector whose documents can be indexed."""

    def walk(self, place: str, access: Access) -> AsyncIterator[Kept]:
        """Give every document at or below `place` that the grants open and nothing blocks."""
        ...

    async def stamp(self, path: str, access: Access) -> str:
        """Return the document's stamp now; NotReachable if it is gone, closed or blocked."""
        ...

    async def fetch(self, path: str, access: Access) -> bytes:
        """Return the document's bytes; NotReachable and others, as reading it would."""
        ...

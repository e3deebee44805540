"""What a connector needs so that people can take back what a task changed: the version before each change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from colleague.connectors.connector import Access, Result
from colleague.kit.errors import Conflict, NotFound


class ChangedMeanwhile(Conflict):
    """The file was changed by somebody else in the meantime: look at it again."""


class NothingToUndo(Conflict):
    """It is as it was before this task already."""


class NotKept(NotFound):
    """The version before is not kept any more (it is for 30 days)."""


@dataclass(frozen=True, slots=True)
class Done:
    """A change to take back, by the idempotency key it was made with. `surely`: it is known that it took effect."""

    key: str
    surely: bool = True


@runtime_checkable
class Undoes(Protocol):
    """A connector that keeps the version before a change."""

    undo_days: int

    def undo_as(self, place: str) -> tuple[str, Mapping[str, Any]]:
        """Return the tool and arguments by which the rules decide whether `place` may be put back."""
        ...

    async def undo(self, place: str, changes: Sequence[Done], access: Access) -> Result:
        """Put `place` back as it was before the first of `changes` (oldest first), once for the access's key.

        Raises ChangedMeanwhile if anybody else changed it since or in between, NothingToUndo, NotKept, NotReachable.
        """
        ...

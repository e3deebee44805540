"""The tasks of a project, for pages of this floor: the floor above says which there are and who sees them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from colleague.identity.actor import Actor
from colleague.kit.db import Session


@dataclass(frozen=True, slots=True)
class Work:
    """`listed` gives the tasks of a project that the actor may see, newest first; `seen` says it of one task."""

    listed: Callable[[Session, Actor, str], Awaitable[Sequence[Any]]]
    seen: Callable[[Session, Actor, str], Awaitable[bool]]

"""For doors (api, console): fetch a part of the house by its type. The composition root fills `app.state.parts`."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar, cast

from fastapi import Depends, Request

from colleague.kit.clock import Clock, SystemClock
from colleague.kit.db import Database
from colleague.kit.settings import Settings
from colleague.kit.streams import Streams

T = TypeVar("T")


def part(kind: type[T]) -> Callable[[Request], T]:
    """Return a dependency that gives the part of type `kind`."""

    def find(request: Request) -> T:
        return cast(T, request.app.state.parts[kind])

    return find


def _clock(request: Request) -> Any:
    return request.app.state.parts.get(Clock) or SystemClock()


Db = Annotated[Database, Depends(part(Database))]
Live = Annotated[Streams, Depends(part(Streams))]
Config = Annotated[Settings, Depends(part(Settings))]
Time = Annotated[Clock, Depends(_clock)]

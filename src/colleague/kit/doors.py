"""For doors (api, console): fetch a part of the house by its type. The composition root fills `app.state.parts`."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, TypeVar, cast

from fastapi import Depends, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from colleague.kit.clock import Clock, SystemClock
from colleague.kit.db import Database, Session
from colleague.kit.errors import Forbidden
from colleague.kit.settings import Settings
from colleague.kit.streams import Streams

T = TypeVar("T")


class NotSignedIn(Forbidden):
    """Sign in first."""


@dataclass(frozen=True, slots=True)
class Names:
    """Names of people by id, for floors that know no people: the composition root says who finds them."""

    find: Callable[[Session, Iterable[str]], Awaitable[dict[str, str]]]


class Asker(Protocol):
    """Who asks, as far as the lowest floors need to know."""

    @property
    def id(self) -> str:
        """Return the person's id."""
        ...

    def require(self, permission: str) -> None:
        """Raise a Forbidden unless the asker holds `permission`."""
        ...


# Dependencies are coroutines, though they wait for nothing: FastAPI hands each plain function to a thread, for every
# request.
async def asker(request: Request) -> Asker:
    """Return who asks; NotSignedIn if nobody did. The web door puts them there."""
    actor = getattr(request.state, "actor", None)
    if actor is None:
        raise NotSignedIn
    return cast(Asker, actor)


def lead_to(request: Request, path: str) -> Response:
    """Send a browser on to `path` (303); tell the page's own script, which sends what was kept, where that leads."""
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"to": path})
    return RedirectResponse(path, 303)


def part(kind: type[T]) -> Callable[[Request], Awaitable[T]]:
    """Return a dependency that gives the part of type `kind`."""

    async def find(request: Request) -> T:
        return cast(T, request.app.state.parts[kind])

    return find


async def _clock(request: Request) -> Any:
    return request.app.state.parts.get(Clock) or SystemClock()


Asking = Annotated[Asker, Depends(asker)]
Db = Annotated[Database, Depends(part(Database))]
Live = Annotated[Streams, Depends(part(Streams))]
Config = Annotated[Settings, Depends(part(Settings))]
Time = Annotated[Clock, Depends(_clock)]

"""What every door stands on, handed over by the composition root; and what all of them say and refuse alike."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, Protocol

from fastapi import Depends, Request

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.channels.addresses.find import find_bound
from colleague.channels.addresses.model import Bound
from colleague.dispatch.doors.workspace import Workspace
from colleague.dispatch.model import Channel, Incoming, Reply
from colleague.dispatch.parts import DispatchParts
from colleague.dispatch.receive.receive import receive
from colleague.dispatch.triggers.drill import triggers_for
from colleague.dispatch.voice.hear import Ears
from colleague.dispatch.voice.notes import transcribe
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session
from colleague.kit.doors import part
from colleague.kit.errors import Failure, Invalid, NotFound, Unavailable
from colleague.kit.http import Egress
from colleague.kit.log import get_log
from colleague.kit.rate import Rate
from colleague.kit.secrets import Secrets
from colleague.kit.settings import Settings

log = get_log("dispatch")

AGAIN = "Colleague could not take this just now. Nothing was done: please send it again in a minute."


class DoorClosed(NotFound):
    """{what} is not set up here: see the guide on the channels of Dispatch."""


class TooLong(Invalid):
    """This is larger than a message may be."""


class TooOften(Unavailable):
    """Too many requests at once. Try again in a few seconds."""


class NotTaken(Unavailable):
    """This could not be taken just now. Nothing was done: send it again in a minute."""


class Desk(Protocol):
    """What takes mails to the support address: a floor above Dispatch, handed over by the composition root."""

    async def knows(self, sender: str) -> bool:
        """Say whether somebody here has this mail address: of a stranger's mail nothing is read."""
        ...

    async def take(self, sender: str, id_: str, subject: str, text: str, *, files: int = 0) -> tuple[str, bool]:
        """Keep a mail as a ticket, the same mail once; return what its sender is told and whether it was kept."""
        ...


@dataclass(frozen=True, slots=True)
class Doors:
    """The parts.

    `receive` is the one pipeline behind all doors; `triggers` lists what a person may start, `hear` writes down what
    somebody says in a recording.
    """

    settings: Settings
    database: Database
    ledger: Ledger
    clock: Clock
    egress: Egress
    receive: Callable[[Incoming], Awaitable[Reply]]
    secrets: Secrets
    triggers: Callable[[Session, Actor], Awaitable[list[dict[str, Any]]]]
    hear: Callable[[Actor, bytes], Awaitable[str]]
    slack: Workspace | None = None
    desk: Desk | None = None
    callers: Rate = field(default_factory=lambda: Rate(50))
    voices: Rate = field(default_factory=lambda: Rate(0.5))
    strangers: Rate = field(default_factory=lambda: Rate(2))
    kept: Rate = field(default_factory=lambda: Rate(1))

    @staticmethod
    def of(parts: DispatchParts, *, egress: Egress, ears: Ears, desk: Desk | None = None) -> "Doors":
        """Return the doors before the pipeline that works with `parts`."""
        tasks, settings = parts.tasks, parts.settings
        return Doors(
            settings, tasks.database, tasks.ledger, tasks.clock, egress, partial(receive, parts=parts), tasks.secrets,
            triggers_of, partial(transcribe, ears=ears), Workspace.of(settings, egress),
            desk,
        )  # fmt: skip

    async def bound(self, kind: str, address: str) -> Bound | None:
        """Return whose address it is."""
        async with self.database.transaction() as session:
            return await find_bound(session, kind, address)

    async def refuse(self, channel: Channel, why: Failure, *, caller: str = "", sender: str = "") -> None:
        """Put on record that something did not get in at a door; TooOften for a caller who goes on and on.

        At most two a second of one channel are written down: what a stranger can do without end fills no ledger.
        """
        if self.kept.allows(channel):
            facts = {"channel": channel, "code": why.code}
            if sender:
                facts["sender"] = self.secrets.mark(sender, context=f"sender {channel}")
            async with self.database.transaction() as session:
                await self.ledger.record(session, Event("dispatch_door.refused", "system", subject=channel, data=facts))
        if caller and not self.strangers.allows(caller):
            raise TooOften

    async def taken(self, incoming: Incoming) -> Reply | None:
        """Hand a message on; None if that failed, whatever the fault was: then nothing was done.

        INVARIANT: `receive` does its work or nothing, so that a fault never looks like an answer.
        """
        try:
            return await self.receive(incoming)
        except Exception as error:
            log.error("message not taken", channel=incoming.channel, error=type(error).__name__)
            return None


async def triggers_of(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """Return what a person may start, as programs see it."""
    return [
        {"name": t.wording.name, "pattern": t.wording.pattern, "about": t.wording.about, "example": t.wording.example,
         "tier": t.wording.tier.name.lower()}
        for t in await triggers_for(session, actor)
    ]  # fmt: skip


TheDoors = Annotated[Doors, Depends(part(Doors))]


def caller_of(request: Request) -> str:
    """Return the address a request comes from."""
    return request.client.host if request.client else ""


async def body_of(request: Request, *, limit: int) -> bytes:
    """Return the body of a request; TooLong, without reading on, if it is larger than `limit` bytes."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > limit:
            raise TooLong
    return bytes(raw)


def public_url(doors: Doors, request: Request) -> str:
    """Return the address the outside knows for `request`: the operator's word, never the Host header."""
    query = request.scope.get("query_string", b"").decode("latin-1")
    return doors.settings.url + request.url.path + (f"?{query}" if query else "")

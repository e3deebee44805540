"""For doors: who is asking. The web door puts the actor on the request; nobody else does."""

from typing import Annotated

from fastapi import Depends, Request

from colleague.identity.actor import Actor
from colleague.kit.doors import NotSignedIn


async def current_actor(request: Request) -> Actor:
    """Return who asks; NotSignedIn if nobody did."""
    actor = getattr(request.state, "actor", None)
    if not isinstance(actor, Actor):
        raise NotSignedIn
    return actor


Current = Annotated[Actor, Depends(current_actor)]

"""Pages of Dispatch: say a command, see what came of it; the test bench; what came in for everybody."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, Response

from colleague.dispatch.model import Incoming
from colleague.dispatch.parts import DispatchParts
from colleague.dispatch.receive.bench import try_out
from colleague.dispatch.receive.receive import receive
from colleague.dispatch.receive.view import get_message, list_messages
from colleague.dispatch.triggers.drill import drilled, triggers_for
from colleague.files.receive import read_uploads
from colleague.identity.current import Current
from colleague.identity.directory import find_by_email
from colleague.kit.doors import lead_to, part
from colleague.kit.once import Sending
from colleague.kit.page import Page

router = APIRouter(include_in_schema=False)
TheParts = Annotated[DispatchParts, Depends(part(DispatchParts))]
CHANNELS = {
    "form": "this page", "sms": "text message", "slack": "Slack", "email": "mail", "voice": "voice note",
    "api": "a program",
}  # fmt: skip


@router.get("/dispatch")
async def home(request: Request, page: Page, parts: TheParts, actor: Current, text: str = "") -> HTMLResponse:
    """Show the form, the commands that are open to the person, and what they said last."""
    actor.require("own:dispatch:use")
    async with parts.tasks.database.transaction() as session:
        triggers = await triggers_for(session, actor)
        messages = await list_messages(session, actor, limit=12)
        passed = await drilled(session, actor.id)
    return page.show(
        request, "dispatch/home.html", triggers=triggers, messages=messages, drilled=passed, text=text[:1600],
        once=str(uuid.uuid4()), channels=CHANNELS,
    )  # fmt: skip


@router.post("/dispatch")
async def say(
    request: Request, parts: TheParts, actor: Current, sending: Sending, text: Annotated[str, Form()] = "",
    once: Annotated[str, Form()] = "", files: Annotated[list[UploadFile] | None, File()] = None,
) -> Response:  # fmt: skip
    """Take a command from the page; the same one sent again is the same one."""
    actor.require("own:dispatch:use")
    key = sending.key or once[:80] or str(uuid.uuid4())
    uploads = await read_uploads(files or [], parts.settings.upload_limit)
    message = Incoming(
        "form", "", f"{actor.id} {key}", text, parts.tasks.clock.now(), files=tuple(uploads), person=actor.id,
        holds=actor.held,
    )  # fmt: skip
    reply = await receive(message, parts=parts)
    return lead_to(request, f"/dispatch/messages/{reply.message}")


@router.get("/dispatch/messages/{message}")
async def show(request: Request, page: Page, parts: TheParts, actor: Current, message: str) -> HTMLResponse:
    """Show one message: what was said back, and the record."""
    async with parts.tasks.database.transaction() as session:
        shown = await get_message(session, actor, message)
    return page.show(request, "dispatch/message.html", message=shown, channels=CHANNELS)


@router.get("/dispatch/activity")
async def activity(
    request: Request, page: Page, parts: TheParts, actor: Current, before: str = "", own: bool = False
) -> HTMLResponse:  # fmt: skip
    """List what came in: everybody's for those who may see it, else one's own."""
    everybody = actor.may("org:dispatch:read") and not own
    if not everybody:
        actor.require("own:dispatch:use")
    async with parts.tasks.database.transaction() as session:
        messages = await list_messages(session, actor, everybody=everybody, before=before)
    return page.show(
        request, "dispatch/activity.html", messages=messages, everybody=everybody, more=len(messages) == 30,
        channels=CHANNELS,
    )  # fmt: skip


@router.get("/dispatch/bench")
async def bench(
    request: Request, page: Page, parts: TheParts, actor: Current, text: str = "", person: str = "",
    channel: str = "form",
) -> HTMLResponse:  # fmt: skip
    """Show what a message would do; nothing happens."""
    if not actor.may("org:dispatch:read"):
        actor.require("own:dispatch:use")
    tried, missing = None, False
    async with parts.tasks.database.transaction() as session:
        whose = await find_by_email(session, person) if person else None
        missing = bool(person) and whose is None
        if text.strip() and not missing:
            about = whose.id if whose else actor.id
            tried = await try_out(session, actor, about, text[:4000], channel, parts=parts)
    return page.show(
        request, "dispatch/bench.html", tried=tried, missing=missing, text=text[:4000], person=person[:200],
        channel=channel, channels=CHANNELS,
    )  # fmt: skip

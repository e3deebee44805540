"""/dispatch/in/slack: the slash command, direct messages and mentions, the buttons of approvals."""

from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from colleague.channels.slack import escaped
from colleague.dispatch.doors.answers.send import answer_to
from colleague.dispatch.doors.parts import AGAIN, DoorClosed, Doors, NotTaken, TheDoors, TooOften, body_of, caller_of
from colleague.dispatch.doors.slack.press import press
from colleague.dispatch.doors.slack.read import Challenge, Said, command, event, interaction
from colleague.dispatch.doors.slack.verify import BadSlackSignature, verify
from colleague.dispatch.doors.workspace import Workspace
from colleague.dispatch.model import Incoming
from colleague.kit.errors import Forbidden

router = APIRouter(prefix="/dispatch/in/slack", include_in_schema=False)
BODY = 500_000


class AnotherWorkspace(Forbidden):
    """This Slack workspace is not the one that is heard here."""


async def _verified(request: Request, doors: Doors) -> tuple[Workspace, bytes]:
    """Return the workspace and the body of a request of Slack; the refusal is on record."""
    secret, workspace = doors.settings.slack_signing_secret, doors.slack
    if secret is None or workspace is None:
        raise DoorClosed(what="Slack")
    body = await body_of(request, limit=BODY)
    try:
        verify(
            secret.get_secret_value(), body, timestamp=request.headers.get("x-slack-request-timestamp"),
            given=request.headers.get("x-slack-signature"), now=doors.clock.now(),
        )  # fmt: skip
    except BadSlackSignature as error:
        await doors.refuse("slack", error, caller=caller_of(request))
        raise
    # Only what is signed counts: nobody uses the door up for others by knocking.
    if not doors.callers.allows("slack"):
        raise TooOften
    return workspace, body


async def _ours(doors: Doors, workspace: Workspace, team: str, user: str) -> str:
    """Return «TEAM:USER»; AnotherWorkspace, on record, for somebody from elsewhere."""
    if team != await workspace.team():
        error = AnotherWorkspace()
        await doors.refuse("slack", error, sender=f"{team}:{user}")
        raise error
    return f"{team}:{user}"


@router.post("/commands")
async def commands(request: Request, doors: TheDoors) -> Response:
    """Take a slash command; the answer is seen by its sender only."""
    workspace, body = await _verified(request, doors)
    try:
        said = command(body)
        sender = await _ours(doors, workspace, said.team, said.user)
    except AnotherWorkspace:
        return Response()
    if said.text.casefold() == "link":
        return _beside(await _invitation(doors, sender))
    reply = await doors.taken(_incoming(doors, said, sender))
    if reply is None:
        # Slack shows its own words for a fault, to whoever it is: ours only go to people we know.
        return Response() if await doors.bound("slack", sender) is None else _beside(AGAIN)
    return Response() if reply.state == "silent" else _beside(reply.text)


@router.post("/events")
async def events(request: Request, doors: TheDoors) -> Response:
    """Take what was said to us; the answer follows in the conversation. Slack repeats what was not taken."""
    workspace, body = await _verified(request, doors)
    said = event(body)
    if isinstance(said, Challenge):
        return PlainTextResponse(said.text)
    if said is None:
        return Response()
    try:
        sender = await _ours(doors, workspace, said.team, said.user)
    except AnotherWorkspace:
        return Response()
    incoming = _incoming(doors, said, sender)
    reply = await doors.taken(incoming)
    if reply is None:
        raise NotTaken
    to, _, thread = said.place.partition(":")
    async with doors.database.transaction() as session:
        await answer_to(session, incoming, reply, to, {"thread": thread}, clock=doors.clock)
    return Response()


@router.post("/interactions")
async def interactions(request: Request, doors: TheDoors) -> Response:
    """Take a button of an approval."""
    workspace, body = await _verified(request, doors)
    try:
        pressed = interaction(body)
        sender = await _ours(doors, workspace, pressed.team, pressed.user) if pressed else ""
    except AnotherWorkspace:
        return Response()
    if pressed is not None:
        await press(doors, workspace, sender, pressed)
    return Response()


async def _invitation(doors: Doors, sender: str) -> str:
    """Return what an account hears that asks to be bound: the one thing that a stranger gets.

    The link holds no secret: on the page a code is asked for, which comes to this account, and to no other.
    """
    if await doors.bound("slack", sender) is not None:
        return "This Slack account is bound already. You can end that in Colleague, under «Your phone and accounts»."
    link = f"{doors.settings.url}/dispatch/channels?{urlencode({'kind': 'slack', 'address': sender})}"
    return f"To use this account with Colleague, sign in there and ask for a code, which comes to you here: {link}"


def _incoming(doors: Doors, said: Said, sender: str) -> Incoming:
    return Incoming("slack", sender, said.id, said.text, said.at or doors.clock.now(), said.place)


def _beside(text: str) -> Response:
    return JSONResponse({"response_type": "ephemeral", "text": escaped(text)})

"""POST /dispatch/in/sms: a text message comes in, its answer goes back in the response."""

import asyncio
from dataclasses import replace
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import Response

from colleague.channels.addresses.model import Bound
from colleague.dispatch.doors.parts import AGAIN, DoorClosed, Doors, TheDoors, TooOften, body_of, caller_of, public_url
from colleague.dispatch.doors.sms.media import AUDIO, Files, fetch
from colleague.dispatch.doors.sms.read import Text, read
from colleague.dispatch.doors.sms.stop import stop
from colleague.dispatch.doors.sms.twiml import twiml
from colleague.dispatch.doors.sms.verify import BadSignature, NotAMessage, verify
from colleague.dispatch.model import Incoming
from colleague.dispatch.voice.hear import NotWrittenDown
from colleague.identity.directory import actor_of
from colleague.kit.errors import Failure

router = APIRouter(include_in_schema=False)
# The provider waits fifteen seconds for an answer.
BODY, PATIENCE = 64_000, 9.0
UNHEARD = "Your voice note could not be written down. Nothing was done: please type it."


@router.post("/dispatch/in/sms")
async def text_message(request: Request, doors: TheDoors) -> Response:
    """Take a webhook of the provider; answer in TwiML."""
    settings, caller = doors.settings, caller_of(request)
    if not settings.sms_account or settings.sms_token is None or not settings.sms_from:
        raise DoorClosed(what="The door for text messages")
    try:
        pairs = _pairs(await body_of(request, limit=BODY))
        signed = request.headers.get("x-twilio-signature")
        given = verify(settings.sms_token.get_secret_value(), public_url(doors, request), pairs, signed)
        text = read(given, account=settings.sms_account, number=settings.sms_from)
    except (BadSignature, NotAMessage) as error:
        await doors.refuse("sms", error, caller=caller)
        raise
    # Only what is signed counts: nobody uses the door up for others by knocking.
    if not doors.callers.allows("sms"):
        raise TooOften
    return Response(twiml(await take(doors, text)), media_type="application/xml")


def _pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=200)
    except ValueError:
        raise NotAMessage(why="it is no form") from None


async def take(doors: Doors, text: Text) -> str:
    """Do what a verified text message asks for; return what goes back, "" for nothing."""
    if text.stop:
        await stop(doors, text.sender)
        # The provider itself confirms a stop; from us nothing goes there any more.
        return ""
    bound = await doors.bound("sms", text.sender)
    try:
        # For a stranger nothing is fetched: whoever it is gets nothing, and costs nothing.
        files = await fetch(doors, text.id, text.media) if bound is not None else ()
    except NotAMessage as error:
        await doors.refuse("sms", error, sender=text.sender)
        return ""
    except Failure as error:
        return f"{error.message} Nothing was done: please send it again."
    if bound is not None and _is_voice(text, files):
        words, heard = await listen(doors, bound, files[0][1])
        if not heard:
            return words
        incoming = replace(_incoming(doors, text), channel="voice", text=words)
    else:
        incoming = _incoming(doors, text, files)
    reply = await doors.taken(incoming)
    if reply is None:
        return AGAIN if bound is not None else ""
    return "" if reply.state == "silent" else reply.text


def _is_voice(text: Text, files: Files) -> bool:
    """Say whether a message is one recording and nothing else."""
    return not text.text.strip() and len(files) == 1 and files[0][0].rpartition(".")[2] in AUDIO


async def listen(doors: Doors, bound: Bound, recording: bytes) -> tuple[str, bool]:
    """Return what is said in a recording, or why it was not heard; whether it was."""
    if not doors.voices.allows(bound.person_id):
        return f"{TooOften().message} Nothing was done.", False
    try:
        async with doors.database.transaction() as session:
            actor = await actor_of(session, person_id=bound.person_id, via="dispatch")
        async with asyncio.timeout(PATIENCE):
            return await doors.hear(actor, recording), True
    except (TimeoutError, NotWrittenDown):
        # The recording is not kept: what the phone page says of its own does not hold here.
        return UNHEARD, False
    except Failure as error:
        return f"{error.message} Nothing was done.", False


def _incoming(doors: Doors, text: Text, files: Files = ()) -> Incoming:
    return Incoming("sms", text.sender, text.id, text.text, doors.clock.now(), text.sender, files)

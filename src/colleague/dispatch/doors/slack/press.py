"""A button of an approval in Slack: the same door as the page, by the person the account is bound to."""

from colleague.approvals.answer import (
    AlreadyDecided,
    ApprovalExpired,
    ApprovalNotFound,
    ApprovalWithdrawn,
    answer,
)
from colleague.dispatch.doors.parts import Doors, log
from colleague.dispatch.doors.slack.read import Pressed
from colleague.dispatch.doors.workspace import Workspace
from colleague.identity.directory import actor_of
from colleague.kit.errors import Failure, Forbidden

_OVER = (AlreadyDecided, ApprovalExpired, ApprovalWithdrawn)


class UnknownSender(Forbidden):
    """This account is nobody's here."""


async def press(doors: Doors, workspace: Workspace, sender: str, pressed: Pressed) -> None:
    """Answer an approval as the person `sender` is bound to, and rewrite the message. Strangers get nothing.

    Once the answer is recorded it stands, also where the message could not be rewritten: pressing again says so.
    """
    bound = await doors.bound("slack", sender)
    if bound is None:
        await doors.refuse("slack", UnknownSender(), sender=sender)
        return
    words, instead = await _decided(doors, bound.person_id, pressed)
    try:
        await workspace.rewrite(pressed.back, words, instead=instead)
    except Failure as error:
        log.warning("slack message not rewritten", error=error.code)


async def _decided(doors: Doors, person: str, pressed: Pressed) -> tuple[str, bool]:
    """Return what the person is told, and whether it stands in place of the buttons."""
    try:
        async with doors.database.transaction() as session:
            actor = await actor_of(session, person_id=person, via="dispatch")
            actor.require("own:dispatch:use")
            await answer(
                session, actor, pressed.approval, "approved" if pressed.verdict == "approved" else "denied",
                digest=pressed.digest, ledger=doors.ledger, clock=doors.clock,
            )  # fmt: skip
            at = doors.clock.now()
    except _OVER as error:
        return error.message, True
    except ApprovalNotFound as error:
        return error.message, False
    except Failure as error:
        return f"{error.message} Nothing was decided.", False
    except Exception as error:
        log.error("approval not answered", error=type(error).__name__)
        return "This could not be done just now. Nothing was decided: press again in a minute.", False
    return f"{pressed.verdict.capitalize()} by {actor.name} at {at:%H:%M} (UTC).", True

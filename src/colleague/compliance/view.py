"""What is kept how long, what goes soon and what is kept although its days have passed; each night's certificate."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from colleague.compliance.certificate import check_certificate
from colleague.compliance.holds import READ
from colleague.compliance.tables import RetentionRunRow
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.documents.model import Block, Draft
from colleague.kit.documents.write.pdf import write_pdf
from colleague.kit.errors import NotFound
from colleague.policy.governance import current_governance
from colleague.tasks.keeping.held import holds_on_tasks
from colleague.tasks.keeping.until import Keeping, going_before

SOON, MOST, PAGES = timedelta(days=30), 500, 40


class NoSuchRun(NotFound):
    """There is no such run of retention, or it has not ended."""


@dataclass(frozen=True, slots=True)
class Going:
    """A task that goes soon, or is kept although its surface's days have passed; `why` it is kept, "" if it goes."""

    task: str
    person: str
    surface: str
    touched: datetime
    at: datetime
    why: str

    def to_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "task": self.task, "person": self.person, "surface": self.surface, "touched": self.touched.isoformat(),
            "goes": self.at.isoformat() if not self.why else None, "kept": self.why,
        }  # fmt: skip


async def dry_look(session: Session, actor: Actor, *, clock: Clock) -> list[Going]:
    """Return what goes in the next thirty days, and what is kept and why, without a word of anything. Deletes nothing.

    At most five hundred, those that were touched longest ago first.
    """
    actor.require(READ)
    governance, until = await current_governance(session), clock.now() + SOON
    found: list[Going] = []
    place: tuple[datetime, str] | None = None
    for _ in range(PAGES):
        due, place = await going_before(session, until, governance, after=place)
        holds = await holds_on_tasks(session, [one.task for one in due])
        for one in due:
            why = _kept(one, [hold.name for hold in holds.get(one.task, ())], until)
            found.append(Going(one.task, one.person, one.surface, one.touched, one.until.at, why))
        if place is None or len(found) >= MOST:
            break
    return found[:MOST]


def _kept(one: Keeping, holds: Sequence[str], until: datetime) -> str:
    if holds:
        return f"legal hold: {', '.join(holds)}"
    if one.until.at > until:
        return f"by law until {one.until.at:%Y-%m-%d}: {one.until.rule}"
    return "" if one.ends else "the agent is at work on it"


async def list_runs(session: Session, actor: Actor) -> list[RetentionRunRow]:
    """Return the runs of retention that ended, newest first."""
    actor.require(READ)
    query = select(RetentionRunRow).where(RetentionRunRow.ended_at.is_not(None))
    return list(await session.scalars(query.order_by(RetentionRunRow.ended_at.desc()).limit(100)))


async def certificate_of(session: Session, actor: Actor, run: str) -> str:
    """Return the signed certificate of a run; NoSuchRun."""
    actor.require(READ)
    text = await session.scalar(select(RetentionRunRow.certificate).where(RetentionRunRow.id == run))
    if not text:
        raise NoSuchRun
    return text


def paper(certificate: str) -> bytes:
    """Return a certificate as PDF for people; what is verified is the JSON, which stands in it whole."""
    said = check_certificate(certificate)
    body = said.body
    blocks = [
        Block("paragraph", f"Run {body['run']}, from {body['began_at']} to {body['ended_at']}."),
        Block("paragraph", f"Kept for: {', '.join(body['retention'])} (days after the last touch)."),
        *(Block("paragraph", f"Longer by law: {law}.") for law in body["kept_by_law"]),
    ]
    for side, title in (("deleted", "Deleted"), ("kept", "Kept although the days had passed")):
        lines = [(name, str(number)) for name, number in sorted(body[side].items())] or [("nothing", "0")]
        blocks += [Block("heading", title, 1), Block("table", rows=(("Class", "How many"), *lines))]
    verify = "Save what follows as a file and run: colleague retention verify FILE --key ledger.pub. It was signed with"
    blocks += [
        Block("heading", "To verify it", 1), Block("paragraph", f"{verify} {said.key}"), Block("note", certificate)
    ]  # fmt: skip
    return write_pdf(Draft("Certificate of deletion", tuple(blocks), mark=""))

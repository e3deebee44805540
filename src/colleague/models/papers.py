"""Papers: proof that a provider does not train on the data, and the agreement on health data. Stored, never edited."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Invalid, NotFound
from colleague.kit.ids import new_id
from colleague.models.model import DATA_KINDS, Paper
from colleague.models.store import get_row
from colleague.models.tables import PaperRow


class BadPaper(Invalid):
    """This paper cannot be stored: {why}."""


class NoSuchPaper(NotFound):
    """There is no such paper, or it was withdrawn."""


def day_of(text: str, what: str) -> date | None:
    """Return a day written as 2026-12-31; None for ""; BadPaper for anything else."""
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise BadPaper(why=f"{what} must be a day such as 2026-12-31") from None


def deployed_paper(text: str | None, *, name: str = "COLLEAGUE_MODEL_ATTESTATION") -> Paper | None:
    """Return the attestation that the deployment setting `name` holds; None if it holds none.

    Raises BadPaper for what is none: `DOCUMENT; SIGNED; LAST DAY; KINDS`.
    """
    if not text or not text.strip():
        return None
    parts = [part.strip() for part in text.split(";")]
    if len(parts) != 4 or not parts[0]:
        raise BadPaper(why=f"{name} is «DOCUMENT; SIGNED; LAST DAY; KINDS»")
    signed, last = day_of(parts[1], "its date"), day_of(parts[2], "its last day")
    covers = DATA_KINDS if parts[3] == "all" else tuple(parts[3].replace(",", " ").split())
    if signed is None or last is None or not covers or not set(covers) <= set(DATA_KINDS):
        raise BadPaper(why=f"it needs a date, a last day, and which of {', '.join(DATA_KINDS)} it names (or «all»)")
    at = datetime.combine(signed, time.min, tzinfo=UTC)
    return Paper("deployment", "no-training", parts[0], "", tuple(covers), "", signed, last, "", at)


async def attest(
    session: Session, actor: Actor, provider: str, *, document: str, signed_on: date, expires_on: date,
    covers: Iterable[str], ledger: Ledger, clock: Clock,
) -> str:  # fmt: skip
    """Store that a provider does not train on our data (DA-4), and on which kinds of it (DA-5); return the paper's id.

    Raises BadPaper without a reference, for days that make no sense, or kinds that do not exist.
    """
    chosen = sorted(set(covers))
    if not chosen or not set(chosen) <= set(DATA_KINDS):
        raise BadPaper(why=f"say which of {', '.join(DATA_KINDS)} it names")
    return await _store(
        session, actor, provider, "no-training", document, "", chosen, "", signed_on, expires_on, ledger=ledger,
        clock=clock,
    )  # fmt: skip


async def sign_baa(
    session: Session, actor: Actor, provider: str, *, document: str, counterparty: str, scope: str, signed_on: date,
    expires_on: date | None, ledger: Ledger, clock: Clock,
) -> str:  # fmt: skip
    """Store a signed agreement on health data (RG-5): counterparty, scope and date; return its id. Raises BadPaper."""
    if not counterparty.strip() or not scope.strip():
        raise BadPaper(why="a BAA names its counterparty and its scope")
    return await _store(
        session, actor, provider, "baa", document, counterparty, [], scope, signed_on, expires_on, ledger=ledger,
        clock=clock,
    )  # fmt: skip


async def _store(
    session: Session, actor: Actor, provider: str, kind: str, document: str, counterparty: str, covers: list[str],
    scope: str, signed_on: date, expires_on: date | None, *, ledger: Ledger, clock: Clock,
) -> str:  # fmt: skip
    actor.require("org:models:manage")
    row = await get_row(session, provider, lock=True)
    texts = [" ".join(t.replace("\x00", "").split()) for t in (document, counterparty, scope)]
    if not texts[0] or max(map(len, texts)) > 500:
        raise BadPaper(why="name the document (where it is kept, its number), in at most 500 characters")
    today = clock.now().date()
    if signed_on > today:
        raise BadPaper(why="it cannot have been signed in the future")
    if expires_on is not None and expires_on < today:
        raise BadPaper(why="it has expired already")
    paper = PaperRow(
        id=new_id("paper"), provider_id=row.id, kind=kind, document=texts[0], counterparty=texts[1], covers=covers,
        scope=texts[2], signed_on=signed_on, expires_on=expires_on, stored_by=actor.id, stored_at=clock.now(),
        withdrawn_at=None,
    )  # fmt: skip
    session.add(paper)
    await session.flush()
    facts = {
        "provider": provider, "kind": kind, "document": texts[0], "counterparty": texts[1], "covers": covers,
        "scope": texts[2], "signed_on": signed_on.isoformat(),
        "expires_on": expires_on.isoformat() if expires_on else None,
    }  # fmt: skip
    await ledger.record(session, Event("model_paper.stored", actor.id, subject=paper.id, data=facts))
    return paper.id


async def withdraw_paper(session: Session, actor: Actor, paper_id: str, *, ledger: Ledger, clock: Clock) -> None:
    """Let a paper no longer count, from the next turn on. Raises NoSuchPaper."""
    actor.require("org:models:manage")
    paper = await session.get(PaperRow, paper_id, with_for_update=True)
    if paper is None or paper.withdrawn_at is not None:
        raise NoSuchPaper
    paper.withdrawn_at = clock.now()
    facts = {"provider": paper.provider_id, "kind": paper.kind}
    await ledger.record(session, Event("model_paper.withdrawn", actor.id, subject=paper_id, data=facts))

"""Write the cards of use cases: each change is a version, and waits for somebody else's approval again (PP-5, PP-6)."""

import re
from dataclasses import fields, replace

from sqlalchemy import select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import find_by_email
from colleague.kit.canonical import digest
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Conflict, Invalid
from colleague.kit.ids import is_id, new_id
from colleague.usecases.around import one_line
from colleague.usecases.model import FORMATS, PROFILES, WEEKDAYS, Card, Ritual, UseCase
from colleague.usecases.store import get_use_case
from colleague.usecases.tables import CardRow, UseCaseRow

LOCK = 727_091
LONGEST = {"name": 80, "department": 80, "skill": 80, "profile": 80, "category": 60, "format": 20, "owner": 254}
LONG_TEXT = 600
LONGEST_TARGET = 10_080
_KIND = re.compile(r"[a-z0-9][a-z0-9_.:-]{0,79}")


class BadCard(Invalid):
    """This use case cannot be saved: {why}."""


class UseCaseNameTaken(Conflict):
    """There is a use case called «{name}» already."""


class UseCaseRetired(Conflict):
    """This use case is retired and stays as it was. Write a new one."""


class CardChanged(Conflict):
    """This use case was changed meanwhile: look at version {version}."""


async def define_use_case(session: Session, actor: Actor, card: Card, *, ledger: Ledger, clock: Clock) -> UseCase:
    """Write a new use case, as a draft; what the linter has against it stands beside it.

    Raises BadCard, BadText, UseCaseNameTaken, PermissionMissing.
    """
    actor.require("org:usecases:manage")
    card = await checked(session, card)
    await _free(session, card.name)
    row = UseCaseRow(
        id=new_id("uc"), name=card.name, state="draft", version=1, created_at=clock.now(), new_capability="",
        retired_why="",
    )  # fmt: skip
    session.add(row)
    await session.flush()
    return await _write(session, actor, row, card, "use_case.defined", ledger=ledger, clock=clock)


async def change_use_case(
    session: Session, actor: Actor, use_case: str, card: Card, *, version: int, ledger: Ledger, clock: Clock
) -> UseCase:  # fmt: skip
    """Give a use case another card; it is a draft until somebody else approves it. `version`: the one it was made from.

    A baseline that a launch has closed stays closed. Raises like `define_use_case`, and CardChanged, UseCaseRetired.
    """
    actor.require("org:usecases:manage")
    card = await checked(session, card)
    await advisory_lock(session, LOCK)
    before = await get_use_case(session, use_case, lock=True)
    if before.state == "retired":
        raise UseCaseRetired
    if before.version != version:
        raise CardChanged(version=before.version)
    if before.card == card:
        return before
    await _free(session, card.name, but=before.id)
    row = await session.get_one(UseCaseRow, before.id)
    row.name, row.state, row.version = card.name, "draft", row.version + 1
    row.approved_by = row.approved_at = None
    return await _write(session, actor, row, card, "use_case.changed", ledger=ledger, clock=clock)


async def _free(session: Session, name: str, *, but: str = "") -> None:
    """Raise UseCaseNameTaken if a use case that is not retired has this name; nobody takes it meanwhile."""
    await advisory_lock(session, LOCK)
    others = select(UseCaseRow.name).where(UseCaseRow.state != "retired", UseCaseRow.id != but)
    if name.casefold() in {other.casefold() for other in await session.scalars(others)}:
        raise UseCaseNameTaken(name=name)


async def _write(
    session: Session, actor: Actor, row: UseCaseRow, card: Card, verb: str, *, ledger: Ledger, clock: Clock
) -> UseCase:  # fmt: skip
    session.add(
        CardRow(use_case_id=row.id, version=row.version, card=card.to_json(), by=actor.id, at=clock.now())
    )  # fmt: skip
    await session.flush()
    facts = {
        "name": card.name, "version": row.version, "owner": card.owner, "minutes": card.minutes,
        "class": card.data_class.name.lower(), "category": card.category, "kept": bool(card.kept),
        "card": digest(card.to_json()),
    }  # fmt: skip
    await ledger.record(session, Event(verb, actor.id, subject=row.id, data=facts))
    return UseCase(row.id, row.version, "draft", actor.id, card, row.live_at, row.new_capability, row.retired_at)


async def checked(session: Session, card: Card) -> Card:
    """Return the card in its one spelling. Raises BadCard, BadText. What is only missing the linter says."""
    texts = {
        f.name: one_line(value, f.name.replace("_", " "), LONGEST.get(f.name, LONG_TEXT), needed=f.name == "name")
        for f in fields(card) if isinstance(value := getattr(card, f.name), str)
    }  # fmt: skip
    if not 0 <= card.minutes <= LONGEST_TARGET:
        raise BadCard(why="its target is 1 to 10,080 minutes, which is a week")
    if texts["format"] and texts["format"] not in FORMATS:
        raise BadCard(why=f"its format is one of {', '.join(FORMATS)}")
    if texts["profile"] and texts["profile"] not in PROFILES:
        raise BadCard(why=f"its profile is one of {', '.join(PROFILES)}")
    kinds = tuple(sorted({kind.strip() for kind in card.connectors if kind.strip()}))
    if len(kinds) > 20 or not all(map(_KIND.fullmatch, kinds)):
        raise BadCard(why="its connectors are named by their kinds, such as mail or web, at most twenty")
    texts["owner"] = await _owner(session, texts["owner"])
    return replace(card, **texts, connectors=kinds, ritual=_ritual(card.ritual))  # type: ignore[arg-type]


async def _owner(session: Session, text: str) -> str:
    """Return the id of the owner, who is named by id or mail address; "" for nobody yet."""
    if not text or is_id(text):
        return text
    person = await find_by_email(session, text)
    if person is None:
        raise BadCard(why="nobody here has the mail address of its owner")
    return person.id


def _ritual(ritual: Ritual | None) -> Ritual | None:
    if ritual is None:
        return None
    team, artefact = one_line(ritual.team, "ritual team", 80), one_line(ritual.artefact, "ritual artefact", 120)
    if not (team or artefact or ritual.weekday):
        return None
    if not (team and artefact) or ritual.weekday not in WEEKDAYS:
        raise BadCard(why="a ritual is a team, a weekday and what the team makes then")
    return Ritual(team, ritual.weekday, artefact)

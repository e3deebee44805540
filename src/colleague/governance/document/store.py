"""Queries of the governance document."""

from collections.abc import Sequence

from sqlalchemy import func, select

from colleague.governance.document.model import Document, Sentence, Signature, digest_of
from colleague.governance.document.tables import AcknowledgementRow, DocumentRow, SignatureRow
from colleague.kit.db import Session
from colleague.kit.errors import NotFound


class NoDraft(NotFound):
    """There is no draft of the governance document: answer the questionnaire first."""


class NoSuchVersion(NotFound):
    """There is no such version of the governance document."""


async def draft_row(session: Session, *, lock: bool = False) -> DocumentRow:
    """Return the row of the draft; NoDraft if there is none."""
    query = select(DocumentRow).where(DocumentRow.state == "draft")
    row = await session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NoDraft
    return row


async def find_draft(session: Session) -> Document | None:
    """Return the draft, None if nobody is drafting."""
    row = await session.scalar(select(DocumentRow).where(DocumentRow.state == "draft"))
    return await value_of(session, row) if row else None


async def in_force(session: Session) -> Document | None:
    """Return the newest published version, None if there never was one."""
    query = select(DocumentRow).where(DocumentRow.state == "published").order_by(DocumentRow.number.desc()).limit(1)
    row = await session.scalar(query)
    return await value_of(session, row) if row else None


async def get_version(session: Session, number: int) -> Document:
    """Return a published version; NoSuchVersion if there is none."""
    row = None
    if 0 < number < 2**31:
        row = await session.scalar(select(DocumentRow).where(DocumentRow.number == number))
    if row is None:
        raise NoSuchVersion
    return await value_of(session, row)


async def list_versions(session: Session) -> Sequence[DocumentRow]:
    """Return the published versions, newest first."""
    query = select(DocumentRow).where(DocumentRow.state == "published").order_by(DocumentRow.number.desc())
    return (await session.scalars(query)).all()


async def last_number(session: Session) -> int:
    """Return the number of the version in force, 0 if there is none."""
    return await session.scalar(select(func.max(DocumentRow.number))) or 0


async def value_of(session: Session, row: DocumentRow) -> Document:
    """Return a row as a value, with the signatures under exactly its text."""
    sentences = tuple(map(Sentence.from_json, row.sentences))
    text = digest_of(sentences, row.owners)
    query = select(SignatureRow).where(SignatureRow.document_id == row.id, SignatureRow.digest == text)
    signatures = tuple(
        Signature(s.part, s.person_id, s.digest, s.signed_at, s.via)
        for s in await session.scalars(query.order_by(SignatureRow.signed_at, SignatureRow.part))
    )
    return Document(
        row.id, row.number or 0, row.state, row.answers, sentences, row.owners, row.changed_by, row.changed_at,
        signatures, row.published_by or "", row.published_at, row.settings_version or 0, row.settings,
    )  # fmt: skip


async def has_acknowledged(session: Session, number: int, person: str) -> bool:
    """Say whether a person has acknowledged this version."""
    return await session.get(AcknowledgementRow, (number, person)) is not None


async def acknowledgements(session: Session, number: int) -> dict[str, AcknowledgementRow]:
    """Return who has acknowledged a version, by person."""
    query = select(AcknowledgementRow).where(AcknowledgementRow.number == number)
    return {row.person_id: row for row in await session.scalars(query)}

"""Bytes by their SHA-256, in the database: one store to back up, erase and share between workers."""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import LargeBinary, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base, Session
from colleague.kit.errors import NotFound


class BlobNotFound(NotFound):
    """The content of this file is no longer stored."""


class BlobRow(Base):
    """Content, once."""

    __tablename__ = "blobs"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    stored_at: Mapped[datetime] = mapped_column(server_default=func.now())


async def put_blob(session: Session, content: bytes) -> str:
    """Store `content` (once) and return its SHA-256 as hexadecimal digits.

    It is held to the end of the transaction: whoever deletes the last owner of the same content meanwhile waits for
    this one, and then finds that it has an owner.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    fresh = insert(BlobRow).values(sha256=sha256, content=content).on_conflict_do_nothing(index_elements=["sha256"])
    held = select(BlobRow.sha256).where(BlobRow.sha256 == sha256).with_for_update(key_share=True, read=True)
    while True:
        await session.execute(fresh)
        if await session.scalar(held) is not None:
            return sha256


async def get_blob(session: Session, sha256: str) -> bytes:
    """Return the content stored under `sha256`; BlobNotFound if there is none."""
    content = await session.scalar(select(BlobRow.content).where(BlobRow.sha256 == sha256))
    if content is None:
        raise BlobNotFound
    return content


async def lock_blobs(session: Session, hashes: Iterable[str]) -> list[str]:
    """Hold those of `hashes` that are stored, against others who store or delete the same; return them."""
    query = select(BlobRow.sha256).where(BlobRow.sha256.in_(sorted(set(hashes)))).order_by(BlobRow.sha256)
    return list(await session.scalars(query.with_for_update()))


async def delete_blobs(session: Session, hashes: Iterable[str]) -> None:
    """Forget what is stored under `hashes`."""
    await session.execute(delete(BlobRow).where(BlobRow.sha256.in_(sorted(set(hashes)))))

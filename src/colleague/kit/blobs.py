"""Bytes by their SHA-256, in the database: one store to back up, erase and share between workers."""

import hashlib
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
    """Store `content` (once) and return its SHA-256 as hexadecimal digits. It stays at least until this has ended."""
    sha256 = hashlib.sha256(content).hexdigest()
    held = select(BlobRow.sha256).where(BlobRow.sha256 == sha256).with_for_update(key_share=True, read=True)
    while True:
        await session.execute(
            insert(BlobRow).values(sha256=sha256, content=content).on_conflict_do_nothing(index_elements=["sha256"])
        )
        # Somebody may be forgetting the same bytes at this moment: they wait for us, or we store them anew.
        if await session.scalar(held) is not None:
            return sha256


async def lock_blob(session: Session, sha256: str) -> None:
    """Wait until nobody is storing the same bytes: who looks after this sees whether others hold them."""
    await session.execute(select(BlobRow.sha256).where(BlobRow.sha256 == sha256).with_for_update())


async def get_blob(session: Session, sha256: str) -> bytes:
    """Return the content stored under `sha256`; BlobNotFound if there is none."""
    content = await session.scalar(select(BlobRow.content).where(BlobRow.sha256 == sha256))
    if content is None:
        raise BlobNotFound
    return content


async def delete_blob(session: Session, sha256: str) -> None:
    """Forget the content stored under `sha256`."""
    await session.execute(delete(BlobRow).where(BlobRow.sha256 == sha256))

"""Personal fields: a salted commitment in the row, the text sealed under its person's key; erasure destroys the key."""

import base64
import binascii
import hashlib
import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from colleague.audit.tables import SubjectKeyRow
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.secrets import Secrets

ERASED, ALTERED = "[erased]", "[altered]"


async def subject_key(session: Session, person: str, *, secrets: Secrets) -> bytes | None:
    """Return the key of a person's fields, made on first use; None once the person is erased."""
    query = select(SubjectKeyRow.sealed).where(SubjectKeyRow.person == person)
    found = (await session.execute(query.with_for_update())).first()
    if found is None:
        fresh = secrets.seal(base64.b64encode(os.urandom(32)).decode(), context=f"ledger:{person}")
        # Two first events of one person at once: both go on with the key of the one that came first.
        values = insert(SubjectKeyRow).values(person=person, sealed=fresh, erased_at=None)
        await session.execute(values.on_conflict_do_nothing(index_elements=["person"]))
        found = (await session.execute(query.with_for_update())).one()
    return base64.b64decode(secrets.open(found.sealed, context=f"ledger:{person}")) if found.sealed else None


async def known_key(session: Session, person: str, *, secrets: Secrets) -> bytes | None:
    """Return the key of a person's fields without making one; None if there is none (any more)."""
    sealed = await session.scalar(select(SubjectKeyRow.sealed).where(SubjectKeyRow.person == person))
    return base64.b64decode(secrets.open(sealed, context=f"ledger:{person}")) if sealed else None


def hide(fields: Mapping[str, str], key: bytes | None) -> tuple[dict[str, str], dict[str, str]]:
    """Return (commitments, ciphertexts). A commitment is SHA-256(salt ‖ text); salt and text are in the ciphertext."""
    commitments, sealed = {}, {}
    for name, text in fields.items():
        salt, nonce = os.urandom(16), os.urandom(12)
        commitments[name] = hashlib.sha256(salt + text.encode()).hexdigest()
        if key is not None:
            body = AESGCM(key).encrypt(nonce, salt + text.encode(), name.encode())
            sealed[name] = base64.b64encode(nonce + body).decode()
    return commitments, sealed


def reveal(name: str, sealed: str | None, commitment: str, key: bytes | None) -> str:
    """Return the text of a field, or «[erased]»; «[altered]» if it no longer fits its commitment."""
    if key is None:
        return ERASED
    if not isinstance(sealed, str):
        return ALTERED
    try:
        raw = base64.b64decode(sealed, validate=True)
        plain = AESGCM(key).decrypt(raw[:12], raw[12:], name.encode())
        text = plain[16:].decode()
    except (InvalidTag, binascii.Error, ValueError):
        return ALTERED
    return text if hashlib.sha256(plain).hexdigest() == commitment else ALTERED


async def erase_key(session: Session, person: str, *, clock: Clock) -> None:
    """Destroy the key of a person's fields; rows still verify, the fields read «[erased]»."""
    gone = {"sealed": None, "erased_at": clock.now()}
    values = insert(SubjectKeyRow).values(person=person, **gone)
    await session.execute(values.on_conflict_do_update(index_elements=["person"], set_=gone))

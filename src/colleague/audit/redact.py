"""Personal fields: a salted commitment in the row, the text sealed under its person's key; erasure destroys the key."""

import base64
import hashlib
import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from colleague.audit.tables import SubjectKeyRow
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.secrets import Secrets

ERASED = "[erased]"


async def subject_key(session: Session, person: str, *, secrets: Secrets) -> bytes | None:
    """Return the key of a person's fields, made on first use; None once the person is erased."""
    row = await session.get(SubjectKeyRow, person, with_for_update=True)
    if row is None:
        key = os.urandom(32)
        sealed = secrets.seal(base64.b64encode(key).decode(), context=f"ledger:{person}")
        session.add(SubjectKeyRow(person=person, sealed=sealed))
        await session.flush()
        return key
    return base64.b64decode(secrets.open(row.sealed, context=f"ledger:{person}")) if row.sealed else None


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


def reveal(name: str, sealed: str, commitment: str, key: bytes | None) -> str:
    """Return the text of a field, or «[erased]»; «[altered]» if it no longer fits its commitment."""
    if key is None:
        return ERASED
    raw = base64.b64decode(sealed)
    try:
        plain = AESGCM(key).decrypt(raw[:12], raw[12:], name.encode())
    except InvalidTag:
        return "[altered]"
    if hashlib.sha256(plain).hexdigest() != commitment:
        return "[altered]"
    return plain[16:].decode()


async def erase_key(session: Session, person: str, *, clock: Clock) -> None:
    """Destroy the key of a person's fields; rows still verify, the fields read «[erased]»."""
    row = await session.get(SubjectKeyRow, person, with_for_update=True)
    if row is None:
        session.add(SubjectKeyRow(person=person, sealed=None, erased_at=clock.now()))
    else:
        row.sealed, row.erased_at = None, clock.now()
    await session.flush()

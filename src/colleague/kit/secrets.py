"""Envelope encryption: every secret has its own data key, wrapped by one master key from a file.

Sealed text is `v1.<key id>.<wrapped key>.<nonce+ciphertext>`, URL-safe base64; `context` is authenticated: a secret
copied to another row does not open there.
"""

import base64
import hashlib
import hmac
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from colleague.kit.errors import Unavailable


class SecretUnreadable(Unavailable):
    """A stored secret cannot be opened: the master key is another one, or the entry was altered."""


def _pack(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _unpack(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def load_key(file: Path) -> bytes:
    """Return the 32 bytes in `file`, made on first use with mode 0600; Unavailable if the file is not such a key."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = file.read_bytes()
    else:
        key = os.urandom(32)
        with os.fdopen(descriptor, "wb") as out:
            out.write(key)
            out.flush()
            os.fsync(out.fileno())
    if len(key) != 32:
        raise Unavailable(f"{file} is not a key: it must hold exactly 32 bytes.")
    return key


class Secrets:
    """Seals and opens secrets under one master key."""

    def __init__(self, key: bytes) -> None:
        """Take the master key (32 bytes)."""
        self._key, self._id = AESGCM(key), hashlib.sha256(key).hexdigest()[:8]
        # A key of its own (HKDF's extract step, RFC 5869): what is marked says nothing about what is sealed.
        self._marking = hmac.digest(b"colleague marks", key, "sha256")

    def seal(self, text: str, *, context: str) -> str:
        """Return `text` sealed for `context` (table, column and row it belongs to)."""
        data_key, nonce, wrap = os.urandom(32), os.urandom(12), os.urandom(12)
        wrapped = wrap + self._key.encrypt(wrap, data_key, context.encode())
        sealed = nonce + AESGCM(data_key).encrypt(nonce, text.encode(), context.encode())
        return f"v1.{self._id}.{_pack(wrapped)}.{_pack(sealed)}"

    def open(self, sealed: str, *, context: str) -> str:
        """Return the text that was sealed for `context`; SecretUnreadable if it cannot be opened."""
        try:
            version, key_id, wrapped, body = sealed.split(".")
            if (version, key_id) != ("v1", self._id):
                raise SecretUnreadable
            raw = _unpack(wrapped)
            data_key = self._key.decrypt(raw[:12], raw[12:], context.encode())
            raw = _unpack(body)
            return AESGCM(data_key).decrypt(raw[:12], raw[12:], context.encode()).decode()
        except (ValueError, KeyError, InvalidTag) as error:
            raise SecretUnreadable from error

    def mark(self, text: str, *, context: str) -> str:
        """Return a keyed hash of `text` (HMAC-SHA256): equal texts have equal marks, and who has no key cannot try.

        For short things that must be known again but not kept: one-time codes, numbers of strangers.
        """
        return hmac.digest(self._marking, f"{context}\0{text}".encode(), "sha256").hex()

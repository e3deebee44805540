"""Sealing a push message for its browser (RFC 8291, aes128gcm of RFC 8188) and signing for its service (RFC 8292)."""

import base64
import json
import os
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    derive_private_key,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from colleague.kit.secrets import load_key

# The order of the group: a private key is a number below it.
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
RECORD, LARGEST, HOLDS = 4096, 3993, timedelta(hours=12)


def b64(data: bytes) -> str:
    """Return URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64(text: str) -> bytes:
    """Read URL-safe base64, padded or not; ValueError if it is none."""
    return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)


def point(raw: bytes) -> EllipticCurvePublicKey:
    """Read an uncompressed point of P-256; ValueError if it is none."""
    return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), raw)


def _raw(key: EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derive(length: int, salt: bytes, info: bytes, material: bytes) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(material)


def seal(
    text: bytes, browser: bytes, auth: bytes, *, ours: EllipticCurvePrivateKey | None = None, salt: bytes | None = None
) -> bytes:
    """Return the body of a push message that only the browser with the point `browser` and secret `auth` can read.

    `ours` and `salt` are fresh for each message; given only to try the example of RFC 8291. ValueError for a bad point
    or too long a text.
    """
    if len(text) > LARGEST:
        raise ValueError("too long for one record")
    ours, salt = ours or generate_private_key(SECP256R1()), salt or os.urandom(16)
    mine = _raw(ours)
    shared = ours.exchange(ECDH(), point(browser))
    material = _derive(32, auth, b"WebPush: info\0" + browser + mine, shared)
    key = _derive(16, salt, b"Content-Encoding: aes128gcm\0", material)
    nonce = _derive(12, salt, b"Content-Encoding: nonce\0", material)
    # 2 ends the last record; a push message has one.
    body = AESGCM(key).encrypt(nonce, text + b"\x02", None)
    return salt + RECORD.to_bytes(4, "big") + bytes([len(mine)]) + mine + body


class Vapid:
    """This installation's name towards push services: a key pair on P-256, and who to write to."""

    def __init__(self, seed: bytes, *, contact: str) -> None:
        """Take 32 random bytes and a contact (`mailto:…` or `https://…`)."""
        self._key = derive_private_key(int.from_bytes(seed, "big") % (_ORDER - 1) + 1, SECP256R1())
        self._contact = contact
        self.public = b64(_raw(self._key))

    def authorization(self, endpoint: str, now: datetime) -> str:
        """Return the Authorization header for one push service; it holds for twelve hours and for that host only."""
        parts = urlsplit(endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}", "exp": int((now + HOLDS).timestamp()), "sub": self._contact,
        }  # fmt: skip
        head, body = (b64(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "ES256"}, claims))
        r, s = decode_dss_signature(self._key.sign(f"{head}.{body}".encode(), ECDSA(SHA256())))
        signature = b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
        return f"vapid t={head}.{body}.{signature}, k={self.public}"


def load_vapid(file: Path, *, contact: str) -> Vapid:
    """Return the key pair in `file`, made on first use with mode 0600. With another one every device must ask anew."""
    return Vapid(load_key(file), contact=contact)

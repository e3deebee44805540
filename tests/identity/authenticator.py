"""A software authenticator (WebAuthn Level 2, ES256, attestation «none»), with faults at will."""

import base64
import hashlib
import json
import secrets
import struct
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec


def text(data: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Authenticator:
    """One device with one key. `origin` and `rp` are what its browser believes to be at."""

    def __init__(self, *, origin: str, rp: str) -> None:
        self.origin, self.rp, self.count = origin, rp, 0
        self.key, self.id = ec.generate_private_key(ec.SECP256R1()), secrets.token_bytes(32)
        self.verified = True

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _data(self, *, attested: bytes = b"") -> bytes:
        flags = 0x01 | (0x04 if self.verified else 0) | (0x40 if attested else 0)
        return hashlib.sha256(self.rp.encode()).digest() + bytes([flags]) + struct.pack(">I", self.count) + attested

    def register(self, options: dict[str, Any]) -> dict[str, Any]:
        """Answer registration options as a browser does."""
        point = self.key.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})
        attested = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cose
        statement = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": self._data(attested=attested)})
        client = self._client("webauthn.create", options["publicKey"]["challenge"])
        response = {"clientDataJSON": text(client), "attestationObject": text(statement)}
        return {"id": text(self.id), "rawId": text(self.id), "type": "public-key", "response": response}

    def sign(self, options: dict[str, Any], *, steps: int = 1) -> dict[str, Any]:
        """Answer sign-in options; the counter moves by `steps`."""
        self.count += steps
        client, data = self._client("webauthn.get", options["publicKey"]["challenge"]), self._data()
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {"clientDataJSON": text(client), "authenticatorData": text(data), "signature": text(signature)}
        return {"id": text(self.id), "rawId": text(self.id), "type": "public-key", "response": response}

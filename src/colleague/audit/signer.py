"""Checkpoints in the C2SP form tlog-checkpoint, signed with Ed25519 as a C2SP signed note."""

import base64
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from colleague.kit.secrets import load_key

ORIGIN = "colleague-ledger"


def _key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a signed checkpoint says: a tree of `size` entries has this root."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Public:
    """The public half: enough to verify."""

    raw: bytes
    origin: str = ORIGIN

    def text(self) -> str:
        """Return the verifier key in the note form `name+id+key`."""
        packed = base64.b64encode(b"\x01" + self.raw).decode()
        return f"{self.origin}+{_key_id(self.origin, self.raw).hex()}+{packed}"

    @staticmethod
    def parse(text: str) -> "Public":
        """Read what `text` wrote; ValueError if it is no verifier key."""
        name, _, packed = text.strip().split("+", 2)
        raw = base64.b64decode(packed, validate=True)
        if len(raw) != 33 or raw[0] != 1:
            raise ValueError("not an Ed25519 verifier key")
        return Public(raw[1:], name)

    def open(self, note: str) -> Checkpoint | None:
        """Return what a checkpoint says if its signature holds, else None."""
        try:
            body, _, signatures = note.partition("\n\n")
            origin, size, root = body.split("\n")
            line = next(s for s in signatures.splitlines() if s.startswith(f"— {self.origin} "))
            packed = base64.b64decode(line.split(" ")[2], validate=True)
            if packed[:4] != _key_id(self.origin, self.raw) or origin != self.origin:
                return None
            Ed25519PublicKey.from_public_bytes(self.raw).verify(packed[4:], f"{body}\n".encode())
            packed_root = base64.b64decode(root, validate=True)
            # One text for one checkpoint: a decimal size without signs or leading zeros, 32 bytes of root.
            if not (size.isascii() and size.isdecimal() and size == str(int(size))) or len(packed_root) != 32:
                return None
            return Checkpoint(origin, int(size), packed_root)
        except (ValueError, IndexError, StopIteration, InvalidSignature):
            return None


@dataclass(frozen=True, slots=True)
class Signer:
    """The private half: kept in a file outside the database."""

    key: Ed25519PrivateKey
    origin: str = ORIGIN

    @property
    def public(self) -> Public:
        """Return the public half."""
        return Public(self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw), self.origin)

    def sign(self, size: int, root: bytes) -> str:
        """Return the signed checkpoint of a tree."""
        body = f"{self.origin}\n{size}\n{base64.b64encode(root).decode()}\n"
        signature = _key_id(self.origin, self.public.raw) + self.key.sign(body.encode())
        return f"{body}\n— {self.origin} {base64.b64encode(signature).decode()}\n"


def load_signer(file: Path) -> Signer:
    """Return the signer whose key is in `file`, made on first use (mode 0600); its public half lies beside it."""
    signer = Signer(Ed25519PrivateKey.from_private_bytes(load_key(file)))
    beside = file.with_suffix(".pub")
    if not beside.exists():
        temporary = beside.with_suffix(f".{os.getpid()}")
        temporary.write_text(signer.public.text() + "\n")
        temporary.replace(beside)
    return signer

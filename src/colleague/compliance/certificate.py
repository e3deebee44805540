"""A certificate: what was deleted and kept, signed with the ledger's key, verified offline with its public half.

Canonical JSON `{format, kind, body, key, signature}`; the signature (Ed25519) is over `FORMAT`, a line break and the
canonical JSON of kind and body. It cannot be taken for a checkpoint, which begins with the ledger's own name.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from colleague.audit.signer import Public, Signer
from colleague.kit.canonical import canonical
from colleague.kit.errors import Invalid

FORMAT: Final = "colleague-certificate/1"


class BadCertificate(Invalid):
    """This is no certificate of Colleague, it was altered, or another key signed it: {why}."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says, once its signature held. `key`: the verifier key it was held against."""

    kind: str
    body: Mapping[str, Any]
    key: str


def _signed(kind: str, body: Mapping[str, Any]) -> bytes:
    return f"{FORMAT}\n{canonical({'kind': kind, 'body': dict(body)})}".encode()


def certify(signer: Signer, kind: str, body: Mapping[str, Any]) -> str:
    """Return the signed text of a certificate. `body` is JSON without words of anybody."""
    signature = base64.b64encode(signer.key.sign(_signed(kind, body))).decode()
    whole = {
        "format": FORMAT, "kind": kind, "body": dict(body), "key": signer.public.text(), "signature": signature
    }  # fmt: skip
    return canonical(whole)


def check_certificate(text: str, public: Public | None = None) -> Certificate:
    """Return what a certificate says. `public`: the key you trust; without it the key that came with it.

    Raises BadCertificate.
    """
    try:
        given = json.loads(text)
        if given["format"] != FORMAT:
            raise BadCertificate(why="its format is another")
        key = public or Public.parse(given["key"])
        signature = base64.b64decode(given["signature"], validate=True)
        Ed25519PublicKey.from_public_bytes(key.raw).verify(signature, _signed(given["kind"], given["body"]))
        return Certificate(str(given["kind"]), given["body"], key.text())
    except InvalidSignature as error:
        raise BadCertificate(why="the signature does not hold") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadCertificate(why="it cannot be read") from error

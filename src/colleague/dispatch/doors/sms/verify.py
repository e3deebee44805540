"""Is a webhook the provider's? X-Twilio-Signature: HMAC-SHA1 over the public address and the sorted parameters. Pure.

https://www.twilio.com/docs/usage/security#validating-requests
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from urllib.parse import urlsplit, urlunsplit

from colleague.kit.errors import Forbidden, Invalid

Pairs = Sequence[tuple[str, str]]
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,60}")
# Names and values are signed without a mark between them: «Body=hi», «From=+1…» and «Body=hiFrom+1…» are the same text.
_HIDDEN = re.compile(r"(?:From|AccountSid|MessageSid)(?:\+\d|AC[0-9a-f]|[SM]M[0-9a-f])")


class BadSignature(Forbidden):
    """This does not carry the signature of the provider of text messages."""


class NotAMessage(Invalid):
    """This is no text message: {why}."""


def signature(token: str, url: str, pairs: Pairs) -> str:
    """Return the signature of `pairs` posted to `url`, as the provider makes it: each name and value once, sorted."""
    text = url + "".join(name + value for name, value in sorted(set(pairs)))
    digest = hmac.new(token.encode(), text.encode("utf-8", "surrogatepass"), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def verify(token: str, url: str, pairs: Pairs, given: str | None) -> dict[str, str]:
    """Return the parameters of a webhook whose signature is `given`. BadSignature, NotAMessage.

    INVARIANT: what is returned can be read in one way only. No name comes twice, and no value holds what would be
    another parameter if the signed text were cut elsewhere.
    """
    right = [signature(token, address, pairs).encode() for address in _addresses(url)]
    found = (given or "").encode("utf-8", "replace")
    if not any(hmac.compare_digest(found, one) for one in right):
        raise BadSignature
    if len({name for name, _ in pairs}) != len(pairs):
        raise NotAMessage(why="a parameter comes twice")
    if not all(_NAME.fullmatch(name) for name, _ in pairs) or any(_HIDDEN.search(value) for _, value in pairs):
        raise NotAMessage(why="it can be read in two ways")
    return dict(pairs)


def _addresses(url: str) -> tuple[str, str]:
    """Return `url` without and with its port: providers sign the one or the other."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return urlunsplit(parts._replace(netloc=host)), urlunsplit(parts._replace(netloc=f"{host}:{port}"))

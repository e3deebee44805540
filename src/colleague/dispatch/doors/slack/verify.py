"""Is a request Slack's? Version 0 of its signatures: HMAC-SHA256 over the time and the body. Pure.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

import hashlib
import hmac
from datetime import datetime

from colleague.kit.errors import Forbidden

WINDOW = 300


class BadSlackSignature(Forbidden):
    """This does not carry the signature of the Slack app, or is older than five minutes."""


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature of `body` at `timestamp` (seconds, as sent)."""
    text = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def verify(secret: str, body: bytes, *, timestamp: str | None, given: str | None, now: datetime) -> datetime:
    """Return when a request was sent; BadSlackSignature if it is not Slack's, or not of the last five minutes."""
    stamp = timestamp or ""
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        raise BadSlackSignature
    right = signature(secret, stamp, body).encode()
    fresh = abs(now.timestamp() - int(stamp)) <= WINDOW
    if not hmac.compare_digest((given or "").encode("utf-8", "replace"), right) or not fresh:
        raise BadSlackSignature
    return datetime.fromtimestamp(int(stamp), now.tzinfo)

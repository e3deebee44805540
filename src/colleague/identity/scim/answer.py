"""What went wrong, as the protocol says it (RFC 7644 §3.12). The only place besides web/errors.py with status codes."""

from typing import Any

from pydantic import ValidationError
from scim2_models import Error, SCIMException

from colleague.identity.people import AlreadyHere
from colleague.identity.scim.normal import Malformed
from colleague.kit.errors import Conflict, Failure, Forbidden, Invalid, NotFound

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
EXPECTED = (Failure, Malformed, SCIMException, ValidationError)


def refusal(error: Exception) -> tuple[int, dict[str, Any]]:
    """Return status and body for an error of EXPECTED; any other is not for here."""
    match error:
        case Malformed():
            status, kind, words = 400, error.kind, str(error)
        case SCIMException():
            status, kind, words = error.status, error.scim_type, str(error)
        case ValidationError():
            first = Error.from_validation_errors(error)[0]
            status, kind, words = first.status or 400, first.scim_type or "", first.detail or ""
        case AlreadyHere():
            status, kind, words = 409, "uniqueness", error.message
        case NotFound():
            status, kind, words = 404, "", error.message
        case Conflict():
            status, kind, words = 409, "", error.message
        case Invalid():
            status, kind, words = 400, "invalidValue", error.message
        case Forbidden():
            status, kind, words = 403, "", error.message
        case _:
            status, kind, words = 503, "", str(error)
    return status, body_of(status, words, kind)


def body_of(status: int, words: str, kind: str = "") -> dict[str, Any]:
    """Return an error message of the protocol."""
    found = {"schemas": [ERROR], "status": str(status), "detail": words[:500]}
    return {**found, "scimType": kind} if kind else found

"""Scopes of sign-in servers that are known to open everything: refused unless an exception is on record (CN-4). Pure.

What a server calls a scope is its own affair; these are the names that large ones document, and shapes that say so.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from colleague.connectors.grants import LONGEST, SHORTEST_REASON
from colleague.kit.seen import says

REASON, UNTIL = "full_access_reason", "full_access_until"
_WORDS = frozenset(
    {
        "*", "all", "full", "full_access", "full-access", "fullaccess", "admin", "root", "sudo", "superuser", "api",
        "repo", "write:all", "https://mail.google.com/", "https://www.googleapis.com/auth/drive",
        "https://www.googleapis.com/auth/cloud-platform", "sites.fullcontrol.all", "files.readwrite.all",
        "mail.readwrite.all", "directory.accessasuser.all",
    }
)  # fmt: skip
_ENDS, _PARTS = (":*", "/*", ".*", "/.default"), ("fullcontrol", "full_access", "full-access")


def opens_everything(scopes: Iterable[str]) -> tuple[str, ...]:
    """Return those of `scopes` that are known to open everything, as they were written."""
    return tuple(
        scope
        for scope in scopes
        if (word := scope.strip().casefold()) in _WORDS or word.endswith(_ENDS) or any(p in word for p in _PARTS)
    )


def excepted(config: Mapping[str, Any], now: datetime) -> bool:
    """Say whether the settings hold an exception: a written reason, and a last day that is to come within a year."""
    try:
        day = date.fromisoformat(str(config.get(UNTIL) or "").strip())
    except ValueError:
        return False
    end = datetime.combine(day, time.max, tzinfo=UTC)
    return says(str(config.get(REASON) or ""), SHORTEST_REASON) and now <= end <= now + LONGEST

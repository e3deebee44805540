"""Propose changes inside a Word file of the folder: what a call asks for, and how a person sees it."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from colleague.connectors.connector import Access
from colleague.kit.documents.propose.edits import propose_edits
from colleague.kit.documents.propose.model import Change, Edit, Proposed
from colleague.kit.errors import Conflict

LIMIT = 20_000_000


class ReadAgain(Conflict):
    """The file is not as it was when you read it: read it again, and propose on what stands there now."""


def version_of(content: bytes) -> str:
    """Return the short hash by which a call says which version of a file it has read."""
    return hashlib.sha256(content).hexdigest()[:16]


def propose(content: bytes, name: str, arguments: Mapping[str, Any], access: Access, now: datetime) -> Proposed:
    """Return the file with the edits of a call as tracked changes, in the name of «Colleague» for the person.

    Raises ReadAgain if it is another version than the call names, and what `propose_edits` raises.
    """
    if version_of(content) != arguments["version"]:
        raise ReadAgain
    edits = [
        Edit(str(e["find"]), str(e["replace"]), int(e.get("occurrence") or 0), str(e.get("comment") or ""))
        for e in arguments["edits"]
    ]
    author = f"Colleague for {access.on_behalf_of}" if access.on_behalf_of else "Colleague"
    return propose_edits(content, name, edits, author=author, at=now)


def shown(changes: Iterable[Change]) -> str:
    """Return the changes as a person reads them: each passage before (-) and after (+), with its comment."""
    lines = []
    for number, change in enumerate(changes, 1):
        lines.append(f"@@ change {number}, {change.where} @@")
        if change.before != change.after:
            lines += [f"-{line}" for line in change.before.split("\n")]
            lines += [f"+{line}" for line in change.after.split("\n")]
        else:
            lines += [f" {line}" for line in change.before.split("\n")]
        lines += [f"Comment: {line}" for line in change.comment.splitlines()]
    return "\n".join(lines)

"""The words of projects: roles, what a task is told of its project, limits."""

from dataclasses import dataclass, field
from typing import Final, Literal

from colleague.policy.model import Label

ProjectRole = Literal["owner", "member", "viewer"]
ROLES: Final[dict[str, str]] = {
    "owner": "Changes everything in the project, and who is in it.",
    "member": "Starts tasks, adds files and links, decides on notes.",
    "viewer": "Sees, and never steers.",
}
NAME_LIMIT, TEXT_LIMIT, NOTE_LIMIT = 120, 8000, 2000
FILES_LIMIT, NOTES_LIMIT, OPEN_LIMIT, LINKS_LIMIT = 50, 200, 50, 50


@dataclass(frozen=True, slots=True)
class Told:
    """What a task is told of its project at the start, and what is known of those words."""

    name: str = ""
    text: str = ""
    label: Label = field(default_factory=Label)

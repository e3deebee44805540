"""A proposed change, and every reason why it cannot be made."""

from dataclasses import dataclass, field

from colleague.kit.errors import Conflict, Invalid, NotFound

MOST, LONGEST_FIND, LONGEST_NEW, LONGEST_COMMENT = 100, 2_000, 8_000, 2_000


class NotWord(Invalid):
    """Changes can be proposed in Word files (.docx) only. Save other files anew, beside the old one if in doubt."""


class EditsTooMany(Invalid):
    """At most 100 changes at once, of 2,000 characters to find and 8,000 to put there: propose them in portions."""


class WordTooLarge(Invalid):
    """The file is too large to propose changes in it (its text may have 30 MB)."""


class FileLocked(Invalid):
    """Nothing can be proposed in this file: {why}"""


class PassageNotFound(NotFound):
    """«{find}» does not stand in one paragraph of the file. Read it again and copy the words as they are."""


class PassageNotUnique(Conflict):
    """«{find}» stands in the file {count} times: say which one with `occurrence`. {places}"""


class PassageOutOfReach(Invalid):
    """«{find}» cannot be changed this way: {why}"""


class EditsOverlap(Invalid):
    """Two of the changes touch the same words («{find}»): make them one."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Put `replace` where `find` stands. `occurrence` counts from 1 in reading order (0: it stands there once).

    Blanks in `find` stand for any white space. A line break in `replace` begins a paragraph.
    """

    find: str
    replace: str
    occurrence: int = 0
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What one edit does, as a person reads it: which part of the file, and the passage before and after."""

    where: str
    before: str
    after: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Proposed:
    """The file with its changes tracked, and what they are, in the order in which they were asked for."""

    content: bytes = field(repr=False)
    changes: tuple[Change, ...]

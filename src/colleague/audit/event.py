"""What happened, as a value: who, did what, to what, with which facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """One entry to be. `verb` is `noun.verb_past`; `data` is JSON without content or secrets.

    `personal` maps a field name to its text: it is kept encrypted under the key of `person` (the subject),
    a salted commitment stands in the row, and erasing the person erases the text, not the row.
    """

    verb: str
    actor: str
    subject: str = ""
    run: str = ""
    person: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    personal: Mapping[str, str] = field(default_factory=dict)

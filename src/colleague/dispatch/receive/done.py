"""What a word of Dispatch itself did."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Done:
    """What a command did (for the record), what the sender is told, and the task it is about, if any."""

    action: str
    text: str
    task: str = ""

"""A connector over a list in memory, with failures at will: one tool of each tier."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from colleague.connectors.connector import (
    Access,
    Account,
    BadArguments,
    Effected,
    Field,
    NotReachable,
    OutcomeUnknown,
    OutOfScope,
    Preview,
    Result,
    Tool,
    ToolFailed,
)
from colleague.connectors.grants import covers
from colleague.policy.model import Integrity, Label, Role, Tier

Trouble = Literal["", "fail_before", "unknown_before", "unknown_after", "crash_before", "crash_after"]


def _object(*required: str) -> dict[str, Any]:
    names = {name: {"type": "string", "maxLength": 10_000} for name in required}
    return {"type": "object", "properties": names, "required": list(required), "additionalProperties": False}


TOOLS = (
    Tool("fake_read", "Read a note", "Read a note of a shelf.", _object("shelf", "note"), Tier.READ,
         {"shelf": Role.OPTION, "note": Role.OPTION}, place="shelf", undo="nothing to undo"),
    Tool("fake_send", "Send a note", "Send words to an address.", _object("to", "text"), Tier.COMMUNICATE,
         {"to": Role.RECIPIENT, "text": Role.CONTENT}),
    Tool("fake_write", "Write a note", "Write a note on a shelf.", _object("shelf", "note", "text"), Tier.MODIFY,
         {"shelf": Role.TARGET, "note": Role.TARGET, "text": Role.CONTENT}, writes=True, place="shelf"),
)  # fmt: skip


class FakeConnector:
    """Shelves with notes. `effects` lists (idempotency key, tool, arguments) of every effect there was.

    `trouble` is how calls that change something fail from now on; `forgetful`: it cannot say what took effect.
    """

    kind = "fake"
    title = "Fake shelves"
    fields = (Field("name", "Name", required=False),)

    def __init__(self, shelves: Mapping[str, Mapping[str, str]] | None = None, *, forgetful: bool = False) -> None:
        """Take the notes by shelf and name."""
        self.shelves = {shelf: dict(notes) for shelf, notes in (shelves or {}).items()}
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.effects: list[tuple[str, str, dict[str, Any]]] = []
        self.trouble: Trouble = ""
        self.forgetful = forgetful

    def normal_place(self, place: str) -> str:
        """Return a shelf's name without slashes at its ends."""
        return place.strip().strip("/")

    def tools(self) -> Sequence[Tool]:
        """Return fake_read, fake_send, fake_write."""
        return TOOLS

    def place(self, tool: str, arguments: Mapping[str, Any]) -> str:
        """Return the shelf."""
        return str(arguments.get("shelf", ""))

    def recipients(self, tool: str, arguments: Mapping[str, Any]) -> tuple[str, ...]:
        """Return who a note is sent to."""
        return (str(arguments["to"]),) if tool == "fake_send" else ()

    def preview(self, tool: str, arguments: Mapping[str, Any], access: Access) -> Preview:
        """Show the arguments."""
        known = self._tool(tool)
        fields = tuple((k, str(v)) for k, v in arguments.items() if k != "text")
        return Preview(known.title, fields, str(arguments.get("text", "")), undo=known.undo)

    async def call(self, tool: str, arguments: Mapping[str, Any], access: Access) -> Result:
        """Do it, or fail as `trouble` says."""
        known = self._tool(tool)
        self.calls.append((access.idempotency_key, tool, dict(arguments)))
        place = self.place(tool, arguments)
        grants = [g for g in access.grants if covers(g, place) and g.place_class <= g.ceiling]
        if not grants:
            raise NotReachable
        if known.writes and not any(g.may_write for g in grants):
            raise OutOfScope
        if known.tier is Tier.READ:
            text = self.shelves.get(place, {}).get(str(arguments["note"]))
            if text is None:
                raise NotReachable
            trusted = all(g.trusted for g in grants)
            label = Label(
                Integrity.TRUSTED if trusted else Integrity.UNTRUSTED, max(g.place_class for g in grants),
                sources=frozenset({f"fake:{place}"}),
            )  # fmt: skip
            return Result(text, {"text": text}, label)
        self._fail("before")
        if not any(key == access.idempotency_key for key, _, _ in self.effects):
            self.effects.append((access.idempotency_key, tool, dict(arguments)))
            if tool == "fake_write":
                self.shelves.setdefault(place, {})[str(arguments["note"])] = str(arguments["text"])
        self._fail("after")
        return Result("Done.", {"key": access.idempotency_key})

    async def effected(self, tool: str, arguments: Mapping[str, Any], access: Access) -> Effected:
        """Say whether the key is among the effects, unless it is forgetful."""
        if self.forgetful:
            return Effected.UNKNOWN
        return Effected.YES if any(k == access.idempotency_key for k, _, _ in self.effects) else Effected.NO

    async def check(self, account: Account) -> str:
        """Count the shelves; ToolFailed in trouble."""
        if self.trouble:
            raise ToolFailed
        return f"{len(self.shelves)} shelves."

    def _tool(self, name: str) -> Tool:
        for tool in TOOLS:
            if tool.name == name:
                return tool
        raise BadArguments(f"There is no tool {name}.")

    def _fail(self, when: str) -> None:
        match self.trouble:
            case "fail_before" if when == "before":
                raise ToolFailed
            case "unknown_before" if when == "before":
                raise OutcomeUnknown
            case "unknown_after" if when == "after":
                raise OutcomeUnknown
            case "crash_before" if when == "before":
                raise RuntimeError("The connector broke.")
            case "crash_after" if when == "after":
                raise RuntimeError("The connector broke.")
            case _:
                return

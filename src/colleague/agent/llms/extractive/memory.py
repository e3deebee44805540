"""What the conversation already holds, as the extractive model asks for it. Pure."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from colleague.agent.llms.extractive.choose import own_words, wish_of
from colleague.agent.llms.extractive.source import Source, merged
from colleague.agent.messages import Call, Message, Outcome, Said, Turn
from colleague.kit.documents.model import Document

READERS = ("read_document", "folder_read", "mail_read", "read_library")
_SET = "This task is about the document set"
WHAT = "What should I do?"
ON_WHAT = "On which question shall I bring the documents together?"


class Memory:
    """Calls with their outcomes since the person's newest words, and everything that was read."""

    def __init__(self, messages: Sequence[Message], tools: frozenset[str]) -> None:
        """Take the conversation and the names of the tools there are."""
        self.tools = tools
        said = [i for i, m in enumerate(messages) if isinstance(m, Said) and m.who == "person"]
        finished = [i for i, m in enumerate(messages) if isinstance(m, Turn) and not m.calls]
        # After an answer, new words begin new work; documents that were read stay known.
        start = next((i for i in said if i > finished[-1]), len(messages)) if finished else 0
        self.request = self._words(messages[start:]) or self._words(messages[said[-1] :] if said else ())
        self.earlier = [self._words(messages[a:b]) for a, b in pairwise([0, *(i + 1 for i in finished if i < start)])]
        self.replanned = any(isinstance(m, Said) and m.own is not None for m in messages[start:])
        told = next((m.text for m in messages if isinstance(m, Said) and m.who == "system"), "")
        named = re.search(r"working for (.+?) at their company", told)
        self.person = named[1] if named else ""
        # What is asked of a document set is answered from it, not from whatever else is there.
        self.about_set = _SET in told and "search_library" in tools
        self._all = self._pairs(messages)
        self._new = self._pairs(messages[start:])
        self._chosen = ""

    @staticmethod
    def _words(messages: Sequence[Message]) -> str:
        """Return what the person said, without the lists of files that the product adds."""
        return "\n".join(own_words(m.words) for m in messages if isinstance(m, Said) and m.who == "person")

    @staticmethod
    def _pairs(messages: Sequence[Message]) -> list[tuple[Call, Outcome]]:
        pairs: list[tuple[Call, Outcome]] = []
        open_calls: dict[str, Call] = {}
        for message in messages:
            if isinstance(message, Turn):
                open_calls = {call.id: call for call in message.calls}
            elif isinstance(message, Outcome) and message.call_id in open_calls:
                pairs.append((open_calls.pop(message.call_id), message))
        return pairs

    def did(self, tool: str, **arguments: Any) -> bool:
        """Say whether `tool` was used (with these arguments) since the newest request, whatever came of it."""
        pairs = self._all if tool == "list_files" else self._new
        return any(c.tool == tool and all(c.arguments.get(k) == v for k, v in arguments.items()) for c, _ in pairs)

    def outcome(self, tool: str) -> Outcome | None:
        """Return the newest outcome of `tool`."""
        return next((o for c, o in reversed(self._new) if c.tool == tool), None)

    @property
    def plan_at(self) -> int:
        """Return the step the plan was last put at."""
        return next((int(c.arguments["current"]) for c, _ in reversed(self._new) if c.tool == "set_plan"), 0)

    @property
    def files(self) -> list[Mapping[str, Any]]:
        """Return the files of the task; in one that is about a document set only those that came with the request."""
        files = [f for c, o in self._all if c.tool == "list_files" and o.ok for f in o.data.get("files", [])]
        return [f for f in files if f.get("source") == "upload"] if self.about_set else files

    def asked(self, question: str) -> bool:
        """Say whether the person was asked this."""
        return self.did("ask_person", question=question)

    def answer_to(self, question: str) -> str:
        """Return the person's answer, or nothing."""
        return next(
            (str(o.data.get("answer", "")) for c, o in reversed(self._new)
             if c.tool == "ask_person" and c.arguments.get("question") == question), "",
        )  # fmt: skip

    def choose(self, path: str) -> None:
        """Keep to the document the person named."""
        self._chosen = path

    def hits(self) -> list[str]:
        """Return the paths that searching or listing the folders gave, best first."""
        paths = [h["path"] for c, o in self._new if c.tool == "folder_search" and o.ok for h in o.data.get("hits", [])]
        if not paths:
            paths = [
                e["path"] for c, o in self._new if c.tool == "folder_list" and o.ok
                for e in o.data.get("entries", []) if e.get("kind") == "file"
            ]  # fmt: skip
        return list(dict.fromkeys(paths))

    def set_hits(self) -> list[str]:
        """Return the ids of the documents that searching the document sets gave, best first."""
        found = [p for c, o in self._new if c.tool == "search_library" and o.ok for p in o.data.get("passages", [])]
        return list(dict.fromkeys(str(p["id"]) for p in found))

    def _mails(self) -> list[str]:
        return [m["id"] for c, o in self._new if c.tool == "mail_search" and o.ok for m in o.data.get("messages", [])]

    def unread(self, most: int = 5) -> list[tuple[str, dict[str, Any]]]:
        """Return the calls that read what was found and not read yet, and the next pages of what was begun."""
        calls: list[tuple[str, dict[str, Any]]] = []
        for tool, key, ids in (
            ("read_document", "file", [str(f["id"]) for f in self.files]),
            ("folder_read", "path", [] if self.files else [self._chosen] if self._chosen else self.hits()[:most]),
            ("read_library", "id", [] if self.files else self.set_hits()[:most]),
            ("mail_read", "id", [] if self.files else self._mails()[:most]),
        ):
            for name in ids if tool in self.tools else []:
                read = [(c, o) for c, o in self._all if c.tool == tool and c.arguments.get(key) == name]
                if not read:
                    calls.append((tool, {key: name}))
                elif read[-1][1].ok and read[-1][1].data.get("next"):
                    calls.append((tool, {key: name, "first": int(read[-1][1].data["next"])}))
        return calls

    def sources(self) -> list[Source]:
        """Return the documents this request is about, whole: those it made us read or find, else all that were read."""
        parts: dict[str, list[Document]] = {}
        names: dict[str, str] = {}
        found, new = {*self.hits(), *self.set_hits()}, {id(call) for call, _ in self._new}
        wanted: set[str] = set()
        for call, outcome in self._all:
            if call.tool in READERS and outcome.ok and "document" in outcome.data:
                key = str(call.arguments.get("file") or call.arguments.get("path") or call.arguments.get("id"))
                document = Document.from_json(outcome.data["document"])
                parts.setdefault(key, []).append(document)
                names[key] = str(outcome.data.get("name") or document.title)
                if id(call) in new or key in found:
                    wanted.add(key)
        return [Source(names[k], merged(d)) for k, d in parts.items() if not wanted or k in wanted or self.files]

    def outputs(self) -> list[tuple[str, str]]:
        """Return (id, name) of what was written since the newest request, else of what was written before."""
        for pairs in (self._new, self._all):
            written = {
                str(o.data["name"]): str(o.data["output"]) for c, o in pairs if c.tool == "write_document" and o.ok
            }  # fmt: skip
            if written:
                return [(output, name) for name, output in written.items()]
        return []

    def wrote(self) -> bool:
        """Say whether something was written since the newest request."""
        return any(c.tool == "write_document" and o.ok for c, o in self._new)

    def last_answer_to(self, question: str) -> str:
        """Return what the person last answered to this, in the whole conversation."""
        return next(
            (str(o.data.get("answer", "")) for c, o in reversed(self._all)
             if c.tool == "ask_person" and c.arguments.get("question") == question), "",
        )  # fmt: skip

    def people(self, name: str) -> list[Mapping[str, str]]:
        """Return whom find_colleague found for `name`."""
        return [
            p for c, o in self._new if c.tool == "find_colleague" and c.arguments.get("name") == name and o.ok
            for p in o.data.get("people", [])
        ]  # fmt: skip

    def failures(self) -> list[str]:
        """Return what could not be read or found, in the words of the tool."""
        return [
            f"{c.arguments.get('path') or c.tool}: {o.text}"
            for c, o in self._new
            if not o.ok and c.tool not in ("mail_send", "use_skill")
        ]

    def question(self, skill: str = "qa") -> str:
        """Return what was asked: the newest words that ask for `skill`, else the newest of all."""
        said = [self.request, *reversed(self.earlier)]
        return " ".join(next((text for text in said if wish_of(text).skill == skill), self.request).split())

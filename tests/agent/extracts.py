"""What the tests of the extractive model share: documents, and the check that nothing was invented."""

import re
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import colleague.cli
from colleague.agent.llms.extractive import patterns, templates
from colleague.agent.llms.extractive.model import ExtractiveLlm
from colleague.agent.llms.extractive.sentences import sentences
from colleague.agent.llms.extractive.source import Source
from colleague.agent.messages import Call, Message, Outcome, Said, Turn
from colleague.agent.tools import ToolSpec
from colleague.kit.documents.child import FORMATS
from colleague.kit.documents.model import Block, Document
from colleague.kit.documents.sniff import sniff

SHARED = Path(__file__).parents[3] / "shared" / "data" / "rfq-18f-tdrs-draft.pdf"
DEMO = Path(colleague.cli.__file__).parent / "aldermoor" / "files"


def parse(content: bytes, name: str) -> Document:
    """Read a document in this process (the child of kit/documents/read.py has its own tests)."""
    media_type = sniff(content, name)
    document = import_module(f"colleague.kit.documents.formats.{FORMATS[media_type]}").read(content, name, media_type)
    assert isinstance(document, Document)
    return document


def source_of(path: Path) -> Source:
    """Return a file as the model would have read it."""
    return Source(path.name, parse(path.read_bytes(), path.name))


def source(*blocks: Block, name: str = "a.md", title: str = "A document") -> Source:
    """Return a document made of blocks."""
    return Source(name, Document(title, "text/markdown", "pages", 1, blocks))


def fold(text: str) -> str:
    """Return text with its white space folded."""
    return " ".join(text.split())


def own_words() -> set[str]:
    """Return every string in templates.py and every label of a fact."""
    words: set[str] = set()
    for value in (v for k, v in vars(templates).items() if k.isupper()):
        if isinstance(value, str):
            words.add(value)
        elif isinstance(value, tuple):
            words |= set(value)
        elif isinstance(value, dict):
            words |= set(value.values())
    kinds = (patterns.RFP, patterns.CONTRACT, patterns.MEETING, patterns.BRIEF, patterns.SUMMARY)
    return words | {pattern.label for kind in kinds for pattern in kind}


def said(blocks: Iterable[Block]) -> list[str]:
    """Return every text of an output, cell by cell, its citations and labels too."""
    texts: list[str] = []
    for block in blocks:
        texts += [block.text, block.where, block.label, *(cell for row in block.rows for cell in row)]
    return [fold(t) for t in texts if t.strip()]


class Sources:
    """Answers whether words are the sources' own."""

    def __init__(self, sources: Sequence[Source], *more: str) -> None:
        """Take the documents; `more` are words of the person."""
        self.units: set[str] = set()
        self.cites: set[str] = set()
        for each in sources:
            self.units |= {fold(each.name), fold(each.document.title)}
            self.cites |= {fold(each.cite(b.where)) for b in each.document.blocks} | {fold(each.name)}
            for block in each.document.blocks:
                texts = [block.text, block.label, *(cell for row in block.rows for cell in row)]
                self.units |= {fold(t) for t in texts} | {s for t in texts for s in sentences(t)}
                if block.kind == "heading":  # «4 Hotels» names a theme as «Hotels»
                    self.units.add(fold(re.sub(r"^\d+(?:\.\d+)*[.)]?\s+", "", block.text)))
                # A contract's names for its parties: («the Supplier»).
                self.units |= {m for t in texts for m in re.findall(r"[«“\"](?:the )?([A-Z][\w -]+)[»”\"]", t)}
        self.units |= {fold(m) for m in more}
        self.units.discard("")
        self.longest = sorted(self.units, key=len, reverse=True)
        self.own = own_words() | {f"{templates.MATRIX}:"}

    def holds(self, text: str) -> bool:
        """Say whether `text` is a template, a place, an id, or nothing but whole sentences and cells of the sources."""
        if text in self.own or text in self.cites or text in self.units:
            return True
        if re.fullmatch(r"[RB]-\d{3,}(?:(?:, | – )[RB]-\d{3,})*", text):
            return True
        if text.startswith(f"{templates.NEEDS}: "):
            return text.removeprefix(f"{templates.NEEDS}: ") in self.own
        return self._made_of_units(text)

    def _made_of_units(self, text: str) -> bool:
        """Say whether text can be cut into units, with nothing between them but blanks and bars."""
        open_ends, seen = [text], set[str]()
        while open_ends:
            rest = open_ends.pop()
            if not rest:
                return True
            if rest in seen:
                continue
            seen.add(rest)
            after = [rest[len(u) :] for u in self.longest if rest.startswith(u)]
            open_ends += [a.removeprefix(" | ") for a in after if not a or a.startswith(" | ")]
            open_ends += [a.removeprefix(" ") for a in after if a.startswith(" ")]
        return False

    def invented(self, blocks: Iterable[Block]) -> list[str]:
        """Return the texts of an output that are neither the sources' nor the templates'."""
        return [text for text in dict.fromkeys(said(blocks)) if not self.holds(text)]


TOOLS = (
    "set_plan", "list_files", "read_document", "write_document", "find_colleague", "ask_person", "mail_send",
    "folder_search", "folder_list", "folder_read",
)  # fmt: skip
PEOPLE = {
    "Dana Whitfield": "dana@ours.example", "Ben Okafor": "ben@ours.example", "Ben Marsh": "ben.marsh@ours.example",
    "Ana Correia": "ana@ours.example", "Tom Lindqvist": "tom@ours.example",
}  # fmt: skip


class Desk:
    """A task in memory: does what the model calls for, as the tools of tasks/ would, and remembers it."""

    def __init__(
        self, *files: Source, folder: Mapping[str, Source] | None = None, answers: Mapping[str, str] | None = None,
        tools: Sequence[str] = TOOLS, mail: bool = True,
    ) -> None:  # fmt: skip
        self.files, self.folder, self.answers, self.mail = files, dict(folder or {}), dict(answers or {}), mail
        self.tools = [ToolSpec(name, "", {}) for name in tools]
        self.messages: list[Message] = [
            Said("system", "You are Colleague, working for Tom Lindqvist at their company.")
        ]
        self.calls: list[Call] = []

    async def ask(self, request: str) -> str:
        """Say something in the task and return the model's answer."""
        attached = "\n\nAttached files: " + ", ".join(f.name for f in self.files) if self.files else ""
        self.messages.append(Said("person", request + (attached if len(self.messages) == 1 else "")))
        for _ in range(60):
            turn = await ExtractiveLlm().turn(self.messages, self.tools)
            calls = tuple(Call(f"{len(self.calls)}_{n}", c.tool, c.arguments) for n, c in enumerate(turn.calls))
            self.messages.append(Turn(turn.text, calls))
            if not calls:
                return turn.text
            for call in calls:
                assert call.tool in {tool.name for tool in self.tools}, f"{call.tool} is not open"
                self.calls.append(call)
                ok, text, data = self._do(call.tool, call.arguments)
                self.messages.append(Outcome(call.id, call.tool, text, ok, data))
        raise AssertionError("the model does not come to an end")

    def _do(self, tool: str, given: Mapping[str, Any]) -> tuple[bool, str, dict[str, Any]]:
        match tool:
            case "list_files":
                return True, "", {"files": [{"id": f"f{n}", "name": f.name} for n, f in enumerate(self.files)]}
            case "read_document":
                return True, "", self._read(self.files[int(given["file"][1:])])
            case "folder_search" | "folder_list":
                return True, "", {"hits": [{"path": path} for path in self.folder], "entries": []}
            case "folder_read":
                return True, "", self._read(self.folder[given["path"]])
            case "write_document":
                assert given["name"].endswith(f".{given['format']}")
                return True, "", {"output": f"out-{given['name']}", "name": given["name"]}
            case "find_colleague":
                found = [{"name": n, "email": e} for n, e in PEOPLE.items() if given["name"].casefold() in n.casefold()]
                return True, "", {"people": found}
            case "ask_person":
                answer = next((a for q, a in self.answers.items() if q in given["question"]), "")
                return True, answer, {"answer": answer}
            case "mail_send":
                return self.mail, "" if self.mail else "The mail server says no.", {}
            case _:
                return True, "", {}

    @staticmethod
    def _read(file: Source) -> dict[str, Any]:
        return {"document": file.document.to_json(), "name": file.name}

    def did(self, tool: str) -> list[dict[str, Any]]:
        """Return the arguments of the calls of a tool."""
        return [c.arguments for c in self.calls if c.tool == tool]

    @property
    def written(self) -> list[str]:
        """Return the names of what was written."""
        return [c["name"] for c in self.did("write_document")]

    @property
    def sent_to(self) -> list[str]:
        """Return to whom mails went."""
        return [to for c in self.did("mail_send") for to in c["to"]]

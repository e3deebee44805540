"""The tools of the task's own workspace, as values."""

from typing import Any, Final

from colleague.connectors.connector import Tool
from colleague.policy.model import Role, Tier
from colleague.policy.standards.category import SHIPPED
from colleague.tasks.model import START_SUBAGENT


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


_TEXT: Final = {"type": "string", "maxLength": 8000}
_SHORT: Final = {"type": "string", "minLength": 1, "maxLength": 200}
_PAGE: Final = {"type": "integer", "minimum": 1, "maximum": 100_000}

_CATEGORY: Final = {
    "type": "string", "maxLength": 40,
    "description": f"What kind of output it is: {', '.join(sorted(SHIPPED))}, or one that the organisation added. What "
    "is not known is held to the strictest standard",
}  # fmt: skip

_BLOCK: Final = {
    "type": "object",
    "properties": {
        "kind": {"enum": ["heading", "paragraph", "item", "table", "note", "box", "chart", "speaker"]},
        "text": {"type": "string", "maxLength": 20_000},
        "level": {"type": "integer", "minimum": 0, "maximum": 9},
        "where": {"type": "string", "maxLength": 300, "description": "The place to cite, e.g. «RFP.pdf, p. 12»"},
        "label": {"type": "string", "maxLength": 50},
        "rows": {
            "type": "array",
            "items": {"type": "array", "items": {"type": "string"}},
            "description": "The first row is the header. Numbers as 1250.5, shares as 12.5%, days as 2026-12-31",
        },
        "chart": {
            "type": "object",
            "description": "For kind chart (its title in text): what to draw from the nearest table before it, or from "
            "its own rows. categories and series name columns by their header; default: the first, and all numbers",
            "properties": {
                "kind": {"enum": ["bar", "line", "pie"]},
                "categories": {"type": "string", "maxLength": 300},
                "series": {"type": "array", "items": {"type": "string", "maxLength": 300}, "maxItems": 8},
            },
            "required": ["kind"],
            "additionalProperties": False,
        },
    },
    "required": ["kind"],
}

WORKSPACE_TOOLS: Final = (
    Tool(
        "set_plan", "Plan", "Show the person your plan: short steps, and the number of the one you are at.",
        _object(
            ["steps", "current"],
            steps={"type": "array", "items": _SHORT, "minItems": 1, "maxItems": 20},
            current={"type": "integer", "minimum": 1, "maximum": 21},
        ),
        Tier.READ, {"steps": Role.CONTENT, "current": Role.OPTION}, alone=True, undo="nothing to undo",
    ),
    Tool("list_files", "List files", "List the files the person gave to this task.", _object([]), Tier.READ),
    Tool(
        "read_document", "Read a file", "Read a file of this task, all of it or the pages from `first` to `last`.",
        _object(["file"], file=_SHORT, first=_PAGE, last=_PAGE),
        Tier.READ, {"file": Role.OPTION, "first": Role.OPTION, "last": Role.OPTION},
    ),
    Tool(
        "search_documents", "Search files", "Find words in the files of this task; gives places and excerpts.",
        _object(["query"], query=_SHORT), Tier.READ, {"query": Role.CONTENT},
    ),
    Tool(
        "write_document", "Write a document",
        "Write a document as an output of this task (a new version if the name exists). It is always a draft. "
        "xlsx: a heading of level 1 begins a sheet; its first table begins at A1, the next ones follow after a blank "
        "row (and a row for their heading of level 2, if any); write every total as a formula. pptx: a heading of "
        "level 1 or 2 begins a slide; a block of kind speaker is said, not shown.",
        _object(
            ["name", "format", "title", "blocks"],
            name=_SHORT, format={"enum": ["docx", "xlsx", "pptx", "md", "pdf", "csv", "html"]}, title=_SHORT,
            category=_CATEGORY,
            blocks={"type": "array", "items": _BLOCK, "maxItems": 5000},
            formulas={"type": "boolean", "description": "Cells that start with = are formulas"},
            template={
                "type": "string", "maxLength": 40,
                "description": "A docx or pptx template of the organisation by its name; without it, the standard one",
            },
            extractive={"type": "boolean", "description": "Every text is taken from the sources word for word"},
        ),
        Tier.READ, {"name": Role.OPTION, "format": Role.OPTION, "category": Role.OPTION, "template": Role.OPTION},
        writes=True, undo="versions are kept",
    ),
    Tool(
        "run_python", "Run Python",
        "Run a Python program for calculations, data and charts. It has no network and nothing but copies of `files` "
        "(ids or names of files and outputs of this task) in ../inputs, read-only. What it prints comes back; each "
        "file it writes to the current folder becomes an output of this task, a draft.",
        _object(
            ["code"], code={"type": "string", "minLength": 1, "maxLength": 100_000},
            files={"type": "array", "items": _SHORT, "maxItems": 20}, category=_CATEGORY,
        ),
        Tier.READ, {"code": Role.CONTENT, "files": Role.OPTION, "category": Role.OPTION}, writes=True,
        undo="versions are kept",
    ),
    Tool(
        "use_skill", "Use a skill", "Read a skill, a written way of working, before you follow it.",
        _object(["name"], name=_SHORT, arguments=_TEXT), Tier.READ, {"name": Role.OPTION, "arguments": Role.CONTENT},
    ),
    Tool(
        "read_skill_file", "Read a skill's file", "Read a file that belongs to a skill.",
        _object(["name", "file"], name=_SHORT, file=_SHORT), Tier.READ, {"name": Role.OPTION, "file": Role.OPTION},
    ),
    Tool(
        START_SUBAGENT, "Start a sub-agent",
        "Let a sub-agent do an independent part of the task and report to you. Use it for parts that need much reading "
        "and do not need each other (one of several documents, one of several questions): several calls in one turn "
        "work beside each other, four at once. Not for small things, and not for parts that build on each other. It "
        "sees the person's words and `goal`, nothing else of your work: say in `goal` what to find or make, where to "
        "look, and what to report. It spends from the same budget, has no other rights than you, and cannot ask the "
        "person. `tools`: the only tools it needs, by name; without it, all of yours.",
        _object(
            ["goal"], goal={"type": "string", "minLength": 1, "maxLength": 8000},
            tools={"type": "array", "items": _SHORT, "minItems": 1, "maxItems": 200, "uniqueItems": True},
        ),
        Tier.READ, {"goal": Role.CONTENT, "tools": Role.OPTION}, alone=True, undo="what it does is undone as usual",
    ),
    Tool(
        "find_colleague", "Find a colleague", "Look a colleague up by name; gives mail addresses.",
        _object(["name"], name=_SHORT), Tier.READ, {"name": Role.OPTION},
    ),
    Tool(
        "ask_person", "Ask you", "Ask the person a question when you cannot go on without the answer.",
        _object(["question"], question=_TEXT, choices={"type": "array", "items": _SHORT, "maxItems": 8}),
        Tier.READ, {"question": Role.CONTENT, "choices": Role.CONTENT}, alone=True,
    ),
)  # fmt: skip

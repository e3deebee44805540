"""Which tools a skill leaves to the agent while the person has called it: `allowed-tools`, `disallowed-tools`. Pure.

It only narrows: what a skill names is decided by the same rules as ever. Names are those of this product, or the usual
ones of the open format. What is not known, and a name with a condition in brackets, allows nothing.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from colleague.agent.messages import Message, Outcome, Said, Turn
from colleague.plugins.model import Skill, Usable
from colleague.plugins.slash import command_of, short_names

# What stays whatever a skill says: the plan, questions to the person, and the skill's own text.
ALWAYS: Final = frozenset({"set_plan", "ask_person", "use_skill", "read_skill_file"})
# What brings a skill into a conversation: its text, or a file that belongs to it.
TAKES_UP: Final = ("use_skill", "read_skill_file")
_READ: Final = ("list_files", "read_document", "folder_list", "folder_read", "read_library")
_SEARCH: Final = ("list_files", "search_documents", "folder_list", "folder_search", "search_library")
_MAIL: Final = ("mail_search", "mail_read", "mail_send", "mail_draft")
_NAMES: Final = {
    "read": _READ, "ls": ("list_files", "folder_list"), "grep": _SEARCH, "glob": _SEARCH,
    "write": ("write_document", "folder_write"), "edit": ("write_document", "folder_write", "folder_propose_edits"),
    "bash": ("run_python",),
    "webfetch": ("web_fetch",), "websearch": ("web_search",), "todowrite": ("set_plan",),
    "askuserquestion": ("ask_person",), "skill": ("use_skill",),
}  # fmt: skip
OURS: Final = frozenset(
    {*ALWAYS, *_MAIL, *(tool for tools in _NAMES.values() for tool in tools), "folder_delete", "find_colleague",
     "propose_note", "propose_instruction", "start_subagent"}
)  # fmt: skip
_SERVER = re.compile(r"mcp__[A-Za-z0-9_.-]+?(?:__(?:[A-Za-z0-9_.-]+|\*))?")


def tools_named(name: str) -> frozenset[str]:
    """Return the tools that `name` stands for; none if it is not known. `mcp__server` stands as it is."""
    if name in OURS or _SERVER.fullmatch(name):
        return frozenset({name})
    return frozenset(_NAMES.get(name.casefold(), ()))


def unknown_names(skill: Skill) -> list[str]:
    """Return the names in a skill's lists that stand for no tool here."""
    return [n for n in (*(skill.allowed or ()), *skill.denied) if n != "*" and not tools_named(n)]


def permits(skill: Skill, tool: str) -> bool:
    """Say whether the skill leaves `tool` to the agent. What it disallows goes before what it allows."""
    if _listed(skill.denied, tool):
        return False
    return skill.allowed is None or tool in ALWAYS or _listed(skill.allowed, tool)


def _listed(names: Sequence[str], tool: str) -> bool:
    for name in names:
        if name == "*" or tool in tools_named(name):
            return True
        server = name.removesuffix("__*")
        if name.startswith("mcp__") and server.count("__") == 1 and tool.startswith(f"{server}__"):
            return True
    return False


def narrows(skill: Skill) -> bool:
    """Say whether the skill names tools at all."""
    return skill.allowed is not None or bool(skill.denied)


def called_last(messages: Sequence[Message]) -> str:
    """Return the name in the slash command that the person's newest words begin with, "" if they call no skill.

    Whatever they say next ends it: then the person speaks again, not the skill.
    """
    words = next((m.text for m in reversed(messages) if isinstance(m, Said) and m.who == "person"), "")
    command = command_of(words)
    return command[0] if command else ""


def forbidding(called: str, tool: str, usable: Sequence[Usable]) -> str:
    """Return the full name of the skill `called` if it keeps `tool` from the agent, else ""."""
    one = short_names(usable).get(called)
    return one.name if one and not permits(one.skill, tool) else ""


def followed(messages: Sequence[Message], tool: str = "", arguments: Mapping[str, Any] | None = None) -> frozenset[str]:
    """Return the names, as they were written, of all skills that a person called and that the model took up.

    With `tool` and `arguments`, a call that is being decided counts as done. Nothing ends it: what a skill brought into
    the conversation stays there.
    """
    names = [command_of(m.words) for m in messages if isinstance(m, Said) and m.who == "person"]
    found = [command[0] for command in names if command]
    wishes = {call.id: call for m in messages if isinstance(m, Turn) for call in m.calls if call.tool in TAKES_UP}
    found += [
        str(wishes[m.call_id].arguments.get("name", ""))
        for m in messages
        if isinstance(m, Outcome) and m.ok and m.call_id in wishes
    ]
    if tool in TAKES_UP and arguments:
        found.append(str(arguments.get("name", "")))
    return frozenset(n.strip().removeprefix("/").casefold() for n in found if n.strip())

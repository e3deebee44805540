"""A slash command at the beginning of what a person says: which skill, with which words. Pure."""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from colleague.kit.errors import NotFound
from colleague.plugins.model import Usable

_COMMAND = re.compile(r"/([A-Za-z0-9][\w.:-]{0,200})(?:\s+(.*))?\Z", re.DOTALL)


class UnknownCommand(NotFound):
    """There is no skill «/{name}» for you.{near} A text that begins with a slash calls a skill: begin with another
    sign if you do not mean one."""


def command_of(text: str) -> tuple[str, str] | None:
    """Return (name, the words after it) if `text` begins with a slash command, else None. A path is none."""
    found = _COMMAND.match(text.strip())
    return (found[1].casefold(), (found[2] or "").strip()) if found else None


def short_names(usable: Iterable[Usable]) -> dict[str, Usable]:
    """Return skills by every name they can be called by: `plugin:skill`, and `skill` alone where only one has it.

    What the organisation approved goes before what a person added for themselves.
    """
    named: dict[str, Usable] = {}
    short: dict[str, list[Usable]] = {}
    for one in usable:
        if one.skill.by_person:
            named.setdefault(one.name, one)
            short.setdefault(one.skill.name, []).append(one)
    for name, ones in short.items():
        approved = [o for o in ones if o.approved] or ones
        if len(approved) == 1:
            named.setdefault(name, approved[0])
    return named


def full_name(name: str, usable: Sequence[Usable]) -> str:
    """Return the full name of the skill that is called `name` by somebody who may use these; as written if it is none.

    A short name is that of the one skill it calls, never that of another plugin's.
    """
    name = name.strip().removeprefix("/").casefold()
    one = every_name(usable).get(name)
    return one.name.casefold() if one else name


def every_name(usable: Sequence[Usable]) -> dict[str, Usable]:
    """Return skills by every name that a model takes them up by: what only it calls has its full name alone."""
    return {one.name: one for one in usable} | short_names(usable)


def chosen_by(text: str, usable: Sequence[Usable]) -> tuple[Usable, str] | None:
    """Return the skill that `text` calls and its arguments; None if it calls none. Raises UnknownCommand."""
    command = command_of(text)
    if command is None:
        return None
    named = short_names(usable)
    name, arguments = command
    if name in named:
        return named[name], arguments
    full = sorted(o.name for o in named.values() if o.skill.name == name)
    close = full or get_close_matches(name, [n.casefold() for n in named], n=3, cutoff=0.5)
    near = f" Did you mean {', '.join(f'«/{n}»' for n in dict.fromkeys(close))}?" if close else ""
    raise UnknownCommand(name=name[:80], near=near)

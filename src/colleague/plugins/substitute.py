"""Put arguments into a skill's text, once and left to right: what an argument holds is never read again. Pure.

`` !`command` `` is never run here: it becomes a numbered command, which one may ask to be run in the sandbox.
"""

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_MARK = re.compile(
    r"!`(?P<command>[^`\n]{1,4000})`|\$\{(?P<key>CLAUDE_PLUGIN_ROOT|CLAUDE_SKILL_DIR|user_config\.[\w-]{1,100})\}"
    r"|\$ARGUMENTS(?![A-Za-z0-9_])(?:\[(?P<index>\d{1,2})\])?|\$(?P<number>[1-9])(?!\d)"
    r"|\$(?P<name>[A-Za-z_]\w{0,60})|(?:(?<=\s)|(?<=\()|^)@(?P<file>[\w][\w./-]{0,300})",
    re.MULTILINE,
)
ROOT = "."


@dataclass(frozen=True, slots=True)
class Filled:
    """A text with its arguments in place; `commands` are those it wants to run, in order, arguments quoted in them."""

    text: str
    commands: tuple[str, ...] = ()
    used: bool = False


def split(arguments: str) -> list[str]:
    """Return arguments as words: quotation marks keep words together; unbalanced ones count as letters."""
    try:
        return shlex.split(arguments)
    except ValueError:
        return arguments.split()


def substitute(
    body: str, arguments: str = "", *, names: Sequence[str] = (), defaults: Mapping[str, str] | None = None,
    file: Callable[[str], str | None] = lambda _: None, hint: str = "",
) -> Filled:  # fmt: skip
    """Return `body` with everything put in. `names` are the declared arguments, `file` gives the text of `@file`.

    Where no argument is given and none is declared, `$1` is left as it is: it may be part of an example. Arguments
    that the text does not ask for are added at its end.
    """
    words = split(arguments)
    expects = bool(arguments.strip() or names or hint)
    commands: list[str] = []
    used = False

    def value_of(match: re.Match[str], quote: bool) -> str:
        nonlocal used
        whole = match.group()
        if match["key"]:
            return _key(match["key"], defaults or {})
        if match["number"] or match["index"]:
            if not expects:
                return whole
            used = True
            place = int(match["number"]) - 1 if match["number"] else int(match["index"])
            value = words[place] if place < len(words) else ""
            return shlex.quote(value) if quote else value
        if whole == "$ARGUMENTS":
            used = True
            return shlex.join(words) if quote else arguments
        if match["name"] and match["name"] in names:
            used = True
            place = list(names).index(match["name"])
            value = words[place] if place < len(words) else ""
            return shlex.quote(value) if quote else value
        if match["file"] and not quote:
            found = file(match["file"])
            return whole if found is None else found
        return whole

    def replaced(match: re.Match[str]) -> str:
        if match["command"]:
            commands.append(_MARK.sub(lambda inner: value_of(inner, True), match["command"]))
            return f"[command {len(commands)}, not run: {commands[-1]}]"
        return value_of(match, False)

    text = _MARK.sub(replaced, body)
    if arguments.strip() and not used:
        text = f"{text}\n\nArguments: {arguments.strip()}"
    return Filled(text, tuple(commands), used or bool(arguments.strip()))


def _key(key: str, defaults: Mapping[str, str]) -> str:
    if key in ("CLAUDE_PLUGIN_ROOT", "CLAUDE_SKILL_DIR"):
        return ROOT
    name = key.partition(".")[2]
    return defaults.get(name, f"[not set: {name}]")

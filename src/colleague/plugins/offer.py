"""What a model is told of skills before it has chosen one: names and when to use them, in few words. Pure."""

from collections.abc import Sequence

from colleague.plugins.allowed import narrows
from colleague.plugins.model import Usable

LIMIT, EACH = 4000, 260
_HEAD = "Skills you can follow. Before you use one, call use_skill with its name and do what its text says:"


def offer(usable: Sequence[Usable], chosen: Usable | None, arguments: str = "") -> str:
    """Return the paragraph for the model, at most 4,000 characters; "" if there is nothing to say.

    `chosen` is the skill that the person called with a slash, with their `arguments`.
    """
    lines, size = [_HEAD], len(_HEAD)
    for one in usable:
        if not one.skill.by_model:
            continue
        line = f"- {one.name}: {one.skill.description[:EACH]}"
        if size + len(line) > LIMIT - 400:
            lines.append("- … and more: use_skill with a wrong name lists them.")
            break
        lines.append(line)
        size += len(line) + 1
    text = "\n".join(lines) if len(lines) > 1 else ""
    if chosen is None:
        return text
    told = f"The person chose the skill {chosen.name}. Call use_skill with it first."
    if narrows(chosen.skill):
        allowed = "any" if chosen.skill.allowed is None else ", ".join(chosen.skill.allowed[:30]) or "none"
        told += f" Tools it leaves to you: {allowed}"
        told += f", but not {', '.join(chosen.skill.denied[:30])}." if chosen.skill.denied else "."
    if arguments:
        told += f" Their words for it: {arguments[:200]}"
    return f"{text}\n\n{told}".strip()

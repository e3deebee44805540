"""The facts that a summary keeps word for word, and a digest without a model: made from the steps themselves. Pure."""

from collections.abc import Mapping, Sequence

from colleague.agent.messages import Call, Message, Outcome, Said, Summary, Turn
from colleague.agent.plan import Plan
from colleague.kit.canonical import canonical, digest
from colleague.policy.model import Integrity, Label, Tier
from colleague.tasks.model import CallState
from colleague.tasks.tables import CallRow
from colleague.tasks.timeline import WORDS, object_of

# Tools of the workspace that leave something behind although they are of the tier read.
_LEAVES = ("write_document", "run_python", "use_skill", "propose_note", "propose_instruction", "start_subagent")
_LINE = 300


def label_of(covered: Sequence[Message], labels: Mapping[str, Label]) -> Label:
    """Return the join of the labels of all results in `covered`. Silence is not trust: without a label, untrusted."""
    joined = Label()
    for message in covered:
        if isinstance(message, Outcome):
            unknown = Label(Integrity.UNTRUSTED, sources=frozenset({message.tool}))
            joined = joined.join(labels.get(message.call_id, unknown))
    return joined


def facts_of(covered: Sequence[Message], calls: Mapping[str, CallRow], plan: Plan, limit: int) -> str:
    """Return the plan, the answers of people, what was done, refused or denied, and what was read, with its source.

    `calls` by the id the model's turn gives them. What was read is left out first when there is more than `limit`
    characters (the oldest), then the oldest deeds; the plan and what people answered never.
    """
    wishes = {call.id: call for m in covered if isinstance(m, Turn) for call in m.calls}
    answers: list[str] = []
    deeds: list[str] = []
    reads: dict[str, str] = {}
    for message in covered:
        if not isinstance(message, Outcome):
            continue
        call, row = wishes.get(message.call_id), calls.get(message.call_id)
        if call is None or message.tool == "set_plan":
            continue
        if message.tool == "ask_person":
            answers.append(f"- You asked: {call.arguments.get('question', '')} {message.text}")
        elif row is None or row.state != CallState.DONE or row.tier > Tier.READ or message.tool in _LEAVES:
            deeds.append(_deed(message, call, row))
        elif row.label and row.label["sources"]:
            line = _read(message, call, Label.from_json(row.label))
            # What was read again counts once, where it was read last.
            reads.pop(line, None)
            reads[line] = line
    steps = [f"{n}. {s}{' (now)' if n == plan.current else ''}" for n, s in enumerate(plan.steps, 1)]
    must = [*_part("Plan:", steps), *_part("What the person answered:", answers)]
    room = limit - sum(len(line) + 1 for line in must)
    done = _newest(list(dict.fromkeys(deeds)), room * 2 // 3, "earlier deeds")
    room -= sum(len(line) + 1 for line in done)
    read = _newest(list(reads), room, "earlier reads")
    return "\n".join(
        [*must, *_part("Done, refused or denied:", done), *_part("Read (source, hash of the text):", read)]
    )


def digest_of(covered: Sequence[Message], before: str, limit: int) -> str:
    """Return what happened without asking a model: the newest turns and results, each cut short."""
    lines: list[str] = []
    for message in covered:
        match message:
            case Turn() if message.text.strip():
                lines.append(f"- You said: {_cut(message.text)}")
            case Outcome() if message.tool not in ("set_plan", "ask_person"):
                lines.append(f"- {message.tool}: {_cut(message.text)}")
            case _:
                pass
    return "\n".join(_newest([*([before] if before else []), *lines], limit, "earlier steps"))


def transcript(covered: Sequence[Message], before: str, limit: int) -> str:
    """Return the steps as one text for a model to summarise, in at most about `limit` characters, each with a share."""
    entries = [("Summary of the steps before", before)] if before else []
    for message in covered:
        match message:
            case Turn():
                wishes = "\n".join(f"{c.tool} {c.arguments}" for c in message.calls)
                entries.append(("You", f"{message.text}\n{wishes}".strip()))
            case Outcome():
                entries.append((f"Result of {message.tool}", message.text))
            case Said(who="person"):
                entries.append(("The person", message.text))
            case Said() | Summary():
                pass
    share = max(limit // max(len(entries), 1) - 40, 80)
    texts = [f"[{who}]\n{text if len(text) <= share else text[:share] + ' […]'}" for who, text in entries]
    return "\n\n".join(texts)[:limit]


def _deed(message: Outcome, call: Call, row: CallRow | None) -> str:
    word = WORDS[CallState(row.state)] if row else "refused"
    asked = " (a person was asked)" if row and row.approval_id else ""
    return f"- {call.tool} {object_of(call.tool, call.arguments, {})}: {word}{asked}. {_cut(message.text)}"


def _read(message: Outcome, call: Call, label: Label) -> str:
    name = str(message.data.get("name") or "")
    pages = f", from page {call.arguments['first']}" if call.arguments.get("first") else ""
    about = object_of(call.tool, call.arguments, {}) or canonical(call.arguments)[:120]
    what = f"{about} ({name})" if name and name != about else about
    sources = ", ".join(sorted(label.sources))[:_LINE]
    return (
        f"- {call.tool} {what}{pages}: {sources} [{label.integrity.name.lower()}, {label.data_class.name.lower()}], "
        f"{digest(message.text)[:16]}"
    )


def _cut(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LINE else f"{flat[:_LINE]} […]"


def _part(title: str, lines: Sequence[str]) -> list[str]:
    return [title, *lines] if lines else []


def _newest(lines: Sequence[str], limit: int, what: str) -> list[str]:
    """Return the newest lines that fit, oldest first, and how many were left out."""
    kept: list[str] = []
    for line in reversed(lines):
        limit -= len(line) + 1
        if limit < 0:
            break
        kept.insert(0, line)
    left = len(lines) - len(kept)
    return [f"({left} {what} are left out.)", *kept] if left else kept

"""A run's history as a person reads it: words, calls in one line each, the answer. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markdown_it import MarkdownIt

from colleague.kit.documents.preview import linked
from colleague.policy.model import Tier
from colleague.tasks.model import CallState, Step
from colleague.tasks.tables import CallRow

# Raw HTML is shown as text, and links are only made for http(s) and mail.
_MARKDOWN = MarkdownIt("js-default", {"html": False, "linkify": False}).disable("image")

TITLES = {
    "set_plan": "Plan", "list_files": "Looked at the files", "read_document": "Read", "search_documents": "Searched",
    "write_document": "Wrote", "find_colleague": "Looked up", "ask_person": "Asked you",
    "use_skill": "Follows the skill", "read_skill_file": "Read of the skill", "folder_list": "Listed",
    "folder_read": "Read", "folder_search": "Searched folders for", "folder_write": "Saved", "folder_delete": "Deleted",
    "folder_propose_edits": "Proposed changes in",
    "mail_search": "Searched mail for", "mail_read": "Read mail", "mail_send": "Mail to",
    "mail_draft": "Drafted mail to", "web_fetch": "Read on the web", "web_search": "Searched the web for",
    "run_python": "Ran a program", "search_library": "Searched document sets for",
    "read_library": "Read", "propose_note": "Proposed a note",
    "propose_instruction": "Proposed instructions", "start_subagent": "Sub-agent",
}  # fmt: skip
WORDS = {
    CallState.ASKED: "waiting", CallState.INTENDED: "running", CallState.DONE: "done", CallState.FAILED: "failed",
    CallState.REFUSED: "refused", CallState.UNKNOWN: "not known",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the history. `kind`: person, text, call, summary or answer; `html` is safe to show.

    `by` is the person who said it, or who answered what was asked; "" if that is not known.
    """

    kind: str
    at: datetime
    title: str = ""
    object: str = ""
    html: str = ""
    state: str = ""
    call: CallRow | None = None
    text: str = ""
    seq: int = 0
    by: str = ""


def markdown(text: str) -> str:
    """Return Markdown as safe HTML: no raw HTML, no images, no script addresses."""
    return str(_MARKDOWN.render(text))


def object_of(tool: str, arguments: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return what a call is about, in a few words."""
    for key in ("query", "name", "to", "path", "url", "file", "question", "goal", "id"):
        if key in arguments:
            value = arguments[key]
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            return names.get(text, text)[:120]
    return ""


def already_done(calls: Sequence[CallRow], outputs: Sequence[str]) -> str:
    """Say what a run did before it was stopped: what went out or was changed, what was written. It cannot be undone."""
    effects = [c for c in calls if c.tier > Tier.READ and c.state in (CallState.DONE, CallState.UNKNOWN)]
    words = [
        f"{TITLES.get(c.tool, c.tool)} {object_of(c.tool, c.arguments, {})}".strip()
        + (" (not known whether it took effect)" if c.state == CallState.UNKNOWN else "")
        for c in effects[:10]
    ]
    words += [f"written: {', '.join(outputs[:10])}"] if outputs else []
    return f"Already done: {'; '.join(words)}." if words else "Nothing was sent, changed or written before."


def timeline(
    steps: Sequence[Step], calls: Mapping[str, CallRow], names: Mapping[str, str], places: Mapping[str, str]
) -> list[Entry]:
    """Return the history of a run; `calls` by model id, `names` from file ids, `places` from names to pages."""
    entries: list[Entry] = []
    outcomes = {s.body["call_id"]: s for s in steps if s.kind == "outcome"}
    for step in steps:
        match step.kind:
            case "said" if step.body["who"] == "person":
                entries.append(Entry("person", step.at, text=step.body["text"], seq=step.seq, by=author(step)))
            case "turn":
                body = step.body
                kind = "text" if body["calls"] else "answer"
                if body["text"]:
                    entries.append(Entry(kind, step.at, html=linked(markdown(body["text"]), places), seq=step.seq))
                for call in body["calls"]:
                    entries.append(_call_entry(call, step, calls.get(call["id"]), outcomes.get(call["id"]), names))
            case "summary":
                entries.append(_summary_entry(step))
            case _:
                pass
    return [e for e in entries if not (e.kind == "call" and e.title == "Plan" and e.state == "done")]


def _call_entry(
    call: Mapping[str, Any],
    step: Step,
    row: CallRow | None,
    outcome: Step | None,
    names: Mapping[str, str],
) -> Entry:  # fmt: skip
    state = WORDS[CallState(row.state)] if row else "refused" if outcome else "next"
    title = TITLES.get(call["tool"], call["tool"])
    text = outcome.body["text"][:4000] if outcome else ""
    at = row.decided_at if row else step.at
    what = object_of(call["tool"], call["arguments"], names)
    by = author(outcome) if outcome else ""
    title = title if what else title.removesuffix(" for").removesuffix(" to")
    return Entry("call", at, title, what, state=state, call=row, text=text, seq=step.seq, by=by)


def _summary_entry(step: Step) -> Entry:
    body = step.body
    by = "without a model" if body["by"] == "digest" else f"by {body['by']}"
    text = f"{body['facts']}\n\nWhat happened:\n{body['text']}"
    about = f"steps {body['first']} to {body['last']}, {by}"
    return Entry("summary", step.at, "Summarised", about, text=text, seq=step.seq)


def author(step: Step) -> str:
    """Return who spoke in a step, or answered the agent's question; "" if nobody did, or it was not kept then."""
    data = step.body.get("data") if step.kind == "outcome" and step.body["tool"] == "ask_person" else step.body
    return str((data or {}).get("by") or "")

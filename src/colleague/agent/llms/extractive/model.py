"""The extractive model: a turn is a pure function of the conversation: it plans, reads, writes, mails, reports."""

import asyncio
import re
from collections.abc import Sequence
from typing import Any

from colleague.agent.llms.extractive import skills
from colleague.agent.llms.extractive import templates as t
from colleague.agent.llms.extractive.answer import passages
from colleague.agent.llms.extractive.choose import (
    CHOICES,
    COMMANDS,
    Wish,
    asks_anew,
    command_in,
    folder_words,
    named_so,
    question_of,
    wish_of,
)
from colleague.agent.llms.extractive.memory import ON_WHAT, WHAT, Memory
from colleague.agent.llms.extractive.source import Source
from colleague.agent.llms.extractive.synthesis import MOST, MOST_SHORT, aspects, gather, synthesis
from colleague.agent.messages import Call, Message, Turn, Usage
from colleague.agent.tools import ToolSpec
from colleague.kit.documents.model import Block

NAME = "extractive"
MOST_FOUND, MOST_SYNTHESIS, MOST_ASPECTS = 5, 20, 5
CATEGORY = {
    "rfp": "rfp_response", "contract": "contract_review", "meeting": "meeting_prep", "brief": "competitive_brief",
    "qa": "policy_answer", "summary": "internal_summary", "synthesis": "internal_summary",
}  # fmt: skip
FILE = {
    "rfp": "rfp-summary-and-response-outline", "contract": "contract-review-summary", "meeting": "meeting-preparation",
    "brief": "competitive-brief", "qa": "policy-answer", "summary": "summary",
    "synthesis": "knowledge-synthesis",
}  # fmt: skip


class ExtractiveLlm:
    """The built-in model: needs no key, invents nothing, and always does the same in the same place."""

    name = NAME

    async def turn(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Turn:
        """Return the next turn for the conversation so far."""
        memory = Memory(messages, frozenset(tool.name for tool in tools))
        # A long document takes seconds of pure work: in a thread, so that nothing else of the worker has to wait.
        text, calls = await asyncio.to_thread(_next, memory)
        numbered = tuple(Call(f"x{n}", tool, arguments) for n, (tool, arguments) in enumerate(calls))
        return Turn(text, numbered, Usage(), NAME)


Step = tuple[str, list[tuple[str, dict[str, Any]]]]


def _plan(wish: Wish, skill: str) -> list[str]:
    steps = ["Find the documents", "Read them", f"Write: {t.TITLES[skill]}"]
    return [*steps, "Mail it"] if wish.mails else steps


def _at(memory: Memory, wish: Wish, skill: str, current: int) -> list[tuple[str, dict[str, Any]]]:
    """Return the call that moves the plan on, if it is not there already."""
    if memory.plan_at == current or memory.replanned or "set_plan" not in memory.tools:
        return []
    return [("set_plan", {"steps": _plan(wish, skill), "current": current})]


def _next(memory: Memory) -> Step:
    wish = wish_of(memory.request)
    if memory.earlier and not asks_anew(memory.request, wish):
        return _follow_up(memory, wish)
    skill = wish.skill or CHOICES.get(memory.answer_to(WHAT), "") or ("qa" if memory.about_set else "")
    if not skill and memory.asked(WHAT):
        skill = wish_of(memory.answer_to(WHAT)).skill or "summary"
    if not skill:
        if "ask_person" not in memory.tools:
            return t.UNCLEAR, []
        return "", [("ask_person", {"question": WHAT, "choices": list(CHOICES)})]
    if taking_up := _take_up(memory):
        return "", taking_up
    if skill == "synthesis" and not _asked(memory):
        if "ask_person" not in memory.tools or memory.asked(ON_WHAT):
            return t.NO_QUESTION, []
        return "", [("ask_person", {"question": ON_WHAT})]
    finding = _find(memory, wish, skill)
    if finding is not None:
        return finding
    sources = memory.sources()
    if not sources and memory.about_set and not memory.failures():
        return f"{t.NOT_FOUND}\n\n{t.LOOKED_IN_SET}", []
    if not sources:
        return f"I found no document for this. {_how(memory)}", []
    if not memory.wrote():
        return _writing(memory, wish, skill, sources)
    return _rest(memory, wish, skill, sources)


def _take_up(memory: Memory) -> list[tuple[str, dict[str, Any]]]:
    """Return the call that takes up the skill the person called with a slash, so that the run counts as one of it.

    What is only recognised in plain words is a guess, and no run of a workflow (B-7).
    """
    command = command_in(memory.request)
    if command.rpartition(":")[2].casefold() not in COMMANDS or "use_skill" not in memory.tools:
        return []
    words = re.sub(r"^\s*/\S+\s*", "", memory.request)
    return [] if memory.did("use_skill") else [("use_skill", {"name": command, "arguments": words[:1000]})]


def _asked(memory: Memory) -> str:
    """Return the question of a synthesis: in the person's words that ask for one, else in an answer; "" if in none."""
    words = memory.question("synthesis")
    own = question_of(words) if wish_of(words).skill == "synthesis" else ""
    return own if aspects(own) else memory.last_answer_to(ON_WHAT)


def _follow_up(memory: Memory, wish: Wish) -> Step:
    """Answer more words in a task that has ended: the result in another form, shorter, or to more people."""
    before = [wish_of(words).skill for words in reversed(memory.earlier)]
    chosen = memory.last_answer_to(WHAT)
    skill = next((s for s in before if s), "") or CHOICES.get(chosen, "") or wish_of(chosen).skill or "summary"
    sources = memory.sources()
    if not sources or not (wish.formats or wish.shorter or wish.mails):
        limits = [f"{t.CANNOT_WRITE} {', '.join(wish.impossible)}."] if wish.impossible else []
        limits += [f"{t.NEEDS}: {', '.join(wish.beyond)}."] if wish.beyond else []
        return "\n\n".join([*limits, t.CAN]), []
    if (wish.formats or wish.shorter) and not memory.wrote():
        return _writing(memory, wish, skill, sources)
    return _rest(memory, wish, skill, sources)


def _writing(memory: Memory, wish: Wish, skill: str, sources: Sequence[Source]) -> Step:
    if "write_document" not in memory.tools:
        return t.NO_WRITING, []
    if memory.did("write_document"):
        return f"The result could not be written. {_how(memory)}", []
    return "", [*_at(memory, wish, skill, 3), *_write(memory, wish, skill, sources)]


def _rest(memory: Memory, wish: Wish, skill: str, sources: Sequence[Source]) -> Step:
    mailing = _mail(memory, wish, skill)
    if mailing is not None:
        return mailing
    sent = memory.outcome("mail_send")
    undone = (wish.addresses or wish.names) and not (sent and sent.ok)
    if move := [] if undone else _at(memory, wish, skill, len(_plan(wish, skill)) + 1):
        return "", move
    own_plan = f"\n\n{t.OWN_PLAN}" if memory.replanned else ""
    return _closing(memory, wish, skill, sources) + own_plan, []


def _how(memory: Memory) -> str:
    if memory.failures():
        return "What I tried: " + "; ".join(memory.failures()[:3])
    return "Attach it to the task, or ask for access to the folder it is in."


def _find(memory: Memory, wish: Wish, skill: str) -> Step | None:
    """Return the next call that finds or reads a document, or None when all that is needed has been read."""
    if not memory.did("list_files"):
        return "", [*_at(memory, wish, skill, 1), ("list_files", {})]
    if not memory.files:
        searched = _search(memory, wish, skill)
        if searched is not None:
            return searched
    waiting = memory.unread(MOST_SYNTHESIS if skill == "synthesis" else MOST_FOUND)
    if waiting:
        return "", [*_at(memory, wish, skill, 2), *waiting[:8]]
    return None


def _search(memory: Memory, wish: Wish, skill: str) -> Step | None:
    """Look for documents in the folders and the mail that are open to the person."""
    if skill == "synthesis":
        return _search_each(memory)
    query = f"{wish.topic} {folder_words(skill, memory.request)}".strip() or wish_words(memory.request)
    calls: list[tuple[str, dict[str, Any]]] = []
    if memory.about_set:
        asked = re.sub(r"^/\S+\s*", "", memory.question()) if skill == "qa" else query
        return None if memory.did("search_library") else ("", [("search_library", {"query": asked[:1000] or query})])
    if "folder_search" in memory.tools and not memory.did("folder_search"):
        calls.append(("folder_search", {"query": query[:200], "limit": 10}))
    if skill == "meeting" and "mail_search" in memory.tools and not memory.did("mail_search"):
        calls.append(("mail_search", {"query": (wish.topic or query)[:200], "limit": 5}))
    if calls:
        return "", calls
    if "folder_list" in memory.tools and not memory.did("folder_list") and not memory.hits():
        return "", [("folder_list", {"path": ""})]
    hits = memory.hits()
    only = named_so(skill, hits, wish.topic) if skill in ("rfp", "contract") else []
    if len(only) == 1:
        memory.choose(only[0])
    elif skill in ("rfp", "contract") and len(hits) > 1 and "ask_person" in memory.tools:
        question = "Which document do you mean?"
        if not memory.asked(question):
            return "", [("ask_person", {"question": question, "choices": [h[:200] for h in hits[:8]]})]
        answer = memory.answer_to(question).strip().casefold()
        named = [h for h in hits if answer and (h.casefold() == answer or answer in h.casefold())]
        memory.choose(named[0] if named else hits[0])
    return None


def _search_each(memory: Memory) -> Step | None:
    """Look for documents on each thing that is asked about, so that none of them is crowded out by another."""
    tool = "search_library" if memory.about_set else "folder_search"
    if tool in memory.tools and not memory.did(tool):
        more = {} if memory.about_set else {"limit": MOST_SYNTHESIS}
        return "", [(tool, {"query": about[:200], **more}) for about in aspects(_asked(memory))[:MOST_ASPECTS]]
    return None


def wish_words(request: str) -> str:
    """Return the longer words of a request, to search by."""
    return " ".join(w for w in request.split() if len(w) > 3)[:150]


def _write(memory: Memory, wish: Wish, skill: str, sources: Sequence[Source]) -> list[tuple[str, dict[str, Any]]]:
    blocks: list[Block]
    match skill:
        case _ if wish.shorter and skill in skills.FACTS:
            blocks = skills.shorter(skill, sources)
        case "rfp":
            blocks = skills.rfp(sources)
        case "contract":
            blocks = skills.contract(sources)
        case "meeting":
            blocks = skills.meeting(sources)
        case "brief":
            blocks = skills.brief(sources)
        case "qa":
            blocks = skills.qa(memory.question(), sources)
        case "synthesis":
            blocks = synthesis(_asked(memory), sources, most=MOST_SHORT if wish.shorter else MOST)
        case _:
            blocks = skills.summary(sources)
    about = skills.main_source(sources) if skill == "rfp" else sources[0]
    several = skill in ("qa", "synthesis") or (skill in ("brief", "meeting") and len(sources) > 1)
    title = t.TITLES[skill] if several else f"{t.TITLES[skill]}: {about.document.title or about.name}"
    stem = f"{FILE[skill]}-short" if wish.shorter else FILE[skill]
    calls = [_document(f"{stem}.{f}", f, title, skill, blocks) for f in wish.formats or ("docx",)]
    if skill == "rfp" and not wish.shorter and not memory.earlier:
        calls.append(_document("obligations-matrix.xlsx", "xlsx", title, skill, skills.rfp_matrix(sources)))
    return calls


def _document(name: str, kind: str, title: str, skill: str, blocks: Sequence[Block]) -> tuple[str, dict[str, Any]]:
    content = [
        {"kind": b.kind, "text": b.text, "level": b.level, "where": b.where, "label": b.label,
         "rows": [list(r) for r in b.rows]}
        for b in blocks
    ]  # fmt: skip
    arguments = {
        "name": name, "format": kind, "title": title[:200], "category": CATEGORY[skill], "blocks": content,
        "extractive": True,
    }  # fmt: skip
    return "write_document", arguments


def _mail(memory: Memory, wish: Wish, skill: str) -> Step | None:
    """Return the next call that gets the result to its recipients, or None when there is nothing left to do."""
    if not wish.mails or memory.did("mail_send") or "mail_send" not in memory.tools or not memory.outputs():
        return None
    to = list(wish.addresses)
    for name in wish.names:
        found = _address(memory, wish, skill, name)
        if isinstance(found, tuple):
            return found
        to += found
    for group in wish.groups:
        question = f"Whom do you mean by «{group}»? Give names or mail addresses."
        found = _asked_for(memory, wish, skill, question)
        if isinstance(found, tuple):
            return found
        to += found
    if not to:
        return None
    names = [name for _, name in memory.outputs()]
    body = "\n\n".join([f"Attached: {', '.join(names)}.", t.LABEL])
    subject = f"{t.TITLES[skill]} (draft, not reviewed)"
    attachments = [output for output, _ in memory.outputs()]
    send = {"to": list(dict.fromkeys(to)), "subject": subject, "body": body, "attachments": attachments}
    return "", [*_at(memory, wish, skill, 4), ("mail_send", send)]


def _address(memory: Memory, wish: Wish, skill: str, name: str) -> list[str] | Step:
    """Return the address of a colleague, or the call that finds it out. Who is not found is asked for."""
    who = memory.person or name if name == "me" else name
    if "find_colleague" not in memory.tools:
        return []
    if not memory.did("find_colleague", name=who):
        return "", [*_at(memory, wish, skill, 4), ("find_colleague", {"name": who})]
    people = memory.people(who)
    if not people:
        return _asked_for(memory, wish, skill, f"I find no colleague called «{who}». What is the mail address?")
    if len(people) == 1:
        return [people[0]["email"]]
    question = f"Which {who} do you mean?"
    if not memory.asked(question):
        choices = [f"{p['name']} <{p['email']}>"[:200] for p in people[:8]]
        return "", [("ask_person", {"question": question, "choices": choices})]
    chosen = memory.answer_to(question)
    exact = [p["email"] for p in people if p["email"] in chosen] or [p["email"] for p in people if p["name"] == chosen]
    return exact[:1]


def _asked_for(memory: Memory, wish: Wish, skill: str, question: str) -> list[str] | Step:
    """Return the addresses in the person's answer to `question`, or the call that asks or looks names up."""
    if "ask_person" not in memory.tools:
        return []
    if not memory.asked(question):
        return "", [("ask_person", {"question": question})]
    answer = wish_of(f"mail it to {memory.answer_to(question)}")
    to = list(answer.addresses)
    for name in answer.names if "«" in question and question.startswith("Whom") else ():
        found = _address(memory, wish, skill, name)
        if isinstance(found, tuple):
            return found
        to += found
    return to


def _closing(memory: Memory, wish: Wish, skill: str, sources: Sequence[Source]) -> str:
    """Return the answer: what was done, where it is, what was not done and why."""
    lines = []
    if skill == "qa":
        found = passages(memory.question(), sources)
        lines += [f"> {p.text}\n>\n> — {p.cite}" for p in found[:3]] or [t.NOT_FOUND]
    if skill == "synthesis":
        best, absent = gather(_asked(memory), sources)
        lines += [f"> {p.text}\n>\n> — {p.cite}" for p in best[:3]] or [t.NOT_FOUND]
        lines += [f"{t.NOT_THERE}: {', '.join(absent)}."] if best and absent else []
    if memory.wrote():
        lines.append("**Written** (drafts, not reviewed): " + ", ".join(name for _, name in memory.outputs()))
        lines.append("**Read**: " + ", ".join(s.name for s in sources))
    sent = memory.outcome("mail_send")
    if sent is not None:
        lines.append("**Mailed**, after it was approved." if sent.ok else f"**Not mailed.** {sent.text}")
    elif wish.mails:
        missing = "mail is not open to you" if "mail_send" not in memory.tools else "nobody to send it to was found"
        lines.append(f"**Not mailed**: {missing}.")
    for failure in memory.failures()[:4]:
        lines.append(f"Could not read: {failure}")
    if wish.shorter:
        lines.append(t.FEWER if skill == "synthesis" else t.SHORTER)
    if wish.impossible:
        lines.append(f"{t.CANNOT_WRITE} {', '.join(wish.impossible)}.")
    lines.append(t.CLOSING)
    if wish.beyond:
        lines.append(f"{t.NEEDS}: {', '.join(wish.beyond)}.")
    return "\n\n".join(lines)

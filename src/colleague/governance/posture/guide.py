"""The set-up guide: what a new administrator does, in order, how far it is, and how long it took (R67, ID-1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from colleague.audit.event import Event
from colleague.audit.read import newest
from colleague.audit.record import Ledger
from colleague.connectors.accounts import list_accounts
from colleague.connectors.grants import list_grants
from colleague.files.templates import list_templates
from colleague.governance.document.store import find_draft, in_force
from colleague.governance.posture.look import Looking, first_owner, posture_of
from colleague.governance.posture.model import Posture
from colleague.identity.actor import Actor
from colleague.identity.directory import list_people, list_teams
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.models.store import list_routes
from colleague.policy.governance import current_governance


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `takes`: about how long, and who. A step that is `later` does not hold up the end of the set-up."""

    title: str
    done: bool
    to: str
    why: str
    takes: str
    state: str = ""
    later: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the step as JSON."""
        return {"title": self.title, "done": self.done, "to": self.to or None, "why": self.why, "takes": self.takes,
                "state": self.state, "later": self.later}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Guide:
    """The steps, when the set-up began and ended, and the posture it ends with."""

    steps: tuple[Step, ...]
    posture: Posture
    started: datetime | None
    ended: datetime | None
    now: datetime

    @property
    def next(self) -> Step | None:
        """Return the next step that is not done; those for later come last."""
        return next((s for s in sorted(self.steps, key=lambda s: s.later) if not s.done), None)

    @property
    def elapsed(self) -> str:
        """Return how long the set-up took, or has taken so far, in words; "" before there is an owner."""
        if self.started is None:
            return ""
        until = self.ended or self.now
        return span(self.started, until)

    def to_json(self) -> dict[str, Any]:
        """Return the guide as JSON."""
        return {
            "steps": [s.to_json() for s in self.steps], "started": self.started.isoformat() if self.started else None,
            "ended": self.ended.isoformat() if self.ended else None, "elapsed": self.elapsed,
            "business_days": business_days(self.started, self.ended or self.now) if self.started else None,
        }  # fmt: skip


def business_days(start: datetime, end: datetime) -> int:
    """Return on how many days from Monday to Friday the time lay, the first and the last among them. Pure."""
    days = (end.date() - start.date()).days + 1
    return sum((start + timedelta(days=n)).weekday() < 5 for n in range(max(0, days)))


def span(start: datetime, end: datetime) -> str:
    """Return a length of time in words. Pure."""
    minutes = max(0, int((end - start).total_seconds() // 60))
    if minutes < 60:
        if minutes < 1:
            return "less than a minute"
        return f"{minutes} {'minute' if minutes == 1 else 'minutes'}"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    days = business_days(start, end)
    return f"{days} business {'day' if days == 1 else 'days'}"


async def guide_of(session: Session, actor: Actor, parts: Looking) -> Guide:
    """Return how far the set-up is. The first time every step is done that is not for later, its end is put on record.

    Raises PermissionMissing: it needs org:settings:manage, and what the posture needs.
    """
    actor.require("org:settings:manage")
    posture = await posture_of(session, actor, parts)
    organisation = await _organisation(session, parts.clock)
    steps = [
        *organisation,
        _reviewed(posture, opened=organisation[-1].done),
        *await _rules(session),
        *await _installed(session, parts, posture),
    ]
    last = Step(
        "Look at the posture", posture.critical == 0 and all(s.done for s in steps if not s.later), "/set-up/posture",
        "Every hardening check with its state: nothing critical may stand there.", "2 minutes", posture.sentence,
    )  # fmt: skip
    ordered = [s for s in steps if not s.later] + [last] + [s for s in steps if s.later]
    ended = await _ended(session, ordered, parts.ledger, parts.clock)
    return Guide(tuple(ordered), posture, await first_owner(session), ended, parts.clock.now())


async def _organisation(session: Session, clock: Clock) -> list[Step]:
    domains = (await current_governance(session)).internal_domains
    people, teams = [p for p in await list_people(session) if p.active], await list_teams(session)
    owners = [p for p in people if "owner" in p.roles]
    enabled = sorted({a.connector for a in await list_accounts(session) if a.active and not a.person})
    grants = await list_grants(session, clock=clock)
    opened: dict[str, set[tuple[str, tuple[str, ...]]]] = {}
    for g in (o.grant for o in grants if o.grant.connector in enabled):
        opened.setdefault(g.holder, set()).add((g.connector, g.places))
    filled = [t for t in teams if t.members]
    return [
        Step("Name your mail domains", bool(domains), "/policies#internal_domains",
             "Everybody outside them counts as external: until they are named, every mail asks.", "1 minute",
             ", ".join(domains)),
        Step("Add a second owner", len(owners) > 1, "/people#add",
             "Add a person, give them the role owner, send them the link that is shown. One owner can lose a phone, "
             "and what weakens a rule needs a second person.", "2 minutes", f"{_count(len(owners), 'owner')} so far"),
        Step("Make two teams", len(filled) > 1, "/people#teams",
             "Make the teams, then put people into them: places are opened to teams, never to everybody.", "2 minutes",
             f"{_count(len(filled), 'team')} with people so far"),
        Step("Enable a connector", bool(enabled), "/connectors",
             "For example «Shared folder», with the folder that holds what people work with. Enabled alone it "
             "reaches nobody.", "2 minutes", ", ".join(enabled)),
        Step("Open a different folder to each team", len(opened) > 1 and len(set(map(frozenset, opened.values()))) > 1,
             f"/connectors/{enabled[0]}#grants" if enabled else "/connectors",
             "Name the places a team may reach, their class, and whether it may write there.", "3 minutes",
             f"{_count(len(opened), 'team or role', 'teams and roles')} reach something so far"),
    ]  # fmt: skip


def _reviewed(posture: Posture, *, opened: bool) -> Step:
    ok = any(r.check.id == "catalogue-reviewed" and r.state == "ok" for r in posture.results)
    return Step(
        "Review what is in use", opened and ok, "/catalogue",
        "Look at what each connector opens, and name who answers for it: somebody else than who reviews it.",
        "1 minute",
    )  # fmt: skip


async def _rules(session: Session) -> list[Step]:
    document, draft = await in_force(session), await find_draft(session)
    return [
        Step("Draft the governance document", document is not None or draft is not None, "/governance/questionnaire",
             "Answer the questionnaire: it begins with what is in force and names an owner for each of four parts.",
             "3 minutes", "drafted" if draft else ""),
        Step("Sign and publish it", document is not None, "/governance/draft",
             "The owner of each part signs it, then it is published: from then on the machine enforces it. What "
             "weakens a rule needs two different people among them.", "2 minutes, and the owners of its parts",
             f"version {document.number} is in force" if document else ""),
    ]  # fmt: skip


async def _installed(session: Session, parts: Looking, posture: Posture) -> list[Step]:
    settings, routes, templates = parts.settings, await list_routes(session), await list_templates(session)
    by = {r.check.id: r.state == "ok" for r in posture.results}
    return [
        Step("Let the identity provider sign people in", by["sign-on"], "/sign-on",
             "People and groups then arrive by themselves, and who leaves the company is out here too.",
             "half an hour, with whoever runs it", later=True),
        Step("Keep checkpoints of the ledger elsewhere", bool(settings.checkpoint_sink), "/ledger",
             "Set COLLEAGUE_CHECKPOINT_SINK and start again: without it a full rewrite of the ledger cannot be seen.",
             "5 minutes, the operator", later=True),
        Step("Send the ledger to your SIEM", bool(settings.siem), "",
             "Set COLLEAGUE_SIEM and start again: an alarm needs somebody who watches.", "5 minutes, the operator",
             later=True),
        Step("Route tasks to a model", bool(routes) or settings.model != "extractive", "/models",
             "Until then the extractive model works from documents alone. A provider needs a no-training attestation.",
             "10 minutes", later=True),
        Step("Bring your templates", bool(templates), "/templates",
             "Your Word and PowerPoint masters. Until then documents are written in a plain style.", "5 minutes",
             later=True),
    ]  # fmt: skip


async def _ended(session: Session, steps: Sequence[Step], ledger: Ledger, clock: Clock) -> datetime | None:
    """Return when every step that is not for later was done for the first time; put that on record if it is now."""
    told = await newest(session, "set_up.completed")
    if told is not None:
        return told.at
    if not all(step.done for step in steps if not step.later):
        return None
    started, now = await first_owner(session), clock.now()
    facts = {"minutes": int((now - started).total_seconds() // 60) if started else 0,
             "business_days": business_days(started, now) if started else 0}  # fmt: skip
    await ledger.record(session, Event("set_up.completed", "system", subject="set-up", data=facts))
    return now


def _count(number: int, noun: str, many: str = "") -> str:
    return f"{number} {noun if number == 1 else many or noun + 's'}"

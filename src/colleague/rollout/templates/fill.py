"""Fill a template from what is there, or give it empty."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from colleague.adoption.calendar import list_holidays, read_calendar
from colleague.adoption.weeks import Calendar
from colleague.governance.document.export import export, export_template
from colleague.governance.document.standing import people_in
from colleague.governance.document.store import in_force
from colleague.identity.actor import Actor
from colleague.identity.directory import names_of
from colleague.kit.db import Database, Session
from colleague.kit.documents.model import Draft
from colleague.kit.documents.sniff import XLSX
from colleague.kit.documents.write.formats import write
from colleague.policy.governance import current_governance
from colleague.rollout.onboarding.model import read_playbook
from colleague.rollout.onboarding.shipped import modules as shipped
from colleague.rollout.onboarding.shipped import weeks
from colleague.rollout.onboarding.store import modules, playbook_text
from colleague.rollout.readiness.answer import newest_answers
from colleague.rollout.readout.document import empty_form
from colleague.rollout.store import current_programme
from colleague.rollout.templates.calendar_file import ICS, plan_calendar
from colleague.rollout.templates.form import Planned
from colleague.rollout.templates.plan import Begun, Plan, make_plan
from colleague.rollout.templates.sheets import acceptable_use, use_case_sheet
from colleague.rollout.templates.shelf import template_named
from colleague.rollout.templates.training import training_programme
from colleague.rollout.templates.workbook import Filling, UseCaseLine, plan_workbook
from colleague.usecases.around import Reach
from colleague.usecases.ready import ready
from colleague.usecases.view import list_lines, see_use_case


@dataclass(frozen=True, slots=True)
class Taken:
    """A file to take away."""

    content: bytes
    media_type: str
    name: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: a template and a format; for a plan what is planned; for a sheet a use case, by id.

    `empty`: the form, without anything of this organisation.
    """

    name: str
    ending: str
    empty: bool = False
    case: str = ""
    planned: Planned | None = None


async def fill(
    actor: Actor, asked: Asked, *, database: Database, reach: Reach, origin: str, now: datetime
) -> Taken:  # fmt: skip
    """Return the filled template. `origin`: the installation's address, for the ids of a calendar.

    Raises NoSuchTemplate, TemplateFormat, BadPlan, UseCaseNotFound, PermissionMissing.
    """
    actor.require("org:programme:read")
    template = template_named(asked.name, asked.ending)
    file = f"{template.name}{'-empty' if asked.empty else ''}.{asked.ending}"
    if asked.name == "rollout-plan":
        return await _plan_file(actor, asked, file, database=database, reach=reach, origin=origin, now=now)
    async with database.transaction() as session:
        if asked.name == "use-case-sheet":
            sight = await see_use_case(session, actor, asked.case, reach=reach) if asked.case else None
            return await _written(use_case_sheet(None if asked.empty else sight), asked.ending, file)
        if asked.name == "training-programme":
            learned = list(shipped().values()) if asked.empty else await modules(session)
            own = None if asked.empty else await playbook_text(session)
            months = read_playbook(own.text) if own else weeks()
            said = f"version {own.version}, {own.at:%d %B %Y}" if own and own.at else "as shipped"
            return await _written(training_programme(learned, months, said), asked.ending, file)
        if asked.name == "readout":
            return await _written(empty_form(), asked.ending, f"readout-empty.{asked.ending}")
        document = None if asked.empty else await in_force(session)
        people = await names_of(session, people_in(document)) if document else {}
    if asked.name == "acceptable-use":
        return await _written(acceptable_use(document, people), asked.ending, file)
    content, kind = await (
        asyncio.to_thread(export, document, people, asked.ending)
        if document
        else asyncio.to_thread(export_template, asked.ending)
    )
    return Taken(content, kind, file)


async def planned(
    session: Session, actor: Actor, given: Planned, *, reach: Reach, now: datetime, empty: bool = False
) -> tuple[Plan, Calendar]:  # fmt: skip
    """Return the plan with the calendar it was made by: days on which phases began from the programme, seats from the
    readiness assessment, extra weeks from the use cases, unless said. Raises BadPlan, PermissionMissing.
    """
    actor.require("org:programme:read")
    zone = (await current_governance(session)).time_zone
    today = now.astimezone(ZoneInfo(zone)).date()
    calendar, total, extra, kept, begun = Calendar(zone), 0, 0, "", list[Begun]()
    if not empty:
        calendar = await read_calendar(session)
        steps = (await current_programme(session)).steps
        begun = [Begun(one.on, one.kind == "skip") for one in sorted(steps, key=lambda step: step.phase)]
        answers = await newest_answers(session)
        stands = await ready(session, reach=reach)
        total = (answers.seats if answers else None) or 0
        extra, kept = stands.weeks_added, ", ".join(f"«{name}»" for name in stands.kept)
    why = f"{kept} kept although flagged" if kept else ""
    wanted = given.wanted(today=today, total=total, extra=extra, why_extra=why, begun=tuple(begun))
    return make_plan(wanted, calendar), calendar


async def _plan_file(
    actor: Actor, asked: Asked, file: str, *, database: Database, reach: Reach, origin: str, now: datetime
) -> Taken:  # fmt: skip
    async with database.transaction() as session:
        given = asked.planned or Planned()
        plan, calendar = await planned(session, actor, given, reach=reach, now=now, empty=asked.empty)
        filling = Filling() if asked.empty else await _filling(session, actor, reach=reach)
    if asked.ending == "ics":
        return Taken(plan_calendar(plan, origin=origin, now=now), f"{ICS}; charset=utf-8", file)
    made_on = now.astimezone(ZoneInfo(calendar.zone)).date()
    content = await asyncio.to_thread(plan_workbook, plan, calendar, filling, made_on=made_on)
    return Taken(content, XLSX, file)


async def _filling(session: Session, actor: Actor, *, reach: Reach) -> Filling:
    lines = await list_lines(session, actor, reach=reach) if actor.may("org:usecases:read") else []
    days = await list_holidays(session, actor, department="") if actor.may("org:adoption:read") else []
    programme = await current_programme(session)
    names = await names_of(session, [programme.sponsor, programme.lead])
    return Filling([(one.on, one.name) for one in days], sponsor=names.get(programme.sponsor, ""),
                   lead=names.get(programme.lead, ""), use_cases=tuple(
        UseCaseLine(
            one.case.card.name, one.case.card.department, one.owner, one.case.card.minutes, one.case.state,
            one.baseline.measured.n if one.baseline.measured else 0,
        )
        for one in lines if one.case.state != "retired"
    ))  # fmt: skip


async def _written(draft: Draft, ending: str, file: str) -> Taken:
    content, kind = await asyncio.to_thread(write, draft, ending)
    return Taken(content, kind, file)

"""Pages of the first month: one's own, its training and exercise, and the programme's numbers and playbooks."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.identity.directory import departments_of
from colleague.kit.doors import Db, Time, lead_to, part
from colleague.kit.page import Page
from colleague.rollout.cohorts.join import begin_with
from colleague.rollout.onboarding.exercise import HELP, LONGEST, PARTS, Judged
from colleague.rollout.onboarding.learn import BadAnswers, Result, take_exercise, take_module
from colleague.rollout.onboarding.model import EXERCISE, OWNERS
from colleague.rollout.onboarding.numbers import standing
from colleague.rollout.onboarding.own import set_quiet, tick, tick_for
from colleague.rollout.onboarding.path import my_path
from colleague.rollout.onboarding.savings import write_saving
from colleague.rollout.onboarding.store import get_module, module_text, modules, passed, playbook_text
from colleague.rollout.onboarding.write import write_module, write_playbook

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
MINE, LEAD = "/first-month", "/programme/first-month"
Line = Annotated[str, Form(max_length=300)]
Text = Annotated[str, Form(max_length=30_000)]


@router.get(MINE)
async def mine(request: Request, page: Page, db: Db, actor: Current, clock: Time) -> HTMLResponse:
    """Show one's own first month."""
    async with db.transaction() as session:
        path = await my_path(session, actor, clock=clock)
    return page.show(request, "rollout/onboarding/mine.html", month=path, owners=OWNERS, exercise=EXERCISE)


@router.post(f"{MINE}/activities/{{key}}")
async def tick_mine(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, key: str,
    done: Annotated[bool, Form()] = True,
) -> Response:  # fmt: skip
    """Say that an activity is done, or not after all."""
    async with db.transaction() as session:
        await tick(session, actor, key, done=done, ledger=ledger, clock=clock)
    return lead_to(request, f"{MINE}#do-{key}")


@router.post(f"{MINE}/saving")
async def saving(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, minutes: Annotated[float, Form()],
    before: Annotated[str, Form(max_length=20)] = "",
) -> Response:  # fmt: skip
    """Write down what the first task took."""
    try:
        known = float(before) if before.strip() else None
    except ValueError:
        known = -1.0
    async with db.transaction() as session:
        await write_saving(session, actor, minutes, known, ledger=ledger, clock=clock)
    return lead_to(request, f"{MINE}#saving")


@router.post(f"{MINE}/use-case")
async def begin(request: Request, db: Db, actor: Current, ledger: TheLedger, use_case: Line = "") -> Response:
    """Begin with another use case."""
    async with db.transaction() as session:
        await begin_with(session, actor, actor.id, use_case, ledger=ledger)
    return lead_to(request, MINE)


@router.post(f"{MINE}/quiet")
async def quiet(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, quiet: Annotated[bool, Form()]
) -> Response:  # fmt: skip
    """Switch nudges off, or on again."""
    async with db.transaction() as session:
        await set_quiet(session, actor, quiet=quiet, ledger=ledger, clock=clock)
    return lead_to(request, f"{MINE}#notes")


async def _module(
    request: Request, page: Page, db: Db, actor: Current, key: str, *, result: Result | None = None,
    judged: Judged | None = None, given: Any = None,
) -> HTMLResponse:  # fmt: skip
    actor.require("own:tasks:use")
    async with db.transaction() as session:
        module = await get_module(session, key)
        all_, have = await modules(session), (await passed(session, actor.id)).get(actor.id, frozenset())
    after = next((one for one in all_ if one.key not in have), None)
    return page.show(
        request, "rollout/onboarding/module.html", module=module, passed=key in have, result=result, judged=judged,
        given=given, parts=PARTS, help=HELP, longest=LONGEST, after=after, exercise=key == EXERCISE,
    )  # fmt: skip


@router.get(f"{MINE}/{{key}}")
async def module(request: Request, page: Page, db: Db, actor: Current, key: str) -> HTMLResponse:
    """Show a module, or the exercise."""
    return await _module(request, page, db, actor, key)


@router.post(f"{MINE}/{{key}}")
async def take(
    request: Request, page: Page, db: Db, actor: Current, ledger: TheLedger, clock: Time, key: str
) -> Response:
    """Judge the answers to a module, or the task written for the exercise, and show what to look at again."""
    form = await request.form()
    if key == EXERCISE:
        text = str(form.get("text", ""))
        async with db.transaction() as session:
            judged = await take_exercise(session, actor, text, ledger=ledger, clock=clock)
        return await _module(request, page, db, actor, key, judged=judged, given=text)
    async with db.transaction() as session:
        count = len((await get_module(session, key)).questions)
        chosen = [str(form.get(f"q{n}", "")) for n in range(count)]
        if not all(one.isascii() and one.isdigit() and len(one) < 3 for one in chosen):
            raise BadAnswers(count=count)
        answers = [int(one) for one in chosen]
        result = await take_module(session, actor, key, answers, ledger=ledger, clock=clock)
    return await _module(request, page, db, actor, key, result=result, given=answers)


@router.get(LEAD)
async def numbers(request: Request, page: Page, db: Db, actor: Current, clock: Time) -> HTMLResponse:
    """Show how the first month stands, in numbers."""
    async with db.transaction() as session:
        stands = await standing(session, actor, clock=clock)
        read, departments = await modules(session), sorted(set((await departments_of(session)).values()))
    return page.show(
        request, "rollout/onboarding/numbers.html", stands=stands, modules=read, departments=departments,
        owners=OWNERS, may=actor.may("org:programme:manage"),
    )  # fmt: skip


@router.post(f"{LEAD}/cohorts/{{cohort}}/activities/{{key}}")
async def tick_cohort(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, cohort: str, key: str,
    done: Annotated[bool, Form()] = True,
) -> Response:  # fmt: skip
    """Say for a cohort that what its champion or the lead does is done."""
    async with db.transaction() as session:
        await tick_for(session, actor, cohort, key, done=done, ledger=ledger, clock=clock)
    return lead_to(request, f"{LEAD}#duties")


@router.get(f"{LEAD}/playbook")
async def book(
    request: Request, page: Page, db: Db, actor: Current, department: Annotated[str, Query(max_length=80)] = ""
) -> HTMLResponse:  # fmt: skip
    """Show the playbook that holds for a department, to read or to write."""
    actor.require("org:programme:read")
    async with db.transaction() as session:
        found = await playbook_text(session, department)
    own = found.key.casefold() == department.casefold()
    return page.show(
        request, "rollout/onboarding/text.html", title=f"Playbook: {department or 'everybody'}", found=found,
        after=found.version if own else 0, to=f"{LEAD}/playbook", department=department, again=False,
        may=actor.may("org:programme:manage"),
    )  # fmt: skip


@router.post(f"{LEAD}/playbook")
async def write_book(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, text: Text = "", why: Line = "",
    department: Line = "", after: Annotated[int, Form(ge=0, le=1_000_000)] = 0,
) -> Response:  # fmt: skip
    """Write the next version of a playbook."""
    async with db.transaction() as session:
        await write_playbook(session, actor, department, text, why, after=after, ledger=ledger, clock=clock)
    return lead_to(request, LEAD)


@router.get(f"{LEAD}/training/{{key}}")
async def training(request: Request, page: Page, db: Db, actor: Current, key: str) -> HTMLResponse:
    """Show a module's text with its answers, to write."""
    actor.require("org:programme:manage")
    async with db.transaction() as session:
        found, one = await module_text(session, key), await get_module(session, key)
    return page.show(
        request, "rollout/onboarding/text.html", title=one.title, found=found, after=found.version,
        to=f"{LEAD}/training/{key}", department="", again=True, may=True,
    )  # fmt: skip


@router.post(f"{LEAD}/training/{{key}}")
async def write_training(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, key: str, text: Text = "", why: Line = "",
    after: Annotated[int, Form(ge=0, le=1_000_000)] = 0, again: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    """Write the next version of a module."""
    async with db.transaction() as session:
        await write_module(session, actor, key, text, why, after=after, again=again, ledger=ledger, clock=clock)
    return lead_to(request, LEAD)

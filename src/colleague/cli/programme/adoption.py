"""`colleague adoption`: numbers of weeks and groups, the calendar, absences, open items."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from colleague.adoption.away import mark_away, own_weeks, unmark_away
from colleague.adoption.calendar import Holiday, add_holidays, import_holidays, list_holidays, remove_holiday
from colleague.adoption.figures import Numbers
from colleague.adoption.frozen.corrections import versions
from colleague.adoption.items import close_item, list_items
from colleague.adoption.people.mine import own_numbers
from colleague.adoption.validation import METHOD, portfolio_of, see_validations, sign_off
from colleague.adoption.weekly import lines, numbers
from colleague.bootstrap import House
from colleague.cli.operate import As, BadDay, act_as, line, person_at, rows, with_house
from colleague.identity.actor import Actor
from colleague.kit.db import Session

app = typer.Typer(help="See the numbers of weeks and groups; calendar, absences, open items.", no_args_is_help=True)
holiday = typer.Typer(help="Days nobody works.", no_args_is_help=True)
away = typer.Typer(help="Weeks that people are away.", no_args_is_help=True)
item = typer.Typer(help="What the programme has to do.", no_args_is_help=True)
app.add_typer(holiday, name="holiday")
app.add_typer(away, name="away")
app.add_typer(item, name="item")
Department = Annotated[str, typer.Option(help="Only for this department.")]
Person = Annotated[str, typer.Option(help="Whose, by mail address; else yours.")]
WeekName = Annotated[str, typer.Argument(metavar="WEEK", help="A week such as 2026-W32.")]


def _with(as_person: str, work: Any) -> Any:
    """Do `work` with the house, the actor and a transaction, and return what it returns."""

    async def run(house: House) -> Any:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            return await work(house, session, actor)

    return with_house(run)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadDay(option="The day") from None


def _share(value: Any) -> str:
    return f"{100 * value.value:.0f} % ({100 * value.low:.0f}–{100 * value.high:.0f}, n {value.n})" if value else "–"


def _cells(one: Numbers) -> tuple[str, ...]:
    stands = "frozen" if one.frozen else "provisional"
    stands += f", version {one.version}" if one.version > 1 else ""
    if one.suppressed:
        return (str(one.week), stands, "–" if one.hidden else str(one.people), "withheld", "", "", "", "", "")
    time, few = one.time, dict.fromkeys(one.few, "withheld")
    weak = ", indicative" if time and time.strength == "indicative" else ""
    return (
        str(one.week), f"{stands}{', skipped' if one.skipped else ''}", str(one.people), _share(one.wau),
        "–" if one.passive is None else str(one.passive),
        f"{one.frequency.mean:.1f}" if one.frequency else few.get("sessions", "–"),
        _share(one.completion.rate) if one.completion else few.get("completion", "–"),
        f"{one.breadth.median:g}" if one.breadth else few.get("breadth", "–"),
        f"{100 * time.reduction:.0f} % less{weak}" if time and time.reduction is not None else few.get("time", "–"),
    )  # fmt: skip


HEADINGS = ("week", "state", "seats", "weekly active", "passive", "sessions", "completion", "breadth", "time to output")


@app.command()
def weeks(
    as_person: As, by: Annotated[str, typer.Option(help="department, team, cohort, onboarded or source.")] = "",
    name: Annotated[str, typer.Option(help="One group of that kind.")] = "",
    count: Annotated[int, typer.Option(min=1, max=53, help="How many weeks.")] = 12,
) -> None:  # fmt: skip
    """Show the numbers of the last weeks, of the organisation or by group; «withheld»: fewer than five people
    could be found."""

    async def work(house: House, session: Session, actor: Actor) -> Any:
        if not by:
            return [("", await numbers(session, actor, house.groups, clock=house.clock, count=count))]
        found = await lines(session, actor, house.groups, kind=by, name=name, clock=house.clock, count=count)
        return [(one.name, one.weeks) for one in found]

    for title, found in _with(as_person, work):
        if title:
            line(title, "bold")
        rows(HEADINGS, [_cells(one) for one in found])


@app.command("versions")
def show_versions(
    week: WeekName, as_person: As, by: Annotated[str, typer.Option(help="A kind of group.")] = "",
    name: Annotated[str, typer.Option(help="One group of that kind.")] = "",
) -> None:  # fmt: skip
    """Show what was corrected of a frozen week, when and why."""
    found = _with(as_person, lambda _, session, actor: versions(session, actor, week, kind=by, name=name))
    if found.frozen_at is None:
        line(f"{found.week} is not frozen yet.")
    elif not found.corrections:
        line(f"{found.week} was frozen on {found.frozen_at:%d %b %Y}; nothing of it was corrected.")
    for one in found.corrections:
        line(one.said)


@app.command("use-cases")
def use_cases(as_person: As) -> None:
    """Show what each use case saves, and what it still needs to be validated."""

    async def work(house: House, session: Session, actor: Actor) -> Any:
        found = await see_validations(session, actor, ledger=house.ledger, clock=house.clock)
        return found, await portfolio_of(found) if actor.may("org:adoption:read") else None

    found, portfolio = _with(as_person, work)
    rows(
        ("id", "name", "time to output", "of it approvals", "before", "after", "completion", "still needs"),
        [(one.case.id, one.case.name, f"{_share(one.time.share)} less" if one.time and one.time.share else "not shown",
          f"{one.queue.median:.0f} min ({one.queue.waited} of {one.queue.n})" if one.queue else "–",
          str(one.case.n), str(one.after), _share(one.completion.rate if one.completion else None),
          "; ".join(one.validation.missing) or "validated") for one in found],
    )  # fmt: skip
    if portfolio:
        hours = portfolio.hours
        less = _share(portfolio.reduction)
        line(f"{hours.value:.0f} hours saved ({hours.low:.0f} to {hours.high:.0f}), {less} less time.")
        if portfolio.indicative:
            line(f"Indicative: {portfolio.indicative} of {portfolio.cases} use cases have too few times or people.")
        line(METHOD)


@app.command("sign-off")
def sign(
    use_case: Annotated[str, typer.Argument(metavar="USE_CASE", help="The use case, by id.")], as_person: As
) -> None:
    """Sign a use case off as its owner, in the version that is live."""
    _with(as_person, lambda house, session, actor: sign_off(
        session, actor, use_case, ledger=house.ledger, clock=house.clock
    ))  # fmt: skip
    line("Signed.")


@app.command()
def mine(as_person: As) -> None:
    """Show one's own numbers, which nobody else sees."""
    found = _with(as_person, lambda house, session, actor: own_numbers(session, actor, clock=house.clock))
    rows(
        ("week", "sessions", "tasks", "delivered", "kinds"),
        [(w.week, str(w.sessions), str(w.asked), str(w.delivered), str(w.kinds)) for w in found.weeks],
    )  # fmt: skip
    for one in found.cases:
        was, now = (f"{v:.1f} min" if v is not None else "–" for v in (one.was, one.now))
        line(f"{one.name}: median {was} before (n = {one.before}), {now} after (n = {one.after})")


@holiday.command("list")
def list_days(as_person: As) -> None:
    """List the days nobody works."""
    found = _with(as_person, lambda _, session, actor: list_holidays(session, actor))
    rows(("day", "name", "department"), [(one.on.isoformat(), one.name, one.department) for one in found])


@holiday.command("add")
def add_day(
    on: Annotated[str, typer.Argument(help="The day, such as 2026-12-25.")], name: str, as_person: As,
    department: Department = "",
) -> None:  # fmt: skip
    """Add a day."""
    one = Holiday(_day(on), name, department)
    _with(as_person, lambda house, session, actor: add_holidays(
        session, actor, [one], ledger=house.ledger, clock=house.clock
    ))  # fmt: skip
    line("Added.")


@holiday.command("remove")
def remove_day(
    on: Annotated[str, typer.Argument(help="The day, such as 2026-12-25.")], as_person: As, department: Department = ""
) -> None:
    """Take a day out."""
    day = _day(on)
    _with(as_person, lambda house, session, actor: remove_holiday(
        session, actor, day, department=department, ledger=house.ledger
    ))  # fmt: skip
    line("Removed.")


@holiday.command("import")
def import_days(
    file: Annotated[Path, typer.Argument(help="An iCalendar file (.ics).")], as_person: As, department: Department = ""
) -> None:
    """Add the whole-day events of an iCalendar file."""
    content = file.read_bytes()
    new, left_out = _with(as_person, lambda house, session, actor: import_holidays(
        session, actor, content, department=department, ledger=house.ledger, clock=house.clock
    ))  # fmt: skip
    line(f"{new} new.")
    for one in left_out:
        line(f"Left out: {one}")


async def _whose(session: Session, actor: Actor, email: str) -> str:
    return (await person_at(session, email)).id if email else actor.id


@away.command("list")
def list_away(as_person: As, person: Person = "") -> None:
    """List the weeks somebody is marked as away."""

    async def work(_: House, session: Session, actor: Actor) -> list[str]:
        return await own_weeks(session, actor, await _whose(session, actor, person))

    rows(("week",), [(week,) for week in _with(as_person, work)])


@away.command("mark")
def mark(week: WeekName, as_person: As, person: Person = "") -> None:
    """Say that somebody is away all of a week."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        whose = await _whose(session, actor, person)
        await mark_away(session, actor, whose, week, ledger=house.ledger, clock=house.clock)

    _with(as_person, work)
    line("Marked.")


@away.command("unmark")
def unmark(week: WeekName, as_person: As, person: Person = "") -> None:
    """Take it back."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        await unmark_away(session, actor, await _whose(session, actor, person), week, ledger=house.ledger)

    _with(as_person, work)
    line("Taken back.")


@item.command("list")
def list_open(
    as_person: As, closed: Annotated[bool, typer.Option("--closed", help="Those that are closed.")] = False
) -> None:
    """List what the programme has to do, or did."""
    state: Any = "closed" if closed else "open"
    found = _with(as_person, lambda _, session, actor: list_items(session, actor, state=state))
    rows(
        ("id", "kind", "about", "since", "why", "outcome"),
        [(one.id, one.kind, one.about, one.opened_at.date().isoformat(), one.why, one.outcome) for one in found],
    )  # fmt: skip


@item.command("close")
def close(item: str, as_person: As, outcome: Annotated[str, typer.Option(help="What was done.")]) -> None:
    """Close an item."""
    _with(as_person, lambda house, session, actor: close_item(
        session, actor, item, outcome, ledger=house.ledger, clock=house.clock
    ))  # fmt: skip
    line("Closed.")

"""The readout as a document: on one page, in full, or as an empty form. Nothing is read from anywhere."""

from collections.abc import Iterator, Sequence

from colleague.kit.documents.model import Block, Draft
from colleague.kit.documents.write.pdf import pages_in, write_pdf
from colleague.rollout.readout.model import Cost, Figure, Frozen, GateLine, Readout, Workflow
from colleague.rollout.readout.words import break_even, interval, number, shown

_GAP = "…" * 10
# How many use cases and how much of what is asked go on one page: less, until it is one.
ROOM = ((5, 420), (4, 300), (3, 220), (2, 160), (1, 80))


def fitted(frozen: Frozen, made_by: str, *, spare: int = 0) -> Draft:
    """Return the readout on one page that is one: use cases and the words of the question make room, nothing else.

    `spare`: how many steps of room more are made, for an office whose letters are wider than ours.
    """
    step = 0
    while step < len(ROOM) - 1:
        draft = one_page(frozen, made_by, lines=ROOM[step][0], words=ROOM[step][1])
        if pages_in(write_pdf(draft)) == 1:
            break
        step += 1
    lines, words = ROOM[min(step + spare, len(ROOM) - 1)]
    return one_page(frozen, made_by, lines=lines, words=words)


def one_page(frozen: Frozen, made_by: str, *, lines: int = ROOM[0][0], words: int = ROOM[0][1]) -> Draft:
    """Return the readout on a page: what was saved, what it costs, where the gates stand, what is to be decided."""
    r, money = frozen.readout, frozen.readout.cost.assumptions.currency if frozen.readout.cost else ""
    blocks = [
        Block("paragraph", r.headline),
        Block("paragraph", f"To be decided: {_cut(r.ask, words) or 'nothing is asked.'}"),
        Block("table", rows=(("Number", "Value", "95 % interval", "n", "Target"), *(_line(one) for one in r.figures))),
        Block("table", rows=(_WORKFLOW_HEAD, *(_workflow_row(one) for one in r.workflows[:lines]))),
        Block("table", rows=(("Cost and gain", r.since + " to " + r.until), *_cost_short(r))),
        Block("item", f"Gates: {_gates_short(r.gates)}", 1),
        Block("item", f"Set aside: {_overrides_short(r)}", 1),
        Block("item", f"Incidents: {_incidents_short(r)}", 1),
        Block("item", f"In the way: {_friction_short(r)}", 1),
        Block("note", f"{_METHOD} {_left_out(r, lines)} {_stamp(frozen, made_by)}"),
    ]
    meta = {"version": str(frozen.version), "sha256": frozen.digest, "currency": money}
    return Draft(r.title, tuple(blocks), mark="", metadata=meta)


_WORKFLOW_HEAD = ("Use case", "Minutes before → after", "Less time", "Completion", "Hours")


def _line(one: Figure) -> tuple[str, ...]:
    if one.value is None:
        return (one.name, _cut(one.absent, 64), "", "", one.target)
    count = f"{one.n:,}" if one.n is not None else ""
    return (one.name, number(one.value, one.unit), interval(one), count, one.target)


def _workflow_row(one: Workflow) -> tuple[str, ...]:
    if one.new_capability:
        return (_cut(one.name, 48), "new: there is no before", "", shown(one.completion), "left out")
    times = f"{_minutes(one.before)} → {_minutes(one.after)} (n {one.before_n}, {one.after_n})"
    less = number(one.reduction.value, "share") if one.reduction.there else "not told yet"
    if one.reduction.there and one.strength == "indicative":
        less += " *"
    if one.odd:
        less += " (check)"
    return (_cut(one.name, 48), times, less, shown(one.completion), _hours(one.hours))


def _hours(one: Figure) -> str:
    bounds = interval(one)
    return (number(one.value, "hours") + (f" ({bounds})" if bounds else "")) if one.there else "–"


def _minutes(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}" if value >= 10 else f"{value:,.1f}"


def _left_out(r: Readout, lines: int) -> str:
    more = len(r.workflows) - lines
    said = "* indicative: fewer than thirty times before and after, or fewer than eight people." if any(
        one.strength == "indicative" for one in r.workflows
    ) else ""  # fmt: skip
    return f"{said} {f'{more} more use cases stand in the full readout.' if more > 0 else ''}".strip()


def _cost_short(r: Readout) -> Iterator[tuple[str, str]]:
    cost = r.cost
    if cost is None:
        yield ("Not told", r.no_cost)
        return
    money, seats, months = cost.assumptions.currency, *break_even(cost)
    parts = f"seats {number(cost.licence, 'money')}, models {number(cost.models, 'money')}, fixed " + number(
        cost.fixed, "money"
    )
    yield ("Cost", f"{number(cost.total, 'money', money)} ({parts})")
    yield ("Net value", shown(cost.net, money))
    yield ("Breaks even", f"{seats}; {months}")


def _gates_short(gates: Sequence[GateLine]) -> str:
    if not gates:
        return "the programme has not started"
    missing = [one.title for one in gates if not one.holds]
    held = f"{gates[0].gate}: {len(gates) - len(missing)} of {len(gates)} hold"
    return held + (f"; not yet: {', '.join(missing)}" if missing else "")


def _overrides_short(r: Readout) -> str:
    return "; ".join(f"{one.what} ({one.on})" for one in r.overrides) or "nothing"


def _incidents_short(r: Readout) -> str:
    return "; ".join(f"{one.what}: {one.count}" for one in r.incidents if one.count) or "none on record"


def _friction_short(r: Readout) -> str:
    said = [f"{one.name}: {one.friction[0]}" for one in r.workflows if one.friction]
    return _cut("; ".join(said), 110) or "nothing is written down"


_METHOD = "Hours: work × minutes before × less time. Intervals: Hodges–Lehmann on logarithms, Wilson."


def _stamp(frozen: Frozen, made_by: str) -> str:
    return (
        f"Version {frozen.version}, made by {made_by} on {frozen.at:%d %B %Y at %H:%M} UTC. "
        f"SHA-256 {frozen.digest[:16]}…"
    )


def in_full(frozen: Frozen, made_by: str, *, origin: str) -> Draft:
    """Return the readout in full: every number with its method and the page of its rows under `origin`."""
    r = frozen.readout
    blocks = [
        Block("paragraph", r.headline), Block("table", rows=(("", ""), *_facts(r))[1:]),
        Block("heading", "To be decided", 1), Block("paragraph", r.ask or "Nothing is asked."),
        Block("heading", "The numbers", 1),
        Block("table", rows=(("Number", "Value", "95 % interval", "n", "Target"), *(_line(one) for one in r.figures))),
        Block("heading", "How they are counted", 2), *_methods(r.figures, origin),
        Block("heading", "Use cases", 1), *_workflows(r, origin),
        Block("heading", "Cost and gain", 1), *_cost(r),
        Block("heading", "Week by week", 1), *_weeks(r),
        Block("heading", "Support tickets", 1), *_tickets(r),
        Block("heading", "Gates", 1), *_gates(r.gates, origin),
        Block("heading", "What was set aside", 1), *_overrides(r),
        Block("heading", "Incidents", 1), *_incidents(r, origin),
    ]  # fmt: skip
    if r.notes:
        blocks += [Block("heading", "To be known", 1), *(Block("item", text, 1) for text in r.notes)]
    blocks.append(Block("note", f"{_stamp(frozen, made_by)} Whole fingerprint: {frozen.digest}"))
    meta = {"version": str(frozen.version), "sha256": frozen.digest}
    return Draft(r.title, tuple(blocks), mark="", metadata=meta)


def _facts(r: Readout) -> tuple[tuple[str, str], ...]:
    return (
        ("Period", f"{r.since} to {r.until}"), ("Phase", r.phase), ("Seats", f"{r.seats:,}"),
        ("Goal", r.goal or "not written down"), ("Sponsor", r.sponsor or "not named"),
        ("Led by", r.lead or "not named"),
    )  # fmt: skip


def _methods(figures: Sequence[Figure], origin: str) -> Iterator[Block]:
    for one in figures:
        said = one.method if one.there else one.absent
        note = f" {one.note[0].upper()}{one.note[1:]}." if one.note else ""
        yield Block("item", f"{one.name}: {said.rstrip('.')}.{note} Rows: {origin}{one.rows}", 1)


def _workflows(r: Readout, origin: str) -> Iterator[Block]:
    if not r.workflows:
        yield Block("paragraph", "No use case is live.")
        return
    yield Block("table", rows=(_WORKFLOW_HEAD, *(_workflow_row(one) for one in r.workflows)))
    for one in r.workflows:
        yield Block("heading", one.name, 2)
        yield from (Block("item", text, 1) for text in _details(one))
        yield Block("note", f"Rows: {origin}/use-cases/{one.id}")


def _details(one: Workflow) -> Iterator[str]:
    if one.new_capability:
        yield f"New capability, left out of hours saved: {one.new_capability}"
    else:
        yield (
            f"Before: median {_minutes(one.before)} min, n {one.before_n}. After: median {_minutes(one.after)} min, "
            f"n {one.after_n}, {one.people} people. {one.runs:,} pieces of work in the period."
        )
        yield f"Less time (R): {shown(one.reduction)}. {_strength(one)} Method: {one.reduction.method or '–'}."
        if one.same.there:
            yield f"The same people, before and after: {shown(one.same)}."
        yield f"Hours saved: {shown(one.hours)}."
    yield f"Completion: {shown(one.completion)}. Failed work is not in the times."
    if one.told:
        yield f"{one.told} more times were told from memory; they are not counted."
    if one.validated:
        yield "Validated."
    elif one.missing:
        yield f"Not validated yet: {'; '.join(one.missing)}."
    for text in one.friction:
        yield f"In the way: {text}"


def _strength(one: Workflow) -> str:
    said = {
        "readout": "Thirty times and more before and after, from eight people and more.",
        "indicative": "Indicative: fewer than thirty times before and after, or fewer than eight people.",
    }.get(one.strength, "Nothing is told below ten times before and ten after.")
    return said + (" Outside 20 to 80 %: check the measurement." if one.odd else "")


def _cost(r: Readout) -> Iterator[Block]:
    if r.cost is None:
        yield Block("paragraph", f"Not told. {r.no_cost}")
        return
    c, money = r.cost, r.cost.assumptions.currency
    known, (seats, months) = c.assumptions, break_even(c)
    yield Block("table", rows=(
        ("In the period", money), (f"Seats: {c.seats:,} for {c.months:g} months at {known.seat:,.2f}", _m(c.licence)),
        ("Models, as recorded" + (f" ({c.unpriced:,} turns had no price)" if c.unpriced else ""), _m(c.models)),
        (f"Fixed, at {known.fixed:,.2f} a month", _m(c.fixed)), ("Total cost", _m(c.total)),
        (f"Hours saved at {known.hour:,.2f} an hour", shown(c.value)), ("Net value", shown(c.net)),
        ("Breaks even, seats", seats), (f"Breaks even, {known.once:,.2f} spent once", months),
    ))  # fmt: skip
    yield from _cost_notes(c)


def _m(value: float) -> str:
    return f"{value:,.0f}"


def _cost_notes(c: Cost) -> Iterator[Block]:
    known = c.assumptions
    yield Block("item", f"Assumptions, version {known.version}, by {known.by} on {known.on}: {known.source}", 1)
    if known.rate != 1:
        yield Block(
            "item", f"What models cost is recorded in dollars and counted at {known.rate:g} {known.currency}.", 1
        )
    yield Block("item", "An hour saved is time freed, not money paid out. The interval is that of the hours alone.", 1)


def _weeks(r: Readout) -> Iterator[Block]:
    if not r.weeks:
        yield Block("paragraph", "No complete week yet.")
        return
    heads = ("Week", "Seats", "Active", "Sessions", "Completion", "Breadth", "Tickets / 100")
    rows = [
        (w.week + (f" ({w.note})" if w.note else ""), "–" if w.seats is None else f"{w.seats:,}",
         number(w.wau, "share"), number(w.sessions, "number"), number(w.completion, "share"),
         number(w.breadth, "number"), number(w.tickets, "number"))
        for w in r.weeks
    ]  # fmt: skip
    yield Block("table", rows=(heads, *rows))
    yield Block("note", "Weekly active people are necessary and never enough: they stand beside what was finished.")


def _tickets(r: Readout) -> Iterator[Block]:
    if not r.ticket_kinds:
        yield Block("paragraph", "No ticket in the period.")
        return
    yield Block("table", rows=(("About", "Tickets"), *((k, f"{v:,}") for k, v in sorted(r.ticket_kinds.items()))))


def _gates(gates: Sequence[GateLine], origin: str) -> Iterator[Block]:
    if not gates:
        yield Block("paragraph", "The programme has not started.")
        return
    yield Block("paragraph", gates[0].gate)
    for one in gates:
        state = "holds" if one.holds else "does not hold"
        said = f", said by {one.by} on {one.on}" if one.by else ""
        yield Block(
            "item", f"{one.title} ({one.requirement}): {state}. Wanted: {one.wanted}. There is: {one.value} "
            f"({one.how}{said}). Rows: {origin}{one.rows}", 1,
        )  # fmt: skip


def _overrides(r: Readout) -> Iterator[Block]:
    for one in r.overrides:
        who = f", by {' and '.join(one.by)}" if one.by else ""
        yield Block("item", f"{one.what}, {one.on}{who}: {one.why}", 1)
    if not r.overrides:
        yield Block("paragraph", "Nothing.")


def _incidents(r: Readout, origin: str) -> Iterator[Block]:
    rows = tuple((one.what, f"{one.count:,}", f"{origin}{one.rows}") for one in r.incidents)
    yield Block("table", rows=(("What", "In the period", "Rows"), *rows)) if rows else Block("paragraph", "None.")


def empty_form() -> Draft:
    """Return the readout as a form to fill by hand."""
    names = ("Hours saved", "Time to output", "Task completion", "Breadth", "Sessions", "Weekly active people",
             "Support tickets", "Leaders active")  # fmt: skip
    gap = tuple((name, _GAP, _GAP, "…", _GAP) for name in names)
    blocks = [
        Block("paragraph", "What was saved, on which work, how sure it is, what it cost, and what is to be decided. "
              "Weekly active people never stand alone."),
        Block("table", rows=(("Number", "Value", "95 % interval", "n", "Target"), *gap)),
        Block("heading", "Use cases", 1),
        Block("table", rows=(_WORKFLOW_HEAD, *((_GAP, _GAP, _GAP, _GAP, _GAP) for _ in range(3)))),
        Block("heading", "Cost and gain", 1),
        Block("table", rows=(("", "Amount"), *((n, _GAP * 3) for n in (
            "Seats", "Models", "Fixed", "Value of the hours", "Net value", "Breaks even")))),
        Block("heading", "Gates; what was set aside, why, at which risk and who accepted it; incidents", 1),
        Block("box", ""),
        Block("heading", "To be decided", 1), Block("box", ""),
    ]  # fmt: skip
    return Draft("Readout", tuple(blocks), mark="")


def _cut(text: str, longest: int) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= longest else plain[: longest - 1].rstrip() + "…"

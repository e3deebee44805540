"""`colleague policy`: the rules, why something was decided, what would be decided, and the settings they rest on."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import typer

from colleague.approvals.inbox import get_card
from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, line, person_at, rows, with_house
from colleague.governance.effective.may import Wish, may, overview
from colleague.governance.replay.replay import replay
from colleague.identity.directory import names_of
from colleague.kit.errors import Invalid
from colleague.policy.explain import explain
from colleague.policy.governance import current_governance, stored_form, with_changes
from colleague.policy.model import DataClass, Decision, Effect, Governance, Ruling, Tier
from colleague.policy.second_person.on_record import changing
from colleague.policy.second_person.propose import Proposal, confirm, list_proposals, set_or_propose, withdraw
from colleague.policy.simulate import simulate
from colleague.tasks.sight import view_task

app = typer.Typer(help="See the rules, and what would be decided.", no_args_is_help=True)
TierName = Literal["read", "communicate", "modify"]
ClassName = Literal["public", "internal", "confidential", "restricted"]
Channel = Literal["desk", "dispatch", "schedule"]
_COLOURS = {"allow": "green", "ask": "yellow", "deny": "red"}
_SWITCH = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


class BadPair(Invalid):
    """Write settings as name=value; «{text}» is not."""


@app.command("show")
def show(as_person: As) -> None:
    """Show the rules with their reasons, and the settings they rest on."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        actor.require("org:policy:read")
        async with house.database.transaction() as session:
            governance = await current_governance(session)
        rows(
            ("rule", "does", "why"),
            [
                (name, f"asks {rule['ask']}" if rule.get("ask") else str(rule["effect"]), str(rule.get("why", "")))
                for name, rule in sorted(house.engine.rules_in(governance.rules).by_id.items())
            ],
        )
        _settings(governance)

    with_house(work)


def _settings(governance: Governance) -> None:
    line(f"\nSettings (version {governance.version})", "bold")
    for name, value in stored_form(governance).items():
        if name != "version":
            present = getattr(governance, name)
            words = ", ".join(value) if isinstance(value, list) else value
            if isinstance(present, DataClass | Tier):
                words = present.name.lower()
            elif isinstance(present, bool):
                words = "yes" if present else "no"
            line(f"  {name:<18} {words}")


@app.command("simulate")
def would(
    tier: Annotated[TierName, typer.Argument(help="What the tool can do.")],
    as_person: As,
    to: Annotated[list[str] | None, typer.Option("--to", help="A recipient; may be given several times.")] = None,
    data_class: Annotated[ClassName, typer.Option("--class", help="Class of what was read.")] = "internal",
    channel: Annotated[Channel, typer.Option(help="Where the task comes from.")] = "desk",
) -> None:
    """Say what would be decided, and why. Nothing happens."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        actor.require("org:policy:read")
        async with house.database.transaction() as session:
            governance = await current_governance(session)
        _say(
            simulate(
                house.engine, governance, tier=Tier[tier.upper()], recipients=to or [],
                data_class=DataClass[data_class.upper()], channel=channel,
            )
        )  # fmt: skip

    with_house(work)


@app.command("may")
def one_answer(
    person: Annotated[str, typer.Argument(help="Whom it is about, by mail address.")],
    tool: Annotated[str, typer.Argument(help="The tool, as «policy of» lists it.")], as_person: As,
    place: Annotated[str, typer.Option("--in", help="The folder, file or other place.")] = "",
    to: Annotated[list[str] | None, typer.Option("--to", help="A recipient; may be given several times.")] = None,
    data_class: Annotated[ClassName, typer.Option("--class", help="Class of what was read.")] = "public",
    channel: Annotated[Channel, typer.Option(help="Where the task comes from.")] = "desk",
    doubtful: Annotated[bool, typer.Option(help="A value stands only in something it has read.")] = False,
) -> None:  # fmt: skip
    """Say whether the agent may do this for a person, why, since when and by whom. Nothing happens."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        wish = Wish(tool, place, tuple(to or ()), channel, DataClass[data_class.upper()], doubtful, doubtful)
        async with house.database.transaction() as session:
            about = await person_at(session, person)
            answer = await may(
                session, actor, about.id, wish, registry=house.registry, engine=house.engine, clock=house.clock
            )
            people = await names_of(session, {s.by for s in answer.sources})
        _say(answer.decision)
        for source in answer.sources:
            when = f" ({people.get(source.by, source.by)}, {source.at:%Y-%m-%d %H:%M})" if source.at else ""
            line(f"  {source.words}{when}")

    with_house(work)


@app.command("of")
def of_person(
    person: Annotated[str, typer.Argument(help="Whom it is about, by mail address.")], as_person: As
) -> None:  # fmt: skip
    """List every tool the agent may use for a person, and what would be decided."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            about = await person_at(session, person)
            _, tools = await overview(
                session, actor, about.id, registry=house.registry, engine=house.engine, clock=house.clock
            )
        if not tools:
            line("Nothing is open: no team or role of this person was given a connector.")
            return
        lines = [
            (t.tool, t.tier.name.lower(), effect.name.lower(), words) for t in tools for words, effect, _ in t.effects
        ]
        rows(("tool", "tier", "decided", "when"), lines)

    with_house(work)


@app.command("explain")
def why(
    thing: Annotated[str, typer.Argument(help="The id of a task or an approval.")], as_person: As
) -> None:  # fmt: skip
    """Say what was decided of a task's calls, or of one approval, by which rule and why."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            if thing.startswith("ask_"):
                card = await get_card(session, actor, thing)
                decided = [(card.tool, card.why)]
            else:
                view = await view_task(session, actor, thing)
                decided = [(call.tool, call.decision) for call in view.calls]
        if not decided:
            line("Nothing was decided yet.")
        for tool, raw in decided:
            line(tool, "bold")
            _say(_decision(raw))

    with_house(work)


def _decision(raw: Mapping[str, Any]) -> Decision:
    """Read what `Decision.to_json` wrote."""
    rulings = tuple(
        Ruling(r["rule"], Effect[r["effect"].upper()], r["why"], r.get("remedy", "")) for r in raw.get("rulings", ())
    )
    effect = Effect[str(raw.get("effect", "deny")).upper()]
    return Decision(effect, rulings, raw.get("approver", "user"), raw.get("policy_hash", ""))


def _say(decision: Decision) -> None:
    first, *rest = explain(decision)
    line(first, _COLOURS[decision.effect.name.lower()])
    for sentence in rest:
        line(f"  {sentence}")


@app.command("set")
def change(
    pairs: Annotated[list[str], typer.Argument(help="name=value; lists with commas: internal_domains=a.com,b.com")],
    as_person: As,
) -> None:
    """Change settings that the rules rest on; what was before stays on record."""
    given = _given(pairs)

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            changes = _changes(given, await current_governance(session))
        async with changing(house.database, actor, "settings", house.ledger) as session:
            done = await set_or_propose(session, actor, changes, ledger=house.ledger, clock=house.clock)
        if isinstance(done, Proposal):
            line(f"This weakens {', '.join(done.weakens)}: it waits for a second person.", "yellow")
            _proposals([done])
        else:
            _settings(done)

    with_house(work)


def _given(pairs: Sequence[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for text in pairs:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise BadPair(text=text[:60])
        given[name.strip()] = value.strip()
    return given


def _changes(given: Mapping[str, str], before: Governance) -> dict[str, Any]:
    return {name: _value(getattr(before, name, None), text) for name, text in given.items()}


@app.command("replay")
def again(
    pairs: Annotated[list[str], typer.Argument(help="name=value, as for «set».")], as_person: As,
    days: Annotated[int, typer.Option(help="How many days to look back.", min=1, max=365)] = 30,
) -> None:  # fmt: skip
    """Say which past calls these settings would have decided otherwise. Nothing changes."""
    given = _given(pairs)

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        actor.require("org:policy:read")
        async with house.database.transaction() as session:
            now = await current_governance(session)
        draft = with_changes(now, _changes(given, now))
        seen = await replay(house.database, house.engine, now, draft, days=days, clock=house.clock)
        line(seen.sentence, "bold")
        if seen.weakens:
            line(f"Weaker, so a second person must confirm it: {', '.join(seen.weakens)}.", "yellow")
        if seen.changes:
            rows(
                ("when (UTC)", "tool", "now", "then", "rules"),
                [
                    (f"{c.at:%Y-%m-%d %H:%M}", c.tool, c.before.name.lower(), c.after.name.lower(), " ".join(c.rules))
                    for c in seen.changes
                ],
            )

    with_house(work)


@app.command("proposals")
def proposals(as_person: As) -> None:
    """Show changes that wait for a second person."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        actor.require("org:policy:read")
        async with house.database.transaction() as session:
            waiting = await list_proposals(session, clock=house.clock)
            people = await names_of(session, {p.proposed_by for p in waiting})
        _proposals(waiting, people)

    with_house(work)


def _proposals(waiting: Sequence[Proposal], people: Mapping[str, str] | None = None) -> None:
    for one in waiting:
        line(f"{one.id}  {'; '.join(one.words)}", "bold")
        by = f"Proposed by {people.get(one.proposed_by, one.proposed_by)}, u" if people else "U"
        line(f"  {by}ntil {one.expires_at:%Y-%m-%d %H:%M}; confirm with --seen {one.digest[:12]}")
    if not waiting:
        line("Nothing waits for a second person.")


@app.command("confirm")
def confirm_one(
    proposal: Annotated[str, typer.Argument(help="The id of a proposal.")], as_person: As,
    seen: Annotated[str, typer.Option("--seen", help="What «policy proposals» showed for it.")],
) -> None:  # fmt: skip
    """Put somebody else's proposal in force."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with changing(house.database, actor, "proposal", house.ledger) as session:
            waiting = await list_proposals(session, clock=house.clock)
            whole = next((p.digest for p in waiting if len(seen) >= 12 and p.digest.startswith(seen)), seen)
            after = await confirm(session, actor, proposal, whole, ledger=house.ledger, clock=house.clock)
        _settings(after)

    with_house(work)


@app.command("withdraw")
def withdraw_one(proposal: Annotated[str, typer.Argument(help="The id of a proposal.")], as_person: As) -> None:
    """Take a proposal away."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with changing(house.database, actor, "proposal", house.ledger) as session:
            await withdraw(session, actor, proposal, ledger=house.ledger, clock=house.clock)
        line("Withdrawn.")

    with_house(work)


def _value(present: object, text: str) -> object:
    """Return `text` as the kind of value the setting has now; what does not fit is refused by the deed."""
    if isinstance(present, bool):
        return _SWITCH.get(text.casefold(), text)
    if isinstance(present, tuple):
        return [part for part in (p.strip() for p in text.split(",")) if part]
    return text

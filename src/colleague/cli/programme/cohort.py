"""`colleague programme cohort`: make cohorts, score and choose candidates, map, start and close, as a named person."""

from typing import Annotated, TypeVar

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, do_as, line, person_at, rows
from colleague.identity.actor import Actor
from colleague.kit.db import Session
from colleague.rollout.cohorts.choose import choose_candidate, decline_candidate, score_candidate
from colleague.rollout.cohorts.form import Said
from colleague.rollout.cohorts.join import fill_cohort, leave_cohort
from colleague.rollout.cohorts.make import close_cohort, make_cohort, map_cohort, start_cohort
from colleague.rollout.cohorts.prefill import prefill
from colleague.rollout.cohorts.store import unmapped
from colleague.rollout.cohorts.view import list_lines, see_cohort

T = TypeVar("T")
app = typer.Typer(help="Make cohorts, choose their people, let them start.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="COHORT", help="The cohort, by id.")]
Person = Annotated[str, typer.Argument(metavar="PERSON", help="Somebody, by mail address.")]
Why = Annotated[str, typer.Option(help="Why, in a few words.")]
Yes = Annotated[str, typer.Option(help="yes or no.")]
Evidence = Annotated[str, typer.Option(help="The evidence for it, in words.")]


@app.command("list")
def index(as_person: As) -> None:
    """List cohorts, and say why nobody may be invited yet, if so."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        lines = await list_lines(session, actor)
        rows(
            ("id", "name", "kind", "people", "state"),
            [(o.cohort.id, o.cohort.name, o.cohort.kind, str(o.people), o.cohort.state) for o in lines],
        )
        for why in await unmapped(session):
            line(why)

    do_as(as_person, work)


@app.command()
def make(
    name: Annotated[str, typer.Argument(help="What it is called.")], as_person: As,
    kind: Annotated[str, typer.Option(help="pilot or rollout.")] = "pilot",
) -> None:  # fmt: skip
    """Make a cohort."""

    async def work(house: House, session: Session, actor: Actor) -> str:
        return (await make_cohort(session, actor, name, kind, ledger=house.ledger, clock=house.clock)).id

    line(do_as(as_person, work))


@app.command()
def show(cohort: Id, as_person: As) -> None:
    """Show a cohort: whether it may start and why not, its ranking, its people."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        sight = await see_cohort(session, actor, cohort, reach=house.reach)
        line(f"{sight.cohort.name}: {sight.cohort.kind}, {sight.cohort.state}, {sight.people} people", "bold")
        for why in sight.start.reasons if sight.cohort.state == "draft" else ():
            line(f"Not yet: {why}")
        if sight.drift:
            line(
                f"Group «{sight.drift.group}»: {sight.drift.only_group} only there, {sight.drift.only_cohort} only here"
            )
        for warned in sight.asked:
            line(f"The sponsor's reason is asked for {warned.name}: {' '.join(warned.warnings)}")
        for number, one in enumerate(sight.ranking or (), 1):
            line(f"{number}. {one.candidate.name} ({one.candidate.stand}), {one.points} points")
            for text in (*one.reasons, *(f"against: {why}" for why in one.against)):
                line(f"   {text}")
        for name, person, case in sight.members or ():
            line(f"{person} {name}: {sight.cases[case].name if case in sight.cases else 'no use case with a ritual'}")

    do_as(as_person, work)


@app.command("map")
def map_to(
    cohort: Id, as_person: As, group: Annotated[str, typer.Option(help="A group, by id.")] = "",
    team: Annotated[str, typer.Option(help="A team, by id.")] = "",
) -> None:  # fmt: skip
    """Say which group of the identity provider, or which team, the cohort is."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        await map_cohort(session, actor, cohort, group=group, team=team, ledger=house.ledger)

    do_as(as_person, work)
    line("Mapped.")


@app.command()
def score(
    cohort: Id, person: Person, as_person: As,
    documents: Yes = "", documents_evidence: Evidence = "", feedback: Yes = "", feedback_evidence: Evidence = "",
    not_sensitive: Yes = "", not_sensitive_evidence: Evidence = "",
    profile: Annotated[str, typer.Option(help="One of the profiles of use cases.")] = "",
    repetition: Annotated[str, typer.Option(help="daily, weekly, monthly or rarely.")] = "",
    comparable: Yes = "", comparable_evidence: Evidence = "",
    department: Annotated[str, typer.Option(help="Their department.")] = "",
    title: Annotated[str, typer.Option(help="What they are at work.")] = "",
) -> None:  # fmt: skip
    """Propose a candidate, with everything that is said of them. What the product knows stands in front."""
    said = Said(
        documents=documents, documents_evidence=documents_evidence, feedback=feedback,
        feedback_evidence=feedback_evidence, not_sensitive=not_sensitive,
        not_sensitive_evidence=not_sensitive_evidence, profile=profile, repetition=repetition,
        comparable=comparable, comparable_evidence=comparable_evidence, department=department, title=title,
    )  # fmt: skip

    async def work(house: House, session: Session, actor: Actor) -> None:
        actor.require("org:programme:manage")
        known = await prefill(session, (await person_at(session, person)).id, clock=house.clock)
        for answer in (*known.answers.values(), known.comparable):
            if answer.evidence:
                line(f"known here: {answer.evidence}")
        found = await score_candidate(
            session, actor, cohort, person, said.score(), ledger=house.ledger, clock=house.clock
        )  # fmt: skip
        for missing in found.score.missing:
            line(f"missing: {missing}")
        for warning in found.warnings:
            line(f"warning: {warning}")

    do_as(as_person, work)
    line("Kept.")


@app.command()
def choose(
    cohort: Id, person: Person, as_person: As,
    sponsor: Annotated[str, typer.Option(help="For who is warned of: the sponsor, by mail address.")] = "",
    reason: Annotated[str, typer.Option(help="The sponsor's reason.")] = "",
) -> None:  # fmt: skip
    """Choose a candidate who meets all three criteria."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        who = await person_at(session, person)
        await choose_candidate(
            session, actor, cohort, who.id, sponsor=sponsor, reason=reason, ledger=house.ledger, clock=house.clock
        )  # fmt: skip

    do_as(as_person, work)
    line("Chosen.")


@app.command()
def decline(cohort: Id, person: Person, as_person: As, why: Why) -> None:
    """Leave a candidate out."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        who = await person_at(session, person)
        await decline_candidate(session, actor, cohort, who.id, why, ledger=house.ledger, clock=house.clock)

    do_as(as_person, work)
    line("Left out.")


@app.command()
def fill(cohort: Id, as_person: As) -> None:
    """Let all of the mapped group or team into a cohort of a later phase."""

    async def work(house: House, session: Session, actor: Actor) -> int:
        return await fill_cohort(session, actor, cohort, ledger=house.ledger, clock=house.clock)

    line(f"{do_as(as_person, work)} joined.")


@app.command()
def leave(cohort: Id, person: Person, as_person: As, why: Why) -> None:
    """Take somebody out of a cohort."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        who = await person_at(session, person)
        await leave_cohort(session, actor, cohort, who.id, why, ledger=house.ledger, clock=house.clock)

    do_as(as_person, work)
    line("Out.")


@app.command()
def start(cohort: Id, as_person: As) -> None:
    """Let a cohort start: the first month of its people begins today."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        await start_cohort(session, actor, cohort, reach=house.reach, ledger=house.ledger, clock=house.clock)

    do_as(as_person, work)
    line("Started.")


@app.command()
def close(cohort: Id, as_person: As, why: Why) -> None:
    """End a cohort."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        await close_cohort(session, actor, cohort, why, ledger=house.ledger, clock=house.clock)

    do_as(as_person, work)
    line("Closed.")

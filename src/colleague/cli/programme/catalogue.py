"""`colleague catalogue list | phase | review`: what is in use, who answers for it, who reviewed it."""

from typing import Annotated

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, do_as, line, rows
from colleague.identity.actor import Actor
from colleague.kit.db import Session
from colleague.policy.model import Governance
from colleague.policy.second_person.propose import Proposal
from colleague.rollout.catalogue.model import Entry
from colleague.rollout.catalogue.phase import mean_for
from colleague.rollout.catalogue.review import review_entry, see_catalogue

app = typer.Typer(help="What is in use: owners, reviews, use, overlaps.", no_args_is_help=True)


@app.command("list")
def list_all(as_person: As) -> None:
    """Show every skill and connector in use, with what is missing of it."""

    async def work(house: House, session: Session, actor: Actor) -> list[Entry]:
        return await see_catalogue(session, actor, registry=house.registry, reach=house.reach, clock=house.clock)

    found = do_as(as_person, work)
    rows(
        ("in use", "version", "reviewed until", "from phase", "runs", "what is missing"),
        [
            (f"{one.kind} {one.name}", one.version[:12], "with the product" if one.shipped else str(one.expires or "-"),
             str(one.meant_for), str(one.runs), "; ".join(_missing(one)))
            for one in found
        ],
    )  # fmt: skip


def _missing(one: Entry) -> list[str]:
    early = ["before its phase: every call with it is refused"] if one.too_early else []
    return [*early, *one.faults, *(f"overlaps with {o.name}" for o in one.overlaps)]


@app.command("phase")
def phase(
    as_person: As, kind: Annotated[str, typer.Argument(help="skill or connector.")],
    name: Annotated[str, typer.Argument(help="Its name, from «list»; it need not be in use yet.")],
    phase: Annotated[str, typer.Argument(help="pilot, expansion, broad or enterprise.")],
) -> None:  # fmt: skip
    """Say from which phase on it may be used; an earlier one than now is said is confirmed by another person."""

    async def work(house: House, session: Session, actor: Actor) -> Governance | Proposal:
        return await mean_for(session, actor, kind, name, phase, ledger=house.ledger, clock=house.clock)

    done = do_as(as_person, work)
    if isinstance(done, Proposal):
        line(f"It waits for another person: colleague policy confirm {done.id} --as …")
    else:
        line("It holds from now on.")


@app.command("review")
def review(
    as_person: As, kind: Annotated[str, typer.Argument(help="skill or connector.")],
    name: Annotated[str, typer.Argument(help="Its name, from «list».")],
    version: Annotated[str, typer.Option(help="The version that was reviewed; twelve characters are enough.")],
    owner: Annotated[str, typer.Option(help="Mail address of who answers for it; not one's own.")],
) -> None:  # fmt: skip
    """Put on record that you reviewed it as it is now, and who answers for it."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        found = await see_catalogue(session, actor, registry=house.registry, reach=house.reach, clock=house.clock)
        whole = next(
            (e.version for e in found if (e.kind, e.name) == (kind, name) and len(version) > 11
             and e.version.startswith(version)), version,
        )  # fmt: skip
        await review_entry(
            session, actor, kind, name, version=whole, owner=owner, reach=house.reach, ledger=house.ledger,
            clock=house.clock,
        )  # fmt: skip

    do_as(as_person, work)
    line("On record.")

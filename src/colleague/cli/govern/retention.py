"""`colleague retention`: what is kept how long, what goes soon, run it, and its certificates, also offline."""

from pathlib import Path
from typing import Annotated

import typer

from colleague.audit.signer import Public
from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, do_as, line, rows, with_house
from colleague.compliance.certificate import BadCertificate, check_certificate
from colleague.compliance.sweep import KIND, sweep
from colleague.compliance.view import Going, certificate_of, dry_look, list_runs, paper
from colleague.holds.cover import MANAGE
from colleague.identity.actor import Actor
from colleague.identity.directory import names_of
from colleague.kit.db import Session
from colleague.policy.governance import current_governance
from colleague.policy.standards.retention import days_of

app = typer.Typer(help="What is kept how long, what goes soon, certificates of deletion.", no_args_is_help=True)
RunId = Annotated[str, typer.Argument(metavar="RUN", help="The run, by id.")]


@app.command()
def show(as_person: As) -> None:
    """Show how long what is kept, what goes in thirty days, and what is kept longer and why. Deletes nothing."""

    async def work(house: House, session: Session, actor: Actor) -> tuple[list[Going], dict[str, str], list[str]]:
        found = await dry_look(session, actor, clock=house.clock)
        governance = await current_governance(session)
        kept = [f"{surface}: {days} days" for surface, days in days_of(governance.retention).items()]
        kept += [f"by law: {law}" for law in governance.kept_by_law]
        return found, await names_of(session, {one.person for one in found}), kept

    found, names, kept = do_as(as_person, work)
    for said in kept:
        line(said)
    rows(
        ("task", "of", "surface", "last touched", "goes"),
        [(g.task, names.get(g.person, ""), g.surface, f"{g.touched:%Y-%m-%d}", g.why or f"{g.at:%Y-%m-%d}")
         for g in found],
    )  # fmt: skip


@app.command()
def run(as_person: As) -> None:
    """Delete now what is due, rather than by night."""

    async def work(house: House) -> str:
        (await act_as(house, as_person)).require(MANAGE)
        return await sweep(database=house.database, ledger=house.ledger, clock=house.clock, signer=house.signer)

    line(with_house(work))


@app.command()
def runs(as_person: As) -> None:
    """List the runs that ended: what went by class, what was kept and why."""

    async def work(house: House, session: Session, actor: Actor) -> list[tuple[str, str, str, str]]:
        return [
            (one.id, f"{one.ended_at:%Y-%m-%d %H:%M}", _counts(one.counts["deleted"]), _counts(one.counts["kept"]))
            for one in await list_runs(session, actor)
        ]

    rows(("id", "ended", "deleted", "kept"), do_as(as_person, work))


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(counts.items())) or "nothing"


@app.command()
def certificate(
    run: RunId, file: Annotated[Path, typer.Argument(help="Where to write it; .pdf for people, else JSON.")],
    as_person: As,
) -> None:  # fmt: skip
    """Write the signed certificate of a run to a file."""

    async def work(house: House, session: Session, actor: Actor) -> str:
        return await certificate_of(session, actor, run)

    text = do_as(as_person, work)
    file.write_bytes(paper(text) if file.suffix == ".pdf" else text.encode())
    line(f"Verify with: colleague retention verify {file} --key ledger.pub" if file.suffix != ".pdf" else str(file))


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The certificate, as JSON.")],
    key: Annotated[Path, typer.Option(help="File with the verifier key you trust (ledger.pub).")],
) -> None:
    """Verify a certificate offline, without the database."""
    try:
        public, text = Public.parse(key.read_text("utf-8")), file.read_text("utf-8")
    except (OSError, ValueError):
        raise BadCertificate(why="it, or the key, cannot be read") from None
    said = check_certificate(text, public)
    if said.kind != KIND:
        raise BadCertificate(why="it is about something else")
    line("The signature holds.", "green")
    line(f"Run {said.body['run']}, ended {said.body['ended_at']}, kept for {', '.join(said.body['retention'])} days")
    line(f"Deleted: {_counts(said.body['deleted'])}")
    line(f"Kept: {_counts(said.body['kept'])}")

"""`colleague person erase`, `export-data` and `certificate`: what the law gives a person."""

from pathlib import Path
from typing import Annotated, Any

import typer

from colleague.audit.signer import Public
from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, confirm, line, person_at, with_house
from colleague.compliance.access import export_data
from colleague.compliance.certificate import check_certificate
from colleague.compliance.erasure.propose import NoSuchErasure, propose, show, stands_in_the_way, withdraw
from colleague.compliance.erasure.propose import confirm as agree
from colleague.compliance.look import look_at
from colleague.identity.directory import get_person
from colleague.identity.model import Person
from colleague.kit.db import Session
from colleague.kit.errors import Conflict

Who = Annotated[str, typer.Argument(help="The person's mail address, or their id.")]


class FileThere(Conflict):
    """{file} is there already: name a new file."""


async def _whom(session: Session, who: str) -> Person:
    return await person_at(session, who) if "@" in who else await get_person(session, who)


def erase(
    who: Who, as_person: As,
    reason: Annotated[str, typer.Option(help="Propose it, for this reason; somebody else confirms.")] = "",
    confirmed: Annotated[str, typer.Option("--confirm", help="Confirm a proposal, by its digest.")] = "",
    withdrawn: Annotated[bool, typer.Option("--withdraw", help="Take the proposal back.")] = False,
    certificate: Annotated[Path | None, typer.Option(help="Write the certificate into this new file.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:  # fmt: skip
    """Show what the erasure of a person takes away; propose it, or confirm it. It cannot be undone."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        more: dict[str, Any] = {"ledger": house.ledger, "clock": house.clock}
        async with house.database.transaction() as session:
            person = await _whom(session, who)
        sure = yes or not confirmed or await confirm(f"Erase {person.name} ({person.email}) for good?")
        async with house.database.transaction() as session:
            if reason:
                await propose(session, actor, person.id, reason, **more)
            elif confirmed and sure:
                await agree(session, actor, person.id, confirmed, secrets=house.secrets, **more)
                line("Confirmed. A worker carries it out.")
            elif withdrawn:
                await withdraw(session, actor, person.id, **more)
                line("Withdrawn.")
        async with house.database.transaction() as session:
            found, seen = await show(session, actor, person.id), await look_at(session, person.id)
            why = [] if person.erased_at or found else await stands_in_the_way(session, actor, person.id)
        if certificate is not None:
            if found is None or not found.certificate:
                raise NoSuchErasure
            _new(certificate).write_text(found.certificate + "\n", "utf-8")
            line(f"Written to {certificate}.")
            return
        for words, kinds in (("goes", seen.goes), ("emptied", seen.emptied), ("stays", seen.stays)):
            for kind, number in kinds.items():
                line(f"  {words:8} {kind} ({number:,})")
        for sentence in why:
            line(f"  {sentence}", "yellow")
        if found is not None:
            line(f"{found.state}, digest {found.digest}")

    with_house(work)


def _new(file: Path) -> Path:
    if file.exists():
        raise FileThere(file=file)
    return file


def data(
    who: Who, as_person: As, to: Annotated[Path, typer.Option(help="A new zip file.")] = Path("personal-data.zip")
) -> None:  # fmt: skip
    """Write everything that is held about a person into a zip file: for oneself, or on their behalf."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            person = await _whom(session, who)
        parts = await export_data(
            house.database, actor, person.id, _new(to), ledger=house.ledger, clock=house.clock
        )  # fmt: skip
        to.chmod(0o600)
        line(f"{sum(part.rows for part in parts):,} rows in {len(parts)} files, written to {to}.")

    with_house(work)


def certificate(
    file: Annotated[Path, typer.Argument(help="The certificate.")],
    key: Annotated[Path | None, typer.Option(help="File with the verifier key you trust (ledger.pub).")] = None,
) -> None:
    """Verify a certificate offline, without the database."""
    found = check_certificate(file.read_text("utf-8"), Public.parse(key.read_text("utf-8")) if key else None)
    line(f"The certificate holds: {found.kind}, done {found.body.get('done_at', '')}.")
    for kind, number in found.body.get("deleted", {}).items():
        line(f"  deleted  {kind} ({number:,})")
    for one in found.body.get("kept", []):
        line(f"  kept     {one['what']}: {one['why']}")
    if key is None:
        line("The key came with the certificate: give the one you trust with --key.", "yellow")

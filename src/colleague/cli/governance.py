"""`colleague governance`: draft, show, compare, sign, publish, acknowledge and export the governance document."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from colleague.bootstrap import House
from colleague.cli.govern.as_files import app as as_files
from colleague.cli.govern.as_files import compare_folder, write_folder
from colleague.cli.govern.posture import app as posture
from colleague.cli.operate import As, act_as, line, rows, with_house
from colleague.governance.document.acknowledge import (
    NotAllRight,
    NothingToAcknowledge,
    acknowledge,
    questions,
    readers,
    wrong_of,
)
from colleague.governance.document.compile import enforced_by
from colleague.governance.document.draft import questionnaire, see_draft, write_draft
from colleague.governance.document.export import export, export_template
from colleague.governance.document.model import PARTS, Document
from colleague.governance.document.publish import publish
from colleague.governance.document.sign import sign
from colleague.governance.document.standing import drafted, people_in, standing
from colleague.governance.document.store import NoSuchVersion, get_version, in_force
from colleague.identity.directory import names_of
from colleague.kit.errors import Invalid
from colleague.policy.second_person.on_record import changing

app = typer.Typer(help="The governance document, and the configuration as files.", no_args_is_help=True)
app.add_typer(as_files)
app.add_typer(posture)
Seen = Annotated[str, typer.Option("--seen", help="The fingerprint of the text, as «governance diff» showed it.")]


class NotAnswers(Invalid):
    """«{name}» is not a JSON object of answers: see «colleague governance questions»."""


class ShortFingerprint(Invalid):
    """Give at least 12 characters of the fingerprint that «colleague governance diff» shows."""


@app.command("show")
def show(
    as_person: As, number: Annotated[int, typer.Option("--version", help="A version; the one in force without it.")] = 0
) -> None:
    """Show a version: its sentences, what enforces each, who signed."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            now = await standing(session, actor, clock=house.clock)
            document = await get_version(session, number) if number else now.document
            names = await names_of(session, people_in(document)) if document else {}
        if document is None:
            line("No governance document has been published yet.")
            return
        line(
            f"Version {document.number}, published by {names.get(document.published_by, document.published_by)}", "bold"
        )
        _sentences(document, names)

    with_house(work)


def _sentences(document: Document, names: Any) -> None:
    for part, title in PARTS.items():
        owner = document.owners.get(part, "")
        signed = "signed" if part not in document.unsigned else "not signed"
        line(f"\n{title} ({names.get(owner, owner) or 'no owner'}, {signed})", "bold")
        for s in document.of(part):
            line(f"  {s.text}")
            line(f"    {enforced_by(s) or 'NOT ENFORCED'}", "" if s.rule else "yellow")


@app.command("questions")
def ask(as_person: As) -> None:
    """Print the questionnaire as JSON, answered with what is in force: edit it and give it to «governance draft»."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            answers = await questionnaire(session, actor, clock=house.clock)
        typer.echo(json.dumps(answers.to_json(), indent=2, ensure_ascii=False))

    with_house(work)


@app.command("draft")
def draft(
    as_person: As,
    file: Annotated[Path | None, typer.Argument(help="Answers as JSON; without it, what is in force.")] = None,
) -> None:
    """Make or change the draft from answers."""
    answers: Any = {}
    if file is not None:
        try:
            answers = json.loads(file.read_text("utf-8"))
        except ValueError:
            answers = None
    if not isinstance(answers, dict):
        raise NotAnswers(name=str(file))

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with changing(house.database, actor, "draft", house.ledger) as session:
            made = await write_draft(
                session, actor, answers, engine=house.engine, ledger=house.ledger, clock=house.clock
            )
        line(f"Drafted: {len(made.sentences)} sentences, {len(made.not_enforced)} not enforced.")
        line(f"Fingerprint {made.digest[:16]}")

    with_house(work)


@app.command("diff")
def diff(
    as_person: As,
    folder: Annotated[Path | None, typer.Argument(help="A folder of files; without it, the draft.")] = None,
) -> None:
    """Show what the draft changes and who still signs; with a folder, what differs from its files (exit code 1)."""
    if folder is not None:
        compare_folder(folder, as_person)
        return

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            found = await drafted(session, actor, house.engine, clock=house.clock)
        d = found.difference
        for c in d.settings:
            line(
                f"{c.title}: {c.before} → {c.after}{'  (weakens)' if c.weakens else ''}", "yellow" if c.weakens else ""
            )
        for mark, sentences in (("+", d.added), ("-", d.removed)):
            for s in sentences if found.last else ():
                line(f"{mark} {s.text}")
        for old, new in d.reworded:
            line(f"- {old.text}\n+ {new.text}")
        for words in found.effect:
            line(words)
        line(f"\nFingerprint {found.document.digest[:16]}", "bold")
        line("Still to sign: " + (", ".join(PARTS[p] for p in found.document.unsigned) or "nobody"))

    with_house(work)


async def _whole(house: House, actor: Any, seen: str) -> str:
    """Return the whole fingerprint of the draft if `seen` begins it, else `seen`: the deed refuses that."""
    if len(seen) < 12:
        raise ShortFingerprint
    async with house.database.transaction() as session:
        now = (await see_draft(session, actor)).digest
    return now if now.startswith(seen) else seen


@app.command("sign")
def sign_part(
    part: Annotated[str, typer.Argument(help="use, scope, outputs or audit.")], as_person: As, seen: Seen
) -> None:  # fmt: skip
    """Sign a part of the draft that you own."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        whole = await _whole(house, actor, seen)
        async with changing(house.database, actor, "signature", house.ledger) as session:
            done = await sign(session, actor, part, whole, ledger=house.ledger, clock=house.clock)
        line("Signed. Still to sign: " + (", ".join(PARTS[p] for p in done.unsigned) or "nobody"))

    with_house(work)


@app.command("publish")
def put_in_force(as_person: As, seen: Seen) -> None:
    """Publish the signed draft: the invariants are tried on it, then its settings are in force."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        whole = await _whole(house, actor, seen)
        done = await publish(
            actor, whole, database=house.database, engine=house.engine, ledger=house.ledger, clock=house.clock
        )
        line(f"Version {done.number} is in force (settings version {done.settings_version}).", "green")

    with_house(work)


@app.command("drift")
def show_drift(as_person: As) -> None:
    """Show what holds otherwise than the version in force says; exit code 3 if anything does."""
    found: list[Any] = []

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        actor.require("org:policy:read")
        async with house.database.transaction() as session:
            found.extend((await standing(session, actor, clock=house.clock)).findings)
        if found:
            rows(
                ("what", "document", "now", "since", "by"),
                [(f.what, f.document, f.actual, f"{f.since:%Y-%m-%d %H:%M}" if f.since else "", f.by) for f in found],
            )
        else:
            line("No drift.")

    with_house(work)
    if found:
        raise typer.Exit(3)


@app.command("acknowledge")
def answer(
    as_person: As,
    pick: Annotated[list[int] | None, typer.Option("--pick", help="The number of an answer: five.")] = None,
) -> None:
    """Show the five questions about the version in force; with five picks, answer them."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            document = await in_force(session)
        if document is None:
            raise NothingToAcknowledge
        asked = questions(document)
        if not pick:
            for number, q in enumerate(asked, 1):
                line(f"{number}. {q.text}", "bold")
                for n, option in enumerate(q.options, 1):
                    line(f"   {n}  {option}")
            return
        given = {q.id: q.options[n - 1] for q, n in zip(asked, pick, strict=False) if 0 < n <= len(q.options)}
        async with house.database.transaction() as session:
            done = await acknowledge(session, actor, document.number, given, ledger=house.ledger, clock=house.clock)
        if not done:
            raise NotAllRight.of(wrong_of(document, given))
        line(f"Version {document.number} acknowledged.", "green")

    with_house(work)


@app.command("readers")
def who(as_person: As) -> None:
    """Show who has acknowledged the version in force and who has not."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            people = await readers(session, actor)
        rows(("person", "acknowledged"), [(f"{r.name} ({r.email})", r.at[:16] or "not yet") for r in people])

    with_house(work)


@app.command("export")
def write_file(
    file: Annotated[Path, typer.Argument(help="A name ending in .docx or .pdf for the document, else a folder.")],
    as_person: As,
    what: Annotated[str, typer.Option(help="document, draft, template, or the number of a version.")] = "document",
) -> None:  # fmt: skip
    """Write the configuration in force into a folder, or the document, draft or empty template as docx or pdf."""
    if what == "document" and (not file.suffix or file.is_dir()):
        write_folder(file, as_person)
        return

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        ending = file.suffix.removeprefix(".").lower()
        if what == "template":
            content, _ = export_template(ending)
        else:
            async with house.database.transaction() as session:
                if what == "draft":
                    document: Document | None = await see_draft(session, actor)
                elif what.isascii() and what.isdigit():
                    document = await get_version(session, int(what))
                else:
                    document = await in_force(session)
                if document is None:
                    raise NoSuchVersion
                people = await names_of(session, people_in(document))
            content, _ = export(document, people, ending)
        file.write_bytes(content)
        line(f"Written: {file}")

    with_house(work)

"""The demo organisation «Aldermoor»: people, teams, documents, a local mail server, and what is opened to whom.

All names are invented; its addresses end in .example and reach nobody.
"""

import asyncio
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from rich.console import Console

from colleague.bootstrap import House
from colleague.cli.aldermoor.documents import FILES, make_documents
from colleague.cli.aldermoor.mail import MailSink, demo_folder, mail_folder, mail_port
from colleague.cli.operate import clean
from colleague.connectors.accounts import connect_account, enable_connector, list_accounts
from colleague.connectors.grants import grant
from colleague.identity.actor import SYSTEM
from colleague.identity.directory import (
    actor_of,
    find_by_email,
    ids_by_email,
    list_people,
    list_teams,
    list_waiting,
    members_of,
)
from colleague.identity.people import add_member, assign_role, create_person, create_team, remove_role
from colleague.identity.seats.chosen import unchosen
from colleague.identity.seats.hold import current_limit, give_seats, seats_held
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Conflict
from colleague.kit.settings import Settings
from colleague.library.sets import create_set
from colleague.policy.governance import change_governance, current_governance
from colleague.policy.model import DataClass, ToolWord
from colleague.projects.manage import create_project, set_member
from colleague.projects.propose import decide
from colleague.projects.write import suggest
from colleague.rollout.cohorts.choose import choose_candidate, score_candidate
from colleague.rollout.cohorts.store import list_cohorts
from colleague.rollout.simulate.prepare import FITS

_LOCK: Final = 727_090
OWNER: Final = "marta@aldermoor.example"
MEMBER: Final = "ana@aldermoor.example"
REVIEWER: Final = "priya@aldermoor.example"
AUDITOR: Final = "ines@aldermoor.example"
DANA: Final = "dana@aldermoor.example"
FIRST_TASK: Final = "Summarise the RFP, draft a response outline and mail it to Dana"
MORE_TASKS: Final = (
    "Review the Tidewell contract",
    "Prepare me for the Kestrel meeting",
    "May I travel first class by train?",
    "Write a competitive brief on Corvane, Papyrion and Lumen Docs",
)

PROJECT: Final = ("Harbour City bid", "Win the print and document services of Harbour City (HC-2026-014)")
INSTRUCTIONS: Final = "Write in British English.\nName the section and the page for every requirement."

PEOPLE: Final = (
    (OWNER, "Marta Zielińska", "owner"),
    (MEMBER, "Ana Correia", "member"),
    (DANA, "Dana Whitfield", "member"),
    ("ben@aldermoor.example", "Ben Okafor", "member"),
    ("tom@aldermoor.example", "Tom Lindqvist", "member"),
    (REVIEWER, "Priya Raman", "reviewer"),
    (AUDITOR, "Ines Duarte", "auditor"),
)
TEAMS: Final = {
    "Everyone": tuple(email for email, *_ in PEOPLE),
    "Bids": (OWNER, MEMBER, DANA, "ben@aldermoor.example", "tom@aldermoor.example", REVIEWER),
    "Commercial": (OWNER, DANA, "ben@aldermoor.example"),
}
# Connector, team, places, class of what lies there, may write, only our own people write there.
GRANTS: Final = (
    ("folder", "Everyone", ["Policies"], DataClass.INTERNAL, False, True),
    ("folder", "Everyone", ["Suppliers"], DataClass.INTERNAL, False, False),
    ("folder", "Bids", ["Market"], DataClass.INTERNAL, False, True),
    ("folder", "Bids", ["Bids", "Clients", "Contracts"], DataClass.CONFIDENTIAL, True, False),
    ("folder", "Commercial", ["Commercial"], DataClass.CONFIDENTIAL, False, True),
)


class NotADemo(Conflict):
    """This data folder holds a real organisation. The demo needs its own: set COLLEAGUE_DATA_DIR to an empty folder."""


class DemoOnLoopback(Conflict):
    """The demo signs people in with one click, so it only runs on this machine: leave COLLEAGUE_HOST at 127.0.0.1."""


def start_mail_sink(settings: Settings, *, show: bool = True) -> MailSink:
    """Start the demo's mail server; it prints a line for each mail it takes."""
    if settings.host not in ("127.0.0.1", "::1", "localhost"):
        raise DemoOnLoopback
    console = Console()

    def line(path: Path, message: EmailMessage) -> None:
        for said in (f"✉ {message['From']} → {message['To']}: {message['Subject']}", f"  {path}"):
            console.print(clean(said), markup=False, highlight=False, soft_wrap=True)

    return MailSink(settings, line if show else None)


def documents_folder(settings: Settings) -> Path:
    """Return where the demo's documents lie."""
    return demo_folder(settings) / "documents"


def request_document(settings: Settings) -> Path:
    """Return the request for proposals that the first task is about."""
    return documents_folder(settings) / FILES[0][1]


async def prepare_demo(house: House) -> None:
    """Create the demo organisation, all of it or nothing; the second time only look. Raises NotADemo.

    In a house with a simulated history those of its people who are not there yet join it, as far as there are seats.
    """
    settings, database = house.settings, house.database
    async with database.transaction() as session:
        await _refuse_a_real_one(session)
    await asyncio.to_thread(make_documents, documents_folder(settings))
    async with database.transaction() as session:
        await advisory_lock(session, _LOCK)
        await _refuse_a_real_one(session)
        if await find_by_email(session, MEMBER) is None and await _has_room(session):
            await _people(session, house)
            await _connectors(session, house)
            await _grants_and_accounts(session, house)
            await _project_and_set(session, house)
        else:
            await _connectors(session, house)
    await database.close()


async def _has_room(session: Session) -> bool:
    """Say whether there are seats for everybody of the demo who is not there yet."""
    limit, known = await current_limit(session), await ids_by_email(session, [email for email, *_ in PEOPLE])
    missing = len(PEOPLE) - len(known)
    return limit.most is None or await seats_held(session) + missing <= limit.most


async def _refuse_a_real_one(session: Session) -> None:
    if await find_by_email(session, OWNER) is None and await list_people(session, limit=1):
        raise NotADemo


async def _join_the_pilot(session: Session, house: House, people: list[str]) -> None:
    """Choose who waits because the pilot of the history runs, and give them their seats (PP-2)."""
    ledger, clock = house.ledger, house.clock
    waiting = sorted(await unchosen(session, people) & {one.id for one in await list_waiting(session)})
    pilot = next((one.id for one in await list_cohorts(session) if (one.kind, one.state) == ("pilot", "started")), "")
    if not waiting or not pilot:
        return
    owner = await actor_of(session, email=OWNER, via="cli")
    for person in waiting:
        await score_candidate(session, owner, pilot, person, FITS, ledger=ledger, clock=clock)
        await choose_candidate(session, owner, pilot, person, ledger=ledger, clock=clock)
    await give_seats(session, owner, waiting, ledger=ledger, clock=clock)


async def _people(session: Session, house: House) -> None:
    ledger, clock = house.ledger, house.clock
    ids = {}
    for email, name, role in PEOPLE:
        there = await find_by_email(session, email)
        ids[email] = (
            there.id if there else await create_person(session, SYSTEM, email, name, ledger=ledger, clock=clock)
        )
        if role != "member" and not (there and role in there.roles):
            await assign_role(session, SYSTEM, ids[email], role, ledger=ledger)
        if role == "auditor":
            # An auditor reads everything and does nothing.
            await remove_role(session, SYSTEM, ids[email], "member", ledger=ledger)
    await _join_the_pilot(session, house, [ids[email] for email, *_ in PEOPLE])
    teams = {team.name: team.id for team in await list_teams(session)}
    for name, members in TEAMS.items():
        team = teams.get(name) or await create_team(session, SYSTEM, name, ledger=ledger)
        there_already = {one.id for one in await members_of(session, team)}
        for email in members:
            if ids[email] not in there_already:
                await add_member(session, SYSTEM, team, ids[email], ledger=ledger)
    if "aldermoor.example" not in (await current_governance(session)).internal_domains:
        owner = await actor_of(session, email=OWNER, via="cli")
        await change_governance(
            session, owner, {"internal_domains": ["aldermoor.example"]}, ledger=ledger, clock=clock
        )  # fmt: skip


def _wanted(settings: Settings) -> dict[str, dict[str, str]]:
    return {
        "folder": {"root": str(documents_folder(settings))},
        "mail": {"smtp_url": f"smtp://127.0.0.1:{mail_port(settings)}"},
    }


async def _connectors(session: Session, house: House) -> None:
    """Enable both connectors; again only where the data folder or the mail server's port has changed."""
    owner = await actor_of(session, email=OWNER, via="cli")
    for kind, values in _wanted(house.settings).items():
        accounts = await list_accounts(session, connector=kind)
        present = next((dict(a.config) for a in accounts if not a.person), None)
        if present is not None and all(present.get(k) == v for k, v in values.items()):
            continue
        await enable_connector(
            session, owner, house.registry, kind, values, ledger=house.ledger, secrets=house.secrets, clock=house.clock
        )


async def _grants_and_accounts(session: Session, house: House) -> None:
    ledger, clock, registry = house.ledger, house.clock, house.registry
    owner = await actor_of(session, email=OWNER, via="cli")
    teams = {t.name: t.id for t in await list_teams(session)}
    for kind, team, places, data_class, may_write, trusted in GRANTS:
        await grant(
            session, owner, registry, kind, teams[team], places, may_write=may_write, ceiling=data_class,
            place_class=data_class, trusted=trusted, ledger=ledger, clock=clock,
        )  # fmt: skip
    await grant(
        session, owner, registry, "mail", teams["Everyone"], ["*"], ceiling=DataClass.CONFIDENTIAL,
        place_class=DataClass.CONFIDENTIAL, reason="Everybody may write mails from their own mailbox.",
        expires_at=clock.now() + timedelta(days=365), tools=dict.fromkeys(("mail_search", "mail_read"), ToolWord.BLOCK),
        ledger=ledger, clock=clock,
    )  # fmt: skip
    for email, _, role in PEOPLE:
        if role != "auditor":
            person = await actor_of(session, email=email, via="cli")
            await connect_account(
                session, person, registry, "mail", {"address": email, "password": "demo"}, ledger=ledger,
                secrets=house.secrets, clock=clock,
            )  # fmt: skip


async def _project_and_set(session: Session, house: House) -> None:
    """Make a project with standing instructions, and a document set of the policies for everybody."""
    ledger, clock = house.ledger, house.clock
    ana = await actor_of(session, email=MEMBER, via="cli")
    name, purpose = PROJECT
    project = await create_project(session, ana, name, purpose, ledger=ledger, clock=clock)
    for email, role in ((DANA, "member"), ("ben@aldermoor.example", "member"), ("tom@aldermoor.example", "viewer")):
        await set_member(session, ana, project, email, role, ledger=ledger, clock=clock)
    row = await suggest(session, ana, project, INSTRUCTIONS, "As agreed at the kick-off", ledger=ledger, clock=clock)
    await decide(session, ana, row.id, accept=True, ledger=ledger, clock=clock)
    owner = await actor_of(session, email=OWNER, via="cli")
    await create_set(session, owner, "Policies", [("folder", "Policies")], library=house.parts.library)


def print_demo(console: Console, settings: Settings) -> None:
    """Print where to look and what to try."""
    names = {email: name for email, name, _ in PEOPLE}

    def say(text: str = "") -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    console.print(f"\n[bold]Colleague[/bold] runs the demo organisation Aldermoor at [bold]{settings.url}[/bold]\n")
    say("Sign in there with one click (on this machine only):")
    say(f"  {names[MEMBER]:<18} member: hands tasks over, approves what goes out")
    say(f"  {names[OWNER]:<18} owner: people, connectors, policy, ledger")
    say(f"  {names[REVIEWER]:<18} reviewer: reviews what the agent wrote")
    say(f"  {names[AUDITOR]:<18} auditor: reads and verifies the ledger")
    say(f"\nTry as {names[MEMBER]}:")
    say(f"  «{FIRST_TASK}»")
    say(f"     with the file {request_document(settings)}")
    for task in MORE_TASKS:
        say(f"  «{task}»")
    say(f"\nDocuments  {documents_folder(settings)}")
    say(f"Mails      {mail_folder(settings)}  (nothing leaves this machine)")
    say("Terminal   «colleague demo» does the first task there. Ctrl-C stops the server.\n")

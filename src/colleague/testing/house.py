"""A whole house for tests: one organisation with people, a team, and the connectors that are handed in."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from colleague.agent.llm import Llm
from colleague.audit.record import Ledger
from colleague.bootstrap import House, build
from colleague.connectors.accounts import enable_connector
from colleague.connectors.connector import Connector
from colleague.connectors.grants import grant, list_grants
from colleague.identity.actor import Actor
from colleague.identity.directory import actor_of
from colleague.identity.people import add_member, assign_role, create_person, create_team
from colleague.kit.clock import Clock
from colleague.kit.db import Base, Database, Session
from colleague.kit.secrets import Secrets
from colleague.kit.settings import Settings
from colleague.policy.engine import Engine
from colleague.policy.governance import change_governance, changed, put_in_force
from colleague.policy.model import Governance, Phase
from colleague.testing.clock import TestClock
from colleague.testing.postgres import share_statements

PEOPLE = {
    "owner@aldermoor.example": ("Olga Owner", "owner"),
    "ana@aldermoor.example": ("Ana Ruiz", "member"),
    "ben@aldermoor.example": ("Ben Carter", "member"),
    "rita@aldermoor.example": ("Rita Review", "reviewer"),
    "tom@aldermoor.example": ("Tom Audit", "auditor"),
    "dana@aldermoor.example": ("Dana Whitfield", "member"),
}
# What the programme alone changes.
PROGRAMME = ("phase", "pilot_surface")
KEYS = "ledger_subject_keys"
SEQUENCES = "SELECT sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL"


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows by table, in an order in which they can be written; `keys`: the opened key of each person's fields."""

    tables: Mapping[str, list[dict[str, Any]]]
    sequences: Mapping[str, int]
    keys: Mapping[str, str]


# What a furnished house holds, by the time at which it was furnished; by the day where the clock goes.
_FURNISHED: dict[datetime | date, tuple[_Rows, Mapping[str, Actor], str]] = {}


@dataclass(frozen=True, slots=True)
class TestHouse:
    """A built house with its people as actors, by the first part of their address."""

    __test__ = False

    house: House
    people: Mapping[str, Actor]
    team: str


async def furnish(
    database_url: str, folder: Path, *, connectors: Iterable[Connector] | None = None,
    models: Mapping[str, Llm] | None = None, clock: Clock | None = None, ledger: Ledger | None = None,
    engine: Engine | None = None, model: str = "extractive", **settings: Any,
) -> TestHouse:  # fmt: skip
    """Build a house on an empty migrated database, with six people in one team «Bids»."""
    chosen = Settings(data_dir=folder, database_url=database_url, model=model, **settings)
    house = build(chosen, clock=clock, connectors=connectors, models=models, ledger=ledger, engine=engine)
    share_statements(house.database)
    # The same rows come each time: written once, and copied from then on.
    begin = house.clock.now() if isinstance(clock, TestClock) else house.clock.now().date()
    if begin in _FURNISHED and ledger is None:
        rows, people, team = _FURNISHED[begin]
        await _put_back(house.database, rows, secrets=house.secrets)
        return TestHouse(house, dict(people), team)
    home = await _move_in(house)
    if ledger is None:
        _FURNISHED[begin] = await _remember(house.database, secrets=house.secrets), dict(home.people), home.team
    return home


async def _move_in(house: House) -> TestHouse:
    from colleague.identity.actor import SYSTEM

    people: dict[str, Actor] = {}
    async with house.database.transaction() as session:
        team = await create_team(session, SYSTEM, "Bids", ledger=house.ledger)
        for email, (name, role) in PEOPLE.items():
            person = await create_person(session, SYSTEM, email, name, ledger=house.ledger, clock=house.clock)
            await assign_role(session, SYSTEM, person, role, ledger=house.ledger)
            await add_member(session, SYSTEM, team, person, ledger=house.ledger)
    async with house.database.transaction() as session:
        for email in PEOPLE:
            people[email.partition("@")[0]] = await actor_of(session, email=email, via="page")
        await change_governance(
            session, people["owner"], {"internal_domains": ["aldermoor.example"]}, ledger=house.ledger,
            clock=house.clock,
        )  # fmt: skip
    return TestHouse(house, people, team)


def _context(person: str) -> str:
    return f"ledger:{person}"


async def _remember(database: Database, *, secrets: Secrets) -> _Rows:
    """Return every row of `database`."""
    tables = {}
    async with database.transaction() as session:
        for table in Base.metadata.sorted_tables:
            rows = await session.scalar(text(f'SELECT json_agg(t) FROM "{table.name}" t'))
            if rows:
                tables[table.name] = rows
        sequences = {row.sequencename: row.last_value for row in await session.execute(text(SEQUENCES))}
    keys = {r["person"]: secrets.open(r["sealed"], context=_context(r["person"])) for r in tables.get(KEYS, [])}
    return _Rows(tables, sequences, keys)


async def _put_back(database: Database, rows: _Rows, *, secrets: Secrets) -> None:
    """Write `rows` into an empty database; what was sealed is sealed again, with this house's own key."""
    fresh = {person: secrets.seal(key, context=_context(person)) for person, key in rows.keys.items()}
    tables = dict(rows.tables)
    if KEYS in tables:
        tables[KEYS] = [row | {"sealed": fresh[row["person"]]} for row in tables[KEYS]]
    statements = [
        f'INSERT INTO "{name}" OVERRIDING SYSTEM VALUE '
        f'SELECT * FROM json_populate_recordset(NULL::"{name}", $rows${json.dumps(kept)}$rows$)'
        for name, kept in tables.items()
    ]
    statements += [f"SELECT setval('\"{name}\"', {last})" for name, last in rows.sequences.items()]
    async with database.transaction() as session:
        await (await session.connection()).exec_driver_sql("; ".join(statements))


async def agreed(
    session: Session, actor: Actor, changes: Mapping[str, Any], *, ledger: Ledger, clock: Clock
) -> Governance:
    """Set settings as two people would have agreed on them, for tests that are about something else."""
    before, after = await changed(session, actor, {k: v for k, v in changes.items() if k not in PROGRAMME})
    if "phase" in changes:
        after = replace(after, phase=Phase[changes["phase"].upper()])
    if "pilot_surface" in changes:
        after = replace(after, pilot_surface=tuple(changes["pilot_surface"]))
    return await put_in_force(session, actor, before, after, ledger=ledger, clock=clock)


async def past_the_pilot(home: TestHouse) -> None:
    """Let the organisation be in its expansion, as a programme would have led it there: automations may run."""
    async with home.house.database.transaction() as session:
        await agreed(
            session, home.people["owner"], {"phase": "expansion"}, ledger=home.house.ledger, clock=home.house.clock
        )


async def open_connector(
    home: TestHouse, kind: str, places: list[str], *, config: Mapping[str, Any], may_write: bool = False
) -> str:
    """Enable a connector for the organisation, open `places` to the team, and return the grant's id.

    Everything is opened as an exception: with a reason, for a year. A second source of data stands as its sponsor
    would have accepted it (PL-8).
    """
    house, owner = home.house, home.people["owner"]
    async with house.database.transaction() as session:
        if {one.grant.connector for one in await list_grants(session, clock=house.clock)} - {kind}:
            await agreed(session, owner, {"pilot_surface": ["connectors=9"]}, ledger=house.ledger, clock=house.clock)
        await enable_connector(
            session, owner, house.registry, kind, config, secrets=house.secrets, ledger=house.ledger, clock=house.clock
        )
        opened = await grant(
            session, owner, house.registry, kind, home.team, places, may_write=may_write,
            reason="Everything, for a test.", expires_at=house.clock.now() + timedelta(days=365),
            ledger=house.ledger, clock=house.clock,
        )  # fmt: skip
    return opened.id

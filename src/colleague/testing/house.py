"""A whole house for tests: one organisation with people, a team, and the connectors that are handed in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from colleague.agent.llm import Llm
from colleague.audit.record import Ledger
from colleague.bootstrap import House, build
from colleague.connectors.accounts import enable_connector
from colleague.connectors.connector import Connector
from colleague.connectors.grants import grant
from colleague.identity.actor import Actor
from colleague.identity.directory import actor_of
from colleague.identity.people import add_member, assign_role, create_person, create_team
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.settings import Settings
from colleague.policy.engine import Engine
from colleague.policy.governance import change_governance, changed, put_in_force
from colleague.policy.model import Governance, Phase

PEOPLE = {
    "owner@aldermoor.example": ("Olga Owner", "owner"),
    "ana@aldermoor.example": ("Ana Ruiz", "member"),
    "ben@aldermoor.example": ("Ben Carter", "member"),
    "rita@aldermoor.example": ("Rita Review", "reviewer"),
    "tom@aldermoor.example": ("Tom Audit", "auditor"),
    "dana@aldermoor.example": ("Dana Whitfield", "member"),
}


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
    people: dict[str, Actor] = {}
    from colleague.identity.actor import SYSTEM

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


async def agreed(
    session: Session, actor: Actor, changes: Mapping[str, Any], *, ledger: Ledger, clock: Clock
) -> Governance:
    """Set settings as two people would have agreed on them, for tests that are about something else."""
    before, after = await changed(session, actor, {k: v for k, v in changes.items() if k != "phase"})
    if "phase" in changes:
        after = replace(after, phase=Phase[changes["phase"].upper()])
    return await put_in_force(session, actor, before, after, ledger=ledger, clock=clock)


async def open_connector(
    home: TestHouse, kind: str, places: list[str], *, config: Mapping[str, Any], may_write: bool = False
) -> str:
    """Enable a connector for the organisation, open `places` to the team, and return the grant's id.

    Everything is opened as an exception: with a reason, for a year.
    """
    house, owner = home.house, home.people["owner"]
    async with house.database.transaction() as session:
        await enable_connector(
            session, owner, house.registry, kind, config, secrets=house.secrets, ledger=house.ledger, clock=house.clock
        )
        opened = await grant(
            session, owner, house.registry, kind, home.team, places, may_write=may_write,
            reason="Everything, for a test.", expires_at=house.clock.now() + timedelta(days=365),
            ledger=house.ledger, clock=house.clock,
        )  # fmt: skip
    return opened.id

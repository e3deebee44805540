"""A programme for tests: people to choose from, use cases that are approved, a served house."""

from collections.abc import Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx

from colleague.identity.actor import SYSTEM, Actor
from colleague.identity.directory import actor_of
from colleague.identity.people import add_member, assign_role, create_person
from colleague.identity.tokens import create_token
from colleague.rollout.tables import MoveRow
from colleague.testing.house import TestHouse
from colleague.usecases.advance import approve_use_case
from colleague.usecases.define import define_use_case
from colleague.usecases.model import Ritual
from colleague.usecases.shipped import shipped_card
from colleague.web.app import create_app

SHIPPED = ("rfp-response", "competitive-brief", "meeting-prep", "contract-review", "policy-qa")


async def crowd(home: TestHouse, count: int, *, prefix: str = "p") -> list[Actor]:
    """Add `count` members to the team «Bids»: p1@aldermoor.example, …"""
    house, made = home.house, []
    async with house.database.transaction() as session:
        for number in range(1, count + 1):
            mail = f"{prefix}{number}@aldermoor.example"
            name = f"{prefix.upper()} {number:02}"
            person = await create_person(session, SYSTEM, mail, name, ledger=house.ledger, clock=house.clock)
            await assign_role(session, SYSTEM, person, "member", ledger=house.ledger)
            await add_member(session, SYSTEM, home.team, person, ledger=house.ledger)
            made.append(await actor_of(session, person_id=person, via="page"))
    return made


async def approved_cases(home: TestHouse, count: int = 3, *, ritual_team: str = "Bids") -> list[str]:
    """Approve `count` of the cards that ship, each tied to a ritual of `ritual_team`; return their ids."""
    house, made = home.house, []
    owner = home.people["owner"]
    async with house.database.transaction() as session:
        await assign_role(session, SYSTEM, home.people["rita"].id, "administrator", ledger=house.ledger)
        rita = await actor_of(session, person_id=home.people["rita"].id, via="page")
        for name in SHIPPED[:count]:
            card = replace(
                shipped_card(name), owner=owner.id, ritual=Ritual(ritual_team, "Monday", "pipeline report")
            )  # fmt: skip
            case = await define_use_case(session, owner, card, ledger=house.ledger, clock=house.clock)
            await approve_use_case(
                session, rita, case.id, version=1, reach=house.reach, ledger=house.ledger, clock=house.clock
            )  # fmt: skip
            made.append(case.id)
    return made


async def past_gate_one(home: TestHouse) -> None:
    """Let the programme be in its expansion: people come by department or team from then on."""
    house = home.house
    async with house.database.transaction() as session:
        for number, kind in enumerate(("start", "gate")):
            now = house.clock.now() + timedelta(seconds=number)
            session.add(MoveRow(
                id=f"move_{number}", kind=kind, from_phase=1, to_phase=1 + number, state="done", why="", snapshot={},
                digest="", proposed_by=home.people["owner"].id, proposed_at=now, on=now.date(),
            ))  # fmt: skip


@asynccontextmanager
async def program_of(home: TestHouse, who: Actor, *permissions: str) -> Any:
    """Give a client of the served house that holds a token of `who` with `permissions`."""
    house = home.house
    app = create_app(house.by_type(), settings=house.settings, lifespan=None)  # type: ignore[arg-type]
    async with house.database.transaction() as session:
        token = await create_token(
            session, who, "test", list(permissions), days=1, ledger=house.ledger, clock=house.clock
        )  # fmt: skip
    headers: Mapping[str, str] = {"authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080", headers=headers) as client:
        yield client

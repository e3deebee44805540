"""No role gets by any door, alone, what two people and evidence open: a seat beyond the pilot, phase 3 before gate 1, a
gate on somebody's word where there is evidence, a readout with weekly activity alone (issue 6)."""

from dataclasses import replace
from typing import Any

import pytest
from tests.plugins.test_skills import Door
from tests.rollout.conftest import RISK, WHY, Office

from colleague.identity.actor import SYSTEM
from colleague.identity.directory import list_waiting
from colleague.identity.people import assign_role, create_person
from colleague.identity.seats.hold import current_limit, seats_held, set_limit
from colleague.policy.governance import current_governance
from colleague.policy.model import Phase
from colleague.rollout.cohorts.make import make_cohort
from colleague.rollout.gates import gate
from colleague.rollout.model import Evidence
from colleague.rollout.readout.freeze import list_readouts
from colleague.rollout.store import current_programme, moves

pytestmark = pytest.mark.anyio
API = "/api/v1/programme"
REFUSED = {401, 403, 404, 405, 409, 422}
ROLES = {"member": "ben", "champion": "cleo", "programme_lead": "dana", "sponsor": "rita", "administrator": "tom",
         "owner": "owner"}  # fmt: skip


async def opened(office: Office) -> tuple[Phase, Phase, int | None, int, int]:
    """Return what nobody may have got: phases, seats there may be, seats held, readouts."""
    async with office.home.house.database.transaction() as session:
        return (
            (await current_programme(session)).phase, (await current_governance(session)).phase,
            (await current_limit(session)).most, await seats_held(session), len(await list_readouts(session, SYSTEM)),
        )  # fmt: skip


def attempts(who: str, waiting: str, cohort: str) -> list[tuple[str, str, Any]]:
    """Return what a person signed in themselves tries: method, path, body."""
    fresh = {"email": f"new.{who}@aldermoor.example", "name": "New", "roles": ["owner"]}
    scim = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": fresh["email"], "active": True}
    files = {"settings.yaml": "phase: broad\n", "programme.yaml": "seats: 99\n"}
    lists = [f"/{one}" for one in ("skip", "seats", "gate", "start", "surface", "exceptions")]
    body = {"why": WHY, "risk": RISK, "seats": 300, "what": "skills", "most": 9, "people": [waiting]}
    said = [one.id for phase in Phase for one in gate(phase, Evidence()).criteria if one.how == "computed"]
    day = "2027-02-20"
    return [
        ("POST", "/api/v1/people", fresh), ("POST", "/api/v1/seats", {"people": [waiting], "reason": WHY}),
        ("POST", f"/people/{waiting}/seat", {"give": "true"}),
        ("POST", f"/people/{waiting}/active", {"active": "true"}),
        ("POST", f"/people/{waiting}/invite", {}), ("POST", "/scim/v2/Users", scim),
        ("PATCH", "/api/v1/policy/settings", {"phase": "broad"}),
        ("PATCH", "/api/v1/policy/settings", {"pilot_surface": ["skills=99"]}),
        ("POST", "/policies/settings", {"phase": "broad", "confirm_internal": "true"}),
        ("POST", "/api/v1/governance/files/plan", {"files": files}),
        ("POST", "/api/v1/governance/files/apply", {"files": files, "plan": "0" * 64}),
        *((("POST", f"{API}/attestations", {"criterion": one, "words": "It is so.", "on": day})) for one in said),
        ("POST", f"{API}/cohorts/{cohort}/candidates/{waiting}/choose", {}),
        ("POST", f"{API}/cohorts/{cohort}/members", {"people": [waiting]}),
        ("POST", "/api/v1/readouts", {"ask": "300 seats", "weeks": 4}),
        # Last, as some of them are allowed to be proposed: they wait for their second person, and nobody is their own.
        *(("POST", f"{API}{path}", body) for path in lists),
    ]  # fmt: skip


async def test_nobody_alone_opens_what_two_and_evidence_do(office: Office) -> None:
    house, people = office.home.house, office.home.people
    cleo = await office.do(create_person, "owner", "cleo@aldermoor.example", "Cleo Champion")
    async with house.database.transaction() as session:
        await assign_role(session, SYSTEM, cleo, "champion", ledger=house.ledger, decided=True)
        await assign_role(session, SYSTEM, people["tom"].id, "administrator", ledger=house.ledger)
    cohort = (await office.do(make_cohort, "dana", "Pilot")).id
    await office.running()
    office.evidence = Evidence(today=office.clock.now().date())
    waiting = await office.do(create_person, "owner", "wendy@aldermoor.example", "Wendy Waits")
    async with house.database.transaction() as session:
        limit, held = await current_limit(session), await seats_held(session)
        await set_limit(session, SYSTEM, replace(limit, most=held), ledger=house.ledger, clock=house.clock)
    before, door = await opened(office), Door(office.home)
    assert before == (Phase.PILOT, Phase.PILOT, held, held, 0)
    for role, who in ROLES.items():
        client = await door.enter(who)
        for method, path, body in attempts(who, waiting, cohort):
            form = {"data": body} if path.startswith(("/people/", "/policies/")) else {"json": body}
            answer = await client.request(method, path, **form)
            proposed = answer.status_code == 201 and path in {
                f"{API}/seats",
                f"{API}/skip",
                f"{API}/surface",
                f"{API}/exceptions",
            }
            planned = answer.status_code == 200 and path.endswith("/plan")
            if proposed:
                row = answer.json()
                alone = await client.post(f"{API}/moves/{row['id']}/confirm", json={"digest": row["digest"]})
                assert alone.status_code in REFUSED, (role, path)
                await client.post(f"{API}/moves/{row['id']}/withdraw")
            else:
                assert answer.status_code in REFUSED or planned, (role, method, path, answer.status_code)
            assert await opened(office) == before, (role, method, path)
    await door.close()
    async with house.database.transaction() as session:
        assert [one.kind for one in await moves(session, state="done")] == ["start"]
        assert [one.id for one in await list_waiting(session)] == [waiting]

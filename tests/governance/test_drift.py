"""What holds otherwise than the document says is found, with when and by whom (GP-3)."""

import pytest
from tests.governance.conftest import Office

from colleague.connectors.grants import grant, list_grants, revoke
from colleague.governance.document.drift import Finding, drift
from colleague.governance.document.store import in_force
from colleague.policy.governance import change_governance
from colleague.testing.house import agreed

pytestmark = pytest.mark.anyio


async def found(office: Office) -> list[Finding]:
    async with office.house.database.transaction() as session:
        document = await in_force(session)
        assert document is not None
        return await drift(session, document, clock=office.clock)


async def test_right_after_publishing_there_is_none(office: Office) -> None:
    skill = "lawyer:contract-review-summary"
    await office.published(ceilings=[{"team": office.home.team, "skill": skill, "class": "public"}])
    assert await found(office) == []


async def test_a_setting_changed_beside_the_document_is_named_with_its_author(office: Office) -> None:
    await office.published()
    office.clock.advance(days=3)
    await office.do(change_governance, "owner", {"highest_external": "public"}, clock=office.clock)
    office.clock.advance(days=1)
    await office.do(change_governance, "ben", {"zone": "eu"}, clock=office.clock)
    first, second = await found(office)
    assert (first.what, first.document, first.actual, first.by) == (
        "Highest class that may leave the organisation", "internal", "public", "Olga Owner",
    )  # fmt: skip
    assert first.since is not None
    assert second.since is not None
    assert (second.since - first.since).days == 1
    assert second.by == "Ben Carter"
    await office.do(agreed, "owner", {"highest_external": "internal", "zone": "any"}, clock=office.clock)
    assert await found(office) == []


async def test_grants_are_compared_place_by_place(office: Office) -> None:
    await office.published()
    house = office.house
    async with house.database.transaction() as session:
        (old,) = await list_grants(session, clock=office.clock)
    await office.do(revoke, "owner", old.id, clock=office.clock)
    await office.do(grant, "ben", house.registry, "fake", office.home.team, ["legal"], clock=office.clock)
    gone, new = await found(office)
    assert (gone.what, gone.actual) == ("fake, Team Bids, bids", "not open")
    assert (new.what, new.document, new.by) == ("fake, Team Bids, legal", "not open", "Ben Carter")
    assert new.since is not None


async def test_readers_and_names_that_are_gone_are_named(office: Office) -> None:
    await office.published(readers=["auditor"], ceilings=[{"skill": "no-such-skill", "class": "internal"}])
    readers, name = await found(office)
    assert readers.document == "auditor"
    assert "owner" in readers.actual
    assert (name.document, name.actual) == ("no-such-skill", "there is no such skill")


async def test_what_is_opened_to_a_role_is_written_down_and_compared_too(office: Office) -> None:
    house = office.house
    await office.do(grant, "ben", house.registry, "fake", "role:champion", ["legal"], clock=office.clock)
    document = await office.published()
    assert "Role champion: fake, legal; may read, up to internal data." in [s.text for s in document.of("scope")]
    assert await found(office) == []
    await office.published(scopes=[])
    assert [f.what for f in await found(office)] == ["fake, Role champion, legal", "fake, Team Bids, bids"]

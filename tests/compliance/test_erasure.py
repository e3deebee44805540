"""A person who is erased is named nowhere: no table, no file, no index; the record verifies and totals stay right."""

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from tests.compliance.canaries import NOT_FILLED, fill, look
from tests.compliance.conftest import door
from tests.tasks.conftest import Desk

from colleague.adoption.facts.roll_up import roll_up
from colleague.agent.messages import Turn
from colleague.audit.export import export
from colleague.audit.read import entries
from colleague.audit.seal import seal
from colleague.audit.verify import verify_database
from colleague.audit.verify_export import verify_export
from colleague.compliance.access import export_data
from colleague.compliance.certificate import BadCertificate, check_certificate
from colleague.compliance.erasure.carry_out import carry_out
from colleague.compliance.erasure.propose import (
    InTheWay,
    LookAgain,
    MadeByProposer,
    NoSuchErasure,
    NotYourOwn,
    NotYourself,
    ProposedAlready,
    confirm,
    propose,
    show,
    withdraw,
)
from colleague.compliance.erasure.sweep import sweep_table
from colleague.compliance.holds import Covers, place_hold, release_hold
from colleague.compliance.look import every_table
from colleague.compliance.places import ELSEWHERE, OF_TASKS, PLACES
from colleague.files.tables import FileRow
from colleague.holds.cover import KeptByHold
from colleague.identity.actor import SYSTEM, PermissionMissing, SignInYourself
from colleague.identity.directory import actor_of, get_person, members_by_team
from colleague.identity.erased.bury import StillActive
from colleague.identity.people import AlreadyHere, NoSuchPerson, PersonErased, assign_role, create_person, set_active
from colleague.identity.scim.users import UserHere, make_user, replace_user
from colleague.identity.sessions import open_session
from colleague.kit.blobs import put_blob
from colleague.kit.db import Database, Session
from colleague.projects.manage import create_project, set_member
from colleague.tasks.keeping.index import catch_up
from colleague.tasks.together.share import share
from colleague.testing.llm import call
from colleague.testing.worker import work
from colleague.web.app import create_app

pytestmark = pytest.mark.anyio
NAME, EMAIL, PHONE, WORD = "Quetzal Canaryfield", "q.canaryfield@aldermoor.example", "+15550104477", "zorrowitzcanary"
SAID = f"Of {NAME} ({EMAIL}, {PHONE})."
BLOCKS = [{"kind": "paragraph", "text": NAME}]
WRITE = call("write_document", name="offer.docx", format="docx", title=WORD, blocks=BLOCKS)
ONE = '"projects that nobody else is in":1'
NOTICE = """INSERT INTO notices (id, person_id, title, text, link, created_at)
    SELECT 'new', person_id, title, text, link, created_at FROM notices LIMIT 1"""
MEMBER = "INSERT INTO project_members (project_id, person_id, role, added_at) VALUES (:s, :p, 'member', now())"
NUMBERS = "SELECT person_id, seq, at, session FROM adoption_actions ORDER BY seq"


def test_every_table_of_the_house_is_accounted_for() -> None:
    told = [{place.table for place in PLACES}, set(OF_TASKS), set(ELSEWHERE)]
    known = set().union(*told)
    assert set(every_table()) - known == set(), "say in compliance/places.py what it holds about a person"
    assert known - set(every_table()) == set(), "these tables are gone"
    assert (told[0] | told[1]) & told[2] == set()
    for place in PLACES:
        columns = every_table()[place.table].columns.keys()
        named = {column.partition(".")[0] for column in place.whose} | place.hidden | place.empty.keys()
        assert named <= set(columns), place


async def do(desk: Desk, deed: Any, who: Any, *things: Any, **more: Any) -> Any:
    actor = desk.home.people[who] if isinstance(who, str) else who
    async with desk.house.database.transaction() as session:
        return await deed(session, actor, *things, **more, ledger=desk.house.ledger, clock=desk.clock)


async def refused(desk: Desk, why: type[Exception], deed: Any, who: Any, *things: Any, **more: Any) -> None:
    with pytest.raises(why):
        await do(desk, deed, who, *things, **more)


class Dying(Database):
    """A database of a worker that is killed in its `life`-th transaction, before that is committed."""

    def __init__(self, url: str, life: int) -> None:
        super().__init__(url)
        self.life = life

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        async with super().transaction() as session:
            yield session
            self.life -= 1
            if not self.life:
                raise KeyboardInterrupt("killed")


async def somebody(desk: Desk) -> str:
    """Somebody who worked, was shared with, and is told of in every table of the house; return their id."""
    house, people = desk.house, desk.home.people
    person: str = await do(desk, create_person, SYSTEM, EMAIL, NAME, department="Bids")
    async with house.database.transaction() as session:
        people["quetzal"] = await actor_of(session, person_id=person, via="page")  # type: ignore[index]
        project = await create_project(session, people["quetzal"], f"Of {WORD}", ledger=house.ledger, clock=desk.clock)
    file = (f"{WORD}.md", f"# {WORD}\n\n{NAME} wants 420.".encode())
    await desk.run(WRITE, Turn(f"Done, {NAME}."), goal=f"Write of {WORD} for {EMAIL}", files=[file], who="quetzal")
    theirs = await desk.run(Turn("Fine."), goal=f"Call {NAME} at {PHONE}.\n{NAME}, mind you.", who="ben")
    await do(desk, share, "ben", theirs, NAME, "driver")
    await catch_up(parts=house.parts)
    async with house.database.transaction() as session:
        filled = await fill(session, person, people["owner"].id, SAID, WORD)
        await session.execute(text("DELETE FROM cohort_members"))
        assert {*filled, *NOT_FILLED} >= set(every_table())
        held = await put_blob(session, f"Held: {WORD}".encode())
        project_file = FileRow(
            id="file_x", project_id=project, name=WORD, media_type="text/plain", size=1, sha256=held, pages=1,
            unit="", data_class=1, categories=[], reasons=[], document={}, created_at=desk.clock.now(),
        )  # fmt: skip
        session.add(project_file)
    return person


async def test_an_erased_person_is_named_nowhere(desk: Desk, tmp_path: Path) -> None:
    house, people = desk.house, desk.home.people
    person = await somebody(desk)
    async with house.database.transaction() as session:
        for word in (NAME, EMAIL, PHONE, WORD):
            assert len(await look(session, word)) > 35
    await take_along(desk, person, tmp_path)
    async with house.database.transaction() as session:
        await assign_role(session, people["owner"], people["rita"].id, "administrator", ledger=house.ledger)
        people["rita"] = await actor_of(session, person_id=people["rita"].id, via="page")  # type: ignore[index]
    digest = await agree(desk, person)
    await sealed(desk)
    while await roll_up(house.database):
        pass
    async with house.database.transaction() as session:
        before = (await session.execute(text(NUMBERS))).all(), await members_by_team(session)
        erasure = (await show(session, people["owner"], person)).id  # type: ignore[union-attr]
    # Killed in every step, and two at once: it goes on, and nothing is done twice.
    for _ in range(400):
        dying = Dying(house.database.url, 4)
        try:
            if await carry_out(erasure, parts=replace(house.erasing, database=dying)):
                break
        except KeyboardInterrupt:
            continue
        finally:
            await dying.close()
        break
    await asyncio.gather(*(carry_out(erasure, parts=house.erasing) for _ in range(2)))
    assert not await carry_out(erasure, parts=house.erasing), "it is done"
    await catch_up(parts=house.parts)
    while await roll_up(house.database):
        pass
    async with house.database.transaction() as session:
        left = {word: await look(session, word) for word in (NAME, EMAIL, PHONE, WORD)}
        assert left == {word: set() for word in left}
        for word in ("canaryfield", "quetzal"):
            assert await look(session, word) == set()
        after = (await session.execute(text(NUMBERS))).all(), await members_by_team(session)
        assert after == before, "totals stay right"
        gone = await get_person(session, person)
        assert (gone.name, gone.active, gone.roles) == ("Erased person", False, frozenset())
        assert await session.scalar(text("SELECT count(*) FROM tasks WHERE person_id = :p"), {"p": person}) == 0
        assert "[erased]" in str(await session.scalar(text("SELECT goal FROM tasks"))), "Ben's task stays his"
        entry = (await entries(session, "x", ledger=house.ledger, verb="person.added", subject=person))[0]
        assert set(entry.personal.values()) == {"[erased]"}
        # Somebody else's task that a hold covers is not touched either, while it stands.
        held = await place_hold(
            session, people["owner"], "Harbour", "A claim", Covers(people=[people["ben"].email]), ledger=house.ledger,
            clock=desk.clock,
        )  # fmt: skip
        assert await sweep_table(session, "steps", ["mind you"]) == 0
        await release_hold(session, people["rita"], held, "Settled", ledger=house.ledger, clock=desk.clock)
        assert await sweep_table(session, "steps", ["mind you"]) == 1
    await prove(desk, person, tmp_path, digest)
    await comes_back(desk, person)


async def agree(desk: Desk, person: str) -> str:
    """Two people agree on the erasure, after everything that must be refused; return its digest."""
    house, people = desk.house, desk.home.people
    why, secrets = f"Asked for it in writing, {NAME}", {"secrets": house.secrets}
    await refused(desk, StillActive, propose, "owner", person, why)
    await refused(desk, NotYourself, propose, "owner", people["owner"].id, why)
    await refused(desk, PermissionMissing, propose, "ben", person, why)
    await do(desk, set_active, SYSTEM, person, active=False)
    # Neither while a hold covers them, nor while one covers a task they had part in.
    async with house.database.transaction() as session:
        bens = await session.scalar(text("SELECT id FROM tasks WHERE goal LIKE 'Call%'"))
    for covers in (Covers(people=[EMAIL]), Covers(tasks=[bens])):
        hold = await do(desk, place_hold, "owner", "Harbour", "A claim", covers)
        await refused(desk, KeptByHold, propose, "owner", person, why)
        await do(desk, release_hold, "rita", hold, "Settled")
    await refused(desk, SignInYourself, propose, replace(people["owner"], via="api"), person, why)
    async with house.database.transaction() as session:
        shared = await create_project(session, people["dana"], "Shared", ledger=house.ledger, clock=desk.clock)
        mine = text("UPDATE project_members SET person_id = :person WHERE project_id = :shared")
        await session.execute(mine, {"person": person, "shared": shared})
        await session.execute(text(MEMBER), {"s": shared, "p": people["ben"].id})
    await refused(desk, InTheWay, propose, "owner", person, why)
    await do(desk, set_member, "owner", shared, people["ben"].email, "owner")
    await refused(desk, NoSuchErasure, confirm, "rita", person, "x", **secrets)
    first = await do(desk, propose, "owner", person, why)
    await refused(desk, ProposedAlready, propose, "rita", person, why)
    await refused(desk, NotYourOwn, confirm, "owner", person, first.digest, **secrets)
    await refused(desk, LookAgain, confirm, "rita", person, "0" * 64, **secrets)
    await refused(desk, SignInYourself, confirm, replace(people["rita"], via="api"), person, first.digest, **secrets)
    async with house.database.transaction() as session:
        await session.execute(text(NOTICE))
    await refused(desk, LookAgain, confirm, "rita", person, first.digest, **secrets)
    await do(desk, withdraw, "rita", person)
    second = await do(desk, propose, "owner", person, why)
    await refused(desk, LookAgain, confirm, "rita", person, first.digest, **secrets)
    puppet = await do(desk, create_person, "owner", "puppet@aldermoor.example", "Another Me")
    async with house.database.transaction() as session:
        await assign_role(session, people["owner"], puppet, "administrator", ledger=house.ledger)
        other = await actor_of(session, person_id=puppet, via="page")
    await refused(desk, MadeByProposer, confirm, other, person, second.digest, **secrets)
    done = await asyncio.gather(
        *(do(desk, confirm, "rita", person, second.digest, **secrets) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in done) == ["Erasure", "NoSuchErasure"]
    await refused(desk, NoSuchErasure, withdraw, "owner", person)
    return str(second.digest)


async def sealed(desk: Desk) -> None:
    while await seal(desk.house.database, signer=desk.house.signer, sink=None, clock=desk.clock):
        pass


async def take_along(desk: Desk, person: str, tmp_path: Path) -> None:
    """They take along everything of theirs, and no secrets or words of others; on their behalf needs the right."""
    house, people = desk.house, desk.home.people
    more = {"ledger": house.ledger, "clock": desk.clock}
    with pytest.raises(PermissionMissing):
        await export_data(house.database, people["ben"], person, tmp_path / "no.zip", **more)
    with pytest.raises(NoSuchPerson):
        await export_data(house.database, people["owner"], "nobody", tmp_path / "no.zip", **more)
    for who in ("quetzal", "owner"):
        file = tmp_path / f"{who}.zip"
        parts = await export_data(house.database, people[who], person, file, **more)
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            read = {name: archive.read(name).decode("utf-8", "replace") for name in names if not name.endswith(".docx")}
        assert {part.name for part in parts} - {"files/"} <= names
        assert {"index.html", "person.jsonl", "ledger.jsonl", "tasks/tasks.jsonl", "notices.jsonl"} <= names
        assert any(name.endswith(f"-{WORD}.md") for name in names)
        assert EMAIL in read["person.jsonl"]
        assert WORD in read["tasks/tasks.jsonl"]
        assert json.loads(read["seat_reasons.jsonl"]).keys() == {"person_id", "sponsor_id", "by", "at"}
        ledger = [json.loads(line) for line in read["ledger.jsonl"].splitlines()]
        added = next(entry for entry in ledger if entry["verb"] == "person.added")
        assert added["personal"] == {"email": EMAIL, "name": NAME}
        whole = "\n".join(read.values())
        assert not [word for word in ("token_sha256", '"sealed"', '"password"', "mind you") if word in whole]
        assert NAME in read["index.html"]
    async with house.database.transaction() as session:
        found = await entries(session, "x", ledger=house.ledger, verb="person.data_exported")
    assert [(entry.actor, entry.data["by_themselves"]) for entry in found] == [
        (people["owner"].id, False), (person, True),
    ]  # fmt: skip


async def prove(desk: Desk, person: str, tmp_path: Path, digest: str) -> None:
    """The ledger and its export verify; so does the certificate, and an altered one does not."""
    house, owner = desk.house, desk.home.people["owner"]
    await sealed(desk)
    report = await verify_database(house.database, house.signer.public)
    assert report.ok, report.sentence
    await export(house.database, owner.id, tmp_path / "export", signer=house.signer, ledger=house.ledger)
    assert verify_export(tmp_path / "export", house.signer.public).ok
    exported = "".join(file.read_text("utf-8") for file in (tmp_path / "export").iterdir())
    assert not [word for word in (NAME, EMAIL, PHONE, WORD) if word in exported]
    async with house.database.transaction() as session:
        found = await show(session, owner, person)
    assert found is not None
    said = check_certificate(found.certificate, house.signer.public)
    assert (said.kind, said.body["person"], said.body["digest"]) == ("erasure", person, digest)
    assert said.body["deleted"]["tasks with everything in them"] == 1
    assert said.body["deleted"]["projects that nobody else is in"] == 1
    assert {one["what"] for one in said.body["kept"]} >= {"numbers of use and programme", "entries of the ledger"}
    assert (said.body["asked_by"], said.body["confirmed_by"]) == (owner.id, desk.home.people["rita"].id)
    for altered in (found.certificate.replace(ONE, ONE.replace("1", "2")),
                    found.certificate.replace("/1", "/2"), "[]", "{", found.certificate[:-9]):  # fmt: skip
        with pytest.raises(BadCertificate):
            check_certificate(altered, house.signer.public)


async def comes_back(desk: Desk, person: str) -> None:
    """Nothing makes the record a person again; the same address is a new person."""
    house, people = desk.house, desk.home.people
    await refused(desk, PersonErased, set_active, SYSTEM, person, active=True)
    await refused(desk, PersonErased, propose, "owner", person, "Once more, please.")
    with pytest.raises(PersonErased):
        await export_data(
            house.database, people["owner"], person, Path("no.zip"), ledger=house.ledger, clock=desk.clock
        )  # fmt: skip
    message = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "displayName": NAME}
    provider = replace(SYSTEM, via="provisioning")
    await refused(desk, UserHere, make_user, provider, message | {"userName": f"{person}@erased.invalid"})
    await refused(desk, NoSuchPerson, replace_user, provider, person, message | {"userName": EMAIL})
    new = await do(desk, make_user, provider, message | {"userName": EMAIL})
    assert new.person_id != person
    await refused(desk, AlreadyHere, create_person, SYSTEM, EMAIL, NAME)


async def test_the_page_and_the_program_show_what_goes_and_who_decides(desk: Desk) -> None:
    house, people = desk.house, desk.home.people
    dana = people["dana"].id
    app = create_app(house.by_type(), settings=house.settings, lifespan=None)
    async with house.database.transaction() as session:
        await assign_role(session, people["owner"], people["rita"].id, "administrator", ledger=house.ledger)
        more: Any = {"how": "password", "device": "", "ledger": house.ledger, "clock": house.clock}
        cookies = {who: await open_session(session, people[who].id, **more) for who in ("owner", "rita", "ben", "dana")}

    async def ask(who: str, method: str, path: str, **more: Any) -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        headers = {"origin": "http://127.0.0.1:8080", "cookie": f"colleague={cookies[who]}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080", headers=headers) as http:
            return await http.request(method, path, **more)

    page = f"/people/{dana}/erasure"
    assert (await ask("ben", "GET", page)).status_code == 403
    assert "deactivate them first" in (await ask("owner", "GET", page)).text
    own = await ask("dana", "POST", "/me/data")
    assert (own.status_code, own.headers["content-type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(own.content)) as archive:
        index = archive.read("index.html").decode()
        assert "<dt>Name</dt><dd>Dana Whitfield</dd>" in index
        assert "<h2>Sign-in and access</h2>" in index
        assert 'name="viewport"' in index
    assert (await ask("ben", "POST", f"/people/{dana}/data")).status_code == 403
    assert (await ask("rita", "POST", f"/people/{dana}/data")).status_code == 200
    await do(desk, set_active, "owner", dana, active=False)
    short = await ask("owner", "POST", page, data={"reason": "short"})
    assert (short.status_code, "10 to 500 characters" in short.text) == (422, True)
    assert (await ask("owner", "POST", page, data={"reason": "Asked for it on 3 May."})).status_code == 303
    assert "Another person has to confirm it" in (await ask("owner", "GET", page)).text
    assert "It cannot be undone" in (await ask("rita", "GET", page)).text
    async with door(desk, "owner", "org:people:erase") as http:
        told = (await http.get(f"/api/v1{page}")).json()
        assert told["goes"]["sign-in and access"] >= 1
        refusal = await http.post(f"/api/v1{page}/confirm", json={"digest": told["erasure"]["digest"]})
        assert refusal.status_code == 403, "a token is nobody's second person"
        assert (await http.get(f"/api/v1{page}/certificate")).status_code == 404
    assert (await ask("rita", "POST", f"{page}/confirm", data={"digest": told["erasure"]["digest"]})).status_code == 303
    assert "Under way" in (await ask("owner", "GET", page)).text
    while await work(house, queue="house"):
        pass
    assert "Olga Owner asked, Rita Review confirmed" in (await ask("owner", "GET", page)).text
    proof = await ask("owner", "GET", f"{page}/certificate")
    assert check_certificate(proof.text, house.signer.public).body["person"] == dana
    erased = (await ask("owner", "GET", f"/people/{dana}")).text
    assert "names nobody" in erased
    assert (".invalid" in erased, ".invalid" in (await ask("owner", "GET", page)).text) == (False, False)

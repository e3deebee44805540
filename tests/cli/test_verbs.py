"""Every group of verbs does the same deeds as pages and API; a refusal is one line and exit code 1."""

import asyncio
import json
import re
from importlib import import_module
from pathlib import Path

import pytest
import typer
from tests.cli.conftest import Call

from colleague.bootstrap import House
from colleague.cli.main import FOLDERS, GROUPS, VERBS
from colleague.connectors.accounts import list_accounts
from colleague.connectors.grants import list_grants
from colleague.identity.directory import find_by_email, list_people


def people(house: House) -> dict[str, bool]:
    async def read() -> dict[str, bool]:
        async with house.database.transaction() as session:
            found = {p.email: p.active for p in await list_people(session)}
        await house.database.close()
        return found

    return asyncio.run(read())


def ids(text: str, kind: str) -> list[str]:
    return re.findall(rf"{kind}_[0-9a-z]{{26}}", text)


def test_help_lists_every_verb_with_what_its_own_help_says(call: Call) -> None:
    said = call("--help")
    assert said.code == 0
    for name in (*VERBS, *GROUPS):
        own = call(name, "--help")
        assert own.code == 0
        assert re.search(rf"^  {name} ", said.out, re.M)
    for name, words in GROUPS.items():
        # The list is kept by hand so that nothing is imported for it; here it is held to the verbs' own words.
        assert import_module(f"colleague.cli.{FOLDERS.get(name, name)}").app.info.help == words
    for name, words in VERBS.items():
        first = (getattr(import_module(f"colleague.cli.{name}"), name).__doc__ or "").split(".")[0].split(":")[0]
        assert first.split()[0] == words.split()[0], name


def test_every_verb_of_every_group_has_help(call: Call) -> None:
    for name in GROUPS:
        assert "completion" not in call(name, "--help").out, name
        group = typer.main.get_command(import_module(f"colleague.cli.{FOLDERS.get(name, name)}").app)
        for verb, command in group.commands.items():  # type: ignore[attr-defined]
            said = call(name, verb, "--help")
            assert said.code == 0
            assert command.help
            assert " ".join(command.help.split(".")[0].split()) in " ".join(said.out.split())


def test_a_word_that_is_no_verb_is_refused_with_the_usage(call: Call) -> None:
    said = call("srve")
    assert said.code == 2
    assert "No such command" in said.err


def test_who_acts_must_be_somebody_here(call: Call, demo: House) -> None:
    said = call("person", "list", as_="nobody")
    assert said.code == 1
    assert "nobody@aldermoor.example" in said.err
    assert said.err.count("\n") == 1
    assert call("person", "list").code == 2


def test_people_are_added_given_roles_and_teams_and_deactivated(call: Call, demo: House) -> None:
    said = call("person", "add", "new@aldermoor.example", "New Person", "--team", "bids", as_="marta")
    assert said.code == 0
    assert "/invite/" in said.out
    assert call("person", "add", "new@aldermoor.example", "Again", as_="marta").code == 1
    assert call("person", "role", "new@aldermoor.example", "reviewer", as_="marta").code == 0
    assert call("person", "team", "new@aldermoor.example", "Print Room", "--create", as_="marta").code == 0
    said = call("person", "list", "--search", "new@", as_="marta")
    assert "member, reviewer" in said.out
    assert "Bids, Print Room" in said.out
    assert call("person", "role", "new@aldermoor.example", "reviewer", "--remove", as_="marta").code == 0
    assert call("person", "team", "new@aldermoor.example", "bids", "--remove", as_="marta").code == 0
    said = call("person", "list", "--search", "new@", as_="marta")
    assert "reviewer" not in said.out
    assert "Bids" not in said.out
    assert "/invite/" in call("person", "invite", "new@aldermoor.example", as_="marta").out
    # Nobody is at a terminal: without --yes nothing happens.
    assert call("person", "deactivate", "new@aldermoor.example", as_="marta").code == 1
    assert people(demo)["new@aldermoor.example"]
    assert call("person", "deactivate", "new@aldermoor.example", "--yes", as_="marta").code == 0
    assert not people(demo)["new@aldermoor.example"]
    assert call("person", "list", as_="new").code == 1
    assert call("person", "reactivate", "new@aldermoor.example", as_="marta").code == 0
    assert people(demo)["new@aldermoor.example"]
    assert call("person", "exclude", "new@aldermoor.example", "--why", " ", as_="marta").code == 1
    assert call("person", "exclude", "new@aldermoor.example", "--why", "test user", as_="marta").code == 0
    assert "left out of the numbers" in " ".join(call("person", "list", "--search", "new@", as_="marta").out.split())
    assert call("person", "include", "new@aldermoor.example", as_="marta").code == 0
    assert "left out" not in call("person", "list", "--search", "new@", as_="marta").out


@pytest.mark.parametrize(
    "words",
    [
        ("person", "add", "x@aldermoor.example", "X"),
        ("person", "role", "ben@aldermoor.example", "owner"),
        ("person", "deactivate", "marta@aldermoor.example", "--yes"),
        ("policy", "set", "confirm_internal=no"),
        ("policy", "show"),
        ("audit", "list"),
        ("audit", "verify"),
        ("audit", "export", "/tmp/never-made"),
        ("connector", "enable", "mail", "--set", "smtp_url=smtp://127.0.0.1:1"),
    ],
)
def test_a_member_is_refused_what_only_others_may(call: Call, demo: House, words: tuple[str, ...]) -> None:
    said = call(*words, as_="ana")
    assert said.code == 1
    assert "permission" in said.err
    assert said.out == ""
    assert people(demo)["marta@aldermoor.example"]
    assert not Path("/tmp/never-made").exists()


def test_tokens_are_shown_once_and_revoked(call: Call, demo: House) -> None:
    made = call("token", "create", "nightly", "--may", "own:tasks:use", "--days", "7", as_="ana")
    assert re.fullmatch(r"clg_[\w-]{43}\n", made.out)
    listed = call("token", "list", as_="ana")
    assert "nightly" in listed.out
    assert made.out.strip() not in listed.out
    token = ids(listed.out, "token")[0]
    assert call("token", "revoke", token, as_="ben").code == 1
    assert call("token", "revoke", token, as_="ana").code == 0
    assert "No tokens" in call("token", "list", as_="ana").out
    assert "no permission" in call("token", "create", "t", "--may", "everything", as_="ana").err
    assert call("token", "create", "t", "--may", "org:people:manage", as_="ana").code == 1


def test_policy_is_shown_simulated_and_set(call: Call, demo: House) -> None:
    shown = call("policy", "show", as_="marta")
    assert "internal_domains   aldermoor.example" in shown.out
    assert "confirm_internal   yes" in shown.out
    inside = ("policy", "simulate", "communicate", "--to", "dana@aldermoor.example")
    assert "once the person" in call(*inside, as_="marta").out
    said = call("policy", "simulate", "communicate", "--to", "x@evil.example", "--class", "restricted", as_="marta")
    assert "This may not happen" in said.out
    assert "zone               eu" in call("policy", "set", "zone=eu", as_="marta").out
    alone = call("policy", "set", "confirm_internal=no", as_="marta")
    assert alone.code == 1
    assert "first give a second person a role" in alone.err
    assert call("person", "role", "ben@aldermoor.example", "administrator", as_="marta").code == 0
    waits = call("policy", "set", "confirm_internal=no", as_="marta").out
    assert "it waits for a second person" in waits
    assert "once the person" in call(*inside, as_="marta").out
    proposal, seen = ids(waits, "proposal")[0], waits.split("--seen ")[1].split()[0]
    assert "Proposed by Marta" in call("policy", "proposals", as_="ben").out
    assert call("policy", "confirm", proposal, "--seen", seen, as_="marta").code == 1
    assert "confirm_internal   no" in call("policy", "confirm", proposal, "--seen", seen, as_="ben").out
    assert "once the person" not in call(*inside, as_="marta").out
    assert call("policy", "withdraw", proposal, as_="ben").code == 1
    assert "Nothing waits" in call("policy", "proposals", as_="ines").out
    for bad in ("confirm_internal=perhaps", "no_such=1", "confirm_internal"):
        assert call("policy", "set", bad, as_="marta").code == 1
    assert call("policy", "simulate", "destroy", as_="marta").code == 2


def test_connectors_are_granted_and_revoked(call: Call, demo: House) -> None:
    shown = call("connector", "list", as_="marta")
    assert "folder" in shown.out
    assert "Bids; Clients; Contracts" in shown.out
    said = call("connector", "grant", "folder", "commercial", "Bids", as_="marta")
    grant = ids(said.out, "grant")[0]
    assert grant in call("connector", "list", as_="marta").out
    assert call("connector", "revoke", grant, as_="marta").code == 0
    assert grant not in call("connector", "list", as_="marta").out
    assert call("connector", "revoke", grant, as_="marta").code == 1
    assert call("connector", "grant", "folder", "Bids", "*", as_="marta").code == 1
    assert "works" in call("connector", "check", "mail", as_="marta").out
    assert "No MCP server is registered" in call("mcp", "list", as_="marta").out


def test_a_skill_is_switched_off_by_its_whole_name_or_not_at_all(call: Call, demo: House) -> None:
    """Whoever mistypes it in a hurry is not told that it is off."""
    name = "lawyer:contract-review-summary"
    said = call("skill", "switch", name.removesuffix("y"), as_="marta")
    assert (said.code, said.err.strip()) == (1, "There is no such skill, or you may not see it.")
    assert call("skill", "switch", name, as_="marta").out.strip() == f"{name} is off, for everybody."
    assert call("skill", "switch", name, "--on", as_="marta").out.strip() == f"{name} is on."


def test_scopes_are_looked_at_changed_and_packed_for_a_review(call: Call, demo: House, tmp_path: Path) -> None:
    looked = call("connector", "grant", "folder", "role:champion", "Bids", "--look", "-t", "*=ask", as_="marta")
    assert "Nobody gains or loses access." in looked.out
    assert not ids(looked.out, "grant")
    made = call("connector", "grant", "folder", "role:champion", "Bids", "-t", "folder_read=ask", as_="marta")
    grant = ids(made.out, "grant")[0]
    assert call("connector", "change", grant, "Market", "--until", "2999-01-01", as_="marta").code == 0
    assert "Market" in call("connector", "list", as_="marta").out
    assert "Commercial" in call("connector", "people", as_="marta").out
    assert call("connector", "grant", "folder", "Bids", "Bids", "-t", "folder_read=maybe", as_="marta").code == 1
    assert call("connector", "review-pack", "--out", str(tmp_path / "pack"), as_="ana").code == 1
    packed = call("connector", "review-pack", "--out", str(tmp_path / "pack"), as_="ines")
    assert packed.code == 0
    assert {f.suffix for f in (tmp_path / "pack").iterdir()} == {".json", ".pdf"}
    assert call("connector", "revoke", grant, as_="marta").code == 0


def test_the_ledger_is_listed_verified_and_exported(call: Call, demo: House, tmp_path: Path) -> None:
    call("worker", "--until-idle")
    listed = call("audit", "list", "--verb", "grant.opened", "--limit", "2", as_="ines")
    assert listed.out.count("grant.opened") == 2
    assert call("audit", "list", "--since", "yesterday", as_="ines").code == 1
    assert "intact" in call("audit", "verify", as_="ines").out
    folder = tmp_path / "export"
    assert call("audit", "export", str(folder), as_="ines").code == 0
    assert call("audit", "export", str(folder), as_="ines").code == 1
    key = str(tmp_path / "data" / "ledger.pub")
    good = call("audit", "verify", "--export", str(folder), "--key", key)
    assert good.code == 0
    assert "intact" in good.out
    assert "intact" in call("audit", "verify", "--export", str(folder / "manifest.json")).out


def test_the_first_altered_row_of_an_export_is_named_offline(call: Call, demo: House, tmp_path: Path) -> None:
    call("worker", "--until-idle")
    folder = tmp_path / "export"
    call("audit", "export", str(folder), as_="ines")
    lines = (folder / "entries.jsonl").read_text().splitlines(keepends=True)
    row = json.loads(lines[3])
    body = json.loads(row["body"])
    row["body"] = row["body"].replace(body["verb"], "nothing.happened")
    lines[3] = json.dumps(row) + "\n"
    (folder / "entries.jsonl").write_text("".join(lines))
    said = call("audit", "verify", "--export", str(folder))
    assert said.code == 1
    assert re.search(r"Entry 3 was altered", said.err)


def test_an_altered_row_of_the_database_is_named(call: Call, demo: House) -> None:
    import psycopg

    call("worker", "--until-idle")
    with psycopg.connect(demo.settings.database_url or "", autocommit=True) as line:
        line.execute("SET session_replication_role = replica")
        line.execute("UPDATE ledger_entries SET body = replace(body, 'person.added', 'person.asked') WHERE seq = 0")
    said = call("audit", "verify")
    assert said.code == 1
    assert "Entry 0" in said.err
    assert call("doctor").code == 1


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("audit", "verify", "--export", "/nowhere"), "no folder"),
        (("audit", "verify", "--key", "/nowhere"), "--export"),
        (("audit", "verify", "--export", "/", "--key", "/nowhere"), "No such file"),
        (("audit", "verify", "--export", "/", "--key", "/etc/hostname"), "verifier key"),
        (("audit", "verify", "--export", "/tmp"), "not an export"),
        (("task", "new", "Do it", "--file", "/nowhere", "--as", "ana@aldermoor.example"), "/nowhere"),
    ],
)
def test_bad_input_is_refused_in_one_line(call: Call, words: tuple[str, ...], why: str) -> None:
    said = call(*words)
    assert said.code == 1
    assert why in said.err
    assert said.err.count("\n") == 1


def test_settings_and_a_database_that_cannot_be_used_are_named(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLLEAGUE_PORT", "many")
    assert "COLLEAGUE_PORT" in call("doctor").err
    monkeypatch.delenv("COLLEAGUE_PORT")
    monkeypatch.setenv("COLLEAGUE_DATABASE_URL", "postgresql://somebody:secret@127.0.0.1:1/none")
    said = call("audit", "verify")
    assert said.code == 1
    assert "does not answer" in said.err
    assert "secret" not in said.err


def test_the_demo_is_made_once_and_refuses_a_real_organisation(
    call: Call, demo: House, database_url: str, tmp_path: Path
) -> None:
    from colleague.cli.aldermoor.house import NotADemo, prepare_demo
    from colleague.identity.actor import SYSTEM
    from colleague.identity.people import create_person

    async def counted() -> tuple[int, int, int]:
        async with demo.database.transaction() as session:
            counts = (
                len(await list_people(session)),
                len(await list_accounts(session)),
                len(await list_grants(session, clock=demo.clock)),
            )
        await demo.database.close()
        return counts

    before = asyncio.run(counted())
    documents = {p: p.stat().st_mtime_ns for p in (tmp_path / "data" / "demo").rglob("*") if p.is_file()}
    asyncio.run(prepare_demo(demo))
    assert asyncio.run(counted()) == before
    assert documents == {p: p.stat().st_mtime_ns for p in (tmp_path / "data" / "demo").rglob("*") if p.is_file()}

    async def become_real() -> None:
        async with demo.database.transaction() as session:
            person = await find_by_email(session, "marta@aldermoor.example")
            assert person is not None
            from sqlalchemy import text

            await session.execute(text("UPDATE people SET email = 'boss@real.test' WHERE id = :id"), {"id": person.id})
            await create_person(session, SYSTEM, "two@real.test", "Two", ledger=demo.ledger, clock=demo.clock)
        try:
            with pytest.raises(NotADemo):
                await prepare_demo(demo)
        finally:
            await demo.database.close()

    asyncio.run(become_real())


def test_the_programme_is_found_under_the_field_s_other_word(call: Call) -> None:
    said = call("rollout", "simulate", "--help")
    assert said.code == 0
    assert "steady, stalled" in said.out
    assert not re.search(r"^  rollout ", call("--help").out, re.M)

"""The governance document in the terminal: questions, draft, diff, signatures, publish, drift, check, files."""

import asyncio
import json
import re
from pathlib import Path

from tests.cli.conftest import Call

from colleague.bootstrap import House
from colleague.governance.document.acknowledge import questions
from colleague.governance.document.model import PARTS
from colleague.governance.document.store import in_force
from colleague.identity.directory import list_people

OWNERS = dict(zip(PARTS, ("ana", "priya", "dana", "marta"), strict=True))


def people(house: House) -> dict[str, str]:
    async def read() -> dict[str, str]:
        async with house.database.transaction() as session:
            found = {p.email.partition("@")[0]: p.id for p in await list_people(session)}
        await house.database.close()
        return found

    return asyncio.run(read())


def right(house: House) -> list[str]:
    """Return the numbers of the right answers about the version in force."""

    async def read() -> list[str]:
        async with house.database.transaction() as session:
            document = await in_force(session)
        await house.database.close()
        assert document is not None
        return [str(q.options.index(q.right) + 1) for q in questions(document)]

    return asyncio.run(read())


def test_from_questions_to_an_acknowledged_version(call: Call, demo: House, tmp_path: Path) -> None:
    assert "No governance document" in call("governance", "show", as_="ana").out
    assert "permission" in call("governance", "questions", as_="ana").err
    ids, file = people(demo), tmp_path / "answers.json"
    answers = json.loads(call("governance", "questions", as_="marta").out)
    answers |= {"owners": {part: ids[name] for part, name in OWNERS.items()}, "highest_external": "public"}
    file.write_text(json.dumps(answers))
    assert "1 not enforced" in call("governance", "draft", str(file), as_="marta").out
    file.write_text("[1]")
    assert "is not a JSON object of answers" in call("governance", "draft", str(file), as_="marta").err
    shown = call("governance", "diff", as_="marta").out
    assert "Highest class that may leave the organisation: internal → public" in shown
    found = re.search(r"Fingerprint (\w+)", shown)
    assert found
    seen = ("--seen", found[1])
    assert "Not all four parts are signed" in call("governance", "publish", *seen, as_="marta").err
    assert "signed by its owner, who is somebody else" in call("governance", "sign", "use", *seen, as_="marta").err
    assert "at least 12" in call("governance", "sign", "use", "--seen", "ab", as_="ana").err
    assert "The text has changed" in call("governance", "sign", "use", "--seen", "0" * 16, as_="ana").err
    for part, name in OWNERS.items():
        assert call("governance", "sign", part, *seen, as_=name).code == 0
    assert "Version 1 is in force" in call("governance", "publish", *seen, as_="marta").out
    assert "NOT ENFORCED" in call("governance", "show", as_="ana").out
    assert "No drift" in call("governance", "drift", as_="marta").out
    assert call("policy", "set", "zone=eu", as_="marta").code == 0
    drifted = call("governance", "drift", as_="marta")
    assert drifted.code == 3
    assert "Marta" in drifted.out
    assert call("governance", "acknowledge", as_="ana").out.count("?") == 5
    picks = [word for n in right(demo) for word in ("--pick", n)]
    assert "of the five answers" in call("governance", "acknowledge", "--pick", "9", as_="ana").err
    assert "acknowledged" in call("governance", "acknowledge", *picks, as_="ana").out
    assert call("governance", "readers", as_="marta").out.count("not yet") == 6
    for name, what in (("a.docx", "document"), ("b.pdf", "1"), ("c.docx", "template")):
        assert call("governance", "export", str(tmp_path / name), "--what", what, as_="ana").code == 0
        assert (tmp_path / name).stat().st_size > 1000
    assert "docx or pdf" in call("governance", "export", str(tmp_path / "x.txt"), as_="ana").err
    assert call("governance", "export", str(tmp_path / "x.pdf"), "--what", "7", as_="ana").code == 1

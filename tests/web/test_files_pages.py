"""Configuration as files for programs and by the button: exported, planned, applied, rolled back, refused in words."""

import io
import zipfile

import pytest
from tests.web.conftest import SignIn

pytestmark = pytest.mark.anyio
BASE = "/api/v1/governance/files"


async def test_programs_go_round(sign_in: SignIn) -> None:
    olga = await sign_in("owner")
    files = (await olga.post(f"{BASE}/export")).json()["files"]
    assert (await olga.post(f"{BASE}/diff", json={"files": files})).json() == {"differences": []}
    files["roles.yaml"] += "- name: press\n  meaning: The press.\n  permissions:\n  - own:tasks:use\n"
    files["roles.yaml"] = files["roles.yaml"].replace("roles: []\n", "roles:\n")
    (one,) = (await olga.post(f"{BASE}/diff", json={"files": files})).json()["differences"]
    assert one["line"] == "+ role press"
    plan = (await olga.post(f"{BASE}/plan", json={"files": files})).json()
    assert (plan["applicable"], len(plan["changes"])) == (True, 1)
    stale = await olga.post(f"{BASE}/apply", json={"files": files, "plan": "0" * 64})
    assert stale.status_code == 409
    done = (await olga.post(f"{BASE}/apply", json={"files": files, "plan": plan["digest"]})).json()
    (listed,) = (await olga.get(f"{BASE}/applied")).json()
    assert listed == done
    way = f"{BASE}/applied/{done['id']}"
    assert "press" not in (await olga.get(f"{way}/before")).json()["files"]["roles.yaml"]
    back = (await olga.post(f"{way}/rollback/plan")).json()
    assert [c["what"] for c in back["changes"]] == ["press"]
    assert (await olga.post(f"{way}/rollback", json={"plan": back["digest"]})).json()["rolls_back"] == done["id"]
    again = (await olga.post(f"{BASE}/export")).json()["files"]
    assert "press" not in again["roles.yaml"]


async def test_what_cannot_be_read_is_refused_with_file_and_line(sign_in: SignIn) -> None:
    olga = await sign_in("owner")
    answer = await olga.post(f"{BASE}/plan", json={"files": {"teams.yaml": "format: 1\nteams: *a\n"}})
    assert (answer.status_code, "teams.yaml, line 2" in answer.text) == (422, True), answer.text
    assert (await olga.get(f"{BASE}/applied/nothing/before")).status_code == 404
    for who, path in (("ana", "export"), ("rita", "export")):
        assert (await (await sign_in(who)).post(f"{BASE}/{path}")).status_code == 403


async def test_the_button_gives_a_zip(sign_in: SignIn) -> None:
    olga = await sign_in("owner")
    answer = await olga.post("/set-up/files")
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert (answer.status_code, "colleague-configuration/grants.yaml" in names) == (200, True)
    assert (await (await sign_in("ana")).post("/set-up/files")).status_code == 403

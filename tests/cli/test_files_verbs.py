"""`colleague governance export | diff | plan | apply | rollback` at the command line, on the demo organisation."""

import json
from pathlib import Path

from tests.cli.conftest import Call

from colleague.bootstrap import House


def test_a_folder_goes_round(call: Call, demo: House, tmp_path: Path) -> None:
    folder = tmp_path / "configuration"
    said = call("governance", "export", str(folder), as_="marta")
    assert (said.code, "10 files" in said.out) == (0, True), said
    assert call("governance", "diff", str(folder), as_="marta").code == 0
    teams = folder / "teams.yaml"
    teams.write_text(teams.read_text() + "- name: Tenders abroad\n")
    said = call("governance", "diff", str(folder), as_="marta")
    assert (said.code, "+ team Tenders abroad" in said.out) == (1, True), said
    # Without the digest of a plan it is planned, and nothing else.
    said = call("governance", "apply", str(folder), as_="marta")
    digest = said.out.rpartition("--plan ")[2].strip()
    assert (said.code, len(digest)) == (0, 16), said
    assert "12 characters" in call("governance", "apply", str(folder), "--plan", "abc", as_="marta").err
    assert "not the plan" in call("governance", "apply", str(folder), "--plan", "0" * 16, as_="marta").err
    said = call("governance", "apply", str(folder), "--plan", digest, as_="marta")
    assert (said.code, "Applied: applied_" in said.out) == (0, True), said
    assert call("governance", "diff", str(folder), as_="marta").code == 0
    assert "applied_" in call("governance", "applied", as_="marta").out
    # A team stays: the way back says so, and that there is nothing else to do.
    said = call("governance", "rollback", as_="marta")
    assert "by hand: a team is not deleted" in said.out, said


def test_a_folder_that_cannot_be_used_is_refused(call: Call, demo: House, tmp_path: Path) -> None:
    assert "no folder" in call("governance", "diff", str(tmp_path / "none"), as_="marta").err
    assert "no file of a configuration" in call("governance", "plan", str(tmp_path), as_="marta").err
    (tmp_path / "other.yaml").write_text("a: 1")
    assert "other.yaml, line 1" in call("governance", "plan", str(tmp_path), as_="marta").err
    assert "something else" in call("governance", "export", str(tmp_path), as_="marta").err
    (tmp_path / "other.yaml").unlink()
    (tmp_path / "teams.yaml").write_bytes(b"\xff\xfe")
    assert "teams.yaml, line 1" in call("governance", "plan", str(tmp_path), as_="marta").err
    (tmp_path / "teams.yaml").write_text("format: 1\nteams:\n- name: A\n  boss: B\n")
    assert "teams.yaml, line 4: boss" in call("governance", "plan", str(tmp_path), as_="marta").err
    assert "permission" in call("governance", "export", str(tmp_path / "x"), as_="ana").err


def test_the_posture_is_shown_and_fails_when_it_is_critical(call: Call, demo: House) -> None:
    said = call("governance", "posture", as_="marta")
    assert "attested" in said.out
    # The demo is served with the demo sign-in, but this process is not the server.
    assert said.code == (1 if "critical        " in said.out else 0), said.out
    value = json.loads(call("governance", "posture", "--json", as_="ines").out)
    assert {c["state"] for c in value["checks"]} >= {"ok", "to do", "not applicable"}
    assert "permission" in call("governance", "posture", as_="ana").err

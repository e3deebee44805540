"""Holds and retention at the terminal: placed, released by somebody else, run, and a certificate verified offline."""

from pathlib import Path

from tests.cli.conftest import Call

from colleague.bootstrap import House


def test_from_a_hold_to_a_certificate(call: Call, demo: House, tmp_path: Path) -> None:
    place = ("hold", "place", "Harbour claim", "--reason", "Claim of 3 May.", "--person", "ana@aldermoor.example")
    assert "org:records:manage" in call(*place, as_="ana").err
    hold = call(*place, as_="marta").out.strip()
    assert hold.startswith("hold_")
    assert "Harbour claim" in call("hold", "list", as_="marta").out
    assert "Claim of 3 May." in call("hold", "show", hold, as_="marta").out
    assert "Somebody else" in call("hold", "release", hold, "--why", "Settled", as_="marta").err
    assert "tasks: 90 days" in call("retention", "show", as_="marta").out
    assert "org:records:read" in call("retention", "show", as_="ana").err
    assert "org:records:manage" in call("retention", "run", as_="ana").err
    run = call("retention", "run", as_="marta").out.strip()
    assert run in call("retention", "runs", as_="marta").out
    night, paper, key = tmp_path / "night.json", tmp_path / "night.pdf", demo.settings.data_dir / "ledger.pub"
    assert call("retention", "certificate", run, str(night), as_="marta").code == 0
    assert call("retention", "certificate", run, str(paper), as_="marta").code == 0
    assert paper.read_bytes().startswith(b"%PDF")
    assert "The signature holds." in call("retention", "verify", str(night), "--key", str(key)).out
    night.write_text(night.read_text().replace('"tasks=90"', '"tasks=91"'))
    assert "signature does not hold" in call("retention", "verify", str(night), "--key", str(key)).err
    assert call("retention", "verify", str(tmp_path / "none"), "--key", str(key)).code != 0

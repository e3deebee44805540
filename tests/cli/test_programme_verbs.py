"""The programme at the terminal: readiness is asked, answered and explained."""

from tests.cli.conftest import Call

from colleague.bootstrap import House


def test_readiness_is_shown_and_answered(call: Call, demo: House) -> None:
    assert "Nobody has answered yet." in call("programme", "readiness", as_="marta").out
    words = [f"--answer={w}" for w in ("saas_rollouts=yes", "sponsor=yes", "regulated=no", "seats=120")]
    said = call("programme", "readiness", *words, as_="marta").out
    assert "not yet:" in said
    assert "Not answered: Has an earlier rollout" in said
    more = ("--answer", "custom_mcp=no", "--answer", "stalled=no")
    assert "self-serve: You can roll out by yourselves." in call("programme", "readiness", *more, as_="marta").out
    assert "self-serve" in call("programme", "readiness", as_="marta").out
    assert "like sponsor=yes" in call("programme", "readiness", "--answer", "sponsor", as_="marta").err
    assert "the questions are" in call("programme", "readiness", "--answer", "colour=red", as_="marta").err
    assert call("programme", "readiness", "--answer", "sponsor=no", as_="ana").code == 1

"""Sources of telemetry at the terminal: made by who may, listed, renewed, revoked."""

from tests.cli.conftest import Call

from colleague.bootstrap import House


def test_a_source_is_connected_listed_renewed_and_revoked(call: Call, demo: House) -> None:
    token = call("telemetry", "connect", "Laptops", as_="marta").out.strip()
    assert token.startswith("otlp_")
    assert call("telemetry", "connect", "Laptops", as_="marta").code == 1
    assert call("telemetry", "connect", "Desktops", as_="ana").code == 1
    listed = call("telemetry", "sources", as_="marta").out
    assert "/v1/logs" in listed
    assert token not in listed
    source = next(word for word in listed.split() if word.startswith("fleet_"))
    assert call("telemetry", "renew", source, as_="marta").out.strip().startswith("otlp_")
    assert call("telemetry", "revoke", source, as_="marta").code == 0
    assert "revoked" in call("telemetry", "sources", as_="marta").out
    assert call("telemetry", "renew", source, as_="marta").code == 1

"""Champions at the terminal: named, appointed, listed, ended; and who may not is told why."""

from tests.cli.conftest import Call

from colleague.bootstrap import House


def test_from_a_name_to_a_champion(call: Call, demo: House) -> None:
    ben = "ben@aldermoor.example"
    assert "Kept" in call("champion", "name", ben, "--why", "Shows us how", as_="ana").out
    assert "nobody here" in call("champion", "name", "x@aldermoor.example", "--why", "Helps", as_="ana").err
    assert "org:programme:read" in call("champion", "list", as_="ana").err
    assert "named: Ben Okafor (named by a colleague)" in call("champion", "list", as_="marta").out
    assert "org:programme:manage" in call("champion", "appoint", ben, "--why", "Me", as_="ben").err
    moved = call("champion", "appoint", ben, "--why", "Explains well", as_="marta")
    if moved.code:
        assert "department" in moved.err
        assert call("person", "department", ben, "Bids", as_="marta").code == 0
        moved = call("champion", "appoint", ben, "--why", "Explains well", as_="marta")
    assert moved.out == "Appointed.\n"
    assert "Champions: Ben Okafor" in call("champion", "mine", as_="ben").out
    assert "not on your list" in call("champion", "contacted", "contact_x", "--outcome", "helped", as_="ben").err
    assert call("champion", "retire", ben, "--why", "Moves on", as_="marta").out == "Ended.\n"
    assert "Ben Okafor, " not in call("champion", "list", as_="marta").out

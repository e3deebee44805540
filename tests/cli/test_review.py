"""Reviews and categories from the terminal, with one line for each refusal."""

from typing import Any

from tests.cli.conftest import Call

from colleague.bootstrap import House
from colleague.policy.standards.category import SHIPPED


def test_categories(call: Call, demo: House) -> None:
    listed = call("category", "list", as_="marta")
    assert (listed.code, "regulatory_filing" in listed.out) == (0, True), listed.err
    shown = call("category", "show", "contract_review", as_="marta")
    assert SHIPPED["contract_review"].checklist[0] in " ".join(shown.out.split())
    assert call("category", "show", "nothing", as_="marta").code == 1
    made = call("category", "set", "memo", "--title", "Memo", "--point", "Dates agree.", as_="marta")
    assert (made.code, "In force" in made.out) == (0, True), made.err
    wrong = call("category", "set", "memo", "--reviewer", "nobody", as_="marta")
    assert (wrong.code, "no role" in wrong.err) == (1, True)
    assert call("category", "set", "memo", "--title", "x", as_="ana").code == 1
    lighter = call("category", "set", "memo", "--light", as_="marta")
    assert "second person" in " ".join((lighter.out + lighter.err).split())


def test_nothing_waits_and_nothing_is_there(call: Call, demo: House) -> None:
    said: Any = call("review", "list", as_="priya")
    assert (said.code, said.out.strip()) == (0, "Nothing waits for you.")
    for words in (
        ("show", "out_x"), ("accept", "out_x", "--tick", "1"), ("reject", "out_x"), ("agree", "out_x"),
        ("raise", "out_x", "memo"), ("declassify", "out_x", "internal", "--reason", "It is public by now.", "--yes"),
    ):  # fmt: skip
        refused = call("review", *words, as_="priya")
        assert (refused.code, len(refused.err.strip().splitlines())) == (1, 1), words

"""Arguments go into a skill's text once: what they hold is never read again, and no command in them is ever run."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colleague.plugins.model import Skill, Usable
from colleague.plugins.offer import LIMIT, offer
from colleague.plugins.slash import UnknownCommand, chosen_by, command_of
from colleague.plugins.substitute import substitute


@pytest.mark.parametrize(
    ("body", "arguments", "text"),
    [
        ("Push $1 to $2.", "main origin", "Push main to origin."),
        ("Do: $ARGUMENTS", "a 'b c'", "Do: a 'b c'"),
        ("$ARGUMENTS[1]", "a b", "b"),
        ("It costs $5.", "", "It costs $5."),
        ("Read ${CLAUDE_PLUGIN_ROOT}/x", "", "Read ./x"),
        ("${user_config.TEAM} ${user_config.NONE}", "", "Bids [not set: NONE]"),
        ("Plain.", "more words", "Plain.\n\nArguments: more words"),
        ("$1", "'$2 !`rm -rf /`' x", "$2 !`rm -rf /`"),
    ],
)
def test_what_is_put_in(body: str, arguments: str, text: str) -> None:
    assert substitute(body, arguments, defaults={"TEAM": "Bids"}).text == text


def test_a_command_is_named_and_not_run() -> None:
    filled = substitute("State: !`git log $1`", "'; rm -rf /'")
    assert filled.commands == ("git log '; rm -rf /'",)
    assert "not run" in filled.text


@given(st.text(max_size=300), st.text(max_size=100))
@settings(max_examples=200, deadline=None)
def test_no_text_breaks_it(body: str, arguments: str) -> None:
    substitute(body, arguments, names=("a", "b"), file=lambda path: None)


def made(plugin: str, name: str, approved: bool = True) -> Usable:
    return Usable(plugin, "p", "0" * 64, Skill(name, f"What {name} does.", "body", "SKILL.md"), approved)


def test_slash_commands() -> None:
    skills = [made("lawyer", "review"), made("ops", "review"), made("ops", "push")]
    assert command_of("/push main now") == ("push", "main now")
    assert command_of("look at /etc/hosts") is None
    assert command_of("/etc/hosts is odd") is None
    assert chosen_by("Do it", skills) is None
    chosen = chosen_by("/PUSH main", skills)
    assert chosen is not None
    assert (chosen[0].name, chosen[1]) == ("ops:push", "main")
    assert chosen_by("/lawyer:review", skills)[0].plugin == "lawyer"  # type: ignore[index]
    with pytest.raises(UnknownCommand, match="lawyer:review"):
        chosen_by("/review", skills)
    with pytest.raises(UnknownCommand, match="push"):
        chosen_by("/pusch", skills)
    assert chosen_by("/review", [made("x", "review"), made("mine", "review", approved=False)])[0].plugin == "x"  # type: ignore[index]


def test_the_offer_is_short_whatever_there_is() -> None:
    many = [made(f"plugin-{n}", f"skill-{n}") for n in range(500)]
    assert len(offer(many, None)) <= LIMIT
    assert "plugin-0:skill-0" in offer(many, None)
    assert "chose the skill plugin-3:skill-3" in offer(many, many[3], "all of it")
    assert offer([], None) == ""

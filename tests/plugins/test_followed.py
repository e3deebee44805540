"""Which skills a run follows: what people called, what the model took up, and the one it is about to take up."""

from colleague.agent.messages import Call, Message, Outcome, Said, Turn
from colleague.plugins.allowed import followed

USE = Call("c1", "use_skill", {"name": "Lawyer:Review"})


def test_a_call_by_a_person_and_a_skill_that_was_taken_up_stay() -> None:
    said: list[Message] = [
        Said("person", "/Brief on Corvane"), Turn("", (USE,)), Outcome("c1", "use_skill", "Text."),
        Said("person", "Go on."),
    ]  # fmt: skip
    assert followed(said) == {"brief", "lawyer:review"}


def test_what_was_refused_or_said_by_others_is_not_followed() -> None:
    said: list[Message] = [
        Said("system", "/brief"), Said("person", "see /brief"), Turn("", (USE,)),
        Outcome("c1", "use_skill", "No.", ok=False),
    ]  # fmt: skip
    assert followed(said) == frozenset()
    assert followed(said, "use_skill", {"name": "/Lawyer:Review "}) == {"lawyer:review"}
    assert followed(said, "set_plan", {"name": "x"}) == frozenset()


def test_a_skill_whose_own_file_was_read_is_followed_too() -> None:
    """Its text is a file of it: read that way, it must not be got without what is permitted with it."""
    read = Call("c1", "read_skill_file", {"name": "Lawyer:Review", "file": "SKILL.md"})
    said: list[Message] = [Said("person", "Go."), Turn("", (read,)), Outcome("c1", "read_skill_file", "Text.")]
    assert followed(said) == {"lawyer:review"}
    assert followed(said[:1], "read_skill_file", read.arguments) == {"lawyer:review"}

"""What a model is given of a long conversation: it fits, people's words stay whole, no result lacks its call."""

from colleague.agent.context import FULL, crowded, shown, tokens_of
from colleague.agent.messages import Call, Message, Outcome, Said, Summary, Turn, Usage, from_json, to_json

START: list[Message] = [Said("system", "rules"), Said("person", "Mail kim@partner.example when done.")]


def turns(count: int, characters: int = 400, since: int = 0) -> list[Message]:
    made: list[Message] = []
    for n in range(since, since + count):
        made.append(Turn(calls=(Call(f"c{n}", "read", {"n": n}),)))
        made.append(Outcome(f"c{n}", "read", f"{n} " + "x" * characters))
    return made


def summary(covers: int) -> Summary:
    return Summary(covers, 1, covers, "facts", "what happened", "m")


def test_there_is_room_until_three_quarters_of_the_window_are_full() -> None:
    messages = START + turns(10)
    full = tokens_of(messages)
    assert crowded(messages, int(full / FULL) + 10) is None
    assert crowded(messages, int(full / FULL) - 10) is not None
    assert crowded(messages, 0) is None


def test_a_summary_ends_before_a_turn_and_leaves_the_newest_one() -> None:
    for count in range(1, 12):
        messages = START + turns(count)
        covers = crowded(messages, 400)
        if covers is not None:
            assert isinstance(messages[covers], Turn)
            assert 2 < covers < len(messages)
    assert crowded(START + turns(1, 100_000), 400) is None


def test_a_summary_stands_for_the_older_steps_and_peoples_words_stay() -> None:
    messages = [*START, *turns(3), Said("person", "Also the prices."), *turns(2, since=3)]
    covers = crowded(messages, 500)
    assert covers
    given = shown([*messages, summary(covers)])
    assert [m.text for m in given if isinstance(m, Said)] == ["rules", START[1].text, "Also the prices."]
    calls = {c.id for m in given if isinstance(m, Turn) for c in m.calls}
    assert calls == {m.call_id for m in given if isinstance(m, Outcome)}
    assert sum(isinstance(m, Summary) for m in given) == 1
    assert "never an instruction" in summary(2).words


def test_the_newest_summary_stands_and_nothing_is_covered_twice() -> None:
    messages: list[Message] = [*START, *turns(6)]
    first = crowded(messages, 500)
    assert first
    messages.append(summary(first))
    assert crowded(messages, 10_000) is None
    messages += turns(8, since=6)
    second = crowded(messages, 800)
    assert second is not None
    assert second > first
    given = shown([*messages, summary(second)])
    assert [m.covers for m in given if isinstance(m, Summary)] == [second]


def test_what_the_provider_counted_is_believed_where_it_is_more_and_newer() -> None:
    messages: list[Message] = [*START, *turns(2)]
    assert tokens_of(messages) < 400
    counted = [*messages, Turn(calls=(Call("z", "read", {}),), usage=Usage(5000, 10)), Outcome("z", "read", "x")]
    assert tokens_of(counted) >= 5010
    assert tokens_of([*counted, summary(4)]) < 400


def test_a_summary_goes_to_json_and_back() -> None:
    assert from_json(to_json(summary(7))) == summary(7)

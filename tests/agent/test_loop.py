"""The next move follows from the conversation alone: open calls first, then the person's words, then the model."""

from colleague.agent.budget import Budget, Spent
from colleague.agent.loop import AskModel, Finish, GiveUp, UseTool, next_move
from colleague.agent.messages import Call, Message, Outcome, Said, Turn, Usage, from_json, to_json

A, B = Call("a", "read", {"n": 1}), Call("b", "read", {"n": 2})
START: list[Message] = [Said("system", "rules"), Said("person", "do it")]
FREE = Budget()


def test_a_new_run_asks_the_model() -> None:
    assert next_move(START, FREE, Spent()) == AskModel()


def test_calls_are_done_in_order_and_once() -> None:
    messages = [*START, Turn(calls=(A, B))]
    assert next_move(messages, FREE, Spent()) == UseTool(A, 2, 0, (B,))
    messages.append(Outcome("a", "read", "one"))
    assert next_move(messages, FREE, Spent()) == UseTool(B, 2, 1)
    messages.append(Outcome("b", "read", "two"))
    assert next_move(messages, FREE, Spent()) == AskModel()


def test_a_turn_without_calls_ends_the_run() -> None:
    assert next_move([*START, Turn("Here it is.")], FREE, Spent()) == Finish("Here it is.")


def test_words_said_during_the_last_turn_are_shown_to_the_model_before_it_ends() -> None:
    assert next_move([*START, Turn("Done."), Said("person", "Also the prices.")], FREE, Spent()) == AskModel()


def test_an_open_call_is_finished_even_when_the_budget_is_spent() -> None:
    spent = Spent(steps=FREE.steps)
    assert isinstance(next_move([*START, Turn(calls=(A,))], FREE, spent), UseTool)
    answered = [*START, Turn(calls=(A,)), Outcome("a", "read", "one")]
    assert next_move(answered, FREE, spent) == GiveUp("The limit of 80 steps is reached.")


def test_each_ceiling_stops_with_its_own_words() -> None:
    for spent, word in (
        (Spent(tokens=FREE.tokens), "tokens"),
        (Spent(micros=FREE.micros), "cost"),
        (Spent(seconds=FREE.seconds), "minutes"),
    ):
        move = next_move(START, FREE, spent)
        assert isinstance(move, GiveUp)
        assert word in move.why


def test_a_model_that_goes_in_circles_is_stopped_and_one_that_varies_is_not() -> None:
    circle: list[Message] = [*START]
    varied: list[Message] = [*START]
    for n in range(4):
        circle += [Turn(calls=(A,)), Outcome("a", "read", "one")]
        varied += [Turn(calls=(Call("a", "read", {"n": n}),)), Outcome("a", "read", "one")]
    assert isinstance(next_move(circle, FREE, Spent()), GiveUp)
    assert next_move(varied, FREE, Spent()) == AskModel()


def test_a_flood_of_calls_in_one_turn_is_cut() -> None:
    calls = tuple(Call(f"c{n}", "read", {"n": n}) for n in range(500))
    messages: list[Message] = [*START, Turn(calls=calls), *(Outcome(f"c{n}", "read", "x") for n in range(16))]
    assert next_move(messages, FREE, Spent()) == AskModel()


def test_messages_go_to_json_and_back() -> None:
    for message in (*START, Turn("t", (A, B), Usage(1, 2, 3), "m"), Outcome("a", "read", "x", False, {"k": [1]})):
        assert from_json(to_json(message)) == message

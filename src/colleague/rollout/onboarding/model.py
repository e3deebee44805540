"""The words of the first month: a playbook of four weeks, training modules, what done means. Pure."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from colleague.kit.errors import Invalid

WEEKS: Final = 4
OWNERS: Final[Mapping[str, str]] = {"person": "you", "champion": "your champion", "lead": "the programme lead"}
# How the product sees that an activity is done; «self»: its owner says so.
DONE: Final[Mapping[str, str]] = {
    "run": "a first task was delivered", "second": "two kinds of work were delivered",
    "saving": "the time of a first task is written down", "training": "every training module is passed",
    "exercise": "the delegation exercise is passed", "drill": "the drill of Dispatch is passed",
    "self": "its owner ticks it",
}  # fmt: skip
PLACES: Final = ("{use_case}", "{team}", "{weekday}", "{artefact}")
LONGEST, MOST_ACTIVITIES, MOST_QUESTIONS = 30_000, 12, 20


class BadPlaybook(Invalid):
    """This playbook cannot be used: {why}."""


class BadTraining(Invalid):
    """This training cannot be used: {why}."""


@dataclass(frozen=True, slots=True)
class Activity:
    """Something that is done in a week: by whom (one of OWNERS), and what done means (one of DONE, and in words)."""

    key: str
    title: str
    text: str
    owner: str
    done: str
    means: str


@dataclass(frozen=True, slots=True)
class Week:
    """One of the four weeks."""

    number: int
    title: str
    activities: tuple[Activity, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a module: its options, the number of the right one, and why: told after a wrong answer."""

    text: str
    options: tuple[str, ...]
    right: int
    why: str


@dataclass(frozen=True, slots=True)
class Module:
    """A training module: what is read, who answers for it, and how many right answers pass. `version` as it stands.

    The exercise has no questions: a task is written, and `needed` parts of it must be there.
    """

    key: str
    title: str
    minutes: int
    owner: str
    text: str
    needed: int
    questions: tuple[Question, ...] = ()
    version: int = 0

    @property
    def paragraphs(self) -> tuple[tuple[str, ...], ...]:
        """Return the text as paragraphs of lines; a paragraph whose lines begin with a dash is a list."""
        return tuple(tuple(part.splitlines()) for part in self.text.strip().split("\n\n"))

    def to_json(self) -> dict[str, Any]:
        """Return the module as a person reads it: without the right answers."""
        return {
            "key": self.key, "title": self.title, "minutes": self.minutes, "owner": self.owner, "text": self.text,
            "needed": self.needed, "version": self.version,
            "questions": [{"text": q.text, "options": list(q.options)} for q in self.questions],
        }  # fmt: skip


EXERCISE: Final = "exercise"


def read_playbook(text: str) -> tuple[Week, ...]:
    """Return the four weeks that a TOML text says. Raises BadPlaybook."""
    raw = _toml(text, BadPlaybook).get("week")
    parts = raw if isinstance(raw, list) and all(isinstance(one, dict) for one in raw) else []
    if [one.get("number") for one in parts] != [1, 2, 3, 4]:
        raise BadPlaybook(why="it has the weeks 1, 2, 3 and 4, in this order, each as [[week]] with its number")
    weeks = tuple(_week(one) for one in parts)
    keys = [a.key for one in weeks for a in one.activities]
    if len(keys) != len(set(keys)):
        raise BadPlaybook(why="two activities have the same key")
    first = weeks[0].activities
    if not any(a.done == "run" and PLACES[0] in a.title + a.text for a in first):
        raise BadPlaybook(why='week 1 needs an activity with done = "run" that names {use_case}: the work of a ritual')
    return weeks


def _week(raw: Mapping[str, Any]) -> Week:
    found = raw.get("activity")
    if not isinstance(found, list) or not 1 <= len(found) <= MOST_ACTIVITIES:
        raise BadPlaybook(why=f"a week has 1 to {MOST_ACTIVITIES} activities")
    return Week(raw["number"], _line(raw, "title", 120, BadPlaybook), tuple(map(_activity, found)))


def _activity(raw: Any) -> Activity:
    if not isinstance(raw, dict):
        raise BadPlaybook(why="an activity has key, title, text, owner, done and means")
    owner, done = _line(raw, "owner", 20, BadPlaybook), _line(raw, "done", 20, BadPlaybook)
    if owner not in OWNERS:
        raise BadPlaybook(why=f"an owner is one of {', '.join(OWNERS)}")
    if done not in DONE:
        raise BadPlaybook(why=f"done is one of {', '.join(DONE)}")
    if owner != "person" and done != "self":
        raise BadPlaybook(why='what a champion or the lead does is ticked: done = "self"')
    key = _line(raw, "key", 40, BadPlaybook)
    if not all(c.isascii() and (c.isalnum() or c == "-") for c in key):
        raise BadPlaybook(why="a key has letters, digits and dashes")
    return Activity(
        key, _line(raw, "title", 120, BadPlaybook), _line(raw, "text", 600, BadPlaybook), owner, done,
        _line(raw, "means", 200, BadPlaybook),
    )  # fmt: skip


def read_module(key: str, text: str) -> Module:
    """Return the module that a TOML text says. Raises BadTraining."""
    raw = _toml(text, BadTraining)
    minutes, needed = raw.get("minutes"), raw.get("pass")
    if type(minutes) is not int or not 1 <= minutes <= 60:
        raise BadTraining(why="minutes is a number from 1 to 60")
    asked = raw.get("question", [])
    if not isinstance(asked, list) or len(asked) > MOST_QUESTIONS:
        raise BadTraining(why=f"it has at most {MOST_QUESTIONS} questions, each as [[question]]")
    questions = tuple(map(_question, asked))
    most = 4 if key == EXERCISE else len(questions)
    if (key == EXERCISE) == bool(questions):
        raise BadTraining(why="a module has questions, the exercise has none")
    if type(needed) is not int or not 1 <= needed <= most:
        raise BadTraining(why=f"pass is a number from 1 to {most}: so many right answers pass")
    body = raw.get("text")
    if not isinstance(body, str) or not body.strip() or not body.replace("\n", "").isprintable():
        raise BadTraining(why="it needs a text that can be read")
    return Module(
        key, _line(raw, "title", 120, BadTraining), minutes, _line(raw, "owner", 80, BadTraining), body.strip(), needed,
        questions,
    )  # fmt: skip


def _question(raw: Any) -> Question:
    options = raw.get("options") if isinstance(raw, dict) else None
    right = raw.get("right") if isinstance(raw, dict) else None
    if not isinstance(options, list) or not 2 <= len(options) <= 6 or not all(isinstance(o, str) for o in options):
        raise BadTraining(why="a question has two to six options")
    if type(right) is not int or not 1 <= right <= len(options):
        raise BadTraining(why="right is the number of the right option, from 1")
    shown = tuple(_line({"option": o}, "option", 300, BadTraining) for o in options)
    return Question(_line(raw, "text", 400, BadTraining), shown, right - 1, _line(raw, "why", 400, BadTraining))


def _toml(text: str, error: type[Invalid]) -> dict[str, Any]:
    if len(text) > LONGEST:
        raise error(why=f"it is longer than {LONGEST:,} characters")
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as fault:
        raise error(why=f"it is no TOML ({str(fault)[:120]})") from None


def _line(raw: Mapping[str, Any], name: str, longest: int, error: type[Invalid]) -> str:
    value = raw.get(name)
    text = " ".join(value.split()) if isinstance(value, str) else ""
    if not 1 <= len(text) <= longest or not text.isprintable():
        raise error(why=f"«{name}» is a text of 1 to {longest} characters")
    return text

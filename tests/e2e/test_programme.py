"""From an empty house to a pilot that has started, through pages alone, and in less than thirty minutes of a person."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.press import press
from tests.e2e.served import Served, serving
from tests.e2e.test_use_cases import looked_at

pytestmark = pytest.mark.peer("chromium")

# What a person needs: to read a page and find their way on it, to press, to type a word (forty a minute).
PAGE_SECONDS, PRESS_SECONDS, WORD_SECONDS = 15.0, 2.0, 1.5
DEPARTMENTS = ("Business development", "Marketing", "Procurement")
PEOPLE = [
    (f"{first} {last}", f"{first}.{last}@aldermoor.example".lower(), department)
    for department, last in zip(DEPARTMENTS, ("Abel", "Brandt", "Costa"), strict=True)
    for first in ("Ada", "Bela", "Cora", "Dino", "Eva")
]
CARDS = (
    ("rfp-response", ("95", "88", "102"), None),
    ("competitive-brief", ("65", "72", "58"), None),
    ("contract-review", ("120", "140", "118"), ("Procurement", "Tuesday", "contract pipeline review")),
)


@dataclass
class Hand:
    """One person at a page, and what it costs them: pages looked at, things pressed, words typed."""

    page: Page
    pages: int = 0
    presses: int = 0
    words: int = 0

    def open(self, path: str) -> None:
        """Go to a page by a link the walk does not click itself."""
        self.page.goto(path)
        self.pages += 1
        self.presses += 1

    def press(self, name: str, role: str = "button") -> None:
        """Press a button or follow a link, and wait for the next page: it is read."""
        press(self.page.get_by_role(role, name=name, exact=True).first)  # type: ignore[arg-type]
        self.pages += 1
        self.presses += 1

    def unfold(self, text: str) -> None:
        self.page.get_by_text(text, exact=True).first.click()
        self.presses += 1

    def write(self, label: str, text: str, *, pasted: bool = False) -> None:
        """Fill a field; a list that is pasted costs two presses, however long it is."""
        self.page.get_by_label(label, exact=True).fill(text)
        self.presses += 2 if pasted else 1
        self.words += 0 if pasted else len(text.split())

    def choose(self, name: str, **what: str) -> None:
        self.page.select_option(f"select[name={name}]", **what)  # type: ignore[arg-type]
        self.presses += 2

    def tick(self, selector: str) -> None:
        for one in self.page.locator(selector).all():
            one.check()
            self.presses += 1

    @property
    def seconds(self) -> float:
        """Return what it cost a person."""
        return self.pages * PAGE_SECONDS + self.presses * PRESS_SECONDS + self.words * WORD_SECONDS


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a house of its own: a programme starts once."""
    with serving(tmp_path_factory.mktemp("programme")) as served:
        yield served


def people_come(marta: Hand) -> None:
    """The owner makes somebody the lead, says where the sponsor works, and adds the people from a list."""
    marta.open("/people")
    press(marta.page.get_by_role("link", name="Ben Okafor"))
    marta.choose("role", value="programme_lead")
    marta.press("Give")
    expect(marta.page.locator("main")).to_contain_text("programme lead")
    marta.open("/people")
    press(marta.page.get_by_role("link", name="Dana Whitfield"))
    marta.write("Department", "Business development")
    marta.press("Save")
    marta.open("/people")
    marta.unfold("Add several at once")
    marta.write("One a line: name, mail address, department", "\n".join(", ".join(one) for one in PEOPLE), pasted=True)
    marta.choose("team", label="Everyone")
    marta.press("Add them all")
    expect(marta.page.get_by_text("Ada Abel")).to_be_visible()


def answered_for(ben: Hand, axe: Callable[[Page], None]) -> None:
    """Readiness, sponsor and lead: the page says what comes next, each time."""
    ben.open("/programme")
    expect(ben.page.locator("#next")).to_contain_text("Next: the business owns it")
    looked_at(ben.page, "programme-empty", axe)
    ben.press("Readiness", "link")
    for name, value in (("saas_rollouts", "yes"), ("sponsor", "yes"), ("regulated", "no"), ("custom_mcp", "no"),
                        ("stalled", "no")):  # fmt: skip
        ben.choose(name, value=value)
    ben.write("How many seats will there be in the first year?", "120")
    ben.press("See the result")
    expect(ben.page.locator("main")).to_contain_text("What is missing")
    looked_at(ben.page, "readiness", axe)
    ben.open("/programme")
    ben.write("Sponsor's mail address", "dana@aldermoor.example")
    ben.write("What the business wants of it", "Bids, briefs and contract reviews in half the time")
    ben.press("Save")
    expect(ben.page.locator("#next")).to_contain_text("Next: baselines are measured")


def use_cases(ben: Hand, marta: Hand, axe: Callable[[Page], None]) -> None:
    """Three cards that ship, approved by somebody else, ten times each."""
    for key, minutes, ritual in CARDS:
        ben.open(f"/use-cases/new?from={key}")
        ben.write("Owner, by mail address", "dana@aldermoor.example")
        if ritual:
            ben.write("Team", ritual[0])
            ben.choose("ritual_weekday", label=ritual[1])
            ben.write("What the team makes then", ritual[2])
        ben.press("Save")
        expect(ben.page).to_have_url(re.compile("/use-cases/uc_"))
        at = ben.page.url
        marta.open(at)
        marta.press("Approve")
        expect(marta.page.get_by_role("button", name="Approve")).to_have_count(0)
        ben.page.reload()
        for who, some in ((PEOPLE[0][1], 4), (PEOPLE[1][1], 3), (PEOPLE[2][1], 3)):
            ben.unfold("Several times at once")
            days = [datetime.now(UTC).date() - timedelta(days=7 * (n + 1)) for n in range(some)]
            times = "\n".join(f"{minutes[n % 3]}, {day}" for n, day in enumerate(days))
            ben.write("One a line: minutes, then the day", times)
            ben.write("Whose, by mail address", who)
            ben.press("Add these times")
        expect(ben.page.locator("#baseline")).to_contain_text("n = 10 from 3 people")
        ben.press("Go live")
        expect(ben.page.locator("#baseline")).to_contain_text("Closed when it went live")
    ben.open("/use-cases")
    expect(ben.page.locator("main")).to_contain_text("Ready for a pilot: 3 approved use cases")


def cohort(ben: Hand, axe: Callable[[Page], None]) -> None:
    """Fifteen people, a department at a time, each with evidence; and chosen."""
    ben.open("/programme")
    expect(ben.page.locator("#next")).to_contain_text("Next: the cohort")
    press(ben.page.locator("#next").get_by_role("link"))
    ben.write("Name", "Pilot, winter")
    ben.press("Make it")
    expect(ben.page).to_have_url(re.compile("/cohorts/cohort_"))
    for department in DEPARTMENTS:
        ben.press("Propose several", "link")
        ben.choose("department", value=department)
        ben.press("Show them")
        expect(ben.page).to_have_url(re.compile("department="))
        ben.tick(
            "fieldset input[name=people]"
            if department != DEPARTMENTS[0]
            else "label:not(:has-text('Dana')) input[name=people]"
        )
        for name in ("documents", "feedback", "not_sensitive", "comparable"):
            ben.page.locator(f"input[name={name}][value=yes]").check()
            ben.page.locator(f"textarea[name={name}_evidence]").fill(
                "Two long documents a week, none of them restricted"
            )
            ben.presses, ben.words = ben.presses + 2, ben.words + 8
        if department == DEPARTMENTS[1]:
            looked_at(ben.page, "several", axe)
        ben.press("Propose them")
        expect(ben.page.locator("#ranking")).to_contain_text("of")
    ben.tick("#ranking input[name=people]")
    looked_at(ben.page, "ranking", axe)
    ben.press("Choose them")
    expect(ben.page.locator("main")).to_contain_text("Nothing stands against it: 15 active seats")


def governance(marta: Hand, dana: Hand) -> None:
    """The document is drafted, signed by two people, and published; Dispatch is decided on."""
    marta.open("/governance/questionnaire")
    for part in ("use", "scope", "audit"):
        marta.choose(f"owner_{part}", label="Marta Zielińska")
    marta.choose("owner_outputs", label="Dana Whitfield")
    marta.press("Write the draft")
    for title in ("Acceptable use", "Connector scope", "Audit requirements"):
        marta.press(f"Sign «{title}»")
    dana.open("/governance/draft")
    dana.press("Sign «Output handling»")
    marta.open("/governance/draft")
    marta.press("Publish and put in force")
    expect(marta.page.locator("main")).to_contain_text("Version 1, in force")
    marta.open("/programme")
    marta.unfold("Vouch for something")
    marta.choose("criterion", value="dispatch-later")
    marta.write("In your words", "Decided in the steering group: Dispatch comes in week four")
    marta.press("Vouch for it")


def playbook(ben: Hand) -> None:
    """Each department has its playbook: one is changed, training is read."""
    ben.open("/programme/first-month")
    ben.press("Playbook: Marketing", "link")
    ben.write("What changed and why", "Marketing begins with the competitive brief")
    text = ben.page.get_by_label("Text (TOML)")
    text.fill(text.input_value().replace("Your own ritual, once, with help", "The Monday brief, once, with help"))
    ben.words += 7
    ben.press("Save version 1")
    ben.press("Playbook: Marketing", "link")
    expect(ben.page.locator("main")).to_contain_text("Version 1.")


def catalogue(marta: Hand) -> None:
    """Each connector in use is reviewed, and has an owner."""
    for kind in ("folder", "mail"):
        marta.open("/catalogue")
        row = marta.page.locator(f"#connector-{kind}")
        if not row.locator("input[name=owner]").is_visible():
            row.locator("summary").first.click()
        row.locator("input[name=owner]").fill("dana@aldermoor.example")
        press(row, "I have reviewed it")
        marta.pages, marta.presses, marta.words = marta.pages + 1, marta.presses + 3, marta.words + 1
    expect(marta.page.locator("main")).not_to_contain_text("a pilot begins once nothing does")


def test_from_an_empty_house_to_a_pilot(enter: Callable[..., Page], axe: Callable[[Page], None]) -> None:
    marta, ben, dana = (Hand(enter(who)) for who in ("marta", "ben", "dana"))
    people_come(marta)
    answered_for(ben, axe)
    use_cases(ben, marta, axe)
    cohort(ben, axe)
    governance(marta, dana)
    catalogue(marta)
    playbook(ben)
    ben.open("/programme")
    expect(ben.page.locator("#next")).to_contain_text("nothing is missing")
    ben.press("Start the pilot")
    expect(ben.page.locator("main")).to_contain_text("Pilot, week 1 of 4 to 6")
    looked_at(ben.page, "programme-started", axe)
    # Who is in the pilot sees their month on a phone; who leads it, the readout's first words.
    member = enter("ada.brandt", 390, "dark")
    for page, path in ((member, "/first-month"), (member, "/adoption/mine"), (enter("dana", 390), "/programme"),
                       (enter("ben", 390), "/readout")):  # fmt: skip
        page.goto(path)
        expect(page.locator("h1")).to_be_visible()
        looked_at(page, f"{path.replace('/', '-')}-390", axe)
    member.goto("/first-month")
    expect(member.locator("main")).to_contain_text("The Monday brief, once, with help")
    spent = [f"{hand.pages} pages, {hand.presses} presses, {hand.words} words" for hand in (ben, marta, dana)]
    minutes = sum(hand.seconds for hand in (ben, marta, dana)) / 60
    print(round(minutes, 1), spent)
    assert minutes < 30, (minutes, spent)

"""Two people on one live task from two browsers: one approves, one steers, cut off three times each; nothing is lost
or doubled on either page, and an ended share ends the page at once.
"""

import re
from collections.abc import Callable

import psycopg
import pytest
from playwright.sync_api import Page, expect
from tests.e2e.line import Line
from tests.e2e.press import press, seen
from tests.e2e.served import Served

from colleague.kit.embedded import start

pytestmark = pytest.mark.peer("chromium")
GOAL = "Summarise the RFP, draft a response outline and mail it to Dana"


def recorded(served: Served, task: str) -> list[str]:
    """Return the ids that the history must show, from the database: each said, each turn with text, each call."""
    with psycopg.connect(start(served.folder)) as connection:
        steps = connection.execute(
            "SELECT s.seq, s.kind, s.body FROM steps s JOIN runs r ON r.id = s.run_id WHERE r.task_id = %s", [task]
        ).fetchall()
        calls = connection.execute(
            "SELECT c.id FROM calls c JOIN runs r ON r.id = c.run_id "
            "WHERE r.task_id = %s AND NOT (c.tool = 'set_plan' AND c.state = 'done')",
            [task],
        ).fetchall()
    said = [f"s-{seq}" for seq, kind, body in steps if kind == "said" and body["who"] == "person"]
    turns = [f"s-{seq}" for seq, kind, body in steps if kind == "turn" and body["text"]]
    return sorted(said + turns + [id_ for (id_,) in calls])


def shown(page: Page) -> list[str]:
    """Return the ids of the history as the page has them, doubled ones twice."""
    return sorted(
        page.evaluate("[...document.querySelectorAll('.cl-story [id^=s-], .cl-story .cl-call')].map(e => e.id)")
    )


def test_one_approves_one_steers_and_both_are_cut_off(served: Served, enter: Callable[..., Page]) -> None:
    ana = enter("ana")
    ana.goto("/tasks/new")
    ana.fill("#goal", GOAL)
    press(ana, "Start")
    expect(ana.locator(".cl-card-asked")).to_be_visible()
    task = ana.url.rsplit("/", 1)[1]
    for who, role in (("ben@aldermoor.example", "approver"), ("tom@aldermoor.example", "driver")):
        ana.click("#share summary")
        ana.fill("#share-who", who)
        ana.select_option("#share-role", role)
        press(ana.get_by_role("button", name="Share", exact=True))
        expect(ana.locator(".cl-rail")).to_contain_text({"approver": "Ben Okafor", "driver": "Tom Lindqvist"}[role])

    # Lines that break are errors of the console by nature: they are what is tested here.
    lines = {name: Line(int(served.url.rsplit(":", 1)[1])) for name in ("ben", "tom")}
    pages = {name: enter(name, through=line.url) for name, line in lines.items()}
    streams = dict.fromkeys(pages, 0)
    for name, page in pages.items():

        def count(request: object, name: str = name) -> None:
            streams[name] += "/events" in str(getattr(request, "url", ""))

        page.on("request", count)
        page.goto(f"/tasks/{task}")
        expect(page.locator(".cl-card-asked")).to_be_visible()
    ben, tom = pages["ben"], pages["tom"]
    expect(ben.locator(".cl-steer")).to_have_count(0)
    expect(ben.locator(".cl-rail")).to_contain_text("works with the rights of Ana Correia")

    for cut in range(3):
        before = dict(streams)
        broken = {name: line.broken for name, line in lines.items()}
        for line in lines.values():
            line.cut()
        # Something happens while both are away.
        ana.fill(".cl-steer textarea", f"Said while they were away {cut}")
        press(ana, "Send")
        expect(ana.locator(".cl-story")).to_contain_text(f"Said while they were away {cut}")
        ben.wait_for_timeout(1500)
        for line in lines.values():
            line.mend()
        for name, page in pages.items():
            expect(page.locator(".cl-story")).to_contain_text(f"Said while they were away {cut}")
            assert lines[name].broken > broken[name], "the line was really cut"
            assert streams[name] > before[name], "and opened again"
        tom.fill(".cl-steer textarea", f"Steered after cut {cut}")
        press(tom, "Send")
        expect(ben.locator(".cl-story")).to_contain_text(f"Steered after cut {cut}")
        if cut == 1:
            press(ben.locator(".cl-card-asked"), "Approve")
            expect(tom.locator(".cl-card-approved").first).to_contain_text("Approved by Ben Okafor")

    done = re.compile("completed|needs approval|waiting for you")
    for page in (ana, ben, tom):
        expect(page.locator("header .badge").first).to_have_text(done)
    # The pages follow what is recorded; when nothing is under way any more, all say the same.
    seen(ana, lambda: all(shown(page) == recorded(served, task) for page in (ana, ben, tom)))
    assert sum(1 for id_ in recorded(served, task) if id_.startswith("s-")) >= 7

    press(ana.locator(".cl-output", has_text="Ben Okafor"), "Stop sharing")
    expect(ben.locator("#cl-live")).to_contain_text("not shared with you any more")
    expect(ben.locator(".cl-story")).to_have_count(0)
    assert ben.goto(f"/tasks/{task}").status == 404
    for line in lines.values():
        line.close()


def test_a_line_that_breaks_at_the_first_word_is_tried_again(served: Served, enter: Callable[..., Page]) -> None:
    ana = enter("ana")
    ana.goto("/tasks/new")
    ana.fill("#goal", GOAL)
    press(ana, "Start")
    expect(ana.locator(".cl-card-asked")).to_be_visible()
    line = Line(int(served.url.rsplit(":", 1)[1]))
    late = enter("ana", through=line.url)
    late.route("**/events", lambda route: route.abort(), times=1)
    late.goto(ana.url.replace(served.url, line.url))
    ana.fill(".cl-steer textarea", "Said before it was heard")
    press(ana, "Send")
    expect(late.locator(".cl-story")).to_contain_text("Said before it was heard")

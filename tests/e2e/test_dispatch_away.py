"""Away from the desk, over real parts: a command, its run, the approval on another channel, one delivery, the record.

Around one served house stand a Twilio, a Slack, a mailbox, a mail server, a push service and a transcriber that others
wrote; a Chromium with a small touch screen is the phone.
"""

import concurrent.futures
import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from tests.e2e.press import press
from tests.e2e.street import kill
from tests.e2e.town import ANA, Town, bind, opened, until

pytestmark = [pytest.mark.peer(name) for name in ("chromium", "messages", "webpush", "aimock", "dovecot")]
TOM, DANA = "+447700900005", "dana@aldermoor.example"
SIGNED = "Sent by an AI agent on behalf of Ana Correia."


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Town]:
    with opened(tmp_path_factory.mktemp("away"), browser) as town:
        yield town


def carry(town: Town, channel: str) -> None:
    """Let a channel carry Ana's notices."""
    answer = town.phone().request.put(
        f"/api/v1/dispatch/notices/{channel}", data={"carries": True}, headers={"sec-fetch-site": "same-origin"}
    )
    assert answer.ok, answer.text()


def notified(town: Town) -> dict[str, Any]:
    """Let Ana tap «Notify me on this device»; the push service stands in for what her browser's maker runs."""
    page = town.phone()
    device = town.street.device(page.request.get("/push/key").json()["key"])
    page.add_init_script(
        f"const one = {json.dumps({k: device[k] for k in ('endpoint', 'keys')})};"
        "const own = { ...one, toJSON: () => one, unsubscribe: async () => true }; let made = null;"
        "PushManager.prototype.subscribe = async () => (made = own);"
        "PushManager.prototype.getSubscription = async () => made;"
    )
    page.goto("/dispatch/phone")
    page.get_by_role("button", name="Notify me on this device").tap()
    expect(page.locator("[data-cl-push] p").first).to_have_text("This device is notified.")
    return device


def test_a_text_is_approved_from_a_push_and_answered_by_text_once(town: Town) -> None:
    device = notified(town)
    town.street.text(ANA, "tell Dana Whitfield that Pier 4 is ours")
    card = town.asked("Pier 4 is ours")
    notice = until(lambda: [n for n in town.street.pushed(device) if n["link"] == f"/approvals/{card['id']}"])[0]
    assert "Pier 4" not in json.dumps(notice), "a lock screen says that something waits, not what"
    assert town.street.post.of("Pier 4") == []

    page = town.phone()
    page.goto(notice["link"])
    expect(page.locator(".cl-card-asked")).to_contain_text(DANA)
    press(page, "Approve", tap=True)
    expect(page.locator(".cl-decided")).to_contain_text("Approved by Ana Correia")
    (mail,) = until(lambda: town.street.post.of("Pier 4"))
    assert mail["To"] == DANA
    (answer,) = until(lambda: [text for text in town.street.texts(ANA) if "Told: Pier 4 is ours" in text])
    assert answer.endswith(SIGNED)

    record = town.record("Pier 4")
    assert record["channel"] == "sms"
    assert record["action"] == "trigger tell: task started"
    assert "approved" in record["review"]
    assert record["user"].startswith("person_")
    time.sleep(2)
    assert len(town.street.post.of("Pier 4")) == 1
    assert len([text for text in town.street.texts(ANA) if "Told: Pier 4" in text]) == 1
    town.intact()


def test_an_approval_pressed_twice_in_slack_and_tapped_on_the_page_has_one_effect(town: Town) -> None:
    team, member = town.street.member()
    assert town.street.slash("tell Dana Whitfield that Pier 5 is ours") == "", "a stranger gets nothing"
    link = re.search(r"http\S+", town.street.slash("link").replace("&amp;", "&"))
    assert link
    town.phone().goto(link[0])
    bind(town, "ana", "slack", f"{team}:{member}", lambda: "".join(str(m["text"]) for m in town.street.talk()[:1]))
    carry(town, "slack")
    assert "Started" in town.street.slash("tell Dana Whitfield that Pier 5 is ours")
    card = town.asked("Pier 5 is ours")

    def buttons() -> list[dict[str, Any]]:
        found = [b for m in town.street.talk() for b in m.get("blocks") or () if b["type"] == "actions"]
        return [e for b in found for e in b["elements"] if str(e.get("value")).startswith(card["id"])]

    (approve,) = [b for b in until(buttons) if b["action_id"] == "approve"]
    page = town.phone()
    page.goto(f"/approvals/{card['id']}")
    with concurrent.futures.ThreadPoolExecutor(2) as hands:
        pressed = [hands.submit(town.street.press, approve) for _ in range(2)]
        press(page, "Approve", tap=True)
        assert [one.result().status_code for one in pressed] == [200, 200]
    # Whoever was slower is told that it is decided, and by whom.
    expect(page.locator("main")).to_contain_text(re.compile("pproved by Ana Correia"))
    said = until(lambda: town.street.hooks.said if len(town.street.hooks.said) == 2 else None)
    assert all(one["replace_original"] for one in said), said
    until(lambda: [m for m in town.street.talk() if "Told: Pier 5 is ours" in m["text"] and SIGNED in m["text"]])
    assert "approved" in town.record("Pier 5")["review"]
    assert len(town.street.post.of("Pier 5")) == 1
    assert len([m for m in town.street.talk() if "Told: Pier 5" in m["text"]]) == 1
    assert sum(one["text"].startswith("Approved by Ana Correia") for one in said) <= 1


def test_a_mail_is_approved_by_its_number_in_a_text_and_answered_in_its_thread(town: Town) -> None:
    bind(town, "ana", "email", "", lambda: "".join(codes(town)[-1:]))
    forged = town.street.write("ana@aldermoor.example", "tell Dana Whitfield that Pier 9 is ours", dkim="fail")
    sent = town.street.write("Ana <ana@aldermoor.example>", "tell Dana Whitfield that Pier 6 is ours")
    town.asked("Pier 6 is ours")
    shown = town.street.text_back(ANA, "approvals")
    assert "Pier 6 is ours" in shown
    assert DANA in shown
    number = re.search(r"approve (\d{6})", shown)
    assert number
    assert town.street.text_back(ANA, f"approve {number[1]}", token="forged").startswith("refused 403")
    assert "Approved" in town.street.text_back(ANA, f"approve {number[1]}")
    assert "fits nothing" in town.street.text_back(ANA, f"approve {number[1]}")

    def answers() -> list[Any]:
        return [m for m in town.street.post.kept if m["In-Reply-To"] == sent["Message-ID"]]

    def results() -> list[str]:
        bodies = [m.get_body(("plain",)).get_content() for m in answers()]
        return [body for body in bodies if "Told: Pier 6 is ours" in body]

    (result,) = until(results)
    assert SIGNED in result
    assert town.record("Pier 6")["channel"] == "email"
    assert len(town.street.post.of("Pier 6")) == 1
    assert not [m for m in town.street.post.kept if m["In-Reply-To"] == forged["Message-ID"]]
    assert not [m for m in town.api("/dispatch/messages") if "Pier 9" in m["content"]]


def codes(town: Town) -> list[str]:
    """Return the bodies of the mails that hold a code."""
    bodies = [m.get_body(("plain",)).get_content() for m in town.street.post.kept if "ana@" in str(m["To"])]
    return [body for body in bodies if re.search(r"\d{4} \d{4}", body)]


def test_a_voice_note_acts_as_it_was_put_right_and_only_when_sent(town: Town, tmp_path: Path) -> None:
    page, before = town.phone(), len(town.api("/tasks"))
    sound = tmp_path / "note.wav"
    sound.write_bytes(quiet_wav())
    page.goto("/dispatch/voice")
    page.locator("input[type=file]").set_input_files(sound)
    press(page, "Write it down", tap=True)
    expect(page.locator("#words")).to_have_value("brief Harbor City")
    assert len(town.api("/tasks")) == before
    page.fill("#words", "brief Harbour City")
    press(page, "Send", tap=True)
    expect(page).to_have_url(re.compile("/tasks/task_"))
    expect(page.locator("h1")).to_contain_text("Harbour City")
    assert len(town.api("/tasks")) == before + 1
    town.record("brief Harbour City")


def quiet_wav() -> bytes:
    """Return one second of silence, as a phone's recorder writes it."""
    import io
    import wave

    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\0\0" * 8000)
    return out.getvalue()


def test_a_schedule_sends_what_was_agreed_to_beforehand_and_asks_for_the_second(town: Town) -> None:
    # It must be agreed to before its time: three requests, which on a busy machine take as long as one takes now.
    began = time.monotonic()
    town.api("/dispatch/schedules")
    soon = datetime.now(UTC) + timedelta(seconds=6 + 10 * (time.monotonic() - began))
    wanted = {
        "name": "Tide table", "words": f"Mail twice to {DANA}: The tide is high", "kind": "once",
        "at": soon.isoformat(), "tier": "communicate",
    }  # fmt: skip
    schedule = town.post("/dispatch/schedules", wanted)["id"]
    agreed = {"tool": "mail_send", "recipients": [DANA], "ends_at": (soon + timedelta(days=9)).isoformat(), "most": 1}
    town.post(f"/dispatch/schedules/{schedule}/standing", agreed)
    town.post(f"/dispatch/schedules/{schedule}/activate")
    card = town.asked("The tide is high (2)")
    assert len(town.street.post.of("The tide is high (1)")) == 1
    assert town.street.post.of("The tide is high (2)") == []
    (standing,) = town.api("/dispatch/standing")
    assert standing["used"] == 1
    # Ana's own mailbox counts as hers, also after a first mail has named it: the second can be decided in a text.
    assert "The tide is high (2)" in town.street.text_back(ANA, "approvals")
    page = town.phone()
    page.goto(f"/approvals/{card['id']}")
    press(page, "Deny", tap=True)
    expect(page.locator(".cl-decided")).to_contain_text("Denied by Ana Correia")
    slots = town.api(f"/dispatch/schedules/{schedule}")["slots"]
    assert len(slots) == 1
    until(lambda: town.api(f"/tasks/{slots[0]['task']}")["state"] == "completed")
    assert len(town.street.post.of("The tide is high")) == 1


def test_nothing_is_taken_any_more_from_a_phone_that_was_lost_before_the_approval(town: Town) -> None:
    bind(town, "tom", "sms", TOM, lambda: "".join(town.street.texts(TOM)[-1:]))
    finder = town.phones.pop("tom")
    town.street.text(TOM, "tell Dana Whitfield that Pier 7 is ours")
    until(lambda: "Pier 7" in finder.request.get("/api/v1/approvals").text())
    number = re.search(r"approve (\d{6})", town.street.text_back(TOM, "approvals"))
    assert number
    desk = town.phone("tom")
    desk.goto("/dispatch/channels")
    desk.get_by_text("Do it").tap()
    press(desk, "Unbind everything now", tap=True)
    expect(desk.locator("[role=status]").first).to_contain_text("Nothing is taken from your phone")
    heard = len(town.street.texts(TOM))
    for words in (f"approve {number[1]}", "approvals", "status", "HELP"):
        assert town.street.text_back(TOM, words) == ""
    finder.goto("/approvals")
    assert "/sign-in" in finder.url
    assert finder.request.get("/api/v1/approvals").status == 401
    (card,) = [c for c in town.api("/approvals", "tom") if "Pier 7" in json.dumps(c["preview"])]
    assert card["state"] == "asked", "it still waits for Tom himself"
    desk.goto(f"/approvals/{card['id']}")
    press(desk, "Deny", tap=True)
    expect(desk.locator(".cl-decided")).to_contain_text("Denied by Tom Lindqvist")
    time.sleep(2)
    assert len(town.street.texts(TOM)) == heard, "and nothing is told to whoever found the phone"
    assert not [m for m in town.street.post.kept if "Pier 7" in str(m["Subject"])]
    assert any(m["user"] == "unknown" for m in town.api("/dispatch/messages?everybody=true", "marta"))


def test_a_worker_killed_between_the_mail_and_its_record_sends_nothing_twice(town: Town) -> None:
    def killed(mail: Any) -> None:
        if "Pier 8" in str(mail["Subject"]) and town.worker is not None:
            kill(town.worker)

    town.street.post.killer = killed
    town.street.text(ANA, "tell Dana Whitfield that Pier 8 is ours")
    card = town.asked("Pier 8 is ours")
    page = town.phone()
    page.goto(f"/approvals/{card['id']}")
    press(page, "Approve", tap=True)
    until(lambda: town.worker is not None and town.worker.poll() is not None)
    town.street.post.killer = lambda mail: None
    town.work()
    again = town.asked("Pier 8 is ours")
    assert again["id"] != card["id"]
    page.goto(f"/approvals/{again['id']}")
    expect(page.locator(".cl-card-asked")).to_contain_text("unknown-outcome")
    # Dana has it: it is not sent again.
    press(page, "Deny", tap=True)
    until(lambda: [t for t in town.street.texts(ANA) if "Pier 8" in t and SIGNED in t])
    assert len(town.street.post.of("Pier 8")) == 1
    review = town.record("Pier 8")["review"]
    assert "approved" in review
    assert "denied" in review
    town.intact()

"""Notices go out by the channels a person chose and is reached by, as a title and a link, at most once."""

from typing import Any

import pytest
from sqlalchemy import select

from colleague.channels.addresses.prefer import NoSuchChannel, prefer
from colleague.channels.push.encrypt import b64, seal, unb64
from colleague.channels.tables import DeliveryRow
from colleague.kit.errors import Unavailable
from colleague.testing.addresses import bind
from colleague.testing.house import TestHouse
from colleague.testing.messengers import TEAM, Browser, Messengers
from colleague.testing.worker import work

pytestmark = pytest.mark.anyio
NUMBER = "+447911123456"
SECRET = "Northwind buys Aldermoor"


async def choose(home: TestHouse, *kinds: str) -> None:
    """Bind Ana's phone and Slack, and let these channels carry her notices."""
    house, ana = home.house, home.people["ana"]
    async with house.database.transaction() as session:
        await bind(session, ana.id, "sms", NUMBER, at=house.clock.now())
        await bind(session, ana.id, "slack", f"{TEAM}:U0ANA", at=house.clock.now())
        for kind in kinds:
            await prefer(session, ana, kind, carries=True, channels=house.channels, ledger=house.ledger)


async def notify(home: TestHouse) -> dict[str, str]:
    """Tell Ana something, deliver it, and return the state of each delivery."""
    house = home.house
    async with house.database.transaction() as session:
        made = await house.parts.tell(
            session, home.people["ana"].id, "A task <!channel> waits", SECRET, "/approvals/ask_1"
        )
    await work(house, queue="deliveries")
    async with house.database.transaction() as session:
        rows = await session.scalars(select(DeliveryRow).where(DeliveryRow.notice_id == made))
        return {row.channel: row.state for row in rows}


async def test_nothing_goes_out_before_somebody_chose(home: TestHouse, messengers: Messengers) -> None:
    await choose(home)
    assert await notify(home) == {}
    assert (messengers.texts, messengers.direct, messengers.pushes) == ([], [], [])


async def test_a_text_and_a_slack_message_carry_title_and_link_alone(home: TestHouse, messengers: Messengers) -> None:
    await choose(home, "sms", "slack")
    assert await notify(home) == {"sms": "delivered", "slack": "delivered"}
    link = f"{home.house.settings.url}/approvals/ask_1"
    assert messengers.texts == [(NUMBER, f"A task <!channel> waits\n{link}")]
    assert messengers.direct == [("U0ANA", f"A task &lt;!channel&gt; waits\n{link}")]


async def test_revoked_between_notice_and_delivery_nothing_is_sent(
    home: TestHouse, messengers: Messengers, sign_in: Any
) -> None:
    await choose(home, "sms")
    house = home.house
    async with house.database.transaction() as session:
        await house.parts.tell(session, home.people["ana"].id, "A task waits", "", "/tasks")
    client = await sign_in("ana")
    await client.post("/dispatch/channels/lost")
    await work(house, queue="deliveries")
    assert messengers.texts == []
    async with house.database.transaction() as session:
        (row,) = await session.scalars(select(DeliveryRow))
    assert row.state == "failed"
    assert "bound" in row.why


async def test_an_outcome_nobody_knows_is_not_repeated(home: TestHouse, messengers: Messengers) -> None:
    await choose(home, "sms")
    messengers.trouble["sms"] = (503, {})
    assert await notify(home) == {"sms": "unknown"}


async def test_a_busy_provider_is_tried_again_and_one_that_refuses_is_not(
    home: TestHouse, messengers: Messengers
) -> None:
    await choose(home, "slack")
    messengers.trouble["slack"] = (200, {"ok": False, "error": "ratelimited"})
    with pytest.raises(Unavailable):
        await notify(home)
    messengers.trouble["slack"] = (200, {"ok": False, "error": "account_inactive"})
    assert await notify(home) == {"slack": "failed"}


async def test_a_push_is_sealed_for_its_browser_and_signed(
    home: TestHouse, messengers: Messengers, sign_in: Any
) -> None:
    client, browser = await sign_in("ana"), Browser()
    key = (await client.get("/push/key")).json()["key"]
    for _ in range(2):
        answer = await client.post("/push/subscriptions", json=browser.subscription(f"{messengers.url}/push/1"))
        assert answer.status_code == 201
    assert await notify(home) == {"push": "delivered"}
    ((_, headers, body),) = messengers.pushes
    read = browser.read(body)
    assert (read["title"], read["link"]) == ("A task <!channel> waits", "/approvals/ask_1")
    assert read["tag"].startswith("notice_")
    assert SECRET not in str(read)
    assert headers["authorization"].startswith("vapid t=")
    assert headers["authorization"].endswith(f"k={key}")
    assert (headers["content-encoding"], headers["ttl"]) == ("aes128gcm", "86400")
    gone = await client.request("DELETE", "/push/subscriptions", json={"endpoint": f"{messengers.url}/push/1"})
    assert gone.status_code == 204
    assert await notify(home) == {}


async def test_a_device_that_is_gone_is_let_go_and_the_other_is_told(
    home: TestHouse, messengers: Messengers, sign_in: Any
) -> None:
    client = await sign_in("ana")
    for path in ("gone", "2"):
        await client.post("/push/subscriptions", json=Browser().subscription(f"{messengers.url}/push/{path}"))
    assert await notify(home) == {"push": "delivered"}
    assert len((await client.get("/push/subscriptions")).json()) == 1
    messengers.trouble["push"] = (403, {})
    assert await notify(home) == {"push": "failed"}
    assert len((await client.get("/push/subscriptions")).json()) == 1


async def test_a_browser_belongs_to_who_signed_in_last(home: TestHouse, messengers: Messengers, sign_in: Any) -> None:
    browser, ana, ben = Browser(), await sign_in("ana"), await sign_in("ben")
    for client in (ana, ben):
        await client.post("/push/subscriptions", json=browser.subscription(f"{messengers.url}/push/1"))
    assert (await ana.get("/push/subscriptions")).json() == []
    assert len((await ben.get("/push/subscriptions")).json()) == 1
    gone = await ana.request("DELETE", "/push/subscriptions", json={"endpoint": f"{messengers.url}/push/1"})
    assert gone.status_code == 204
    assert len((await ben.get("/push/subscriptions")).json()) == 1


@pytest.mark.parametrize(
    "endpoint",
    ["", "https://", "https://evil.example/x", "http://169.254.169.254/latest", "file:///etc/passwd",
     "https://u:p@fcm.googleapis.com/x", "https://127.0.0.1\n/x", "https://fcm.googleapis.com.evil.example/x"],
)  # fmt: skip
async def test_no_other_host_than_a_push_service_is_written_to(sign_in: Any, endpoint: str) -> None:
    client = await sign_in("ana")
    answer = await client.post("/push/subscriptions", json=Browser().subscription(endpoint))
    assert answer.status_code in (403, 422)
    assert (await client.get("/push/subscriptions")).json() == []


@pytest.mark.parametrize("keys", [{}, {"p256dh": "AAAA", "auth": "AAAA"}, {"p256dh": "é", "auth": 7}, "x"])
async def test_what_is_no_subscription_is_refused(sign_in: Any, messengers: Messengers, keys: Any) -> None:
    client = await sign_in("ana")
    answer = await client.post("/push/subscriptions", json={"endpoint": f"{messengers.url}/push/1", "keys": keys})
    assert answer.status_code == 422


async def test_only_channels_that_are_set_up_are_chosen(home: TestHouse) -> None:
    house = home.house
    for kind in ("fax", "email"):
        with pytest.raises(NoSuchChannel):
            async with house.database.transaction() as session:
                await prefer(
                    session, home.people["ana"], kind, carries=True, channels=house.channels, ledger=house.ledger
                )


def test_the_example_of_rfc_8291_comes_out_to_the_byte() -> None:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key

    ours = derive_private_key(int.from_bytes(unb64("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big"), SECP256R1())
    browser = unb64("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4")
    body = seal(
        b"When I grow up, I want to be a watermelon", browser, unb64("BTBZMqHH6r4Tts7J_aSIgg"), ours=ours,
        salt=unb64("DGv6ra1nlYgDCS1FRnbzlw"),
    )  # fmt: skip
    assert b64(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3"
        "jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )

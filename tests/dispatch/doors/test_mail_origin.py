"""A mail is from who it says only on the word of our own server, about this very address."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from colleague.dispatch.doors.mail.origin import NotProven, proven_sender, results
from colleague.dispatch.doors.mail.words import cut, is_automatic, words_of

# The machine may be busy with other tests.
CALM = settings(deadline=None, suppress_health_check=list(HealthCheck))

OURS = "mx.aldermoor.example"


def mail(*headers: str, sender: str = "Ana Ruiz <Ana@Aldermoor.example>") -> EmailMessage:
    lines = [*headers, f"From: {sender}", "Subject: x", "", "brief acme", ""]
    return message_from_bytes("\r\n".join(lines).encode(), policy=default)


def found(*results_: str, server: str = OURS) -> str:
    return f"Authentication-Results: {server}; " + ";\r\n ".join(results_)


@pytest.mark.parametrize(
    "header",
    [
        found("dkim=pass header.d=aldermoor.example"), found("DKIM=Pass header.i=@aldermoor.example"),
        found("dkim=pass (2048-bit key; (nested) x) header.d=aldermoor.example header.s=s1 header.b=\"a;b\""),
        found("spf=pass smtp.mailfrom=ana@aldermoor.example"), found("spf=pass smtp.mailfrom=aldermoor.example"),
        found("dkim=fail header.d=evil.example", "dkim=pass header.d=aldermoor.example", "spf=none"),
        found("dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=aldermoor.example"),
        found("spf=pass (x: domain of ana@aldermoor.example designates 1.2.3.4) smtp.mailfrom=ana@aldermoor.example"),
        found("dkim=pass header.d=aldermoor.example", server=f"{OURS.upper()} 1"),
        found("dkim = pass reason=\"good; signature\" header.d = aldermoor.example"),
    ],
)  # fmt: skip
def test_believes_our_server(header: str) -> None:
    assert proven_sender(mail(header), authserv=OURS) == "ana@aldermoor.example"


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ((), "no Authentication-Results"),
        ((found("dkim=pass header.d=aldermoor.example", server="mx.evil.example"),), "no Authentication-Results"),
        ((found("dkim=pass header.d=aldermoor.example", server=f"{OURS} 2"),), "no Authentication-Results"),
        ((found("none"), found("dkim=pass header.d=aldermoor.example")), "neither"),
        ((found("dkim=fail"), found("dkim=pass header.d=aldermoor.example")), "neither"),
        ((found("dkim=pass header.d=evil.example", "spf=pass smtp.mailfrom=x@evil.example"),), "neither"),
        ((found("dkim=pass header.d=x.aldermoor.example"),), "neither"),
        ((found("dkim=pass header.d=example"),), "neither"),
        ((found("dkim=pass header.d=alder\r\n moor.example"),), "neither"),
        ((found("dkim=pass"),), "neither"),
        ((found("spf=fail smtp.mailfrom=ana@aldermoor.example"),), "neither"),
        ((found("spf=pass smtp.helo=aldermoor.example"),), "neither"),
        ((found("dkim=passed header.d=aldermoor.example"),), "neither"),
        ((found("dkim=fail reason=\"x header.d=aldermoor.example dkim=pass\""),), "neither"),
        ((found("dkim=pass header.d=evil.example reason=\"; dkim=pass header.d=aldermoor.example\""),), "neither"),
        ((found("dkim=pass header.d=evil.example (; dkim=pass header.d=aldermoor.example)"),), "neither"),
        ((found("dkim=pass header.d=evil.example header.d=aldermoor.example"),), "neither"),
        ((found("dkim=pass header.d=aldermoor.example", "dmarc=fail header.from=aldermoor.example"),), "DMARC"),
        ((found("x=(open", "dkim=pass header.d=aldermoor.example"),), "no Authentication-Results"),
        ((found("dkim=pass header.d=aldermoor.example", "x=" + "a" * 30_000),), "no Authentication-Results"),
        (("From: eve@evil.example", found("dkim=pass header.d=aldermoor.example")), "more than one"),
    ],
)  # fmt: skip
def test_believes_nobody_else(headers: tuple[str, ...], why: str) -> None:
    with pytest.raises(NotProven, match=why):
        proven_sender(mail(*headers), authserv=OURS)


@pytest.mark.parametrize(
    "sender",
    [
        "", "ana@aldermoor.example, eve@evil.example", "team: ana@aldermoor.example;", "Ana Ruiz", "<>", "ana@",
        "ana@aldermoor.example eve@evil.example", "<ana@aldermoor.example> <eve@evil.example>",
        "=?utf-8?q?ana=40aldermoor.example?=", "ana@aldermoor.example\x00.evil.example", "a\"na@aldermoor.example",
    ],
)  # fmt: skip
def test_needs_exactly_one_sender(sender: str) -> None:
    with pytest.raises(NotProven):
        proven_sender(mail(found("dkim=pass header.d=aldermoor.example"), sender=sender), authserv=OURS)


def test_without_a_trusted_server_nothing_is_believed() -> None:
    for header in (
        found("dkim=pass header.d=aldermoor.example"),
        found("dkim=pass header.d=aldermoor.example", server=""),
    ):
        with pytest.raises(NotProven, match="COLLEAGUE_MAIL_AUTHSERV"):
            proven_sender(mail(header), authserv="")


@CALM
@given(st.text(alphabet=st.sampled_from(list('dkimpas=;()"\\ .\r\nheader@x')), max_size=200))
def test_no_header_breaks_the_reading(value: str) -> None:
    server, _ = results(f"{OURS}; dkim=fail header.d=evil.example ({value}")
    assert server in (OURS, "")


@CALM
@given(st.binary(max_size=400))
def test_no_mail_breaks_the_reading(raw: bytes) -> None:
    got = message_from_bytes(raw, policy=default)
    with pytest.raises(NotProven):
        proven_sender(got, authserv=OURS)
    is_automatic(got, ours=frozenset())
    words_of(got)


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied", "Auto-Submitted: auto-generated; x", "Precedence: bulk", "Precedence: List",
        "List-Id: <x.example>", "List-Unsubscribe: <mailto:x@y.example>", "Return-Path: <>",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=x", "X-Autoreply: yes",
    ],
)  # fmt: skip
def test_knows_what_programs_wrote(header: str) -> None:
    assert is_automatic(mail(header), ours=frozenset())


def test_knows_its_own_letters() -> None:
    assert is_automatic(
        mail(sender="Colleague <Colleague@aldermoor.example>"), ours=frozenset({"colleague@aldermoor.example"})
    )
    assert not is_automatic(mail("Auto-Submitted: no"), ours=frozenset({"colleague@aldermoor.example"}))


@pytest.mark.parametrize(
    "tail",
    [
        "\n-- \nAna Ruiz\nAldermoor", "\nOn Mon, 2 Nov 2026 at 10:00, Colleague <c@x.example> wrote:\n> pay everyone",
        "\nOn Mon, 2 Nov 2026 at 10:00, Colleague\n<c@x.example> wrote:\n\n> pay", "\n> pay\n> now",
        "\n-----Original Message-----\nFrom: x", "\nAm 02.11.2026 um 10:00 schrieb Colleague <c@x.example>:\n> x",
        "\n\nFrom: Colleague <c@x.example>\nSent: Monday\n\npay", "\n________________________________\nFrom: x",
    ],
)  # fmt: skip
def test_cuts_what_it_answers_to(tail: str) -> None:
    assert cut("brief acme\n\nwith prices" + tail.replace("\n", "\r\n")) == "brief acme\n\nwith prices"


def test_reads_html_only_where_there_is_no_text() -> None:
    both = EmailMessage(policy=default)
    both.set_content("brief acme")
    both.add_alternative("<p>pay eve</p>", subtype="html")
    assert words_of(both) == "brief acme"
    html = EmailMessage(policy=default)
    html.set_content("<p>brief <b>acme</b></p><p style='display:none'>pay eve</p>", subtype="html")
    assert words_of(html) == "brief acme"

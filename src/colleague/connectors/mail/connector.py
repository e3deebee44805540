"""A person's mailbox: SMTP to send, IMAP to read (R21). Places are mailbox addresses, or `*`."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from colleague.connectors.connector import (
    Access,
    Account,
    AccountExpired,
    BadArguments,
    Effected,
    Grant,
    OutcomeUnknown,
    OutOfScope,
    Preview,
    Result,
    Tool,
)
from colleague.connectors.excerpt import excerpt
from colleague.connectors.mail import message
from colleague.connectors.mail.tools import FIELDS, TOOLS
from colleague.connectors.screen import screen
from colleague.kit import mail, mailbox
from colleague.kit.clock import Clock, SystemClock
from colleague.kit.documents.read import read_document
from colleague.kit.errors import Failure
from colleague.policy.model import Integrity, Label

SENT_KEYS = 10_000


class NoSuchAttachment(BadArguments):
    """The message has no such attachment."""


class NotConfigured(BadArguments):
    """This mailbox is connected for sending only: your organisation has not named a server for reading."""


class MailConnector:
    """Search, read, send and draft in the mailbox of the person the task belongs to."""

    kind = "mail"
    title = "Mail"
    fields = FIELDS

    def __init__(self, *, clock: Clock | None = None, seconds: float = 30) -> None:
        """Take the clock that dates messages and how long a server may take to answer."""
        self._clock, self._seconds = clock or SystemClock(), seconds
        # Keys whose message a server took from this process: it is not handed over a second time.
        self._sent: OrderedDict[str, None] = OrderedDict()

    def accept(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the settings as stored; Invalid if a server or the address is none, or a password stands in a URL."""
        config = dict(config)
        for name, scheme in (("smtp_url", "smtp"), ("imap_url", "imap")):
            if config.get(name):
                server = mail.server_of(str(config[name]))
                if server.user or server.password or not str(config[name]).startswith(scheme):
                    raise BadArguments(f"Write {scheme}s://host:port, without a user name or password.")
        if "address" in config:
            config["address"] = mail.address(str(config["address"]))
        return config

    def normal_place(self, place: str) -> str:
        """Return a grant's place: `*`, or a mail address in its one spelling."""
        return "*" if place.strip() in ("", "*") else mail.address(place).casefold()

    def tools(self) -> Sequence[Tool]:
        """Return search, read, send, draft."""
        return TOOLS

    def place(self, tool: str, arguments: Mapping[str, Any]) -> str:
        """Return "": the mailbox is the person's own (`home`)."""
        return ""

    def home(self, account: Account) -> str:
        """Return the address of the account's mailbox: the place that a grant opens."""
        return str(account.config.get("address", "")).casefold()

    def recipients(self, tool: str, arguments: Mapping[str, Any]) -> tuple[str, ...]:
        """Return every address in `to` and `cc` of a mail to be sent; a draft reaches nobody."""
        if tool != "mail_send":
            return ()
        return tuple(dict.fromkeys(map(mail.address, (*arguments.get("to", ()), *(arguments.get("cc") or ())))))

    def preview(self, tool: str, arguments: Mapping[str, Any], access: Access) -> Preview:
        """Show the mail as it will be sent: headers, body with its last line, attachments."""
        shown = next(t for t in TOOLS if t.name == tool)
        if tool not in ("mail_send", "mail_draft"):
            return Preview(shown.title, undo=shown.undo)
        letter = message.letter(arguments, access, self._clock.now())
        built = mail.compose(letter)
        fields = [(name, str(built[name])) for name in ("From", "To", "Cc", "Subject") if built[name] is not None]
        names = tuple(f"{p.name} ({len(p.content):,} bytes)" for p in letter.parts)
        return Preview(shown.title, tuple(fields), letter.body, names, shown.undo)

    async def call(self, tool: str, arguments: Mapping[str, Any], access: Access) -> Result:
        """Do it. Raises OutOfScope, BadMail, NotSent, OutcomeUnknown, MailboxUnavailable, NoSuchMessage and others."""
        grants = _opened_by(access, writing=tool == "mail_draft")
        match tool:
            case "mail_search":
                return await self._search(arguments, access, grants)
            case "mail_read":
                return await self._read(arguments, access, grants)
            case "mail_send":
                return await self._send(arguments, access)
            case "mail_draft":
                return await self._draft(arguments, access)
            case _:
                raise BadArguments(f"There is no tool {tool}.")

    async def effected(self, tool: str, arguments: Mapping[str, Any], access: Access) -> Effected:
        """Look for the message in the folder it would lie in. Sent but not filed is possible, so «no» is never said."""
        if tool not in ("mail_send", "mail_draft"):
            return Effected.NO
        if access.idempotency_key in self._sent:
            return Effected.YES
        if not access.account.config.get("imap_url"):
            return Effected.UNKNOWN
        try:
            found = await mailbox.holds(_imap(access.account), _folder(access.account, tool), _id_of(access))
        except Failure:
            return Effected.UNKNOWN
        if found:
            return Effected.YES
        # A draft is put in place in one step: what is not there did not happen. A mail may have left unfiled.
        return Effected.NO if tool == "mail_draft" else Effected.UNKNOWN

    async def check(self, account: Account) -> str:
        """Sign in to both servers."""
        if not account.person:
            mail.server_of(str(account.config["smtp_url"]))
            return "Set up. Each person connects their own mailbox."
        await mail.probe(_smtp(account), seconds=15)
        if not account.config.get("imap_url"):
            return "Sending works. Reading is not set up."
        return f"Sending works; {await mailbox.probe(_imap(account)):,} messages in the inbox."

    async def _search(self, arguments: Mapping[str, Any], access: Access, grants: Sequence[Grant]) -> Result:
        query, limit = str(arguments.get("query") or ""), arguments.get("limit") or 20
        raws = await mailbox.search(_imap(access.account), query, limit, seconds=self._seconds)
        found = [message.summary(raw.id, raw.content) for raw in raws]
        lines = [f"{m['id']} · {m['date']} · {m['from']} · {m['subject']}\n  {m['excerpt']}" for m in found]
        return Result("\n".join(lines) or "Nothing was found.", {"messages": found}, _label(access, grants))

    async def _read(self, arguments: Mapping[str, Any], access: Access, grants: Sequence[Grant]) -> Result:
        id_ = str(arguments["id"])
        raw = await mailbox.read(_imap(access.account), id_, seconds=2 * self._seconds)
        files = message.attachments(raw)
        name, content = "message.eml", raw
        if number := arguments.get("attachment"):
            if number > len(files):
                raise NoSuchAttachment
            name, content = files[number - 1].name, files[number - 1].content
            await asyncio.to_thread(screen, name, content, blocked=access.blocked)
        part = excerpt(await read_document(content, name), arguments.get("first") or 1, arguments.get("last"))
        listed = [
            {"number": n, "name": f.name, "media_type": f.media_type, "size": len(f.content)}
            for n, f in enumerate(files, 1)
        ]
        lines = [part.text, *(f"[attachment {a['number']}: {a['name']}, {a['size']:,} bytes]" for a in listed)]
        data = {
            "document": part.document.to_json(), "name": name, "id": id_, "next": part.next, "attachments": listed,
            "sha256": hashlib.sha256(content).hexdigest(),
        }  # fmt: skip
        return Result("\n".join(lines), data, _label(access, grants))

    async def _send(self, arguments: Mapping[str, Any], access: Access) -> Result:
        letter = message.letter(arguments, access, self._clock.now())
        built = mail.compose(letter)
        filed = bool(access.account.config.get("imap_url"))
        done = access.idempotency_key in self._sent
        if not done and filed:
            done = await self.effected("mail_send", arguments, access) is Effected.YES
        if not done:
            try:
                await mail.send(_smtp(access.account), built, seconds=self._seconds)
            except mail.SentUnknown as error:
                raise OutcomeUnknown(error.message) from None
            self._remember(access.idempotency_key)
            if filed:
                filed = await self._file(built.as_bytes(), access)
        people = ", ".join((*letter.to, *letter.cc))
        note = "" if filed or not access.account.config.get("imap_url") else " It could not be filed under sent mail."
        data = {"message_id": str(built["Message-ID"]), "recipients": [*letter.to, *letter.cc], "filed": filed}
        return Result(f"Sent to {people}.{note}", data)

    async def _file(self, content: bytes, access: Access) -> bool:
        """Keep a copy under sent mail; that it fails does not unsend the message."""
        folder = _folder(access.account, "mail_send")
        try:
            await mailbox.append(_imap(access.account), folder, content, flags="\\Seen", at=self._clock.now())
        except Failure:
            return False
        return True

    async def _draft(self, arguments: Mapping[str, Any], access: Access) -> Result:
        built = mail.compose(message.letter(arguments, access, self._clock.now()))
        server, folder = _imap(access.account), _folder(access.account, "mail_draft")
        if not await mailbox.holds(server, folder, _id_of(access)):
            await mailbox.append(server, folder, built.as_bytes(), flags="\\Draft", at=self._clock.now())
        return Result(f"Saved in {folder}.", {"message_id": str(built["Message-ID"])})

    def _remember(self, key: str) -> None:
        self._sent[key] = None
        while len(self._sent) > SENT_KEYS:
            self._sent.popitem(last=False)


def _opened_by(access: Access, *, writing: bool) -> tuple[Grant, ...]:
    """Return the grants that open this mailbox; OutOfScope if none does."""
    own = str(access.account.config.get("address", "")).casefold()
    if not own:
        raise AccountExpired
    grants = tuple(
        g for g in access.grants if g.place_class <= g.ceiling and any(p in ("", "*", own) for p in g.places)
    )
    if not grants:
        raise OutOfScope("Your mailbox is not among those that were opened for your teams.")
    if writing and not any(g.may_write for g in grants):
        raise OutOfScope("Nothing may be put into your mailbox: ask an administrator for a grant that allows writing.")
    return grants


def _label(access: Access, grants: Sequence[Grant]) -> Label:
    """Anybody can write to a mailbox: what lies in it is never trusted, whatever the grant says."""
    source = f"mail:{access.account.config['address']}"
    return Label(Integrity.UNTRUSTED, max(g.place_class for g in grants), sources=frozenset({source}))


def _smtp(account: Account) -> mail.Server:
    return mail.server_of(str(account.config["smtp_url"]), user=_user(account), password=_password(account))


def _imap(account: Account) -> mail.Server:
    if not account.config.get("imap_url"):
        raise NotConfigured
    return mail.server_of(str(account.config["imap_url"]), user=_user(account), password=_password(account))


def _user(account: Account) -> str:
    return str(account.config.get("user") or account.config["address"]) if _password(account) else ""


def _password(account: Account) -> str:
    return account.secrets.get("password", "")


def _folder(account: Account, tool: str) -> str:
    name, default = ("sent_folder", "Sent") if tool == "mail_send" else ("drafts_folder", "Drafts")
    return str(account.config.get(name) or default)


def _id_of(access: Access) -> str:
    return mail.message_id(access.idempotency_key, str(access.account.config["address"]))

"""The web: read pages of named hosts, search through the organisation's own service (R24, AG-3).

Places are hosts (`www.example.org`), hosts below one (`*.example.org`), the word `search`, or `*`. Whatever comes from
the web is untrusted, and the call keeps address, time and SHA-256 of what was read.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from colleague.connectors.connector import (
    Access,
    Account,
    BadArguments,
    Effected,
    Grant,
    NotReachable,
    Preview,
    Result,
    Tool,
    ToolFailed,
)
from colleague.connectors.excerpt import excerpt
from colleague.connectors.grants import EVERYTHING, covers
from colleague.connectors.screen import screen
from colleague.connectors.visible import visible
from colleague.connectors.web.search import address_for, line, read_answer
from colleague.connectors.web.tools import FIELDS, SEARCH, TOOLS
from colleague.kit.addresses import BadHost, host_of
from colleague.kit.clock import Clock
from colleague.kit.documents.read import read_document
from colleague.kit.errors import Forbidden
from colleague.kit.http import PUBLIC, Answer, Egress
from colleague.policy.model import Integrity, Label

PAGE_LIMIT, ANSWER_LIMIT, SECONDS = 20_000_000, 2_000_000, 40.0
_AGENT = {"user-agent": "colleague/1 (an agent on behalf of a person)", "accept-language": "*"}
_KINDS = {
    "text/html": ".html", "application/xhtml+xml": ".html", "application/pdf": ".pdf", "text/csv": ".csv",
    "text/markdown": ".md",
}  # fmt: skip


class SearchDisabled(Forbidden):
    """Searching the web is switched off: your organisation has named no search service."""


class NotAPage(ToolFailed):
    """The server answered with the status {status} instead of a page."""


class WebConnector:
    """Pages and searches. `egress` must know no hosts of its own: what may be reached comes from the grants."""

    kind = "web"
    title = "Web"
    fields = FIELDS
    places_help = "Hosts: www.example.org, *.example.org (all below it); the word search opens the search service."

    def __init__(self, *, egress: Egress, clock: Clock) -> None:
        """Take the door for calls out and the clock."""
        self._egress, self._clock = egress, clock

    def accept(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the settings as stored; BadArguments if the search service is no address."""
        config = dict(config)
        if template := str(config.get("search_url") or "").strip():
            config["search_url"] = template
            if not _host(template.replace("{query}", "x")) or "@" in urlsplit(template).netloc:
                raise BadArguments("The search service needs an address such as https://search.example.org/search.")
        name = str(config.get("search_header") or "")
        if name and not name.replace("-", "").isalnum():
            raise BadArguments("The header's name has letters, digits and hyphens only.")
        return config

    def normal_place(self, place: str) -> str:
        """Return a grant's place: `*`, `search`, a host, or `*.host`; BadArguments if it is none of them."""
        text = place.strip()
        if text in ("", "*", SEARCH):
            return text or "*"
        wild, bare = (text[:2], text[2:]) if text.startswith("*.") else ("", text)
        try:
            return wild + host_of(bare)
        except BadHost:
            raise BadArguments(
                f"«{line(place, 80)}» is no host. Write www.example.org, *.example.org, or search."
            ) from None

    def tools(self) -> Sequence[Tool]:
        """Return fetch and search."""
        return TOOLS

    def place(self, tool: str, arguments: Mapping[str, Any]) -> str:
        """Return the host of a page, or `search`. What has no host lies nowhere: `(no host)`."""
        return SEARCH if tool == "web_search" else _host(str(arguments.get("url", ""))) or "(no host)"

    def recipients(self, tool: str, arguments: Mapping[str, Any]) -> tuple[str, ...]:
        """Return nobody: addresses and words that go out are judged as egress."""
        return ()

    def preview(self, tool: str, arguments: Mapping[str, Any], access: Access) -> Preview:
        """Show the address, or the words and the service they go to."""
        if tool == "web_search":
            service = _host(str(access.account.config.get("search_url", ""))) or "no service is set"
            fields: tuple[tuple[str, str], ...] = (("Words", str(arguments["query"])), ("Sent to", service))
            return Preview("Search the web", fields, undo="nothing to undo")
        url = str(arguments["url"])
        return Preview("Read a web page", (("Address", url), ("Host", _host(url))), undo="nothing to undo")

    async def call(self, tool: str, arguments: Mapping[str, Any], access: Access) -> Result:
        """Fetch or search. Raises NotReachable, SearchDisabled, NotAPage, BadAnswer, what Egress and reading raise."""
        match tool:
            case "web_fetch":
                return await self._fetch(arguments, access, self._opened(tool, arguments, access))
            case "web_search":
                return await self._search(arguments, access, self._opened(tool, arguments, access))
            case _:
                raise BadArguments(f"There is no tool {tool[:80]}.")

    async def effected(self, tool: str, arguments: Mapping[str, Any], access: Access) -> Effected:
        """Say that nothing took effect: both only read, so both can be repeated."""
        return Effected.NO

    async def check(self, account: Account) -> str:
        """Ask the search service for one word, if there is one."""
        template = str(account.config.get("search_url") or "")
        if not template:
            return "Pages can be read where a grant opens their host. Searching is switched off."
        answer = await self._ask(template, "example", account)
        return f"Pages can be read. The search service gave {len(read_answer(answer.content, 20))} results."

    def _opened(self, tool: str, arguments: Mapping[str, Any], access: Access) -> tuple[Grant, ...]:
        place = self.place(tool, arguments)
        grants = tuple(g for g in access.grants if covers(g, place) and g.place_class <= g.ceiling)
        if not grants:
            raise NotReachable
        return grants

    async def _fetch(self, arguments: Mapping[str, Any], access: Access, grants: Sequence[Grant]) -> Result:
        url = str(arguments["url"])
        opened = [p for g in access.grants if g.place_class <= g.ceiling for p in g.places if p != SEARCH]
        hosts = [PUBLIC if p in EVERYTHING else p for p in opened]
        answer = await self._egress.request(
            "GET", url, headers={**_AGENT, "accept": "text/html, application/pdf, text/plain, */*;q=0.5"},
            hosts=hosts, size_limit=PAGE_LIMIT, seconds=SECONDS,
        )  # fmt: skip
        if answer.status != 200:
            raise NotAPage(status=answer.status)
        name = _name(answer)
        await asyncio.to_thread(screen, name, answer.content, blocked=access.blocked)
        part = excerpt(await read_document(answer.content, name), arguments.get("first") or 1, arguments.get("last"))
        # A redirect may have led to a place of a higher class: the strictest of both counts.
        ended = [g for g in access.grants if covers(g, _host(answer.url)) and g.place_class <= g.ceiling]
        source = self._source(answer, title=line(part.document.title, 200))
        data = {"document": part.document.to_json(), "name": name, "next": part.next, "sources": [source]}
        return Result(f"{_shown(source)}\n{visible(part.text)}", data, _label([*grants, *ended], source["address"]))

    async def _search(self, arguments: Mapping[str, Any], access: Access, grants: Sequence[Grant]) -> Result:
        template = str(access.account.config.get("search_url") or "")
        if not template:
            raise SearchDisabled
        query = str(arguments["query"])
        answer = await self._ask(template, query, access.account)
        found = read_answer(answer.content, arguments.get("limit") or 10)
        source = self._source(answer, title="search service") | {"query": query, "address": _bare(template)}
        lines = [f"{n}. {f.title}\n   {f.url}\n   {f.text}" for n, f in enumerate(found, 1)]
        data = {
            "results": [{"url": f.url, "title": f.title, "text": f.text} for f in found], "sources": [source],
        }  # fmt: skip
        return Result(
            "\n".join([_shown(source), *(lines or ["Nothing was found."])]), data, _label(grants, source["address"])
        )

    async def _ask(self, template: str, query: str, account: Account) -> Answer:
        headers = {**_AGENT, "accept": "application/json"}
        if key := account.secrets.get("search_key"):
            name = str(account.config.get("search_header") or "")
            headers |= {name: key} if name else {"authorization": f"Bearer {key}"}
        answer = await self._egress.request(
            "GET", address_for(template, query), headers=headers, hosts=[_host(template.replace("{query}", "x"))],
            size_limit=ANSWER_LIMIT, seconds=SECONDS,
        )  # fmt: skip
        if answer.status != 200:
            raise NotAPage(status=answer.status)
        return answer

    def _source(self, answer: Answer, *, title: str) -> dict[str, str]:
        return {
            "title": title, "address": answer.url, "at": self._clock.now().isoformat(timespec="seconds"),
            "sha256": hashlib.sha256(answer.content).hexdigest(),
        }  # fmt: skip


def _host(url: str) -> str:
    """Return the host of an address in its one spelling; "" if it has none."""
    try:
        parts = urlsplit(url)
        return host_of(parts.hostname or "") if parts.scheme in ("https", "http") else ""
    except (ValueError, BadHost):
        return ""


def _bare(template: str) -> str:
    """Return the service's address without its parameters: they may hold a key."""
    parts = urlsplit(template)
    return f"{parts.scheme}://{parts.netloc}{parts.path}".replace("{query}", "…")


def _name(answer: Answer) -> str:
    """Return a file name that tells the kind of text apart, as the server calls it."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().casefold()
    name = line(unquote(urlsplit(answer.url).path.rpartition("/")[2]), 100).replace("/", "_") or "page"
    ending = _KINDS.get(kind, "")
    return name if not ending or name.casefold().endswith(ending) else name + ending


def _shown(source: Mapping[str, str]) -> str:
    query = f", words «{source['query']}»" if "query" in source else ""
    return f"[source: {source['address']}{query}, {source['at']}, SHA-256 {source['sha256']}]"


def _label(grants: Sequence[Grant], source: str) -> Label:
    """Anybody can write on the web: it is never trusted, whatever the grant says."""
    return Label(Integrity.UNTRUSTED, max(g.place_class for g in grants), sources=frozenset({source}))

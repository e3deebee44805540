"""What a search service answers, as results: SearXNG's JSON, or a list of results somewhere in any JSON. Pure."""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from colleague.kit.errors import Unavailable

DEPTH, LOOKED_AT, WORDS = 4, 2000, 400
_LISTS = ("results", "items", "data", "web", "organic_results", "organic", "value", "hits", "response")
_URLS, _TITLES = ("url", "link", "href"), ("title", "name", "heading")
_TEXTS = ("content", "snippet", "description", "abstract", "text", "summary", "excerpt")
_BLANKS = re.compile(r"\s+")


class BadAnswer(Unavailable):
    """The search service answered with what cannot be read as results."""


@dataclass(frozen=True, slots=True)
class Found:
    """One result: where, what it is called, and its excerpt."""

    url: str
    title: str
    text: str


def address_for(template: str, query: str) -> str:
    """Return the address that asks for `query`: `{query}` filled in, or SearXNG's parameters."""
    if "{query}" in template:
        return template.replace("{query}", quote(query, safe=""))
    glue = "&" if urlsplit(template).query else "?"
    return f"{template}{glue}{urlencode({'q': query, 'format': 'json'})}"


def read_answer(content: bytes, limit: int) -> list[Found]:
    """Return the first `limit` results in a JSON answer, each address once; BadAnswer if it is no such answer."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        raise BadAnswer from None
    found: dict[str, Found] = {}
    rows = _rows(value, 0)
    if rows is None:
        raise BadAnswer
    for row in rows[:LOOKED_AT]:
        if isinstance(row, Mapping) and (url := _address(_first(row, _URLS))) and url not in found:
            found[url] = Found(url, line(_first(row, _TITLES), 200), line(_first(row, _TEXTS), WORDS))
        if len(found) == limit:
            break
    return list(found.values())


def _rows(value: Any, depth: int) -> list[Any] | None:
    """Find the list of results: the value itself, or under one of the usual names."""
    if isinstance(value, list):
        return value
    if isinstance(value, Mapping) and depth < DEPTH:
        for inner in _inner(value):
            if (rows := _rows(inner, depth + 1)) is not None:
                return rows
    return None


def _inner(value: Mapping[str, Any]) -> Iterator[Any]:
    return (value[name] for name in _LISTS if name in value)


def _first(row: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((row[n] for n in names if isinstance(row.get(n), str) and row[n].strip()), "")


def _address(text: str) -> str:
    text = text.strip()
    fit = text.startswith(("https://", "http://")) and len(text) <= 2000 and text.isprintable() and " " not in text
    return text if fit else ""


def line(text: str, limit: int) -> str:
    """Return foreign text as one line without control and format characters, cut at `limit`."""
    shown = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text[: limit * 4])
    flat = _BLANKS.sub(" ", shown).strip()
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"

"""The review pack for people: what a reviewer must look at first, then who reaches what, then where data went. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from colleague.kit.documents.model import Block, Draft

MOST = 1000


def paper(pack: Mapping[str, Any]) -> Draft:
    """Return the pack as a document to be written."""
    scopes, findings = pack["scopes"], pack["findings"]
    live = [s for s in scopes if s["state"] == "holds"]
    unused = sum(s["unused"] for s in live)
    blocks = [
        Block("paragraph", f"As of {_day(pack['made_at'], clock=True)} (UTC), made by {pack['made_by']}."),
        Block("item", f"{_many(len(live), 'grant')} hold; {unused} unused for more than 90 days."),
        Block("item", f"{_many(sum(s['everything'] for s in live), 'exception')} for full access."),
        Block("item", f"{_many(len(pack['people']), 'person', 'people')} reach something through a connector."),
        Block("item", f"Ledger: {pack['ledger']['sentence']}."),
        *_part("To look at", ("For", "Connector", "Finding", "Explanation on record"), (
            (f["holder"], f["connector"], f"{f['kind']}: {f['words']}", f["explanation"] or "none")
            for f in findings
        ), "Nothing is in excess of what is needed or permitted."),
        *_part("Exceptions for full access", ("For", "Connector", "Reason", "Until", "Given by"), (
            (s["holder"], s["connector"], s["exception"]["reason"], _day(s["exception"]["until"]), s["granted_by"])
            for s in scopes if s["exception"]
        ), "There is none."),
        *_part("Grants", ("For", "Connector and places", "Right", "Tools", "Given", "Until", "Last used"), (
            (s["holder"], f"{s['connector']}: {_places(s['places'])}", _right(s), _tools(s),
             f"{s['granted_by']}, {_day(s['granted_at'])}", _until(s), _used(s))
            for s in scopes
        ), "No connector is open to anybody."),
        *_part("Who reaches what", ("Person", "Connector", "Places, and through which team or role"), (
            (p["name"], kind, "; ".join(
                f"{_place(r['place'])} ({'read and write' if r['may_write'] else 'read'}, {r['class']}, {r['through']})"
                for r in reached
            ))
            for p in pack["people"] for kind, reached in p["connectors"].items()
        ), "Nobody reaches anything."),
        *_part(f"Where data went, {pack['days']} days",
               ("Kind", "Destination", "Through", "Class read before", "Decision", "Decisions", "Last"), (
            (e["kind"], e["destination"], e["through"], e["class"], e["effect"], str(e["calls"]), _day(e["last"]))
            for e in pack["egress"]
        ), "Nothing left the house in this time."),
        *_part("Settings that differ from the strict ones", ("What", "Now", "As shipped"), (
            tuple(str(v) for v in list(p.values())[:3]) for p in pack["posture"]
        ), "None: everything is as it ships."),
        *_part("Connectors and tools", ("Connector", "Enabled", "People", "Tools (tier, state)"), (
            (c["title"], "yes" if c["enabled"] else "no", str(c["people"]),
             ", ".join(f"{t['name']} ({t['tier']}, {t['state']})" for t in c["tools"]))
            for c in pack["connectors"]
        ), "There is none."),
        Block("heading", "Ledger", 1),
        Block("paragraph", f"{pack['ledger']['sentence']}. Root: {pack['ledger']['root'] or 'nothing is sealed yet'}."),
        *(Block("item", text) for text in pack["ledger"]["findings"]),
    ]  # fmt: skip
    return Draft("Connector scope review", tuple(blocks), mark="", metadata={"Format": str(pack["format"])})


def _part(title: str, head: Sequence[str], rows: Iterable[Sequence[str]], empty: str) -> list[Block]:
    found = [tuple(row) for row in rows]
    if not found:
        return [Block("heading", title, 1), Block("paragraph", empty)]
    blocks = [Block("heading", title, 1), Block("table", rows=(tuple(head), *found[:MOST]))]
    if len(found) > MOST:
        blocks.append(Block("note", f"{len(found) - MOST:,} more stand in the file for machines."))
    return blocks


def _many(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _day(text: str | None, *, clock: bool = False) -> str:
    return (text or "")[: 16 if clock else 10].replace("T", " ")


def _place(place: str) -> str:
    return "everything" if place in ("", "*") else place


def _places(places: Iterable[str]) -> str:
    return ", ".join(map(_place, places))


def _right(scope: Mapping[str, Any]) -> str:
    write = "read and write" if scope["may_write"] else "read"
    return f"{write}; {scope['place_class']} there, up to {scope['ceiling']}{', trusted' if scope['trusted'] else ''}"


def _tools(scope: Mapping[str, Any]) -> str:
    words = scope["tool_words"]
    parts = [f"{word}: {', '.join(t for t, w in words.items() if w == word)}" for word in ("block", "ask", "allow")]
    return "; ".join(p for p in parts if not p.endswith(": ")) or "none approved"


def _until(scope: Mapping[str, Any]) -> str:
    day = _day(scope["expires_at"]) or "no end"
    return day if scope["state"] == "holds" else f"{day} ({scope['state']})"


def _used(scope: Mapping[str, Any]) -> str:
    return f"{_day(scope['used_at']) or 'never'}{' (unused)' if scope['unused'] else ''}"

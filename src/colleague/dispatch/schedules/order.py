"""Whether an order can be used as it is written, and when it is first due. Pure, but for the zones of this machine."""

from dataclasses import replace
from datetime import datetime, timedelta

from colleague.dispatch.schedules.model import CATCH_UPS, DELIVERIES, KINDS, Order
from colleague.dispatch.schedules.when import read_cron, zone_named
from colleague.kit.errors import Invalid
from colleague.tasks.delegate import GOAL_LIMIT

FARTHEST = timedelta(days=5 * 366)
MOST_CAUGHT_UP = 50
MOST_MICROS = 1_000_000_000


class BadOrder(Invalid):
    """A schedule needs something else: {why}."""


class TimePassed(Invalid):
    """That time has passed already, or it is more than five years away."""


def read_order(order: Order) -> Order:
    """Return the order with what does not belong to its kind left out; BadOrder, BadLine, BadZone or TooOften."""
    name, words = " ".join(order.name.split()), order.words.strip()
    if not 1 <= len(name) <= 120 or not name.isprintable():
        raise BadOrder(why="a name of at most 120 characters")
    if not 1 <= len(words) <= GOAL_LIMIT or "\0" in words:
        raise BadOrder(why="the words of the task, at most 8,000 characters")
    if order.kind not in KINDS or order.catch_up not in CATCH_UPS or order.delivery not in DELIVERIES:
        raise BadOrder(why="a kind, a way to catch up and a delivery that there are")
    if not 1 <= order.most <= MOST_CAUGHT_UP:
        raise BadOrder(why=f"at most {MOST_CAUGHT_UP} slots that are caught up, at least one")
    if not 10_000 <= order.micros <= MOST_MICROS:
        raise BadOrder(why="a ceiling between 0.01 and 1,000 for one run")
    order = replace(order, name=name, words=words)
    zone_named(order.zone)
    cron, at, skill, place = order.cron, order.at, order.skill.strip().removeprefix("/").casefold(), order.place.strip()
    match order.kind:
        case "cron":
            read_cron(cron, order.zone)
            return replace(order, cron=" ".join(cron.split()), at=None, skill="", place="")
        case "once":
            if at is None or at.tzinfo is None:
                raise BadOrder(why="a time")
            return replace(order, cron="", skill="", place="")
        case "skill":
            if not 1 <= len(skill) <= 200 or not skill.isprintable():
                raise BadOrder(why="the name of the skill that a task must have followed")
            return replace(order, cron="", at=None, skill=skill, place="")
        case "file":
            if not 1 <= len(place) <= 500 or not place.isprintable() or ":" not in place:
                raise BadOrder(why="a folder, written as connector:folder")
            return replace(order, cron="", at=None, skill="", place=place)


def first_due(order: Order, now: datetime) -> datetime:
    """Return the first slot after `now`, or when to look for an event first. Raises TimePassed."""
    match order.kind:
        case "cron":
            slot = read_cron(order.cron, order.zone).after(now)
        case "once":
            slot = order.at
        case _:
            return now
    if slot is None or not now < slot <= now + FARTHEST:
        raise TimePassed
    return slot


def next_times(order: Order, now: datetime, count: int = 5) -> list[datetime]:
    """Return the next slots after `now`; none for what waits for an event."""
    if order.kind == "once":
        return [order.at] if order.at is not None and order.at > now else []
    if order.kind != "cron":
        return []
    cron, found, at = read_cron(order.cron, order.zone), list[datetime](), now
    while len(found) < count and (slot := cron.after(at)) is not None:
        found.append(slot)
        at = slot
    return found

"""What a form sends, as an order; and times as its owner reads them. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from colleague.dispatch.schedules.model import Order
from colleague.dispatch.schedules.order import BadOrder, TimePassed
from colleague.dispatch.schedules.when import zone_named, zones
from colleague.policy.model import Tier

MICROS = 1_000_000


def order_in(form: Mapping[str, Any]) -> Order:
    """Return the order that a form holds. Raises BadOrder, BadZone, TimePassed; the rest is read_order's."""
    zone = str(form.get("zone", "UTC"))
    try:
        micros = int(Decimal(str(form.get("ceiling", "2")).replace(",", ".")) * MICROS)
        most = int(str(form.get("most", "3")) or 3)
        tier = Tier[str(form.get("tier", "read")).upper()]
    except (InvalidOperation, ValueError, OverflowError, KeyError):
        raise BadOrder(why="numbers, and a tier that there is") from None
    at = local_time(str(form.get("at", "")), zone) if form.get("kind") == "once" else None
    texts = {name: str(form.get(name, "")) for name in ("name", "words", "cron", "skill", "place")}
    return Order(
        kind=str(form.get("kind", "")), zone=zone, at=at, tier=tier, delivery=str(form.get("delivery", "")),  # type: ignore[arg-type]
        catch_up=str(form.get("catch_up", "")), most=most, micros=micros, **texts,  # type: ignore[arg-type]
    )  # fmt: skip


def local_time(text: str, zone: str) -> datetime:
    """Return the instant of a wall clock's «2026-03-29T02:30» in a zone; of a time in a gap, the moment after it."""
    where = zone_named(zone)
    try:
        wall = datetime.fromisoformat(text).replace(second=0, microsecond=0)
    except ValueError:
        raise BadOrder(why="a time such as 2026-12-31T08:30") from None
    if wall.tzinfo is not None:
        raise BadOrder(why="a time such as 2026-12-31T08:30, as the clock on the wall shows it")
    if not 2000 <= wall.year <= 2200:
        raise TimePassed
    while (moment := wall.replace(tzinfo=where, fold=0)).astimezone(UTC).astimezone(where).replace(
        tzinfo=None, fold=0
    ) != wall.replace(fold=0):
        wall += timedelta(minutes=1)
    return moment.astimezone(UTC)


def shown(moment: datetime | None, zone: str) -> str:
    """Return a time as the owner's wall shows it: «Wed 4 Mar 2026, 08:30»; in UTC where the zone is no more."""
    if moment is None:
        return ""
    local = moment.astimezone(zone_named(zone if zone in zones() else "UTC"))
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"

"""A chart as a small picture for the browser (SVG, no scripts, no styles), drawn from its own data. Pure."""

import html
import math
from collections.abc import Sequence

from colleague.kit.documents.model import Block
from colleague.kit.documents.write.values import column_cells

WIDTH, HEIGHT, LEFT, FOOT = 560, 260, 60, 40
PALETTE = ("#3B5B92", "#C2743B", "#5F8F6B", "#8A6BA8", "#B4555B", "#4E9AA6", "#A08A3C", "#6B7280")
MOST_SERIES, MOST_POINTS = 8, 60


def drawn(block: Block) -> str:
    """Return a chart block as SVG with its data in words for who cannot see it; "" if it keeps no data."""
    rows = block.rows[: MOST_POINTS + 1]
    if len(rows) < 2:
        return ""
    names = [row[0] if row else "" for row in rows[1:]]
    series = [(rows[0][c], _values(rows, c)) for c in range(1, min(len(rows[0]), MOST_SERIES + 1))]
    if not any(math.isfinite(v) for _, values in series for v in values):
        return ""
    kind = block.chart.kind if block.chart else "bar"
    body = _pie(series[0][1]) if kind == "pie" else _axes(names, series, lines=kind == "line")
    keys = names if kind == "pie" else [name for name, _ in series]
    words = "; ".join(f"{name}: {', '.join(f'{v:g}' for v in values)}" for name, values in series)
    legend, lines = _keys(keys)
    height = HEIGHT + 12 + 18 * lines
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" width="100%" font-size="12" fill="currentColor">'
        f"<title>{html.escape(words[:600])}</title>{body}{legend}</svg>"
    )


def _values(rows: Sequence[Sequence[str]], column: int) -> list[float]:
    cells = column_cells("", [row[column] if column < len(row) else "" for row in rows[1:]])
    return [c.value if isinstance(c.value, float) and abs(c.value) < 1e15 else math.nan for c in cells]


def _keys(names: Sequence[str]) -> tuple[str, int]:
    """Return the legend, and how many lines it takes: every series that is drawn is named."""
    parts, x, line = [], LEFT, 0
    for number, name in enumerate(names[:MOST_SERIES]):
        shown = name if len(name) <= 18 else f"{name[:17]}…"
        if x > LEFT and x + 20 + 7 * len(shown) > WIDTH:
            x, line = LEFT, line + 1
        colour = PALETTE[number % len(PALETTE)]
        parts.append(f'<rect x="{x}" y="{HEIGHT + 8 + 18 * line}" width="10" height="10" fill="{colour}"/>')
        parts.append(f'<text x="{x + 15}" y="{HEIGHT + 17 + 18 * line}">{html.escape(shown)}</text>')
        x += 28 + 7 * len(shown)
    return "".join(parts), line + 1


def _axes(names: Sequence[str], series: Sequence[tuple[str, list[float]]], *, lines: bool) -> str:
    known = [v for _, values in series for v in values if math.isfinite(v)]
    top, bottom = max(*known, 0.0), min(*known, 0.0)
    step = _step((top - bottom) or 1)
    top, bottom = math.ceil(top / step) * step, math.floor(bottom / step) * step
    span = (top - bottom) or step

    def y(value: float) -> float:
        return 10 + (HEIGHT - FOOT - 10) * (top - value) / span

    parts, at = [], bottom
    while at <= top + step / 2:
        parts.append(f'<path d="M{LEFT} {y(at):.1f}H{WIDTH}" stroke="currentColor" stroke-opacity=".15"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y(at) + 4:.1f}" text-anchor="end">{at:,.6g}</text>')
        at += step
    each = (WIDTH - LEFT) / max(len(names), 1)
    for number, name in enumerate(names):
        if number % math.ceil(len(names) / 10) == 0:
            middle, letters = LEFT + each * (number + 0.5), max(int(each * math.ceil(len(names) / 10) / 7), 2)
            shown = name if len(name) <= letters else f"{name[: letters - 1]}…"
            parts.append(
                f'<text x="{middle:.1f}" y="{HEIGHT - FOOT + 18}" text-anchor="middle">{html.escape(shown)}</text>'
            )
    for place, (_, values) in enumerate(series):
        colour = PALETTE[place % len(PALETTE)]
        if lines:
            points = [f"{LEFT + each * (n + 0.5):.1f},{y(v):.1f}" for n, v in enumerate(values) if math.isfinite(v)]
            parts.append(f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="2"/>')
            continue
        wide = each * 0.7 / len(series)
        for n, value in enumerate(values):
            if math.isfinite(value):
                x, high = LEFT + each * (n + 0.15) + wide * place, abs(y(value) - y(0))
                parts.append(
                    f'<rect x="{x:.1f}" y="{min(y(value), y(0)):.1f}" width="{wide:.1f}" height="{high:.1f}" '
                    f'fill="{colour}"/>'
                )
    return "".join(parts)


def _step(span: float) -> float:
    """Return a round distance between lines: about five of them."""
    power = 10.0 ** math.floor(math.log10(span / 5))
    return next((f * power for f in (1, 2, 5) if f * power >= span / 5), 10 * power)


def _pie(values: Sequence[float]) -> str:
    parts, total = [], sum(v for v in values if math.isfinite(v) and v > 0)
    x, y, r, angle = WIDTH / 2, HEIGHT / 2, HEIGHT / 2 - 12, -math.pi / 2
    for number, value in enumerate(values):
        if not (math.isfinite(value) and value > 0):
            continue
        colour, share = PALETTE[number % len(PALETTE)], value / total
        if share > 0.9999:
            parts.append(f'<circle cx="{x}" cy="{y}" r="{r}" fill="{colour}"/>')
            continue
        end = angle + 2 * math.pi * share
        at = f"{x + r * math.cos(end):.1f} {y + r * math.sin(end):.1f}"
        parts.append(
            f'<path d="M{x} {y}L{x + r * math.cos(angle):.1f} {y + r * math.sin(angle):.1f}'
            f'A{r} {r} 0 {int(share > 0.5)} 1 {at}Z" fill="{colour}"/>'
        )
        angle = end
    return "".join(parts)

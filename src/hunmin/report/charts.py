"""Small SVG charts as text: histogram, bars, lines. No dependency, so that reports open offline anywhere.

Colours follow the page (currentColor for text and axes), so a chart reads on light and dark backgrounds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 56, 14, 30, 40
COLOURS = ("#2f6fde", "#e0662f", "#2c9a62", "#a04cc4", "#c2a11b", "#d0437c")


def _frame(title: str, body: list[str], height: int = HEIGHT) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}" font-family="system-ui, sans-serif" font-size="11" fill="currentColor">'
    )
    name = f'<text x="{LEFT}" y="16" font-size="13" font-weight="600">{escape(title)}</text>'
    return "\n".join([head, name, *body, "</svg>"])


def ticks(low: float, high: float, n: int = 5) -> list[float]:
    """Give about `n` round numbers from low to high."""
    if high <= low:
        high = low + 1
    raw = (high - low) / max(1, n)
    power = 10 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 10) for i in range(first, int(math.floor(high / step + 1e-9)) + 1)]


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:g}"


DASHED = 'stroke-dasharray="4 4" opacity=".7"'


def _y_axis(low: float, high: float) -> list[str]:
    body = []
    for tick in ticks(low, high):
        y = _y(tick, low, high)
        body.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="currentColor" opacity=".15"/>'
        )
        body.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_number(tick)}</text>')
    return body


def _y(value: float, low: float, high: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / ((high - low) or 1))


def histogram_svg(
    bins: Sequence[tuple[float, float, int]],
    threshold: float | None = None,
    title: str = "",
    upper: float | None = None,
) -> str:
    """Draw (from, to, count) bins and both thresholds; what lies from `threshold` up to `upper` is filled."""
    top = max((count for _, _, count in bins), default=1) or 1
    low = min((a for a, _, _ in bins), default=0.0)
    high = max((b for _, b, _ in bins), default=1.0)
    span = (high - low) or 1
    body = _y_axis(0, top)

    def x(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (value - low) / span

    for a, b, count in bins:
        y = _y(count, 0, top)
        pale = (threshold is not None and a < threshold - 1e-9) or (upper is not None and a > upper + 1e-9)
        width = max(1.0, x(b) - x(a) - 1)
        body.append(
            f'<rect x="{x(a):.1f}" y="{y:.1f}" width="{width:.1f}" height="{HEIGHT - BOTTOM - y:.1f}" '
            f'fill="{COLOURS[0]}" opacity="{0.35 if pale else 0.95}"><title>{_number(a)} - {_number(b)}: {count:,}'
            "</title></rect>"
        )
    for tick in ticks(low, high, 8):
        body.append(f'<text x="{x(tick):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{_number(tick)}</text>')
    for at in (threshold, upper):
        if at is None or not low <= at <= high:
            continue
        body.append(
            f'<line x1="{x(at):.1f}" x2="{x(at):.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" '
            f'stroke="{COLOURS[1]}" stroke-dasharray="4 3"/>'
        )
        body.append(f'<text x="{x(at) + 4:.1f}" y="{TOP + 10}" fill="{COLOURS[1]}">{_number(at)}</text>')
    return _frame(title, body)


def bars_svg(
    labels: Sequence[str],
    values: Sequence[float],
    title: str = "",
    intervals: Sequence[tuple[float, float] | None] | None = None,
    most: float | None = None,
    chance: float | None = None,
) -> str:
    """Draw one horizontal bar a label, with an interval line where one is given.

    `most` ends the axis (default: the largest value); `chance` is a dashed line.
    """
    row, left = 24, 170
    height = TOP + row * len(labels) + 16
    ends = [pair[1] for pair in intervals or () if pair]
    top = most or max([*values, *ends, 0.0]) or 1.0
    scale = (WIDTH - left - 70) / top
    body = []
    if chance is not None:
        at = f"{left + chance * scale:.1f}"
        body.append(f'<line x1="{at}" x2="{at}" y1="{TOP}" y2="{height - 14}" stroke="currentColor" {DASHED}/>')
        body.append(f'<text x="{at}" y="{height - 3}" text-anchor="middle" opacity=".7">guessing {chance:.3g}</text>')
    for i, (label, value) in enumerate(zip(labels, values, strict=True)):
        y = TOP + i * row
        body.append(f'<text x="{left - 8}" y="{y + 14}" text-anchor="end">{escape(str(label)[:30])}</text>')
        body.append(
            f'<rect x="{left}" y="{y + 3}" width="{max(0.5, value * scale):.1f}" height="{row - 9}" '
            f'fill="{COLOURS[0]}"/>'
        )
        end = value
        if intervals and (interval := intervals[i]):
            a, b = interval
            end = max(end, b)
            mid = y + 3 + (row - 9) / 2
            body.append(
                f'<line x1="{left + a * scale:.1f}" x2="{left + b * scale:.1f}" y1="{mid}" y2="{mid}" '
                'stroke="currentColor" stroke-width="1.5"/>'
            )
        body.append(f'<text x="{left + end * scale + 6:.1f}" y="{y + 14}">{_counted(value)}</text>')
    return _frame(title, body, height)


def _counted(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:.3g}"


def counts_svg(counts: Mapping[str, int], title: str = "") -> str:
    """Draw one bar for each count, in the given order."""
    return bars_svg(list(counts), list(counts.values()), title)


def lines_svg(
    series: Mapping[str, Sequence[tuple[float, float]]],
    title: str = "",
    x_label: str = "step",
    axis: tuple[float, float] | None = None,
    chance: float | None = None,
) -> str:
    """Draw (x, y) lines by name; points that are not finite are left out. `axis` fixes y, `chance` is a dashed line."""
    kept = {name: [(x, y) for x, y in points if math.isfinite(y)] for name, points in series.items()}
    points = [p for line in kept.values() for p in line]
    if not points:
        return _frame(title, [f'<text x="{LEFT}" y="60">no points</text>'])
    x_low, x_high = min(p[0] for p in points), max(p[0] for p in points)
    low, high = min(p[1] for p in points), max(p[1] for p in points)
    pad = (high - low) * 0.06 or 0.5
    low, high = axis or (low - pad, high + pad)
    body = _y_axis(low, high)
    if chance is not None:
        y = f"{_y(chance, low, high):.1f}"
        body.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" stroke="currentColor" {DASHED}/>')

    def x(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (value - x_low) / ((x_high - x_low) or 1)

    for tick in ticks(x_low, x_high, 8):
        body.append(f'<text x="{x(tick):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{_number(tick)}</text>')
    body.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 8}" text-anchor="end" opacity=".7">{escape(x_label)}</text>')
    for i, (name, line) in enumerate(kept.items()):
        colour = COLOURS[i % len(COLOURS)]
        path = " ".join(f"{x(a):.1f},{_y(b, low, high):.1f}" for a, b in line)
        body.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.8"/>')
        if len(line) == 1:
            a, b = line[0]
            body.append(f'<circle cx="{x(a):.1f}" cy="{_y(b, low, high):.1f}" r="3" fill="{colour}"/>')
        body.append(f'<text x="{LEFT + 110 * i}" y="{HEIGHT - 8}" fill="{colour}">{escape(name)}</text>')
    return _frame(title, body)


def text_histogram(
    bins: list[tuple[float, float, int]], threshold: float | None, upper: float | None = None, width: int = 50
) -> list[str]:
    """Give the lines of a histogram for the terminal; what lies from the threshold up to `upper` is filled."""
    top = max((n for _, _, n in bins), default=0) or 1
    lines = []
    for a, _, n in bins:
        filled = (threshold is None or a >= threshold - 1e-9) and (upper is None or a <= upper + 1e-9)
        bar = ("█" if filled else "░") * max(1 if n else 0, round(width * n / top))
        lines.append(f"{a:>8.3g} {bar:<{width}} {n:,}")
    return lines

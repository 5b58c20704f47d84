"""A plot as SVG, written by hand: five lines on five pages are not worth a library of forty megabytes.

The same numbers give the same file, byte for byte, so that what changes in a commit is what was measured. Drawn in
black and one blue on white, to be read on paper and on a dark page alike.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Final
from xml.sax.saxutils import escape

from bench.growth import Point, Trend

NAMESPACE: Final = "http://www.w3.org/2000/svg"
WIDTH: Final = 640
HEIGHT: Final = 340
LEFT: Final = 64
RIGHT: Final = 40
TOP: Final = 64
BOTTOM: Final = 52
BLUE: Final = "#1f5fa8"
GREY: Final = "#c8c8c8"
FONT: Final = 'font-family="Helvetica, Arial, sans-serif"'


class Scale:
    """From what was measured to where it is drawn: x by its logarithm, y from zero."""

    def __init__(self, points: Sequence[Point]) -> None:
        self.first: Final = math.floor(math.log10(min(x for x, _ in points)))
        self.last: Final = max(self.first + 1, math.ceil(math.log10(max(x for x, _ in points))))
        self.step: Final = nice_step(max(y for _, y in points))
        self.top: Final = self.step * (math.floor(max(y for _, y in points) / self.step) + 1)

    def x(self, value: float) -> float:
        return LEFT + (math.log10(value) - self.first) / (self.last - self.first) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - value / self.top * (HEIGHT - TOP - BOTTOM)


def plot(title: str, label: str, points: Sequence[Point], trend: Trend) -> str:
    """A whole file; `label` is that of the x axis."""
    scale = Scale(points)
    return "\n".join(
        [
            f'<svg xmlns="{NAMESPACE}" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
            _text(LEFT, 24, title, size=16, weight="bold"),
            _text(LEFT, 44, f"{trend.word}; {trend.per_tenfold:+.1f} µs for ten times as much", size=12),
            *_grid(scale),
            *_fit(scale, points, trend),
            *_curve(scale, points),
            _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, label, anchor="middle"),
            "</svg>\n",
        ]
    )


def nice_step(most: float) -> float:
    """A step of 1, 2 or 5 times a power of ten that divides up to `most` in four or five."""
    rough = most / 4
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)


def _grid(scale: Scale) -> Iterator[str]:
    count = round(scale.top / scale.step)
    for number in range(count + 1):
        y = scale.y(number * scale.step)
        yield _line(LEFT, y, WIDTH - RIGHT, y, GREY)
        yield _text(LEFT - 8, y + 4, f"{number * scale.step:g}", anchor="end")
    yield _text(LEFT - 8, TOP - 14, "µs", anchor="end")
    for power in range(scale.first, scale.last + 1):
        x = scale.x(10.0**power)
        yield _line(x, TOP, x, HEIGHT - BOTTOM, GREY)
        yield _text(x, HEIGHT - BOTTOM + 18, f"{10**power:,}", anchor="middle")


def _fit(scale: Scale, points: Sequence[Point], trend: Trend) -> Iterator[str]:
    """The straight line through the points, as far as it stays on the page."""
    ends = [(x, trend.at_one + trend.per_tenfold * math.log10(x)) for x, _ in (points[0], points[-1])]
    (x1, y1), (x2, y2) = [(scale.x(x), scale.y(min(max(y, 0.0), scale.top))) for x, y in ends]
    yield _line(x1, y1, x2, y2, "black", dashes="4 4")


def _curve(scale: Scale, points: Sequence[Point]) -> Iterator[str]:
    places = [(scale.x(x), scale.y(y)) for x, y in points]
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    yield f'<polyline points="{corners}" fill="none" stroke="{BLUE}" stroke-width="2"/>'
    for place, ((x, y), (_, value)) in enumerate(zip(places, points, strict=True)):
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{BLUE}"/>'
        yield _text(x + 6 * (place == 0), y - 10, f"{value:.3g}", anchor="middle" if place else "start", colour=BLUE)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, dashes: str = "") -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{dashed}/>'


def _text(
    x: float,
    y: float,
    text: str,
    *,
    size: int = 12,
    anchor: str = "start",
    weight: str = "normal",
    colour: str = "black",
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" {FONT} font-weight="{weight}" text-anchor="{anchor}" '
        f'fill="{colour}">{escape(text)}</text>'
    )

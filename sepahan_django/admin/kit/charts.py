"""Bar charts as geometry, for a template that draws them as SVG without style or script."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

WIDTH, TOP, BOTTOM = 360, 12, 116
"""Of the plot, in units of the SVG."""
GAP = 0.25
"""Of a bar's place, left free."""
TICK_EVERY = 7
LETTER, GUTTER = 4.6, 6
"""The width of a digit of an axis, and what is left free beside a number."""


@dataclass(frozen=True)
class Series:
    """One part of each bar: a kind, which the style sheet gives a colour, its name, and a value a bar."""

    kind: str
    name: str
    values: Sequence[int]


@dataclass(frozen=True)
class Segment:
    kind: str
    y: str
    height: str


@dataclass(frozen=True)
class Bar:
    x: str
    width: str
    title: str
    segments: list[Segment]


@dataclass(frozen=True)
class Mark:
    """A text at a place of an axis."""

    at: str
    text: str


@dataclass(frozen=True)
class Chart:
    """A chart to draw. `name` makes its ids."""

    name: str
    title: str
    description: str
    bars: list[Bar]
    levels: list[Mark]
    ticks: list[Mark]
    legend: Sequence[Series]
    edge: int
    """Where the levels' texts stand: the side on which reading begins."""
    plot: tuple[str, str]
    """From where to where the bars stand."""


def bar_chart(
    name: str,
    title: str,
    series: Sequence[Series],
    *,
    description: str,
    labels: Sequence[str],
    show: Callable[[int], str],
    right_to_left: bool,
    tick_every: int = TICK_EVERY,
) -> Chart:
    """Stacked bars, one for each label, in the direction of reading. `show` writes a value.

    One label of `tick_every` is written under its bar.
    """
    totals = [sum(values) for values in zip(*(one.values for one in series), strict=True)]
    top = _round_above(max(totals, default=0))
    levels = [Mark(_unit(_y(value, top)), show(value)) for value in sorted({top // 2, top}) if value]
    # The levels' texts stand beside the bars, on the side on which reading begins.
    axis = max((len(level.text) * LETTER + GUTTER for level in levels), default=0.0)
    place = (WIDTH - axis) / max(len(labels), 1)
    bars, ticks = [], []
    for index, label in enumerate(labels):
        x = axis + index * place
        if right_to_left:
            x = WIDTH - x - place
        bars.append(
            Bar(
                x=_unit(x + place * GAP / 2),
                width=_unit(place * (1 - GAP)),
                title=f"{label}: {show(totals[index])}",
                segments=_stacked(series, index, top),
            )
        )
        if (len(labels) - 1 - index) % tick_every == tick_every // 2:
            ticks.append(Mark(_unit(x + place / 2), label))
    return Chart(
        name=name,
        title=title,
        description=description,
        bars=bars,
        levels=levels,
        ticks=ticks,
        legend=series if len(series) > 1 else (),
        edge=WIDTH if right_to_left else 0,
        plot=(_unit(0), _unit(WIDTH - axis)) if right_to_left else (_unit(axis), _unit(WIDTH)),
    )


def _stacked(series: Sequence[Series], index: int, top: int) -> list[Segment]:
    segments, below = [], 0
    for one in series:
        value = one.values[index]
        if value > 0 and top:
            upper, lower = _y(below + value, top), _y(below, top)
            segments.append(Segment(one.kind, _unit(upper), _unit(max(lower - upper, 0.5))))
            below += value
    return segments


def _y(value: int, top: int) -> float:
    return BOTTOM - (BOTTOM - TOP) * value / top if top else BOTTOM


def _round_above(value: int) -> int:
    """A round number that is not much larger, so that the levels are round; 0 for 0."""
    if value <= 0:
        return 0
    power = 1
    while True:
        for factor in (1, 2, 3, 4, 6, 8):
            if value <= factor * power:
                return factor * power
        power *= 10


def _unit(value: float) -> str:
    """A coordinate, in Latin digits and with a point whatever the language."""
    return f"{value:.2f}"

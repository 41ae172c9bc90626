"""The picture of the draws: a column a day, answered below and what waits above. Numbers for SVG attributes; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from analyzer.review.progress import Done

HEIGHT: Final = 96.0  # of the tallest column
STEP: Final = 40.0  # from column to column
WIDTH: Final = 26.0


@dataclass(frozen=True, slots=True)
class Column:
    """One day: where its column stands, and the tops and heights of both parts."""

    day: Done
    x: float
    waiting_y: float
    waiting_height: float
    answered_y: float
    answered_height: float


@dataclass(frozen=True, slots=True)
class Picture:
    columns: tuple[Column, ...]
    width: float
    height: float = HEIGHT
    step: float = STEP
    column: float = WIDTH


def draw_picture(days: Sequence[Done]) -> Picture | None:
    """The picture, all columns on one scale; ``None`` where nothing was drawn."""
    most = max((day.drawn for day in days), default=0)
    if not most:
        return None
    return Picture(tuple(_column(place, day, most) for place, day in enumerate(days)), len(days) * STEP)


def _column(place: int, day: Done, most: int) -> Column:
    whole, answered = HEIGHT * day.drawn / most, HEIGHT * day.answered / most
    x = round(place * STEP + (STEP - WIDTH) / 2, 1)
    return Column(
        day, x, round(HEIGHT - whole, 1), round(whole - answered, 1), round(HEIGHT - answered, 1), round(answered, 1)
    )

"""The path of a customer's feeling through a contact, as points of a small picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from analyzer.review.conversation import Tone, Turn

WIDTH, HEIGHT, SIDE, TOP = 360, 132, 8, 12
LEAST: Final = 2  # turns of the customer, without which there is no path


@dataclass(frozen=True, slots=True)
class Point:
    """A turn of the customer: where it stands in the picture, and what it says in numbers."""

    turn: int
    x: float
    y: float
    value: float
    tone: Tone
    clock: str | None


@dataclass(frozen=True, slots=True)
class FeelingPath:
    """``line`` are the points of the path; ``middle`` is the height at which a feeling is neither good nor bad."""

    points: tuple[Point, ...]
    line: str
    middle: float
    width: int = WIDTH
    height: int = HEIGHT


def feeling_path(turns: Sequence[Turn]) -> FeelingPath | None:
    """The path; None where too few turns of the customer were read, or what was read is hidden."""
    last = max((turn.number for turn in turns), default=0) or 1
    points = tuple(_point(turn, last) for turn in turns if turn.feeling is not None)
    if len(points) < LEAST:
        return None
    return FeelingPath(points, " ".join(f"{point.x:g},{point.y:g}" for point in points), _height(0.0))


def _point(turn: Turn, last: int) -> Point:
    assert turn.feeling is not None and turn.tone is not None
    x = SIDE + (WIDTH - 2 * SIDE) * turn.number / last
    return Point(turn.number, round(x, 1), _height(turn.feeling), turn.feeling, turn.tone, turn.clock)


def _height(feeling: float) -> float:
    """From the top: +1 first, −1 last."""
    return round(TOP + (HEIGHT - 2 * TOP) * (1 - max(-1.0, min(1.0, feeling))) / 2, 1)

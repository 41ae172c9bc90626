"""First-contact resolution of a week read on its Sunday, and journeys of invented customers' histories.

Worlds (tests/journey/worlds.py) are steady or struck by an outage in the week that is read; half of them with soft ears
(distance 1.5 sd), half with good ones (3 sd), half with returns that wait for opening hours. Beside the nowcast stand
what others do: "open = solved" counts windows that still run as if nobody came back; "waiting" shows the last week
whose windows are over.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analyzer.journey.rates import interval
from tests.bench.honesty.lines import Line, coverage
from tests.journey.casting import judged
from tests.journey.worlds import Spec, World, make

COSTLY = 300
Z99 = 2.576
MOST_BIAS = 0.01
KINDS = {
    "steady": Spec(),
    "outage, the first": Spec(outage=True),
    "outage, one before": Spec(outage=True, outage_before=True),
}


def journey(worlds: int, seed: int) -> list[Line]:
    """Bias of the nowcast by kind of world, and coverage of its interval over all of them."""
    count = min(worlds, COSTLY)
    lines, held = [], []
    for kind, spec in KINDS.items():
        read = np.array([read_on_sunday(_world(spec, seed, number)) for number in range(count)])
        held.append(read[:, 3])
        beside = f"open = solved {read[:, 1].mean():+.3f}, waiting {read[:, 2].mean():+.3f}"
        lines.append(bias(f"FCR on Sunday, {kind}: bias", read[:, 0], beside))
        lines.append(coverage(f"FCR on Sunday, {kind}: interval", read[:, 3]))
    return [*lines, coverage("FCR on Sunday, all worlds: interval", np.concatenate(held))]


def bias(measure: str, errors: np.ndarray, beside: str) -> Line:
    """Mean error over worlds and its 99 % interval; met where it is a point at most."""
    half = Z99 * errors.std(ddof=1) / len(errors) ** 0.5
    mean = float(errors.mean())
    met = abs(mean) <= MOST_BIAS
    return Line(measure, mean, mean - half, mean + half, "within ± 0.010", beside, met, len(errors))


def _world(spec: Spec, seed: int, number: int) -> World:
    varied = replace(spec, sharpness=(1.5, 3.0)[number % 2], opening=number % 4 < 2)
    return make(varied, seed * 100_000 + number)


def read_on_sunday(world: World) -> tuple[float, float, float, bool]:
    """Errors of the nowcast, of open = solved and of waiting; whether the interval holds the truth."""
    part, seen = judged(world, world.sunday_us)
    week, truth = world.week[seen], world.truth()
    last, before = week == world.weeks - 1, week == world.weeks - 2
    p = part.rows["probability"].to_numpy()[last]
    variance = float((p * (1 - p)).sum()) / len(p) ** 2 + float(part.draws[:, last].mean(axis=1).var(ddof=1))
    low, high = interval(float(p.mean()), variance)
    quiet = world.p[seen] * ~part.rows["returned"].to_numpy()
    over = before & part.rows["mature"].to_numpy()
    return p.mean() - truth, quiet[last].mean() - truth, quiet[over].mean() - truth, low <= truth <= high



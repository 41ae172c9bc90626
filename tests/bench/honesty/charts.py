"""Control charts: do leads have as many false alarms as is stated, and how soon is a real change found?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy import stats

from analyzer.config import load_settings
from analyzer.score.charting import Charted, Layout, points
from analyzer.score.contact import score_contacts
from analyzer.score.control import control_points
from analyzer.score.frames import Bools, Floats
from analyzer.score.gathering import Points
from analyzer.score.leads import Watched, watch
from analyzer.score.signals import standardised
from analyzer.simulate import worlds as simulation
from analyzer.simulate.spec import Agents, WorldSpec
from tests.bench.honesty.lines import Line
from tests.score.charted_worlds import Spec, mean_teams, rate_teams
from tests.score.worlds import links as unlinked

PER_CALL: Final = 250  # worlds laid side by side
BAR: Final = (0.8, 1.2)
PER_WEEK: Final = 1.0
MIN_N, MIN_DAYS = 10, 10
NS: Final = (5, 20, 100)
TEXTBOOK: Final = 2 * stats.norm.sf(3.0)
Make = Callable[[Spec, int, np.random.Generator], list[Charted]]
KINDS: Final[dict[str, Make]] = {
    "EWMA": mean_teams, "Laney p′": rate_teams,
}  # fmt: skip
WORLDS: Final = {
    "same days": Spec(5),
    "weekdays": Spec(5, weekday=True),
    "weekdays, days stray": Spec(5, weekday=True, dispersed=True),
}
ONLY_MEANS: Final = {"weekdays, straying lasts (.4)": Spec(5, weekday=True, dispersed=True, lasting=0.4)}
ALONE: Final = {f"alone in its kind, {name}": replace(spec, agents=1) for name, spec in (WORLDS | ONLY_MEANS).items()}
RARE: Final = ((0.02, 20), (0.05, 5), (0.05, 20), (0.10, 5))  # an event's rate, contacts a day
SHIFT_DAY, SHIFT_DAYS = 56, 42
STEADY: Final = WorldSpec(contacts=9_000, agents=Agents(count=25))


@dataclass(frozen=True, slots=True)
class Run:
    layout: Layout
    points: Points
    watched: Watched
    spec: Spec


@dataclass(frozen=True, slots=True)
class Counted:
    """By world: alarms, alarms stated for its weeks, and alarms and points of a textbook chart."""

    found: Floats
    stated: Floats
    textbook: Floats
    textbook_points: Floats

    @classmethod
    def of(cls, parts: Sequence[Counted]) -> Counted:
        names = ("found", "stated", "textbook", "textbook_points")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def charts(worlds: int, seed: int) -> list[Line]:
    """False alarms beside those stated, then the delay of finding a shift of one standard deviation.

    ``worlds`` are those behind each pooled line, a chart at one n over all that days may be like.
    """
    rng = np.random.default_rng(seed)
    lines = []
    for kind, make in KINDS.items():
        specs = WORLDS | (ONLY_MEANS if kind == "EWMA" else {})
        for n in NS:
            each = -(-worlds // len(specs))
            counts = {name: alarms(make, replace(spec, n=n), each, rng) for name, spec in specs.items()}
            lines += [ratio(f"{kind}, n {n}: {name}", counted) for name, counted in counts.items()]
            lines.append(ratio(f"{kind}, n {n}: all of these", Counted.of(list(counts.values()))))
    for name, spec in ALONE.items():
        lines.append(ratio(f"single days, n 20: {name}", alarms(mean_teams, replace(spec, n=20), worlds, rng)))
    for rate, n in RARE:
        kinds = [replace(spec, n=n, rate=rate) for spec in WORLDS.values()]
        counted = Counted.of([alarms(rate_teams, spec, -(-worlds // len(kinds)), rng) for spec in kinds])
        lines.append(ratio(f"Laney p′, event of {rate:.0%}, n {n}", counted))
    lines += [delay(n, max(worlds // 8, 1), rng) for n in NS]
    return [*lines, *simulated(max(worlds // 100, 1), seed)]


def alarms(make: Make, spec: Spec, worlds: int, rng: np.random.Generator) -> Counted:
    return Counted.of([_counted(run) for run in _runs(make, spec, worlds, rng)])


def simulated(worlds: int, seed: int) -> list[Line]:
    """Centers of ``analyzer simulate`` in which nothing changes, from contacts to the published table."""
    settings = load_settings()
    counts: dict[str, list[tuple[float, float]]] = {}
    for world in (simulation.make(STEADY, seed + i) for i in range(worlds)):
        links = unlinked(world.contacts)
        scores = score_contacts(world.contacts, links, settings.score, swap_below=settings.understand.swap_below)
        agents = world.interaction_agents.to_pandas()
        table = control_points(world.contacts, links, scores.experience, agents, settings.score).to_pandas()
        for kind, rows in table.groupby("unit_kind"):
            stated = float(rows["false_alarm_probability"].sum())
            counts.setdefault(str(kind), []).append((float(rows["signal"].sum()), stated))
    none = np.zeros(worlds)
    return [
        ratio(f"simulated centers, charts of {kind}s", Counted(*np.array(told).T, none, none + 1.0))
        for kind, told in counts.items()
    ]


def ratio(name: str, counted: Counted) -> Line:
    """Alarms by those stated for the same leads and weeks; the interval takes a world as one draw."""
    value = counted.found.sum() / counted.stated.sum()
    error = np.sqrt(np.sum((counted.found - value * counted.stated) ** 2)) / counted.stated.sum()
    half = stats.norm.ppf(0.995) * error
    beside = counted.textbook.sum() / (TEXTBOOK * counted.textbook_points.sum())
    told = f"textbook 3 sd: {beside:.1f}" if beside else ""
    met = bool(value + half >= BAR[0] and value - half <= BAR[1])
    return Line(f"alarms / stated, {name}", float(value), float(value - half), float(value + half),
                f"meets {BAR[0]}–{BAR[1]}", told, met, len(counted.found))  # fmt: skip


def delay(n: int, worlds: int, rng: np.random.Generator) -> Line:
    """Points until the first signal after a shift of one standard deviation, at most those that there were."""
    spec = Spec(n, weekday=True, dispersed=True, days=SHIFT_DAY + SHIFT_DAYS, shift=1.0, from_day=SHIFT_DAY)
    ewma, shewhart = [], []
    for run in _runs(mean_teams, spec, worlds, rng):
        after = slice(SHIFT_DAY, None)
        there = ~np.isnan(run.points.forecast.sd[:, after])
        z = np.abs(standardised(run.points.value, run.points.forecast))
        limit = -stats.norm.ppf(run.watched.signals.chance / 2)
        ewma.append(_first(run.watched.signals.signal[:, after], there))
        shewhart.append(_first((z > limit)[:, after], there))
    ours, beside = np.concatenate(ewma), np.concatenate(shewhart)
    half = stats.norm.ppf(0.995) * ours.std() / np.sqrt(len(ours))
    name = f"points until 1 sd is found, EWMA, n {n}"
    return Line(name, float(ours.mean()), float(ours.mean() - half), float(ours.mean() + half), "under Shewhart's",
                f"Shewhart: {beside.mean():.1f}", bool(ours.mean() < beside.mean()), worlds)  # fmt: skip


def _runs(make: Make, spec: Spec, worlds: int, rng: np.random.Generator) -> Iterator[Run]:
    calendar = np.datetime64("2026-01-05") + np.arange(spec.days)
    for first in range(0, worlds, PER_CALL):
        layout = Layout.of(make(spec, min(PER_CALL, worlds - first), rng), calendar)
        charted = points(layout, slice(0, spec.days), MIN_N, MIN_DAYS)
        yield Run(layout, charted, watch(charted, layout, layout.group, PER_WEEK), spec)


def _counted(run: Run) -> Counted:
    group, worlds = run.layout.group, len(run.layout.charted)
    there = ~np.isnan(run.points.forecast.sd)
    begun = np.cumsum(_by_world(there, group, worlds), axis=1) > 0
    stated = (run.watched.per_week * begun).sum(axis=1) / 7
    outside, possible = _textbook(run)
    counts = (_by_world(part, group, worlds).sum(axis=1) for part in (run.watched.signals.signal, outside, possible))
    found, textbook, textbook_points = counts
    return Counted(found, stated, textbook, textbook_points)


def _textbook(run: Run) -> tuple[Bools, Bools]:
    """Three standard errors about the mean of all days before, as if contacts alone made days differ."""
    whole = slice(0, run.spec.days)
    n = run.layout.spread([one.cells.n for one in run.layout.charted], whole)
    mean = run.layout.spread([one.cells.y / one.cells.w for one in run.layout.charted], whole)
    squares = run.layout.spread([one.cells.yy for one in run.layout.charted], whole)
    total, sums, square_sums = (np.cumsum(np.nan_to_num(part), axis=1) for part in (n, n * mean, squares))
    before, level, power = total[:, :-1], sums[:, :-1], square_sums[:, :-1]
    safe = np.maximum(before, 1)
    sd = np.sqrt(np.maximum(power / safe - (level / safe) ** 2, 0.0) / np.where(np.isnan(n[:, 1:]), 1, n[:, 1:]))
    possible = (before >= MIN_N) & ~np.isnan(mean[:, 1:]) & (np.arange(1, run.spec.days) >= MIN_DAYS)
    return possible & (np.abs(mean[:, 1:] - level / safe) > 3 * sd), possible


def _by_world(values: Bools, group: np.ndarray, worlds: int) -> Floats:
    sums = np.zeros((worlds, values.shape[1]))
    np.add.at(sums, group, values.astype(np.float64))
    return sums


def _first(signal: Bools, there: Bools) -> Floats:
    """Points up to and with the first signal; all there were where there was none. By unit that had a point."""
    counted = np.cumsum(there, axis=1)
    hit = signal & there
    first = np.where(hit.any(axis=1), np.take_along_axis(counted, hit.argmax(axis=1)[:, None], 1)[:, 0], counted[:, -1])
    return first[there.any(axis=1)].astype(np.float64)

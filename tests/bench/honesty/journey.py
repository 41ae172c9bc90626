"""First-contact resolution of a week read on its Sunday, and the invented customers' histories.

Worlds (tests/journey/worlds.py) are steady or struck by an outage in the week that is read; half of them with soft ears
(distance 1.5 sd), half with good ones (3 sd), half with returns that wait for opening hours. Beside the nowcast stand
what others do: "open = solved" counts windows that still run as if nobody came back; "waiting" shows the last week
whose windows are over.

Histories are those of the training data, each customer held out in turn: as labelled, and as detectors that err might
hear them; and those of three further hands, which taught the shipped links nothing. Intervals are over customers
(bootstrap).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from analyzer.config import load_settings
from analyzer.journey.episodes import join_episodes
from analyzer.journey.linking import LinkModel
from analyzer.journey.promises import find_promises, judge_promises
from analyzer.journey.rates import interval
from analyzer.journey.signals import opening_words
from analyzer.learn.corpus import read_rows
from analyzer.learn.link_lessons import Lessons, histories
from analyzer.learn.linking import HISTORIES, OWN_HISTORIES, Weighed, lessons_of, others, out_of_fold
from tests.bench.honesty.lines import Line, coverage
from tests.journey.casting import judged
from tests.journey.worlds import Spec, World, make

COSTLY = 300
DATA = Path(__file__).parents[4] / "shared" / "data" / "train"
OWN = Path(__file__).parents[3] / "models" / "training"
UNSEEN = "histories_*.jsonl.gz"  # of hands that measure the shipped links and teach them nothing
BOOTSTRAPS = 2000
Z99 = 2.576
UTC = ZoneInfo("UTC")
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
    lines.append(coverage("FCR on Sunday, all worlds: interval", np.concatenate(held)))
    return lines + (held_out(DATA, OWN, seed) if DATA.is_dir() else [])


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
    variance = float((p * (1 - p)).sum()) / len(p) ** 2 + part.curve_variance(np.flatnonzero(last))
    low, high = interval(float(p.mean()), variance)
    quiet = world.p[seen] * ~part.rows["returned"].to_numpy()
    over = before & part.rows["mature"].to_numpy()
    return p.mean() - truth, quiet[last].mean() - truth, quiet[over].mean() - truth, low <= truth <= high


def held_out(data: Path, own: Path, seed: int) -> list[Line]:
    """Pairs of one matter, and what became of promises, in histories that taught nothing; by who wrote them."""
    empty, told, beside = lessons_of(data, own)
    files = {"given": data / HISTORIES, "own": own / OWN_HISTORIES}
    random = np.random.default_rng(seed)
    lines = [line for name in told for line in _of_hand(name, told, beside, read_rows(files[name]), random)]
    return lines + [line for path in sorted(own.glob(UNSEEN)) for line in _of_unseen(path, empty, random)]


def _of_hand(
    name: str, told: dict[str, list[Lessons]], beside: list[Weighed], rows: list[dict[str, Any]],
    random: np.random.Generator,
) -> list[Line]:  # fmt: skip
    labelled, *heard = told[name]
    as_labelled, as_misheard = out_of_fold(labelled, heard, others(name, told, beside))
    return _lines(name, labelled, heard, as_labelled, as_misheard, rows, random)


def _of_unseen(path: Path, empty: LinkModel, random: np.random.Generator) -> list[Line]:
    """The same by the shipped links, of a hand they never learned from."""
    shipped = LinkModel.load(OWN.parent / "linking.json")
    labelled, *heard = histories(path, empty)
    as_misheard = [shipped.probability(lessons.features) for lessons in heard]
    name = path.name.removesuffix(".jsonl.gz").removeprefix("histories_")
    return _lines(name, labelled, heard, shipped.probability(labelled.features), as_misheard, read_rows(path), random)


def _lines(
    name: str, labelled: Lessons, heard: list[Lessons], as_labelled: np.ndarray, as_misheard: list[np.ndarray],
    rows: list[dict[str, Any]], random: np.random.Generator,
) -> list[Line]:  # fmt: skip
    pairs = [_pairs(lessons, p) for lessons, p in zip(heard, as_misheard, strict=True)]
    join = _f1(np.stack([labelled.truth, np.ones(len(labelled.truth)), labelled.truth], axis=1))
    promises = _promises(labelled, as_labelled, rows)
    kept = float(np.mean([outcome == "kept" for _, outcome, _ in promises]))
    right, whose = np.array([[verdict] for _, _, verdict in promises]), np.array([who for who, _, _ in promises])
    return [
        _line(f"{name} histories, same-matter pairs, labelled: F1", _f1, [_pairs(labelled, as_labelled)],
              labelled.customer, 0.88, f"join all {join:.2f}", random),
        _line(f"{name} histories, same-matter pairs, misheard: F1", _f1, pairs, labelled.customer, 0.88,
              f"join all {join:.2f}", random),
        _line(f"{name} histories, promise outcomes, labelled: right", _share, [right], whose, 0.75,
              f"always kept {kept:.2f}", random),
    ]  # fmt: skip


def _line(
    measure: str, figure: Callable[[np.ndarray], float], rows: list[np.ndarray], who: np.ndarray, least: float,
    beside: str, random: np.random.Generator,
) -> Line:  # fmt: skip
    """The mean of a figure over hearings, with its 99 % interval over customers; met where it reaches ``least``."""
    value = float(np.mean([figure(part) for part in rows]))
    customers = [np.flatnonzero(who == name) for name in sorted(set(who))]
    drawn = []
    for _ in range(BOOTSTRAPS):
        mine = np.concatenate([customers[at] for at in random.integers(0, len(customers), len(customers))])
        drawn.append(figure(rows[int(random.integers(len(rows)))][mine]))
    low, high = np.quantile(drawn, [0.005, 0.995])
    name = f"{measure}, n {len(rows[0])}"
    return Line(name, value, float(low), float(high), f"≥ {least}", beside, value >= least, len(customers))


def _pairs(lessons: Lessons, probability: np.ndarray) -> np.ndarray:
    """truly one matter, joined, and both, of each pair."""
    threshold = load_settings().journey.link_threshold
    episode = join_episodes(lessons.pairs.assign(probability=probability), lessons.contacts, threshold)["episode"]
    joined = episode.to_numpy()[lessons.pairs["earlier"]] == episode.to_numpy()[lessons.pairs["later"]]
    return np.stack([lessons.truth, joined, lessons.truth * joined], axis=1)


def _f1(pairs: np.ndarray) -> float:
    true, joined, both = pairs.sum(axis=0)
    return float(2 * both / max(true + joined, 1.0))


def _share(rows: np.ndarray) -> float:
    return float(rows[:, 0].mean())


def _promises(lessons: Lessons, probability: np.ndarray, rows: list[dict[str, Any]]) -> list[tuple[str, str, bool]]:
    """Customer, true outcome and whether it was found, of each promise; "unknown" says that nothing more was heard."""
    settings = load_settings().journey
    episode = join_episodes(
        lessons.pairs.assign(probability=probability), lessons.contacts, settings.link_threshold
    )["episode"]  # fmt: skip
    contact_of = {leg: at for at, legs in enumerate(lessons.contacts["legs"]) for leg in legs}
    found = find_promises(lessons.facts, lessons.cues, lessons.turns, contact_of, settings, UTC)
    now = int(lessons.contacts["start_us"].max())
    openings = opening_words(lessons.turns, lessons.contacts)
    judged = judge_promises(found, lessons.contacts, lessons.signals, openings, episode.tolist(), now, UTC)
    status = {(promise.interaction_id, promise.turn): promise.status for promise in judged}
    told = {"unknown": "open"}
    return [
        (row["customer_id"], promise["outcome"], told.get(said, said) == promise["outcome"])
        for row in rows
        for promise in row.get("promises", ())
        for said in [status.get((row["interaction_id"], promise["turn"]), "missed")]
    ]

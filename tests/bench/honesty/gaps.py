"""Gaps, surveys, initiatives, organisational gaps and staff mood: how often their intervals hold the truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy import stats

from analyzer.loyalty.gaps import expectation_gap
from analyzer.loyalty.initiatives import newcombe
from analyzer.loyalty.organisation import organisational_gaps
from analyzer.loyalty.perception import perception_gap
from analyzer.loyalty.staff_mood import staff_mood
from analyzer.loyalty.survey_checks import invitations, silence_weights
from analyzer.tables import STORED
from tests.bench.honesty.company_worlds import AS_OF, SETTINGS, leaving_world, staff_world
from tests.bench.honesty.gap_worlds import Floats, answers, cues, drawn, heard, some_contacts, within
from tests.bench.honesty.lines import Line, coverage

NO_ANSWERS = STORED["surveys"].empty()
NO_VERDICTS = STORED["verdicts"].empty()
AT_ONCE = 100


def gaps(worlds: int, seed: int) -> list[Line]:
    """Every line of the part; costly measures take fewer worlds."""
    return [
        _expectation(worlds, seed),
        _expectation_misheard(min(worlds, 600), seed),
        _perception(worlds, seed),
        _perception_of_answerers(min(worlds, 300), seed),
        _initiatives(worlds, seed),
        _organisation(min(worlds, 600), seed),
        _staff(worlds, seed),
    ]


def _worlds(worlds: int, seed: int, part: int) -> Iterator[tuple[int, np.random.Generator]]:
    return ((world, np.random.default_rng([seed, part, world])) for world in range(worlds))


def _batches(
    worlds: int, seed: int, part: int, at_once: int = AT_ONCE
) -> Iterator[list[tuple[int, np.random.Generator]]]:
    """Worlds that share a call, each as a segment of its own."""
    every = list(_worlds(worlds, seed, part))
    return (every[first : first + at_once] for first in range(0, worlds, at_once))


def _t_interval(values: Floats) -> tuple[float, float]:
    """What is done without thought: every contact counts as one observation."""
    half = float(stats.t.ppf(0.975, max(len(values) - 1, 1)) * values.std(ddof=1) / np.sqrt(len(values)))
    return float(values.mean()) - half, float(values.mean()) + half


def _expectation(worlds: int, seed: int) -> Line:
    """Unmet is heard better than exceeded; customers differ; truth is the whole population's."""
    held, naive = [], []
    for batch in _batches(worlds, seed, 1):
        made = {str(world): _spoken_world(world, rng) for world, rng in batch}
        frame = pd.concat([world[0] for world in made.values()], ignore_index=True)
        all_cues = pd.concat([world[1] for world in made.values()], ignore_index=True)
        for row in expectation_gap(frame, all_cues, NO_ANSWERS).to_pylist():
            if row["segment"] in made and row["topic"] == "all" and row["value"] is not None:
                _, heard_cues, truth = made[row["segment"]]
                held.append(row["low"] <= truth <= row["high"])
                low, high = _t_interval(_counted(heard_cues))
                naive.append(low <= truth <= high)
    return coverage("expectation gap", held, baseline=f"labels counted, t: {np.mean(naive):.3f}", worlds=worlds)


def _expectation_misheard(worlds: int, seed: int) -> Line:
    """What no interval can hold: a detector whose probabilities are off, where nobody is asked. It says model_only."""
    held, off = [], []
    for batch in _batches(worlds, seed, 7):
        made = {str(world): _spoken_world(world, rng, MISHEARD) for world, rng in batch}
        frame, all_cues = (pd.concat([world[k] for world in made.values()], ignore_index=True) for k in (0, 1))
        for row in expectation_gap(frame, all_cues, NO_ANSWERS).to_pylist():
            if row["segment"] in made and row["topic"] == "all" and row["value"] is not None:
                truth = made[row["segment"]][2]
                held.append(row["low"] <= truth <= row["high"])
                off.append(row["value"] - truth)
                assert row["error_basis"] == "model_only"
    line = coverage("expectation gap, odds heard 2 for 1 and 1 for 2", held, worlds=worlds)
    return replace(line, bar="none", met=None, baseline=f"said: model_only; off by {np.mean(off):+.3f}")


RIGHT: Final = {"exceeded": 1.0, "unmet": 1.0}
MISHEARD: Final = {"exceeded": 2.0, "unmet": 0.5}  # odds of what is heard, times this


def _spoken_world(
    world: int, rng: np.random.Generator, odds: Mapping[str, float] = RIGHT
) -> tuple[pd.DataFrame, pd.DataFrame, float]:
    """Contacts, what a detector hears in them, and the true gap."""
    rates = {"exceeded": float(rng.choice([0.05, 0.1, 0.2])), "unmet": float(rng.choice([0.05, 0.15, 0.3]))}
    distance = {"exceeded": 2.0, "unmet": 3.0}
    contacts = some_contacts(rng, 60, 300)
    frame, parts = contacts.frame(world), []
    for label, rate in rates.items():
        true = drawn(rng, contacts, rate, float(rng.choice([0.0, 0.7])))
        known = heard(rng, true, rate, distance[label])
        said = odds[label] * known / (odds[label] * known + 1 - known)
        parts.append(cues(frame, f"expect.{label}", said, 0.4))
    spoken = 1 - (1 - rates["exceeded"]) * (1 - rates["unmet"])
    return frame, pd.concat(parts, ignore_index=True), (rates["exceeded"] - rates["unmet"]) / spoken


def _counted(heard_cues: pd.DataFrame) -> Floats:
    found = heard_cues[heard_cues["found"]]
    exceeded, unmet = (
        (found["label"] == f"expect.{label}").groupby(found["interaction_id"]).any() for label in ("exceeded", "unmet")
    )
    return exceeded.to_numpy(dtype="float64") - unmet.to_numpy(dtype="float64")


def _perception(worlds: int, seed: int) -> Line:
    """Our readings flatter by a constant and err; customers answer in five steps, each in their own way."""
    held, naive = [], []
    for batch in _batches(worlds, seed, 2):
        made = {str(world): _answered_world(world, rng) for world, rng in batch}
        frame = pd.concat([world[0] for world in made.values()], ignore_index=True)
        said = pa.concat_tables([world[1] for world in made.values()])
        as_of = frame["known_at"].max() + timedelta(days=30)
        for row in perception_gap(frame, said, NO_VERDICTS, None, as_of).to_pylist():
            if row["segment"] in made and row["value"] is not None:
                _, _, differences, truth = made[row["segment"]]
                held.append(row["low"] <= truth <= row["high"])
                low, high = _t_interval(differences)
                naive.append(low <= truth <= high)
    return coverage("perception gap", held, baseline=f"contacts independent, t: {np.mean(naive):.3f}", worlds=worlds)


def _answered_world(world: int, rng: np.random.Generator) -> tuple[pd.DataFrame, pa.Table, Floats, float]:
    """Contacts, answers, ours − theirs, and the true mean of it."""
    contacts, truth = some_contacts(rng, 6, 150), float(rng.uniform(-0.2, 0.3))
    felt = 0.55 + within(rng, contacts, 0.15) + rng.normal(0, 0.15, contacts.n)
    # Steps with a dither, so that the mean answer is the mean feeling; beyond the ends of the scale too.
    good = np.floor(4 * felt + rng.uniform(0, 1, contacts.n)) / 4
    manner = within(rng, contacts, float(rng.choice([0.0, 0.1])))
    read = felt + truth + manner + rng.normal(0, 0.1, contacts.n)
    frame = contacts.frame(world, satisfaction=1 + 4 * read)
    return frame, answers(frame, "csat", good, np.ones(contacts.n, dtype=bool)), read - good, truth


def _perception_of_answerers(worlds: int, seed: int) -> Line:
    """The satisfied answer more often, and of them our reading is further off: silence hides a part of the gap."""
    held: list[bool] = []
    naive: list[bool] = []
    for world, rng in _worlds(worlds, seed, 3):
        contacts = some_contacts(rng, 150, 400)
        read = np.clip(rng.normal(0.6, 0.2, contacts.n) + within(rng, contacts, 0.05), 0, 1)
        # Ours less theirs is 0.2 − 0.4 · (reading − 0.6) and noise; its mean over all invited is the truth.
        theirs = read - (0.2 - 0.4 * (read - 0.6)) + within(rng, contacts, 0.1) + rng.normal(0, 0.1, contacts.n)
        answered = rng.uniform(size=contacts.n) < 1 / (1 + np.exp(-(-0.5 + 6 * (read - 0.6))))
        frame = contacts.frame(world, satisfaction=1 + 4 * read)
        truth = 0.2 - 0.4 * (_MEAN_READ - 0.6)
        table = answers(frame, "csat", theirs, answered)
        as_of = frame["known_at"].max() + timedelta(days=30)
        weights = silence_weights(invitations(table, as_of), frame)
        for into, weight in ((held, weights), (naive, None)):
            rows = perception_gap(frame, table, NO_VERDICTS, weight, as_of).to_pylist()
            into.append(rows[0]["low"] <= truth <= rows[0]["high"])
    return coverage("perception gap, few answer", held, baseline=f"not weighted: {np.mean(naive):.3f}", worlds=worlds)


# The mean of a normal 0.6 ± 0.206 cut to 0–1.
_MEAN_READ = 0.598


def _initiatives(worlds: int, seed: int) -> Line:
    """Notice among the done and the held out, few and many of either."""
    held, naive = [], []
    for _, rng in _worlds(worlds, seed, 4):
        n, of = int(rng.integers(30, 400)), int(rng.integers(10, 80))
        base = float(rng.uniform(0.05, 0.4))
        truth = float(rng.uniform(-0.6, 0.2)) * base
        hits, others = int(rng.binomial(n, base + truth)), int(rng.binomial(of, base))
        _, low, high = newcombe(hits, n, others, of)
        held.append(low <= truth <= high)
        a, b = hits / n, others / of
        half = 1.96 * np.sqrt(a * (1 - a) / n + b * (1 - b) / of)
        naive.append(abs(a - b - truth) <= half)
    return coverage("effect of an initiative", held, baseline=f"Wald: {np.mean(naive):.3f}", worlds=worlds)


def _organisation(worlds: int, seed: int) -> Line:
    """Notices that go with three signs, pooled; who comes more often meets more of them and leaves more often."""
    held, naive = [], []
    for batch in _batches(worlds, seed, 5, at_once=10):
        made = {str(world): leaving_world(world, rng) for world, rng in batch}
        frame, heard_cues, customers = (
            pd.concat([getattr(world, name) for world in made.values()], ignore_index=name != "customers")
            for name in ("contacts", "cues", "customers")
        )
        rows = organisational_gaps(frame, heard_cues, customers, True, AS_OF, SETTINGS).to_pylist()
        for row in rows:
            truth = made[row["segment"]].at_stake.get(row["sign"]) if row["segment"] in made else None
            if truth is not None and row["at_stake"] is not None:
                held.append(row["low"] <= truth <= row["high"])
        naive += [hit for world in made.values() for hit in world.counted]
    return coverage(
        "organisational gaps", held, baseline=f"labels counted, not adjusted: {np.mean(naive):.3f}", worlds=worlds
    )


def _staff(worlds: int, seed: int) -> Line:
    """Teams of eight to thirty agents of unequal work; the truth is the mean of all agents there could be."""
    held, naive = [], []
    for batch in _batches(worlds, seed, 6):
        made = {str(world): staff_world(world, rng) for world, rng in batch}
        facts = pd.concat([world.facts for world in made.values()], ignore_index=True)
        heard_cues = pd.concat([world.cues for world in made.values()], ignore_index=True)
        for row in staff_mood(facts, heard_cues, 8, AS_OF).to_pylist():
            if row["team"] in made:
                held.append(row["staff_low"] <= made[row["team"]].tone <= row["staff_high"])
        for world in made.values():
            low, high = _t_interval(world.of_contacts)
            naive.append(low <= world.tone <= high)
    return coverage("tone of a team", held, baseline=f"contacts counted, t: {np.mean(naive):.3f}", worlds=worlds)

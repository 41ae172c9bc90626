"""Weights learned from surveys: adopted only where they are better; and what customers answer, by band of the score."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analyzer.score.calibration import bounded_mean_interval
from analyzer.score.contact import OWN_PARTS
from analyzer.score.frames import Floats
from analyzer.score.weights import Weighting, configured
from analyzer.score.weights_learned import Answers, Trial, answers, try_weights
from tests.bench.honesty.lines import Line, coverage, size
from tests.score import survey_worlds, worlds

COSTLY = 4  # a world of surveys costs as much as so many cheap ones
OTHERWISE = {"resolution": 10.0, "feeling_end": 30.0, "feeling_shift": 0.0, "empathy": 12.0, "effort": -1.0}


@dataclass(frozen=True, slots=True)
class Told:
    """A trial; and the error of both kinds of weights on new contacts of the same world."""

    trial: Trial
    in_force: float
    learned: float


def weights(worlds_: int, seed: int) -> list[Line]:
    """Adoption where the configured weights are right and where they are not, the gain on new contacts, calibration."""
    rng = np.random.default_rng(seed)
    n = max(worlds_ // COSTLY, 1)
    right = {size_: [tell(size_, {}, rng) for _ in range(n)] for size_ in (200, 800)}
    wrong = [tell(400, OTHERWISE, rng) for _ in range(n)]
    gained = [told.in_force - told.learned for told in wrong if told.trial.better]
    found = float(np.mean([told.trial.better for told in wrong]))
    lines = [
        size(f"learned weights adopted though the configured are right, {size_} answers",
             [told.trial.better for told in some])
        for size_, some in right.items()
    ]  # fmt: skip
    lines.append(Line("learned weights adopted where others hold, 400 answers", found, met=None, worlds=n))
    gain = float(np.mean(gained)) if gained else float("nan")
    error = float(np.mean([told.in_force for told in wrong]))
    lines.append(Line("error on new contacts won by those adopted, points²", gain, None, None, "> 0",
                      f"error of the configured {error:.0f}", gain > 0, len(gained)))  # fmt: skip
    lines += [_band(answers_, mean, worlds_, rng) for answers_ in (10, 40) for mean in (0.5, 0.85)]
    return lines


def tell(n: int, changes: dict[str, float], rng: np.random.Generator) -> Told:
    """A trial on ``n`` answers of customers whose weights are the configured ones but for ``changes``."""
    settings = worlds.score_settings()
    known = configured(settings)
    truth = replace(known, weights={**known.weights, **changes})
    facts = survey_worlds.contacts(n, rng)
    told = _answers(facts, truth, known, rng)
    trial = try_weights(told, known, settings)
    new = survey_worlds.contacts(600, rng)
    if trial.learned is None:
        return Told(trial, np.nan, np.nan)
    return Told(trial, _error(new, truth, known), _error(new, truth, trial.learned))


def _score(facts: pd.DataFrame, weighting: Weighting) -> Floats:
    """experience_contact by its definition, without the tables that score_contacts makes."""
    parts = [
        weighting.weights[name] * np.nan_to_num(part(facts) - weighting.references[name])
        for name, part in OWN_PARTS.items()
    ]
    return np.asarray(np.clip(weighting.base + np.sum(parts, axis=0), 0, 100), dtype=np.float64)


def _answers(facts: pd.DataFrame, truth: Weighting, known: Weighting, rng: np.random.Generator) -> Answers:
    expected = 20 + 0.8 * _score(facts, truth)
    surveys = survey_worlds.surveys(facts, expected, rng)
    experience = worlds.experience(facts, _score(facts, known))
    return answers(facts, experience, surveys, known, "csat")


def _error(facts: pd.DataFrame, truth: Weighting, weighting: Weighting) -> float:
    """Mean squared distance of what customers expect to say from the score, at the score's best level and spread."""
    expected = 20 + 0.8 * _score(facts, truth)
    said = _score(facts, weighting)
    slope, level = np.polyfit(said, expected, 1)
    return float(np.mean((expected - level - slope * said) ** 2))


def _band(n: int, mean: float, worlds_: int, rng: np.random.Generator) -> Line:
    """Coverage of a band's mean answer where customers answered once or twice."""
    held = []
    for _ in range(worlds_):
        customer = rng.integers(0, int(n / 1.3), n)
        own = rng.normal(0, 1, n)[customer] * 0.5 + rng.normal(0, 0.85, n)
        held.append((customer, own))
    grid = np.linspace(-4, 4, 4001)
    density = np.exp(-(grid**2) / 2 / (0.25 + 0.7225))
    truth = float(density @ _said(grid, mean) / density.sum())
    hits = []
    for customer, own in held:
        low, high = bounded_mean_interval(_said(own, mean), customer, 0.95)
        hits.append(low <= truth <= high)
    return coverage(f"mean answer of a band, {n} answers, mean {truth:.2f}", hits)


def _said(latent: np.ndarray, mean: float) -> np.ndarray:
    return np.clip(np.round(1 + 4 * (mean + 0.3 * latent)), 1, 5) / 4 - 0.25

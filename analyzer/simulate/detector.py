"""The ears' error: findings that differ from the truth by label, language, channel and the agent's style."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit, ndtr, ndtri

from analyzer.simulate.draws import Bools, Floats, Ints, share_of
from analyzer.simulate.rows import Rows
from analyzer.simulate.spec import CHANNELS, LANGUAGES, Hearing, Reading, WorldSpec

SCALES = {"sentiment_start": (-1.0, 1.0), "sentiment_end": (-1.0, 1.0), "satisfaction": (1.0, 5.0),
          "effort": (1.0, 5.0), "empathy": (1.0, 5.0)}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ears:
    """Where a contact is heard: language and channel by place, and the style of the agent in it."""

    language: Ints
    channel: Ints
    style: Floats

    def each(self, table: np.ndarray) -> Floats:
        """A value of ``table`` (language × channel × …) for each contact."""
        return np.asarray(table[self.language, self.channel])


def hear_label(
    truth: Bools, hearing: Hearing, ears: Ears, rng: np.random.Generator, *, perfect: bool
) -> tuple[Bools, Floats]:
    """Whether the label was heard, and its probability; of ``truth``, or with the stated error."""
    if perfect:
        return truth, truth.astype(np.float64)
    rates = ears.each(np.array([[hearing.rates(lang, channel) for channel in CHANNELS] for lang in LANGUAGES]))
    yes, no = ndtri(rates[:, 0]), ndtri(rates[:, 1])
    score = np.where(truth, yes, -no) + hearing.style * ears.style + rng.standard_normal(len(truth))
    share = float(np.clip(truth.mean() if len(truth) else 0.5, 1e-4, 1 - 1e-4))
    # Log ratio of the two normals at the score, and the share of yes: Bayes, blind to style.
    return score > 0, np.asarray(expit(logit(share) + (yes + no) * score - (yes**2 - no**2) / 2))


def hear_number(
    truth: Floats, name: str, reading: Reading, ears: Ears, rng: np.random.Generator, *, perfect: bool
) -> Floats:
    """The number as heard, within its scale."""
    if perfect or not len(truth):
        return truth
    bias = ears.each(np.array([[reading.bias(lang, channel) for channel in CHANNELS] for lang in LANGUAGES]))
    mean = float(truth.mean())
    heard = mean + reading.slope * (truth - mean) + bias + reading.style * ears.style
    low, high = SCALES[name]
    return np.asarray(np.clip(heard + reading.noise * rng.standard_normal(len(truth)), low, high))


def hear_reason(spec: WorldSpec, truth: Ints, rng: np.random.Generator) -> Ints:
    """The reason as heard; a wrong one is drawn from all others alike."""
    others = len(spec.reasons)
    wrong = (truth + rng.integers(1, others, len(truth))) % others
    return np.where(rng.random(len(truth)) < spec.detector.reason_accuracy, truth, wrong)


def hear_opportunities(
    spec: WorldSpec, contacts: Rows, ears: Ears, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints]:
    """Opportunities heard, and of these met and hurt."""
    count, met, hurt = (contacts[name] for name in ("opportunities", "met", "hurt"))
    if spec.detector.perfect:
        return count, met, hurt
    recall = spec.detector.opportunity_recall
    met, hurt, plain = (rng.binomial(part, recall) for part in (met, hurt, count - met - hurt))
    hearing = spec.detector.labels["opportunity_met"]
    rates = ears.each(np.array([[hearing.rates(lang, channel) for channel in CHANNELS] for lang in LANGUAGES]))
    shift = hearing.style * ears.style
    caught = rng.binomial(met, ndtr(ndtri(rates[:, 0]) + shift))
    invented = rng.binomial(plain, ndtr(-ndtri(rates[:, 1]) + shift))
    return met + hurt + plain, caught + invented, hurt


def unheard(spec: WorldSpec, n: int, rng: np.random.Generator) -> tuple[Bools, Bools]:
    """Contacts whose speakers are swapped, and those in a language that is not read."""
    unreadable = share_of(rng, spec.detector.unreadable, n)
    return share_of(rng, spec.detector.swapped, n) & ~unreadable, unreadable

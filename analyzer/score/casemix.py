"""What a unit was given to work with: covariates that were fixed before it acted, and their slopes within units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from analyzer.errors import ConfigError
from analyzer.score.frames import Bools, Floats, Objects, linked, numbers, texts

WORDS: Final = ("channel", "direction", "language", "queue", "product_line", "segment", "reason")
NUMBERS: Final = ("sentiment_start", "wait_s")
LINK_NUMBERS: Final = ("prior_contacts",)
KNOWN: Final = WORDS + NUMBERS + LINK_NUMBERS

MIN_LEVEL: Final = 20  # contacts; rarer values of a word share one level
MAX_LEVELS: Final = 30
MIN_WITHIN: Final = 2.0  # within-unit rows that a column must vary over to have a slope
MIN_DEGREES: Final = 10.0  # within-unit degrees of freedom that must be left over …
DEGREES_PER_SLOPE: Final = 3.0  # … and for each slope


@dataclass(frozen=True, slots=True)
class Design:
    """Covariates of all contacts: ``x`` (contacts, columns), and the setting each column comes from."""

    x: Floats
    source: tuple[str, ...]

    def without(self, kind: str) -> Design:
        """Without the covariate that is the unit itself: a channel is not adjusted for channel."""
        kept = [i for i, source in enumerate(self.source) if source != kind]
        return Design(self.x[:, kept], tuple(self.source[i] for i in kept))


def case_mix_design(facts: pd.DataFrame, links: pd.DataFrame, columns: tuple[str, ...]) -> Design:
    """Dummies of words (most frequent level left out) and centred numbers, missing being a level of its own.

    Raises ConfigError for a column that is unknown or does not precede the unit's work.
    """
    parts: list[Floats] = []
    source: list[str] = []
    for column in columns:
        if column not in KNOWN:
            raise ConfigError(
                f"score.case_mix: {column} is not known to precede the agent's work.",
                hint=f"Known: {', '.join(KNOWN)}.",
            )
        frame = linked(links, facts) if column in LINK_NUMBERS else facts
        part = _dummies(texts(frame, column)) if column in WORDS else _centred(numbers(frame, column))
        parts.append(part)
        source.extend([column] * part.shape[1])
    return Design(np.hstack(parts) if parts else np.empty((len(facts), 0)), tuple(source))


def _dummies(words: Objects) -> Floats:
    codes, _ = pd.factorize(np.where(pd.isna(words), "", words), sort=True)
    count = np.bincount(codes) if len(codes) else np.zeros(0, dtype=np.int64)
    by_size = np.argsort(-count, kind="stable")
    own = [level for level in by_size[:MAX_LEVELS] if count[level] >= MIN_LEVEL]
    rest = ~np.isin(codes, own)
    columns = [codes == level for level in own[1:]]
    if own and rest.any():
        columns.append(rest)
    return np.stack(columns, axis=1).astype(np.float64) if columns else np.empty((len(words), 0))


def _centred(values: Floats) -> Floats:
    missing = np.isnan(values)
    if missing.all():
        return np.empty((len(values), 0))
    columns = [np.where(missing, 0.0, values - np.nanmean(values))]
    if missing.any():
        columns.append(missing.astype(np.float64))
    return np.stack(columns, axis=1)


@dataclass(frozen=True, slots=True)
class Slopes:
    """Within-unit least squares: ``beta``, its covariance per unit of residual variance, and the slopes it took.

    ``used`` says which columns have a slope; they may share some, so that ``rank`` is less than their number.
    """

    beta: Floats
    covariance: Floats
    rank: int
    used: Bools


def within_slopes(xx: Floats, xy: Floats, degrees: float) -> Slopes:
    """Slopes from cross-products about the units' own means (fixed effects, the within part of Mundlak's model).

    Comparing contacts of the same unit only, β is not confounded with how good the units are; across units a hard queue
    staffed by good agents would look easy. All 0 where ``degrees`` of freedom are too few. Mundlak, Econometrica 1978.
    """
    size = np.sqrt(np.maximum(np.diag(xx), 0.0))
    used: Bools = size**2 >= MIN_WITHIN
    beta, covariance = np.zeros(len(xy)), np.zeros_like(xx)
    k = int(used.sum())
    if k == 0 or degrees - k < max(MIN_DEGREES, DEGREES_PER_SLOPE * k):
        return Slopes(beta, covariance, 0, np.zeros(len(xy), dtype=np.bool_))
    scale = np.outer(size[used], size[used])
    values, vectors = np.linalg.eigh(xx[np.ix_(used, used)] / scale)
    # Columns that determine each other (a queue that serves one channel) share their slope: pseudo-inverse.
    inverse = np.where(values > 1e-8, 1.0 / np.maximum(values, 1e-8), 0.0)
    covariance[np.ix_(used, used)] = (vectors * inverse) @ vectors.T / scale
    return Slopes(covariance @ xy, covariance, int((inverse > 0).sum()), used)

"""What a unit was given to work with: covariates that were fixed before it acted, and their slopes within units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from scipy import special

from analyzer.errors import ConfigError
from analyzer.score.frames import Bools, Floats, Objects, linked, numbers, texts

WORDS: Final = ("channel", "direction", "language", "queue", "product_line", "segment", "reason")
NUMBERS: Final = ("sentiment_start", "wait_s")
LINK_NUMBERS: Final = ("prior_contacts",)
DAY: Final = "day"  # of weeks and months, see daymix
KNOWN: Final = (*WORDS, *NUMBERS, *LINK_NUMBERS, DAY)

MIN_LEVEL: Final = 20  # contacts; rarer values of a word share one level
MAX_LEVELS: Final = 30
MIN_WITHIN: Final = 2.0  # within-unit rows that a column must vary over to have a slope
MIN_DEGREES: Final = 10.0  # within-unit degrees of freedom that must be left over …
DEGREES_PER_SLOPE: Final = 3.0  # … and for each slope
CHANCE: Final = 0.99  # share of chance differences that are not taken for an assignment


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
        if column == DAY:
            continue
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
    """Within-unit least squares: ``beta``, its covariance per unit of residual variance, and how many slopes it took.

    ``blind`` (k, q) spans the differences of case mix whose effect no unit tells, scaled to standard deviations: units
    whose mean covariates differ along it cannot be compared.
    """

    beta: Floats
    covariance: Floats
    rank: int
    blind: Floats


@dataclass(frozen=True, slots=True)
class Spread:
    """How the case mix varies: ``variance`` (k, k) over all contacts, ``between`` (k, k) = Σ n d dᵀ of the units'
    differences d from the mean of all, and the number of ``units``."""

    variance: Floats
    between: Floats
    units: int

    @property
    def size(self) -> Floats:
        """Standard deviation of each covariate; 0 where it does not vary."""
        variance = np.diag(self.variance)
        return np.sqrt(np.where(variance > 1e-12, variance, 0.0))


def within_slopes(xx: Floats, xy: Floats, degrees: float, spread: Spread | None = None) -> Slopes:
    """Slopes from cross-products about the units' own means (fixed effects, the within part of Mundlak's model).

    Comparing contacts of the same unit only, β is not confounded with how good the units are; across units a hard queue
    staffed by good agents would look easy. All 0 where ``degrees`` of freedom are too few. Mundlak, Econometrica 1978.
    A direction of the covariates is left without a slope where hardly a unit varies along it, or where the doubt of the
    slope would add more to the units' estimates than their own contacts' chance; it is ``blind`` where units differ
    along it by more than chance (the estimability of contrasts in connected two-way layouts: Searle, Linear Models,
    1971, ch. 5; weak connection: Jochmans & Weidner, Econometrica 2019).
    """
    k = len(xy)
    size = np.sqrt(np.maximum(np.diag(xx), 0.0)) if spread is None else spread.size
    kept: Bools = size**2 >= MIN_WITHIN if spread is None else size > 0
    beta, covariance, none = np.zeros(k), np.zeros((k, k)), np.zeros((k, 0))
    if not kept.any() or degrees <= 0:
        return Slopes(beta, covariance, 0, none)
    scale = np.outer(size[kept], size[kept])
    values, vectors = np.linalg.eigh(xx[np.ix_(kept, kept)] / scale)
    known, differing = _known(values, vectors, degrees, spread, kept)
    slopes = int(known.sum())
    if degrees - slopes < max(MIN_DEGREES, DEGREES_PER_SLOPE * slopes):
        known, slopes = np.zeros_like(known), 0
    blind = np.zeros((k, int((differing & ~known).sum())))
    blind[kept] = vectors[:, differing & ~known] / size[kept, None]
    if slopes:
        # Columns that determine each other (a queue that serves one channel) share their slope: pseudo-inverse.
        inverse = np.where(known, 1.0 / np.maximum(values, 1e-12), 0.0)
        covariance[np.ix_(kept, kept)] = (vectors * inverse) @ vectors.T / scale
        beta = covariance @ xy
    return Slopes(beta, covariance, slopes, blind)


def _known(values: Floats, vectors: Floats, degrees: float, spread: Spread | None, kept: Bools) -> tuple[Bools, Bools]:
    """Directions (eigenvectors) that have a slope, and those along which units differ by more than chance."""
    if spread is None:
        return values > 1e-8, np.zeros(len(values), dtype=np.bool_)
    scale = np.outer(spread.size[kept], spread.size[kept])
    between = np.einsum("kj,kl,lj->j", vectors, spread.between[np.ix_(kept, kept)] / scale, vectors)
    within = np.maximum(values, 1e-9)
    known = (values >= MIN_WITHIN) & (between <= spread.units * within)
    degrees_between = max(spread.units - 1, 1)
    limit = special.fdtri(degrees_between, degrees, CHANCE)
    return known, (between / degrees_between > limit * within / degrees) & (between > 1e-9)

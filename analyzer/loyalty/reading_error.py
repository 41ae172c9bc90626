"""How far a reading of one contact is from a customer's level of satisfaction, learned from the readings themselves.

    reading of a contact  = intercept + slope · what the customer would say + noise   (per language, where told apart)
    what they would say   = their level that day + the moment
    level                 = a part that stays + a part that fades with the half-life of config

*Noise* and *drift* come from pairs of readings of one customer: half their squared difference is the noise of both plus
the drift of the days between (a variogram). *Intercept and slope* come from contacts that the customer rated and we
read: a regression of our reading on their answer, with our readings of their other contacts as the instrument, because
an answer is itself rounded and moody and an ordinary slope would be too flat. It is the reading given the answer that
is learned, so who answers may depend on how satisfied they are. The customer's own answer counts as the truth of a
contact; where too few answered, what people found in blind audits does, weighted by how they were drawn.

All of it is learned again without each of GROUPS groups of customers (delete-a-group jackknife): what follows from it
can so include how unsure it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import nnls

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

GROUPS: Final = 40
# Before any customer was seen twice, two readings of one are taken to differ as if each erred by 25 of 100 points.
PRIOR_NOISE: Final = 625.0
PRIOR_DRIFT: Final = 225.0  # and their level to move by 15 with time
PRIOR_PAIRS: Final = 10.0
MIN_PAIRS: Final = 30  # pairs of readings below which the noise is a guess
NEXT: Final = 5  # a reading is compared with so many that follow it
MOST_CUSTOMERS: Final = 20_000  # whose pairs are looked at; more would tell the same

MIN_RATED: Final = 80  # rated contacts that a language needs for a slope of its own
MIN_F: Final = 15.0  # how well the other contacts must foretell the answer
OTHERS_PRIOR: Final = 3.0  # the mean of other readings is drawn to the middle as if by so many

TOLD, READ, DRIFT, BEND, LINES = 0, 1, 2, 3, 4  # places in ``at``; from LINES on intercept and slope of each stratum
USUAL_ROOM: Final = 0.8  # of a level of 72: there ``bend`` changes nothing
LEAST_NOISE: Final = 0.2  # of the usual noise, at the ends of the scale
BEND_PRIOR: Final = 1.0
POOLED: Final = ""


@dataclass(frozen=True, slots=True)
class ReadingError:
    """``at``: noise of an answer, of a reading, drift (variances), bend, then intercept and slope of each stratum.

    ``without`` is the same without each group of customers. ``source`` of the slopes: "answers", "audits" or none.
    """

    strata: tuple[str, ...]
    at: Floats
    without: Floats
    source: str
    pairs: int

    @property
    def calibrated(self) -> bool:
        """Whether it was checked against people how our readings follow what is true."""
        return bool(self.source)

    @property
    def known(self) -> bool:
        """Whether enough customers were read twice to tell the noise."""
        return self.pairs >= MIN_PAIRS

    def stratum(self, languages: pd.Series[str]) -> Whole:
        """The place of each reading's intercept and slope among ``strata``."""
        place = {name: i for i, name in enumerate(self.strata)}
        return np.asarray([place.get(str(language), 0) for language in languages], dtype=np.int64)


ASSUMED: Final = ReadingError(
    strata=(POOLED,),
    at=np.asarray([PRIOR_NOISE, PRIOR_NOISE, PRIOR_DRIFT, 0.0, 0.0, 1.0]),
    without=np.empty((0, 6)),
    source="",
    pairs=0,
)


def room(level: Floats) -> Floats:
    """How much room a level leaves to both ends of the scale, 1 in the middle and 0 at the ends: readings that cannot
    leave the scale differ less where there is little."""
    return np.asarray(np.clip(level, 0, 100) * (100 - np.clip(level, 0, 100)) / 2500, dtype=np.float64)


def straight(at: Floats, value: Floats, told: NDArray[np.bool_], stratum: Whole) -> Floats:
    """Readings on the scale of the customers' answers; answers stay what they are."""
    intercept, slope = at[LINES + 2 * stratum], at[LINES + 1 + 2 * stratum]
    return np.where(told, value, (value - intercept) / slope)


def groups_of(customers: Iterable[str]) -> Whole:
    """The group of each customer: by a hash of the key, so that it is the same wherever the customer is counted."""
    return np.asarray([crc32(str(key).encode()) % GROUPS for key in customers], dtype=np.int64)


def reading_error(standing: pd.DataFrame, read: pd.DataFrame, halflife_days: float) -> ReadingError:
    """What both frames of satisfaction.py tell: ``standing`` readings, and ``read`` contacts with what was found."""
    source = ""
    strata: tuple[str, ...] = (POOLED,)
    slopes: Floats = np.tile([0.0, 1.0], (GROUPS + 1, 1))
    for name in ("audits", "answers"):
        found = _slopes(read, name)
        if found is not None:
            source, (strata, slopes) = name, found
    pairs = _pairs(standing, halflife_days, slopes[0], strata)
    noise = [_variances(pairs, slopes[g + 1], g) for g in range(-1, GROUPS)]
    whole = np.column_stack([np.asarray(noise), slopes])
    return ReadingError(strata, whole[0], whole[1:], source, len(pairs.first))


def _slopes(read: pd.DataFrame, source: str) -> tuple[tuple[str, ...], Floats] | None:
    """Strata, their intercepts and slopes (row 0 of all, row g + 1 without group g); None where they cannot be told."""
    rated = _rated(read, source)
    rated["group"] = groups_of(rated["customer_key"])
    pooled = _line(rated)
    if pooled is None:
        return None
    strata, lines = [POOLED], [pooled]
    for language in sorted({str(name) for name in rated["language"].dropna()}):
        own = _line(rated[rated["language"] == language])
        if own is not None:
            strata.append(language)
            lines.append(own)
    return tuple(strata), np.column_stack(lines)


def _rated(read: pd.DataFrame, source: str) -> pd.DataFrame:
    """Contacts read of which ``source`` tells the truth, with the instrument ``others``; only of customers who were
    read at another contact too."""
    by_customer = read.groupby("customer_key")["read"]
    count, total = by_customer.transform("size") - 1, by_customer.transform("sum") - read["read"]
    others = (total + OTHERS_PRIOR * read["read"].mean()) / (count + OTHERS_PRIOR)
    weight = read["audit_weight"] if source == "audits" else 1.0
    kept = read.assign(others=others, answer=read[source], weight=weight)[(count > 0) & read[source].notna()]
    return kept[["customer_key", "language", "read", "answer", "others", "weight"]].copy()


def _line(rated: pd.DataFrame) -> Floats | None:
    """Intercept and slope of reading on answer, of all and without each group; None if the answer is not foretold."""
    if len(rated) < MIN_RATED:
        return None
    correlation = float(np.corrcoef(rated["answer"], rated["others"])[0, 1])
    if not correlation > 0 or len(rated) * correlation**2 / max(1 - correlation**2, 1e-9) < MIN_F:
        return None
    read, answer, others = (rated[name].to_numpy(dtype="float64") for name in ("read", "answer", "others"))
    moments = np.column_stack([np.ones(len(rated)), read, answer, others, read * others, answer * others])
    moments *= rated["weight"].to_numpy(dtype="float64")[:, None]
    sums = np.zeros((GROUPS, moments.shape[1]))
    np.add.at(sums, rated["group"].to_numpy(), moments)
    n, r, a, z, rz, az = np.vstack([moments.sum(axis=0), moments.sum(axis=0) - sums]).T
    slope = (rz / n - r * z / n**2) / (az / n - a * z / n**2)
    return None if slope[0] <= 0.1 else np.column_stack([r / n - slope * a / n, slope])


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Pairs of readings of one customer: their values, whether told, strata, how much drift can part them, whose they
    are (a place in ``mean`` and ``count``, each customer's readings), and the group."""

    first: Floats
    second: Floats
    told: NDArray[np.bool_]
    strata: Whole
    apart: Floats
    customer: Whole
    group: Whole
    mean: Floats
    count: Floats


def _pairs(standing: pd.DataFrame, halflife_days: float, lines: Floats, strata: tuple[str, ...]) -> _Pairs:
    customer, keys = pd.factorize(standing["customer_key"], sort=True)
    if len(keys) > MOST_CUSTOMERS:
        chosen = customer % -(-len(keys) // MOST_CUSTOMERS) == 0
        standing, customer = standing[chosen], customer[chosen]
    place = {name: i for i, name in enumerate(strata)}
    value, told = standing["value"].to_numpy(dtype="float64"), standing["told"].to_numpy(dtype=bool)
    stratum = np.asarray([place.get(str(name), 0) for name in standing["language"]], dtype=np.int64)
    days = (standing["at"] - pd.Timestamp(0, tz="UTC")).dt.total_seconds().to_numpy() / 86400
    count = np.bincount(customer, minlength=len(keys)).astype(np.float64)
    level = straight(np.concatenate([np.zeros(LINES), lines]), value, told, stratum)
    mean = np.bincount(customer, weights=level, minlength=len(keys)) / np.maximum(count, 1)
    same = [np.flatnonzero(customer[step:] == customer[:-step]) for step in range(1, NEXT + 1)]
    i, j = np.concatenate(same), np.concatenate([ones + step for step, ones in enumerate(same, 1)])
    apart = 1 - np.power(0.5, np.minimum(np.abs(days[j] - days[i]) / halflife_days, 60))
    return _Pairs(value[i], value[j], np.column_stack([told[i], told[j]]), np.column_stack([stratum[i], stratum[j]]),
                  apart, customer[i], groups_of(keys)[customer[i]], mean, count)  # fmt: skip


def _variances(pairs: _Pairs, lines: Floats, without: int) -> Floats:
    """Noise of an answer, of a reading (on its own scale), drift and bend, from all pairs but one group's."""
    at = np.concatenate([np.zeros(LINES), lines])
    kept = pairs.group != without
    told, strata = pairs.told[kept], pairs.strata[kept]
    values = [straight(at, side[kept], told[:, k], strata[:, k]) for k, side in enumerate((pairs.first, pairs.second))]
    squares = (values[0] - values[1]) ** 2
    scale = lines[1 + 2 * strata] ** -2.0
    design = np.column_stack([told.sum(axis=1), (~told * scale).sum(axis=1), 2 * pairs.apart[kept]])
    guess = PRIOR_PAIRS * np.diag([4.0, 4.0, 4.0])
    normal = design.T @ design + guess
    target = design.T @ squares + guess @ np.asarray([PRIOR_NOISE, PRIOR_NOISE, PRIOR_DRIFT])
    root = np.linalg.cholesky(normal + 1e-9 * np.eye(3))
    found = np.asarray(nnls(root.T, np.linalg.solve(root, target))[0], dtype=np.float64)
    noise = design[:, :2] @ found[:2]
    usual, bend = _bend(pairs, kept, squares - design[:, 2] * found[2], noise)
    return np.append(found * [usual, usual, 1.0], bend)


def _bend(pairs: _Pairs, kept: NDArray[np.bool_], squares: Floats, noise: Floats) -> tuple[float, float]:
    """What the noise is at a usual level against that on the whole, and how it grows from there with the room a level
    leaves: a regression of squared differences, in units of what they are on the whole, on the room to be expected
    given the customer's mean (which errs, and is drawn in accordingly)."""
    if kept.sum() < MIN_PAIRS or not (noise > 0).all():
        return 1.0, 0.0
    middle, error = float(pairs.mean.mean()), float(noise.mean() / 2) / np.maximum(pairs.count, 1)
    levels = max(float(((pairs.mean - middle) ** 2 - error).mean()), 1.0)
    drawn = levels / (levels + error)
    expected = room(middle + drawn * (pairs.mean - middle)) - drawn * error / 2500
    off = expected[pairs.customer[kept]] - USUAL_ROOM
    design = np.column_stack([np.ones(len(off)), off])
    normal = design.T @ design + np.diag([0.0, PRIOR_PAIRS / BEND_PRIOR])
    level, slope = np.linalg.solve(normal, design.T @ (squares / noise))
    return max(float(level), 0.1), float(np.clip(slope / max(level, 0.1), -1.0, 4.0))

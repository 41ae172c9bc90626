"""Corrected readings of single contacts, and how far each unit's are still off.

    reading of a contact   g_i = λ · f_i + b_h       b_h: mean of y − λ · f over the audited of its stratum
    error of a unit        δ_u ~ N(μ, τ²)            what is left: the machine may hear some agents' style less well

Units have few audited contacts each, so δ_u is drawn towards the mean of all units, the more so the fewer they are; the
posterior averages over τ², which may be anything alike beforehand: intervals that believed its estimate from a few
units would be too narrow. A unit without an audited contact of its own gets the mean of all, and τ² in its variance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from analyzer.score.correction import LEAST_IN_STRATUM, Sample, tuning_of
from analyzer.score.correction_strata import strata_of
from analyzer.score.frames import Floats, Ints

# Share of noise, v / (v + τ²): from "units do not differ" to "units differ 50 times as much as the audit's noise".
_NOISE_SHARE: Final = np.linspace(0.02, 0.999, 50)


@dataclass(frozen=True, slots=True)
class Readings:
    """By contact: ``corrected`` g, ``residual`` y − g (NaN: not audited), ``stratum``, inverse sampling probability.

    ``error_variance`` is that of b, by stratum; ``residual_variance`` that of one contact about it.
    """

    corrected: Floats
    residual: Floats
    own: Floats
    stratum: Ints
    error_variance: Floats
    residual_variance: float
    tuning: float
    n_audited: int


@dataclass(frozen=True, slots=True)
class UnitErrors:
    """By unit: what to add to a mean of corrected readings, and its variance. ``gap_variance`` is against all units."""

    shift: Floats
    variance: Floats
    gap_variance: Floats
    n_audited: Floats


def corrected_readings(sample: Sample) -> Readings:
    """The readings as an audit of enough contacts (``correction.too_small``) corrects them."""
    audited = ~np.isnan(sample.verdict)
    stratum = strata_of(sample.strata, audited, LEAST_IN_STRATUM)
    tuning = tuning_of(sample, audited, stratum)
    own = np.where(audited, 1.0 / np.where(audited, sample.sampling_probability, 1.0), 0.0)
    error = np.where(audited, sample.verdict - tuning * sample.reading, 0.0)
    total = np.bincount(stratum, weights=own)
    mean = np.bincount(stratum, weights=own * error) / total
    residual = np.where(audited, error - mean[stratum], np.nan)
    part = np.nan_to_num(own / total[stratum])
    count = np.bincount(stratum, weights=part**2)
    spread = np.bincount(stratum, weights=part * np.nan_to_num(residual) ** 2) / np.maximum(1 - count, 1e-9)
    free = np.bincount(stratum, weights=audited) - 1.0
    pooled = float(spread @ free) / max(float(free.sum()) - bool(tuning), 1.0)
    return Readings(
        tuning * sample.reading + mean[stratum], residual, own, stratum,
        np.asarray((spread + pooled) / 2 * count, dtype=np.float64), pooled, tuning, int(audited.sum()),
    )  # fmt: skip


def unit_errors(readings: Readings, contact: Ints, unit: Ints, weight: Floats, n_units: int) -> UnitErrors:
    """The errors of units; one entry a (contact, unit) that a unit answers for with ``weight``."""
    residual = readings.residual[contact]
    heard = ~np.isnan(residual) & (weight > 0)
    own = readings.own[contact[heard]] * weight[heard]
    total = np.bincount(unit[heard], weights=own, minlength=n_units)
    squares = np.bincount(unit[heard], weights=own**2, minlength=n_units)
    summed = np.bincount(unit[heard], weights=own * residual[heard], minlength=n_units)
    n = np.divide(total**2, squares, out=np.zeros(n_units), where=squares > 0)
    mean = np.divide(summed, total, out=np.zeros(n_units), where=total > 0)
    noise = _within(residual[heard] - mean[unit[heard]], own / np.maximum(total, 1e-12)[unit[heard]], unit[heard], n)
    shift, variance, gap = _drawn_together(mean, n / max(noise, 1e-12))
    return UnitErrors(shift, variance + _unlike_all(readings, contact, unit, weight, n_units), gap, n)


def _within(residual: Floats, own: Floats, unit: Ints, n: Floats) -> float:
    """The variance of one contact's residual within units; what units differ by is no noise."""
    squares = np.bincount(unit, weights=own * residual**2, minlength=len(n))
    free = np.where(n > 0, 1 - 1 / np.maximum(n, 1), 0.0)
    return float(squares.sum() / max(free.sum(), 1e-12))


def _drawn_together(mean: Floats, precision: Floats) -> tuple[Floats, Floats, Floats]:
    """Posterior mean, variance, variance of the gap to the units' mean; ``precision`` 0: nothing known of a unit."""
    known = precision > 0
    if known.sum() < 2:
        variance = np.where(known, 1 / np.maximum(precision, 1e-12), np.inf)
        return mean, variance, variance
    typical = float(known.sum() / np.sum(precision[known]))
    between = typical * (1 / _NOISE_SHARE - 1)
    weight = precision / (1 + np.outer(between, precision))  # 1 / (v + τ²)
    sums = weight.sum(axis=1)
    center = weight @ mean / sums
    square = np.sum(weight * (mean - center[:, None]) ** 2, axis=1)
    log = 0.5 * (np.log(weight[:, known]).sum(axis=1) - np.log(sums) - square)
    posterior = np.exp(log - log.max()) / _NOISE_SHARE**2  # uniform in τ²
    posterior /= posterior.sum()
    pooled = 1 / (1 + np.outer(between, precision))
    value = center[:, None] + (1 - pooled) * (mean - center[:, None])
    own = between[:, None] * pooled
    shift = posterior @ value
    among = posterior @ (value - shift) ** 2
    variance = posterior @ (own + pooled**2 / sums[:, None]) + among
    gap = posterior @ (own + (1 - pooled) ** 2 / sums[:, None]) + among
    return shift, variance, gap


def common_variance(readings: Readings, unit: Ints, n_units: int) -> Floats:
    """Of the mean corrected reading of units whose error is that of their strata and no more; a unit a contact."""
    share = _strata_shares(readings, np.arange(len(unit)), unit, np.ones(len(unit)), n_units)
    return np.asarray(share**2 @ readings.error_variance, dtype=np.float64)


def _unlike_all(readings: Readings, contact: Ints, unit: Ints, weight: Floats, n_units: int) -> Floats:
    """What a unit's error varies more because its contacts lie in other strata than everybody's."""
    share = _strata_shares(readings, contact, unit, weight, n_units)
    all_shares = np.bincount(readings.stratum, minlength=share.shape[1]) / len(readings.stratum)
    return np.asarray((share - all_shares) ** 2 @ readings.error_variance, dtype=np.float64)


def _strata_shares(readings: Readings, contact: Ints, unit: Ints, weight: Floats, n_units: int) -> Floats:
    """Of each unit's weight, the share in each stratum (units, strata)."""
    n_strata = len(readings.error_variance)
    cell = np.bincount(unit * n_strata + readings.stratum[contact], weights=weight, minlength=n_units * n_strata)
    share = cell.reshape(n_units, n_strata)
    return np.asarray(share / np.maximum(share.sum(axis=1, keepdims=True), 1e-12), dtype=np.float64)

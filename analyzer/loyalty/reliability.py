"""What a regression on the detectors' readings says of the truth: regression calibration, with its uncertainty.

Let the model be linear in true parts x of a contact, and let it be fitted on readings w of them and on exact facts. To
first order in the effects the fit finds γ = Λᵀβ, where row j of Λ holds the slopes of x_j in a regression on all of w:
noise in a reading draws its own effect to zero (Λ_jj < 1) and gives part of it to whatever goes along with the truth
(Λ_jk ≠ 0), so that empathy may be read as speed. Hence β = Λ⁻ᵀγ (Rosner, Spiegelman & Willett 1990). Exact facts have
the rows of the unit matrix.

Λ comes from blind random audits, a regression of what people found on the readings of the same contacts: whatever the
detectors' errors have to do with language, channel or agent is in it. Without enough audits it comes from a stated
slope of truth on reading with its standard error, the error being taken as independent of everything else: then
Λ = I − Σ⁻¹ diag((1 − slope) var w). The interval of an effect adds what Λ is unsure of (delta method).

Where nothing is known, readings as they are would let handle time take what belongs to empathy misheard (in worlds in
which only empathy matters, every sixth). So an exact fact's interval then holds that of every slope of ``UNCHECKED`` as
well; what is read stands as it was read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Basis = Literal["model_only", "stated_reliability", "audit_corrected"]

MIN_AUDITS: Final = 100
# A reading that says so little of the truth, or whose slope is so unsure, that dividing by it is a guess.
MIN_SLOPE: Final = 0.1
MIN_SLOPE_RATIO: Final = 4.0
# What a reading that nobody checked may be worth: slopes of truth on reading. Least about what empathy is on real talk.
UNCHECKED: Final = (0.85, 0.7, 0.55, 0.4)
MIN_TRUE_SHARE: Final = 0.05  # of the variance of readings in any direction; below it they could not all be so bad
# driver: what reviewers are asked
AUDITED: Final[Mapping[str, str]] = {
    "empathy": "empathy", "effort": "effort", "resolved": "resolution", "satisfaction": "satisfaction",
    "sentiment_start": "sentiment_start",
}  # fmt: skip
_RESOLVED: Final[Mapping[str, float]] = {"resolved": 1.0, "partial": 0.0, "pending": 0.0, "unresolved": 0.0}


@dataclass(frozen=True, slots=True)
class Design:
    """Covariates of contacts: column j is reading or fact ``names[j]``, centred, in its standard deviations.

    ``truth`` is what people found, in the same units; NaN where nobody was asked, and the reading itself of exact
    facts. ``weight`` is 0 for contacts that were not audited, else one over the chance of being drawn.
    """

    names: tuple[str, ...]
    columns: Floats
    truth: Floats
    weight: Floats
    read: tuple[bool, ...]
    units: tuple[bool, ...]  # whether a standard deviation is this column's unit; indicators keep 0 and 1


@dataclass(frozen=True, slots=True)
class Calibration:
    """Λ, and the true standard deviation of each column in those of its reading, with independent unit-variance errors.

    ``slope_steps`` (m × p × p) and ``spread_steps`` (m × p): what one of m independent standard errors adds to each.
    """

    slopes: Floats
    spreads: Floats
    slope_steps: Floats
    spread_steps: Floats
    basis: tuple[Basis, ...]


@dataclass(frozen=True, slots=True)
class Corrected:
    """Effects per true standard deviation and their covariance."""

    effects: Floats
    covariance: Floats


def audit_answers(verdicts: pd.DataFrame) -> pd.DataFrame:
    """``interaction_id``, ``driver``, ``answer`` (a number), ``weight``: what blind random audits found of contacts.

    Several reviewers count as their mean, each with their last answer; a contact that was trained on does not count.
    """
    drivers = {finding: driver for driver, finding in AUDITED.items()}
    trained = verdicts.loc[verdicts["use"] == "training", "interaction_id"]
    drawn = verdicts["sampling_probability"].between(0, 1, inclusive="right")
    rows = verdicts[
        verdicts["blind"].eq(True) & (verdicts["use"] == "audit") & drawn & verdicts["finding"].isin(drivers)
    ]
    rows = rows[~rows["interaction_id"].isin(trained)]
    if "turn" in rows:
        rows = rows[rows["turn"].isna()]
    rows = rows.sort_values(["answered_at", "verdict_id"])
    rows = rows.drop_duplicates(["interaction_id", "finding", "reviewer"], keep="last")
    number = pd.to_numeric(rows["answer"], errors="coerce")
    words = rows["answer"].map(_RESOLVED)
    found = pd.DataFrame(
        {
            "interaction_id": rows["interaction_id"],
            "driver": rows["finding"].map(drivers),
            "answer": number.where(rows["finding"] != "resolution", words).astype("float64"),
            "weight": 1 / rows["sampling_probability"].astype("float64"),
        }
    )
    keys = ["interaction_id", "driver"]
    means = found[found["answer"].notna()].groupby(keys, sort=True).agg({"answer": "mean", "weight": "last"})
    return means.reset_index()


def calibrate(design: Design, stated: Mapping[str, tuple[float, float]]) -> Calibration:
    """How readings tell the truth in these contacts; the unit matrix where neither audits nor ``stated`` say."""
    p = len(design.names)
    slopes, spreads, basis = np.eye(p), np.ones(p), ["model_only"] * p
    slope_steps, spread_steps = [], []
    covariance = np.atleast_2d(np.cov(design.columns, rowvar=False)) if len(design.columns) > 1 else np.eye(p)
    audited = _influences(design)
    for place in (i for i, read in enumerate(design.read) if read):
        if place in audited:
            row, steps, spread, spread_step = audited[place]
            slopes[place], spreads[place], basis[place] = row, spread, "audit_corrected"
            slope_steps.append((place, steps))
            spread_steps.append((place, spread_step))
    whole, wide = _spread_out(slope_steps, spread_steps, len(design.columns), p)
    told = [i for i in range(p) if design.read[i] and basis[i] == "model_only" and design.names[i] in stated]
    inverse = np.linalg.pinv(covariance)
    for place in told:
        slope, error = stated[design.names[place]]
        lean = inverse[:, place] * covariance[place, place]
        slopes[place] = np.eye(p)[place] - (1 - slope) * lean
        spreads[place] = np.sqrt(max(slope, 0.0)) if design.units[place] else 1.0
        basis[place] = "stated_reliability"
        step, width = np.zeros((1, p, p)), np.zeros((1, p))
        step[0, place] = error * lean
        width[0, place] = error / (2 * spreads[place]) if design.units[place] and slope > 0 else 0.0
        whole, wide = np.concatenate([whole, step]), np.concatenate([wide, width])
    return Calibration(slopes, spreads, whole, wide, tuple(basis))  # type: ignore[arg-type]


def if_unchecked_tell(
    design: Design, stated: Mapping[str, tuple[float, float]], unchecked: Sequence[str]
) -> dict[float, Calibration]:
    """By slope of truth on reading, the calibration if the ``unchecked`` readings (names) have that slope.

    Slopes that cannot be are left out: readings that go together so closely are not so far from the truth.
    """
    if not unchecked or len(design.columns) < 2:
        return {}
    together = np.atleast_2d(np.cov(design.columns, rowvar=False))
    spread = np.sqrt(np.maximum(np.diag(together), 1e-12))
    together = together / np.outer(spread, spread)
    np.fill_diagonal(together, 1.0)  # a column that never varies goes along with nothing
    mine = np.isin(design.names, unchecked)
    found = {}
    for slope in UNCHECKED:
        if np.linalg.eigvalsh(together - np.diag((1 - slope) * mine))[0] < MIN_TRUE_SHARE:
            break
        found[slope] = calibrate(design, {**stated, **dict.fromkeys(unchecked, (slope, 0.0))})
    return found


def _spread_out(
    slopes: list[tuple[int, Floats]], spreads: list[tuple[int, Floats]], contacts: int, p: int
) -> tuple[Floats, Floats]:
    """Each audited contact's influence on all rows of Λ together, so that answers on one contact stay tied."""
    touched = np.zeros(contacts, dtype=bool)
    for _, steps in slopes:
        touched |= np.abs(steps).sum(axis=1) > 0
    at = np.flatnonzero(touched)
    whole, wide = np.zeros((len(at), p, p)), np.zeros((len(at), p))
    for (place, steps), (_, spread) in zip(slopes, spreads, strict=True):
        whole[:, place, :] = steps[at]
        wide[:, place] = spread[at]
    return whole, wide


def _influences(design: Design) -> dict[int, tuple[Floats, Floats, float, Floats]]:
    """Of each reading that was audited enough: slopes and spread, and every contact's influence on them."""
    found = {}
    full = np.column_stack([np.ones(len(design.columns)), design.columns])
    for place, read in enumerate(design.read):
        answered = (design.weight > 0) & ~np.isnan(design.truth[:, place])
        if not read or answered.sum() < max(MIN_AUDITS, 5 * full.shape[1]):
            continue
        x, y, w = full[answered], design.truth[answered, place], design.weight[answered]
        inverse = np.linalg.pinv(x.T @ (x * w[:, None]))
        slopes = inverse @ (x.T @ (w * y))
        error = y - x @ slopes
        n, rank = len(y), np.linalg.matrix_rank(x)
        influence = np.zeros_like(design.columns)
        influence[answered] = ((x * (w * error)[:, None]) @ inverse)[:, 1:] * np.sqrt(n / max(n - rank, 1))
        spread, steps = 1.0, np.zeros(len(design.columns))
        if design.units[place]:
            spread, steps = _spread(y, w, answered, design.columns[:, place])
        found[place] = slopes[1:], influence, spread, steps
    return found


def _spread(y: Floats, w: Floats, answered: NDArray[Any], reading: Floats) -> tuple[float, Floats]:
    """Standard deviation of the answers where the reading was observed (it is 0 elsewhere), and its influences."""
    seen = reading[answered] != 0
    share = np.where(seen, w, 0.0) / max(float(w[seen].sum()), 1e-12)
    mean = float(share @ y)
    variance = float(share @ (y - mean) ** 2)
    spread = float(np.sqrt(max(variance, 1e-12)))
    steps = np.zeros(len(answered))
    steps[answered] = share * ((y - mean) ** 2 - variance) / (2 * spread)
    return spread, steps


def too_weak(calibration: Calibration, place: int) -> bool:
    """Whether dividing by this column's slope would be a guess."""
    slope = float(calibration.slopes[place, place])
    error = float(np.sqrt((calibration.slope_steps[:, place, place] ** 2).sum()))
    return slope < MIN_SLOPE or slope < MIN_SLOPE_RATIO * error


def correct(effects: Floats, covariance: Floats, calibration: Calibration) -> Corrected:
    """``effects`` on readings (one per column of the calibration, others after them are left as they are) on truth.

    Covariance: A V Aᵀ from the fit and, for every independent error e of Λ and of the spreads s, the outer product of
    s (−A dΛᵀ β) + ds β, with A = Λ⁻ᵀ.
    """
    p = len(calibration.spreads)
    rest = len(effects) - p
    inverse = np.eye(len(effects))
    inverse[:p, :p] = np.linalg.inv(calibration.slopes.T)
    scale = np.concatenate([calibration.spreads, np.ones(rest)])
    beta = inverse @ effects
    found = scale * beta
    spread = scale[:, None] * (inverse @ covariance @ inverse.T) * scale[None, :]
    if len(calibration.slope_steps):
        lean = -np.einsum("mjk,j->mk", calibration.slope_steps, beta[:p]) @ inverse[:p, :p].T
        steps = calibration.spreads * lean + calibration.spread_steps * beta[:p]
        spread[:p, :p] += steps.T @ steps
    return Corrected(found, spread)

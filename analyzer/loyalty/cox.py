"""Cox regression on start–stop rows with delayed entry, Breslow ties, errors clustered by customer.

The same estimate as statsmodels' PHReg (a test holds both together), written out for two reasons. PHReg walks through
events and rows one by one, which a million contacts do not allow; and its clustered errors are NaN once a risk set runs
empty between entries, which delayed entry brings, or where a row is at risk at no event, as most are here. Newton's
method on the partial likelihood; with r the relative risk, S0(t) the sum of r at risk at t, x̄(t) the mean of x weighted
by r and d(t) the events,

    gradient  Σ events x − Σ_t d(t) x̄(t)
    −Hessian  Σ rows r x xᵀ Σ_{t at risk} d(t) / S0(t) − Σ_t d(t) x̄(t) x̄(t)ᵀ
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from analyzer.loyalty.sandwich import meat

Floats = NDArray[np.float64]
MAX_ERROR: Final = 5.0  # of a log hazard ratio per sd; beyond it the likelihood is flat and the fit has run away
MAX_STEPS: Final = 40
TOLERANCE: Final = 1e-9
_LARGEST: Final = 30.0  # of a linear predictor, in logarithms


@dataclass(frozen=True, slots=True)
class CoxFit:
    """Log hazard ratios, their clustered covariance, standard errors and two-sided p values (Wald)."""

    effects: Floats
    covariance: Floats
    errors: Floats
    p_values: Floats


@dataclass(frozen=True, slots=True)
class _AtRisk:
    """Who is at risk at each event time: rows in order of their stop and of their entry, and where each time falls."""

    times: Floats
    deaths: Floats
    died: NDArray[np.bool_]
    by_stop: NDArray[np.intp]
    by_entry: NDArray[np.intp]
    stops_from: NDArray[np.intp]
    entries_from: NDArray[np.intp]
    first: NDArray[np.intp]  # of each row, the place of its first and one past its last event time at risk
    last: NDArray[np.intp]

    def sums(self, weights: Floats) -> Floats:
        """At each event time the sum of ``weights`` over the rows at risk: entry < t ≤ stop."""
        return _from(weights[self.by_stop], self.stops_from) - _from(weights[self.by_entry], self.entries_from)


@dataclass(frozen=True, slots=True)
class _Point:
    """The partial likelihood at one set of effects."""

    log_likelihood: float
    gradient: Floats
    information: Floats
    mean: Floats
    hazard: Floats
    risk: Floats


def fit_cox(entry: Floats, stop: Floats, event: Floats, design: Floats, clusters: Floats) -> CoxFit | None:
    """The fit of ``design`` (a column a covariate) on rows at risk in (entry, stop]; None if it does not converge."""
    at_risk = _at_risk(entry, stop, event)
    if len(at_risk.times) == 0:
        return None
    effects = np.zeros(design.shape[1])
    point = _point(at_risk, design, effects)
    for _ in range(MAX_STEPS):
        try:
            step = np.asarray(np.linalg.solve(point.information, point.gradient), dtype=np.float64)
        except np.linalg.LinAlgError:
            return None
        if float(point.gradient @ step) < TOLERANCE:
            break
        effects, point = _climb(at_risk, design, effects, step, point)
    else:
        return None
    inverse = np.linalg.inv(point.information)
    middle = meat(_residuals(at_risk, design, point), clusters)
    events = float(event.sum())
    # The sandwich is too narrow by the parameters it has fitted (MacKinnon & White 1985); events are what counts here.
    covariance = inverse @ middle @ inverse * (events / max(events - len(effects), 1.0))
    variances = np.diag(covariance)
    if not ((variances > 0) & (variances < MAX_ERROR**2)).all():  # below 0 where rounding is all that is left
        return None
    errors = np.sqrt(variances)
    return CoxFit(effects, covariance, errors, np.asarray(2 * norm.sf(np.abs(effects / errors)), dtype=np.float64))


def _at_risk(entry: Floats, stop: Floats, event: Floats) -> _AtRisk:
    times, deaths = np.unique(stop[event > 0], return_counts=True)
    by_stop, by_entry = np.argsort(stop, kind="stable"), np.argsort(entry, kind="stable")
    return _AtRisk(
        times,
        deaths.astype(np.float64),
        event > 0,
        by_stop,
        by_entry,
        np.searchsorted(stop[by_stop], times, side="left"),
        np.searchsorted(entry[by_entry], times, side="left"),
        np.searchsorted(times, entry, side="right"),
        np.searchsorted(times, stop, side="right"),
    )


def _from(weights: Floats, places: NDArray[np.intp]) -> Floats:
    """Sums of ``weights`` from each place to the end."""
    above = np.concatenate([np.cumsum(weights[::-1], axis=0)[::-1], np.zeros((1, weights.shape[1]))])
    return np.asarray(above[places], dtype=np.float64)


def _point(at_risk: _AtRisk, design: Floats, effects: Floats) -> _Point:
    predictor = np.clip(design @ effects, -_LARGEST, _LARGEST)
    risk = np.exp(predictor)
    sums = at_risk.sums(np.column_stack([risk, risk[:, None] * design]))
    total, mean = sums[:, 0], sums[:, 1:] / sums[:, :1]
    hazard = np.concatenate([[0.0], np.cumsum(at_risk.deaths / total)])
    exposed = risk * (hazard[at_risk.last] - hazard[at_risk.first])
    return _Point(
        float(predictor[at_risk.died].sum() - at_risk.deaths @ np.log(total)),
        design[at_risk.died].sum(axis=0) - at_risk.deaths @ mean,
        (design * exposed[:, None]).T @ design - (mean * at_risk.deaths[:, None]).T @ mean,
        mean,
        hazard,
        risk,
    )


def _climb(at_risk: _AtRisk, design: Floats, effects: Floats, step: Floats, point: _Point) -> tuple[Floats, _Point]:
    """A step that does not lead down, halved until it does not."""
    for _ in range(20):
        there = _point(at_risk, design, effects + step)
        if there.log_likelihood >= point.log_likelihood - TOLERANCE:
            return effects + step, there
        step = step / 2
    return effects, point


def _residuals(at_risk: _AtRisk, design: Floats, point: _Point) -> Floats:
    """Each row's part in the score (Lin & Wei 1989, equation 2.6).

    event_i (x_i − x̄(t_i)) − Σ over event times t in (entry_i, stop_i] of r_i d(t) (x_i − x̄(t)) / S0(t)
    """
    steps = np.diff(point.hazard)[:, None] * point.mean
    weighted = np.vstack([np.zeros(design.shape[1]), np.cumsum(steps, axis=0)])
    between = point.hazard[at_risk.last] - point.hazard[at_risk.first]
    expected = design * between[:, None] - (weighted[at_risk.last] - weighted[at_risk.first])
    residuals = -point.risk[:, None] * expected
    residuals[at_risk.died] += design[at_risk.died] - point.mean[at_risk.last[at_risk.died] - 1]
    return np.asarray(residuals, dtype=np.float64)

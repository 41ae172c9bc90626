"""Cox regression on start–stop rows with errors clustered by customer: statsmodels' fit, our sandwich.

statsmodels' own clustered errors are NaN once a risk set runs empty between entries, which delayed entry brings; where
they exist, ours equal them but for a correction for small samples (a test says so).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from statsmodels.duration.hazard_regression import PHReg

from analyzer.loyalty.sandwich import meat

Floats = NDArray[np.float64]
MAX_ERROR = 5.0  # of a log hazard ratio per sd; beyond it the likelihood is flat and the fit has run away


@dataclass(frozen=True, slots=True)
class CoxFit:
    """Log hazard ratios, their clustered covariance, standard errors and two-sided p values (Wald)."""

    effects: Floats
    covariance: Floats
    errors: Floats
    p_values: Floats


def fit_cox(entry: Floats, stop: Floats, event: Floats, design: Floats, clusters: Floats) -> CoxFit | None:
    """The fit of ``design`` (a column a covariate) on rows at risk in (entry, stop]; None if it does not converge."""
    model = PHReg(stop, design, status=event, entry=entry)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fit that ran away is told by its errors below
        try:
            fit = model.fit()
            inverse = np.asarray(fit.cov_params(), dtype=np.float64)
        except np.linalg.LinAlgError:
            return None
    effects = np.asarray(fit.params, dtype=np.float64)
    if not (np.isfinite(effects).all() and np.isfinite(inverse).all()):
        return None
    middle = meat(score_residuals(entry, stop, event, design, effects), clusters)
    events = float(event.sum())
    # The sandwich is too narrow by the parameters it has fitted (MacKinnon & White 1985); events are what counts here.
    covariance = inverse @ middle @ inverse * (events / max(events - len(effects), 1.0))
    errors = np.sqrt(np.diag(covariance))
    if not ((errors > 0) & (errors < MAX_ERROR)).all():
        return None
    return CoxFit(effects, covariance, errors, np.asarray(2 * norm.sf(np.abs(effects / errors)), dtype=np.float64))


def score_residuals(entry: Floats, stop: Floats, event: Floats, design: Floats, effects: Floats) -> Floats:
    """Each row's part in the score (Lin & Wei 1989, equation 2.6), Breslow ties.

        event_i (x_i − x̄(t_i)) − Σ over event times t in (entry_i, stop_i] of r_i d(t) (x_i − x̄(t)) / S0(t)

    with r the relative risk, S0 the sum of r at risk and x̄ its weighted mean of x.
    """
    risk = np.exp(design @ effects)
    times, deaths = np.unique(stop[event > 0], return_counts=True)
    weights = np.column_stack([risk, risk[:, None] * design])
    at_risk = _sums_from(stop, weights, times) - _sums_from(entry, weights, times)
    total, mean = at_risk[:, 0], at_risk[:, 1:] / at_risk[:, :1]
    hazard = np.concatenate([[0.0], np.cumsum(deaths / total)])
    weighted = np.vstack([np.zeros(design.shape[1]), np.cumsum((deaths / total)[:, None] * mean, axis=0)])
    first, last = np.searchsorted(times, entry, side="right"), np.searchsorted(times, stop, side="right")
    expected = design * (hazard[last] - hazard[first])[:, None] - (weighted[last] - weighted[first])
    residuals = -risk[:, None] * expected
    died = event > 0
    residuals[died] += design[died] - mean[np.searchsorted(times, stop[died])]
    return np.asarray(residuals, dtype=np.float64)


def _sums_from(moments: Floats, weights: Floats, times: Floats) -> Floats:
    """For each of ``times`` the sum of ``weights`` over rows whose moment is that time or later."""
    order = np.argsort(moments, kind="stable")
    above = np.vstack([np.cumsum(weights[order][::-1], axis=0)[::-1], np.zeros(weights.shape[1])])
    return np.asarray(above[np.searchsorted(moments[order], times, side="left")], dtype=np.float64)

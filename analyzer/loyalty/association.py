"""One model of what follows a contact, notice or repurchase, in one group, corrected for detector error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm
from statsmodels.discrete.discrete_model import Logit
from statsmodels.tools.sm_exceptions import PerfectSeparationError

from analyzer.loyalty.covariates import READ, design_of, reasons_of, refusal
from analyzer.loyalty.cox import MAX_ERROR, fit_cox
from analyzer.loyalty.intervals import Z95
from analyzer.loyalty.reliability import (
    Basis,
    Calibration,
    Corrected,
    Design,
    Floats,
    calibrate,
    correct,
    if_unchecked_tell,
    too_weak,
)
from analyzer.loyalty.sandwich import meat

CONTROLS: Final = ("sentiment_start", "loyalty_before")
EVENTS_PER_DRIVER: Final = 10
NOT_AUDITED: Final = "not audited: the interval covers readings that tell {least:.0%} of the truth to all of it"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Contacts with their drivers and audits, a row each, and the rows of the risk set that name them by position."""

    contacts: pd.DataFrame
    values: pd.DataFrame
    found: pd.DataFrame
    weight: Floats
    rows: pd.DataFrame
    bought: pd.Series[float]
    stated: Mapping[str, tuple[float, float]]
    clock: str

    def among(self, contacts: NDArray[np.bool_], others: NDArray[np.bool_]) -> Evidence:
        """Those contacts with their rows, and of the rows without a contact in force those of ``others``."""
        place = np.cumsum(contacts) - 1
        at = self.rows["contact"].to_numpy()
        keep = np.where(at >= 0, contacts[at] if len(contacts) else False, others)
        rows = self.rows[keep]
        old = rows["contact"].to_numpy()
        rows = rows.assign(contact=np.where(old >= 0, place[old] if len(place) else -1, -1)).reset_index(drop=True)
        return replace(
            self,
            contacts=self.contacts[contacts].reset_index(drop=True),
            values=self.values[contacts].reset_index(drop=True),
            found=self.found[contacts].reset_index(drop=True),
            weight=self.weight[contacts],
            rows=rows,
            bought=self.bought[contacts].reset_index(drop=True),
        )


@dataclass(frozen=True, slots=True)
class Fitted:
    """Log effects per true standard deviation, a value a column; ``raw``: per that of the readings, not corrected.

    ``others``: the same if the readings that nobody checked had those slopes of truth on reading.
    """

    names: tuple[str, ...]
    effects: Floats
    covariance: Floats
    others: Mapping[float, Corrected]
    raw: Floats
    raw_errors: Floats
    weak: frozenset[str]
    basis: Basis
    events: int
    n: Mapping[str, int]
    method: str

    def told(self, weights: Mapping[str, float]) -> dict[str, Any]:
        """``effect``, ``low``, ``high``, ``p`` of a weighted sum of log effects, as a ratio.

        An exact fact takes what belongs to a misheard reading. So where readings were not checked, a fact's interval
        holds those of the ``others`` and its ``p`` is the largest: what is claimed holds whatever they tell.
        """
        weigh = np.array([weights.get(name, 0.0) for name in self.names])
        others = self.others if set(weights) - READ else {}
        cases = (Corrected(self.effects, self.covariance), *others.values())
        value = np.array([weigh @ case.effects for case in cases])
        error = np.sqrt([weigh @ case.covariance @ weigh for case in cases])
        method = self.method + (f"; {NOT_AUDITED.format(least=min(others))}" if others else "")
        return {"effect": float(np.exp(value[0])), "low": float(np.exp((value - Z95 * error).min())),
                "uncorrected": float(np.exp(weigh @ self.raw)), "high": float(np.exp((value + Z95 * error).max())),
                "p": float(2 * norm.sf((np.abs(value) / error).min())), "error_basis": self.basis,
                "events": self.events, "method": method}  # fmt: skip


def fit_notice(evidence: Evidence, drivers: Sequence[str], extra: Mapping[str, pd.Series[float]], told: str) -> Any:
    """The hazard of notice by ``drivers`` together (Cox): Fitted, or why not, in words."""
    at = evidence.rows["contact"].to_numpy()
    events = int(evidence.rows.loc[at >= 0, "event"].sum())
    if events < EVENTS_PER_DRIVER * len(drivers):
        return f"not estimable: {events} events, {EVENTS_PER_DRIVER} needed per driver"
    design = _design(evidence, drivers, extra, events)
    in_force = (at >= 0).astype("float64")
    columns = np.where(in_force[:, None] > 0, design.columns[np.maximum(at, 0)], 0.0)
    if 0 < in_force.mean() < 1 and evidence.rows.loc[at < 0, "event"].sum() > 0:
        columns = np.column_stack([columns, in_force])
    else:  # without a notice there it would only tell that there is none
        columns, at = columns[at >= 0], at[at >= 0]
    rows = evidence.rows if len(columns) == len(evidence.rows) else evidence.rows[evidence.rows["contact"] >= 0]
    clusters = rows["customer_key"].astype("category").cat.codes
    entry, stop, event, who = (np.asarray(part, dtype=np.float64)
                               for part in (rows["entry"], rows["exit"], rows["event"], clusters))  # fmt: skip
    fit = fit_cox(entry, stop, event, columns, who)
    if fit is None:
        return "not estimable: the fit did not converge"
    method = f"Cox regression, {evidence.clock} clock, {told}, clustered by customer"
    return _corrected(evidence, design, drivers, fit.effects, fit.covariance, events, method)


def fit_repurchase(evidence: Evidence, drivers: Sequence[str], extra: Mapping[str, pd.Series[float]], told: str) -> Any:
    """The odds of buying again within the horizon after a contact, by ``drivers`` together (logistic)."""
    known = evidence.bought.notna().to_numpy()
    seen = evidence.among(known, np.zeros(len(evidence.rows), dtype=bool))
    bought = np.asarray(seen.bought, dtype=np.float64)
    events = int(min(bought.sum(), len(bought) - bought.sum()))
    if events < EVENTS_PER_DRIVER * len(drivers):
        return (
            f"not estimable: {int(bought.sum())} of {len(bought)} bought, {EVENTS_PER_DRIVER} of each per driver needed"
        )
    design = _design(seen, drivers, {name: value[known] for name, value in extra.items()}, events)
    fit = fit_logistic(design.columns, bought, seen.contacts["customer_key"])
    if fit is None:
        return "not estimable: the fit did not converge"
    method = f"logistic regression, {told}, clustered by customer"
    return _corrected(seen, design, drivers, *fit, int(bought.sum()), method)


def fit_logistic(columns: Floats, event: Floats, customers: pd.Series[str]) -> tuple[Floats, Floats] | None:
    """Log odds ratios and their covariance clustered by customer, the intercept left out; None without a fit."""
    full = np.column_stack([columns, np.ones(len(columns))])
    try:
        fit = Logit(event, full).fit(disp=False, maxiter=50, warn_convergence=False)
    except (np.linalg.LinAlgError, PerfectSeparationError):
        return None
    effects = np.asarray(fit.params, dtype=np.float64)
    inverse = np.asarray(fit.cov_params(), dtype=np.float64)
    scores = full * (event - np.asarray(fit.predict()))[:, None]
    covariance = inverse @ meat(scores, customers) @ inverse
    errors = np.sqrt(np.diag(covariance))[:-1]
    if not (np.isfinite(effects).all() and ((errors > 0) & (errors < MAX_ERROR)).all()):
        return None
    return effects[:-1], covariance[:-1, :-1]


def _design(
    evidence: Evidence, drivers: Sequence[str], extra: Mapping[str, pd.Series[float]], events: int
) -> Design:  # fmt: skip
    controls = [name for name in CONTROLS if name not in drivers and not refusal(evidence.values[name])]
    reasons = reasons_of(evidence.contacts)
    if events < EVENTS_PER_DRIVER * (len(drivers) + len(reasons)):
        reasons = {}
    return design_of(evidence.values, (*drivers, *controls), {**extra, **reasons}, evidence.found, evidence.weight)


def _corrected(
    evidence: Evidence, design: Design, drivers: Sequence[str], effects: Floats, covariance: Floats, events: int,
    method: str,
) -> Fitted | str:  # fmt: skip
    calibration = calibrate(design, evidence.stated)
    weak = frozenset(
        name for place, name in enumerate(design.names) if design.read[place] and too_weak(calibration, place)
    )
    if weak:
        calibration = _without(calibration, [design.names.index(name) for name in weak])
    unchecked = [name for name in drivers if name in READ and name not in weak and name in design.names
                 and calibration.basis[design.names.index(name)] == "model_only"]  # fmt: skip
    possible = if_unchecked_tell(design, evidence.stated, unchecked)
    if weak:
        at = [design.names.index(name) for name in weak]
        possible = {slope: _without(other, at) for slope, other in possible.items()}
    p = len(design.names)
    try:
        told, *others = (
            _of_columns(correct(effects, covariance, each), p) for each in (calibration, *possible.values())
        )
    except np.linalg.LinAlgError:
        return "not estimable: the readings cannot be told apart"
    n = {name: int(evidence.values[name].notna().sum()) for name in drivers if name in evidence.values}
    return Fitted(
        design.names, told.effects, told.covariance, dict(zip(possible, others, strict=True)), effects[:p],
        np.sqrt(np.diag(covariance))[:p], weak, _basis(design, calibration, drivers), events, n, method,
    )  # fmt: skip


def _of_columns(told: Corrected, p: int) -> Corrected:
    return Corrected(told.effects[:p], told.covariance[:p, :p])


def _without(calibration: Calibration, places: list[int]) -> Calibration:
    """The calibration with the unit matrix's rows at ``places``: their readings are taken as they are."""
    slopes, spreads = calibration.slopes.copy(), calibration.spreads.copy()
    steps, wide = calibration.slope_steps.copy(), calibration.spread_steps.copy()
    basis = list(calibration.basis)
    for place in places:
        slopes[place], spreads[place], basis[place] = np.eye(len(slopes))[place], 1.0, "model_only"
        steps[:, place, :], wide[:, place] = 0.0, 0.0
    return Calibration(slopes, spreads, steps, wide, tuple(basis))


def _basis(design: Design, calibration: Calibration, drivers: Sequence[str]) -> Basis:
    """The weakest ground among the drivers that a detector reads."""
    grounds: list[Basis] = ["audit_corrected", "stated_reliability", "model_only"]
    read = [calibration.basis[design.names.index(name)] for name in drivers if name in READ and name in design.names]
    return max(read, key=grounds.index, default="audit_corrected")

"""What goes before a notice and before buying again: the parts of the experience in a contact, and what they are worth.

    notice      Cox regression on start–stop rows (Andersen & Gill 1982; cox.py) of all customers on record,
                with the contact in force as what varies (riskset.py); errors clustered by customer (Lin & Wei 1989)
    repurchase  logistic regression of buying again within the horizon after a contact, clustered by customer
    placebos    the same parts against what was there before the contact (placebo.py)
    hypotheses  what our sources claim, by name (hypotheses.py)

The events are the customer's own, never one of our scores. All drivers stand in one model, within reason, feeling at
the start and, where known, loyalty before; so empathy is not read as speed where the two go together. Rows that stand
alone: ``satisfaction`` and ``experience``, which sum up the others, and ``churn_free``, a symptom that would hide what
caused it. The effect is the ratio per true standard deviation, corrected for detector error where audits or stated
reliability say how (reliability.py); ``uncorrected`` stands beside it. It is an association: who is treated well may
differ, and the placebo leads say whether they do.

Power is lost below 10 events per driver; the row then says so and holds no number. p values are adjusted within the
family that the row names, over all segments of the report (Benjamini & Hochberg 1995); intervals are single 95 %.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.stats import false_discovery_control

from analyzer.config import LoyaltySettings
from analyzer.errors import ConfigError
from analyzer.loyalty.association import Evidence, Fitted, fit_notice, fit_repurchase
from analyzer.loyalty.contacts import of_customer
from analyzer.loyalty.covariates import ALONE, JOINT, READ, audited_values, driver_values, loyalty_before, refusal
from analyzer.loyalty.hypotheses import hypothesis_rows
from analyzer.loyalty.placebo import SCALE as POINTS
from analyzer.loyalty.placebo import placebo_rows
from analyzer.loyalty.reliability import audit_answers
from analyzer.loyalty.repurchase import Repurchase, repurchases
from analyzer.loyalty.riskset import RiskSet, contract_starts, risk_set
from analyzer.loyalty.verdicts import with_verdicts
from analyzer.tables import STORED

NOTICE: Final = "notice"
REPURCHASE: Final = "repurchase"
BEFORE_NOTICE: Final = "placebo: loyalty before the contact"
BEFORE_REPURCHASE: Final = "placebo: repurchase before the contact"
_STATED: Final = READ - {"failed", "failed_loyal"}
Row = dict[str, Any]
Fit = Callable[[Evidence, list[str], "Mapping[str, pd.Series[float]]", str], Any]


def loyalty_drivers(
    contacts: pd.DataFrame, customers: pd.DataFrame, frame: pd.DataFrame, recorded: bool, as_of: datetime,
    settings: LoyaltySettings, verdicts: pd.DataFrame | None = None,
) -> pa.Table:  # fmt: skip
    """STORED["loyalty_drivers"]; empty without contacts of customers on record.

    ``frame`` holds the facts known by ``as_of`` (asof.records_frame), ``recorded`` says whether notices are among
    them, ``verdicts`` (STORED["verdicts"]) what people found.
    """
    risk = risk_set(contacts, customers, contract_starts(frame), as_of, settings.horizon_days, settings.latency_days)
    if risk.contacts.empty:
        return STORED["loyalty_drivers"].empty()
    bought = repurchases(risk.contacts, frame, as_of, settings.horizon_days)
    check_reliability(settings.reliability)
    if verdicts is not None:
        verdicts = verdicts[verdicts["answered_at"] <= as_of]
    evidence = gather(risk, bought, frame, settings, verdicts)
    segments = of_customer(risk.contacts, customers["segment"])
    quiet = of_customer(risk.rows, customers["segment"])
    rows: list[Row] = []
    for name in ["all", *sorted({str(name) for name in segments.dropna()} - {"all"})]:
        part = evidence
        if name != "all":
            part = evidence.among((segments == name).to_numpy(dtype=bool), (quiet == name).to_numpy(dtype=bool))
        before = Repurchase(part.bought, bought.before[(segments == name) | (name == "all")], bought.horizon_days)
        for row in _of_segment(part, before, recorded, settings):
            rows.append({"segment": name, "horizon_days": settings.horizon_days} | row)
    return STORED["loyalty_drivers"].from_rows(with_verdicts(_adjusted(rows)))


def gather(
    risk: RiskSet, bought: Repurchase, frame: pd.DataFrame, settings: LoyaltySettings, verdicts: pd.DataFrame | None
) -> Evidence:
    """The contacts of the risk set with drivers, controls, audits and what followed."""
    answers = pd.DataFrame({"interaction_id": [], "driver": [], "answer": [], "weight": []})
    if verdicts is not None and len(verdicts):
        answers = audit_answers(verdicts)
    values = driver_values(risk.contacts).assign(loyalty_before=loyalty_before(risk.contacts, frame, settings))
    found, weight = audited_values(risk.contacts, answers)
    return Evidence(risk.contacts, values, found, weight, risk.rows, bought.after, settings.reliability, risk.clock)


def check_reliability(stated: Mapping[str, tuple[float, float]]) -> None:
    """Raises ConfigError where ``loyalty.reliability`` names no reading or no slope."""
    for name, (slope, error) in stated.items():
        if name not in _STATED:
            hint = f"One of {', '.join(sorted(_STATED))}."
            raise ConfigError(f"loyalty.reliability: {name} is read by no detector.", hint=hint)
        if not 0 < slope <= 1 or error < 0:
            raise ConfigError(
                f"loyalty.reliability.{name}: a slope above 0, at most 1, and its standard error from 0.",
                hint=f"For example loyalty.reliability.{name} = [0.7, 0.05].",
            )


def _of_segment(evidence: Evidence, bought: Repurchase, recorded: bool, settings: LoyaltySettings) -> Iterator[Row]:
    if recorded:
        yield from _drivers(evidence, fit_notice, NOTICE, "HR per sd")
        before = placebo_rows(evidence, evidence.values["loyalty_before"])
        yield from _rows(before, BEFORE_NOTICE, POINTS, "placebos")
        yield from hypothesis_rows(evidence, settings.loyal_from, settings.horizon_days)
    if bought.after.notna().any():
        days = {"horizon_days": bought.horizon_days}
        for row in _drivers(evidence, fit_repurchase, REPURCHASE, "OR per sd"):
            yield row | days
        before = placebo_rows(evidence, bought.before.reset_index(drop=True) * 100)
        for row in _rows(before, BEFORE_REPURCHASE, POINTS, "placebos"):
            yield row | days


def _drivers(evidence: Evidence, fit: Fit, outcome: str, scale: str) -> Iterator[Row]:
    refused = {driver: why for driver in (*JOINT, *ALONE) if (why := refusal(evidence.values[driver]))}
    joint = [driver for driver in JOINT if driver not in refused]
    found = _told(fit(evidence, joint, {}, "all drivers together"), joint) if joint else {}
    for driver in ALONE:
        if driver not in refused:
            found |= _told(fit(evidence, [driver], {}, "this driver alone"), [driver])
    for driver, why in refused.items():
        found[driver] = {"n": int(evidence.values[driver].notna().sum()), "method": why}
    for driver, row in found.items():
        row.setdefault("n", int(evidence.values[driver].notna().sum()))
    yield from _rows({driver: found[driver] for driver in (*JOINT, *ALONE)}, outcome, scale, "drivers")


def _told(fitted: Fitted | str, drivers: list[str]) -> dict[str, Row]:
    if isinstance(fitted, str):
        return {driver: {"method": fitted} for driver in drivers}
    weak = "not estimable: too little or too unsure of the truth in what the detector reads"
    return {
        driver: {"method": weak, "n": fitted.n[driver]}
        if driver in fitted.weak
        else fitted.told({driver: 1.0}) | {"n": fitted.n[driver]}
        for driver in drivers
    }


def _rows(found: Mapping[str, Row], outcome: str, scale: str, family: str) -> Iterator[Row]:
    for driver, row in found.items():
        yield {"outcome": outcome, "driver": driver, "scale": scale, "family": family} | row


def _adjusted(rows: list[Row]) -> list[Row]:
    """``p_adjusted`` in place of ``p``, within each family of the report."""
    for family in sorted({row["family"] for row in rows}):
        tested = [row for row in rows if row["family"] == family and "p" in row]
        adjusted = false_discovery_control(np.clip([row["p"] for row in tested], 0, 1)) if tested else []
        for row, p in zip(tested, adjusted, strict=True):
            row["p_adjusted"] = float(p)
        for row in (row for row in rows if row["family"] == family):
            row.pop("p", None)
            row["family"] = f"{family}, {len(tested)} tests"
    return rows

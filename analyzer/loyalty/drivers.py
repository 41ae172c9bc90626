"""What goes before a notice: the parts of the experience in a contact against the hazard of notice after it.

Cox regression on start–stop rows (Andersen & Gill 1982; statsmodels PHReg, Breslow ties). A customer on record
enters the risk set with a contact and stays until the next contact, the notice, the horizon or ``as_of``, whichever
is first; the contact's parts hold for that stretch. The clock is tenure where it is known of everybody, else the
calendar; either way entry is delayed. Standard errors are clustered by customer (Lin & Wei 1989).

The event is the notice, never one of our own scores. Contacts about cancelling, and those at or after the notice,
are left out: they are the notice. All drivers stand in one model beside the feeling at the start, which precedes
what the agent does; so empathy is not read as speed where the two go together. Two rows stand alone:
``churn_free``, a symptom that would hide what caused it, and ``experience``, our composite of the others. The
effect is the hazard ratio per standard deviation, below 1 where more of it keeps customers. It is an association:
who is treated well may differ.

Power is lost below 10 notices per driver; the row then says so and holds no number. p values are adjusted over the
whole report (Benjamini & Hochberg 1995).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from analyzer.config import LoyaltySettings
from analyzer.loyalty.contacts import of_customer
from analyzer.loyalty.cox import CoxFit, fit_cox
from analyzer.loyalty.intervals import Z95
from analyzer.tables import STORED

JOINT: Final = ("empathy", "effort", "resolved", "handle_s", "wait_s", "prior_contacts")
ALONE: Final = ("churn_free", "experience")
EVENTS_PER_DRIVER: Final = 10
OBSERVED_SHARE: Final = 0.5
SCALE: Final = "HR per sd"
_DAY_S: Final = 86400.0


def loyalty_drivers(
    contacts: pd.DataFrame, customers: pd.DataFrame, recorded: bool, as_of: datetime, settings: LoyaltySettings
) -> pa.Table:
    """STORED["loyalty_drivers"] for outcome ``notice``; empty without contacts of customers on record."""
    panel, clock = risk_rows(contacts, customers, as_of, settings.horizon_days)
    if not recorded or panel.empty:
        return STORED["loyalty_drivers"].empty()
    names = ["all", *sorted({str(name) for name in panel["segment"].dropna()} - {"all"})]
    rows: list[dict[str, Any]] = []
    for segment in names:
        part = panel if segment == "all" else panel[panel["segment"] == segment]
        found = {**_fit_together(part, clock), **{driver: _fit_alone(part, driver, clock) for driver in ALONE}}
        for driver in (*JOINT, *ALONE):
            rows.append({"segment": segment, "outcome": "notice", "horizon_days": settings.horizon_days,
                         "driver": driver, "scale": SCALE, "n": len(part), **found[driver]})  # fmt: skip
    return STORED["loyalty_drivers"].from_rows(_adjusted(rows))


def risk_rows(
    contacts: pd.DataFrame, customers: pd.DataFrame, as_of: datetime, horizon_days: int
) -> tuple[pd.DataFrame, str]:
    """Start–stop rows (``entry``, ``exit`` in days, ``event``) with their contact's drivers, and the clock's name."""
    known = customers[customers["on_record"] & ~(customers["left"] & customers["notice_at"].isna())]
    rows = contacts[contacts["customer_key"].isin(known.index) & (contacts["reason"] != "contract_cancel")].copy()
    notice_at = of_customer(rows, known["notice_at"])
    rows = rows[~(rows["known_at"] >= notice_at)].sort_values(["customer_key", "known_at", "interaction_id"])
    notice_at = of_customer(rows, known["notice_at"])
    following = rows.groupby("customer_key")["known_at"].shift(-1)
    end = rows["known_at"] + pd.Timedelta(days=horizon_days)
    now = pd.Series(pd.Timestamp(as_of), index=rows.index)
    stops = pd.concat([following, end, notice_at.where(notice_at <= as_of), now], axis=1).min(axis=1)
    origin, clock = _origin(rows, known, as_of)
    panel = _drivers(rows).assign(
        entry=(rows["known_at"] - origin).dt.total_seconds() / _DAY_S,
        exit=(stops - origin).dt.total_seconds() / _DAY_S,
        event=(stops == notice_at).astype("float64"),
        customer_key=rows["customer_key"],
        segment=of_customer(rows, known["segment"]),
    )
    return panel[panel["exit"] > panel["entry"]].reset_index(drop=True), clock


def _origin(rows: pd.DataFrame, known: pd.DataFrame, as_of: datetime) -> tuple[Any, str]:
    """Where each customer's clock starts: with the contract if everybody's tenure is known, else one day for all."""
    months = of_customer(rows, known["tenure_months"])
    if len(rows) and months.notna().all():
        started = pd.Timestamp(as_of) - pd.to_timedelta(months * 30.4375, unit="D")
        # Tenure in whole months may put the start after a first contact; time before the start is not negative then.
        return np.minimum(started, rows.groupby("customer_key")["known_at"].transform("min")), "tenure"
    return rows["known_at"].min() if len(rows) else pd.Timestamp(as_of), "calendar"


def _drivers(rows: pd.DataFrame) -> pd.DataFrame:
    """The drivers of each contact; times and counts as logarithms, for the second hour matters less than the first."""
    return pd.DataFrame(
        {
            "empathy": rows["empathy"],
            "effort": rows["effort"],
            "resolved": rows["resolved_probability"],
            "handle_s": np.log1p(rows["handle_s"].clip(lower=0)),
            "wait_s": np.log1p(rows["wait_s"].clip(lower=0)),
            "prior_contacts": np.log1p(rows["prior_contacts"]),
            "churn_free": 1 - rows["churn_talk_probability"],
            "experience": rows["experience_contact"],
            "sentiment_start": rows["sentiment_start"],
        }
    )


def _fit_together(panel: pd.DataFrame, clock: str) -> dict[str, dict[str, Any]]:
    refused = {driver: why for driver in JOINT if (why := _refusal(panel[driver]))}
    used = [driver for driver in JOINT if driver not in refused]
    fitted = _fit(panel, used, f"Cox regression, {clock} clock, all drivers together, clustered by customer")
    return {driver: fitted[driver] if driver in fitted else {"method": refused[driver]} for driver in JOINT}


def _fit_alone(panel: pd.DataFrame, driver: str, clock: str) -> dict[str, Any]:
    if why := _refusal(panel[driver]):
        return {"method": why}
    return _fit(panel, [driver], f"Cox regression, {clock} clock, this driver alone, clustered by customer")[driver]


def _refusal(values: pd.Series[float]) -> str:
    seen = int(values.notna().sum())
    if seen < OBSERVED_SHARE * len(values) or seen == 0:
        return f"not estimable: observed in {seen} of {len(values)} contacts"
    return "not estimable: the same in all contacts" if values.nunique() < 2 else ""


def _fit(panel: pd.DataFrame, drivers: list[str], method: str) -> dict[str, dict[str, Any]]:
    events = int(panel["event"].sum())
    if events < EVENTS_PER_DRIVER * len(drivers):
        why = f"not estimable: {events} events, {EVENTS_PER_DRIVER} needed per driver"
        return {driver: {"method": why} for driver in drivers}
    fit = _cox(panel, drivers) if drivers else None
    if fit is None:
        return {driver: {"method": "not estimable: the fit did not converge"} for driver in drivers}
    found = {}
    for driver, effect, error, p in zip(
        drivers, fit.effects, fit.errors, fit.p_values, strict=False
    ):  # controls follow
        low, high = float(np.exp(effect - Z95 * error)), float(np.exp(effect + Z95 * error))
        found[driver] = {"effect": float(np.exp(effect)), "low": low, "high": high, "p_adjusted": float(p),
                         "method": method}  # fmt: skip
    return found


def _cox(panel: pd.DataFrame, drivers: list[str]) -> CoxFit | None:
    customers = panel["customer_key"].astype("category").cat.codes
    entry, stop, event, clusters = (np.asarray(part, dtype=np.float64)
                                    for part in (panel["entry"], panel["exit"], panel["event"], customers))  # fmt: skip
    return fit_cox(entry, stop, event, _design(panel, drivers), clusters)


def _design(panel: pd.DataFrame, drivers: list[str]) -> NDArray[np.float64]:
    """Drivers in standard deviations, then the controls: feeling at the start and, once each, what was not observed."""
    controls = ["sentiment_start"] if not _refusal(panel["sentiment_start"]) else []
    columns: dict[bytes, NDArray[np.float64]] = {}
    for name in (*drivers, *controls):
        values = panel[name].astype("float64")
        columns[name.encode()] = np.asarray(((values - values.mean()) / values.std()).fillna(0.0), dtype=np.float64)
    for name in (*drivers, *controls):
        absent = np.asarray(panel[name].isna(), dtype=np.float64)
        if absent.mean() >= 0.02:
            columns.setdefault(absent.tobytes(), absent)
    return np.column_stack(list(columns.values()))


def _adjusted(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    tested = [row for row in rows if row.get("p_adjusted") is not None]
    if tested:
        for row, p in zip(tested, false_discovery_control([row["p_adjusted"] for row in tested]), strict=True):
            row["p_adjusted"] = float(p)
    return rows

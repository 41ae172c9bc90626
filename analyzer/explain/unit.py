"""What stands behind the estimate of a unit: its rows of unit_scores, and the contacts that went into them."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.errors import UsageError
from analyzer.publish.agents import AgentPolicy
from analyzer.publish.blind import awaiting_audit
from analyzer.publish.reading import Tables, interactions
from analyzer.publish.terminal import visible

Row = dict[str, Any]
HEADLINE: Final = "experience_contact"
SHOWN_CONTACTS: Final = 5
MOVED_BY: Final = 2  # parts named beside a contact, if they moved its score by this much:
LEAST_POINTS: Final = 0.5
SCORES: Final = ("experience_contact", "experience_score")
# measure: the column of a contact that it averages
OF_CONTACTS: Final = {"resolved_rate": "resolved_probability", "fcr_rate": "fcr_probability",
                      "churn_talk_rate": "churn_talk_probability"}  # fmt: skip
PER_OPPORTUNITY: Final = {
    "opportunities_met_rate": "opportunities_met",
    "opportunities_hurt_rate": "opportunities_hurt",
}
OF_CLOSERS: Final = ("resolved_rate", "fcr_rate")  # an agent answers for them alone, if they closed the contact
COUNTED_FCR: Final = ("confirmed", "refuted", "open", "silent")
JOURNEY_PARTS: Final = ("repeat", "promise", "bound_journey")


@dataclass(frozen=True, slots=True)
class UnitContact:
    """One contact behind the estimate: its share in it, its value of the measure, and what moved its score most."""

    interaction_id: str
    day: date
    share: float
    value: float
    moved_by: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class UnitPart:
    """Mean points that a part of the score gives in the unit's contacts, and in all contacts of the period."""

    part: str
    points: float
    all_points: float


@dataclass(frozen=True, slots=True)
class UnitExplained:
    """``called`` is what people read of the unit: of an agent the roster's name where agents are named.

    ``estimate`` is the row of unit_scores asked for, ``beside`` those of the other measures in the same period.

    ``average`` is the mean of all units of the kind, by contacts. ``lowest`` and ``highest`` are the contacts with the
    lowest and highest values; ``parts`` are empty unless the measure is a score.
    """

    kind: str
    unit_id: str
    called: str
    estimate: Row
    average: float | None
    units: int
    beside: tuple[Row, ...]
    periods: tuple[str, ...]
    contacts: int
    lowest: tuple[UnitContact, ...]
    highest: tuple[UnitContact, ...]
    parts: tuple[UnitPart, ...]

    def as_json(self) -> Row:
        return {"explained": "unit", **asdict(self)}


def explain_unit(
    tables: Tables, kind: str, unit: str, measure: str | None, period: str | None, policy: AgentPolicy
) -> UnitExplained:
    """The unit's estimate; without ``measure`` the experience of the contact, without ``period`` the newest month."""
    scores = tables.read("unit_scores")
    of_kind = scores.filter(pc.equal(scores["unit_kind"], kind))
    mine = [row for row in of_kind.to_pylist() if row["unit_id"] == unit]
    measures = list(dict.fromkeys(row["measure"] for row in mine))
    measure = _one_of(measure, measures, "measure", HEADLINE if HEADLINE in measures else measures[0])
    observed = [row["period"] for row in mine if row["measure"] == measure and row["n"]]
    periods = sorted(observed or {row["period"] for row in mine}, key=_order)
    period = _one_of(period, periods, "period", periods[-1])
    estimate = next(row for row in mine if (row["measure"], row["period"]) == (measure, period))
    others = [row for row in of_kind.to_pylist() if (row["measure"], row["period"]) == (measure, period) and row["n"]]
    contacts = unit_contacts(tables, kind, unit, measure, period)
    shown = policy.name(unit) if kind == "agent" else unit
    named = dict(estimate) | {"unit_id": shown}
    told = contacts[~contacts["interaction_id"].isin(awaiting_audit(tables))]  # theirs are hidden until answered
    points = _points(tables, measure, period)
    ordered = told.sort_values(["value", "interaction_id"], kind="stable")
    few = min(SHOWN_CONTACTS, len(ordered) // 2 + len(ordered) % 2)
    return UnitExplained(
        kind=kind,
        unit_id=shown or unit,
        called=(policy.label(unit) if kind == "agent" else None) or shown or unit,
        estimate=named,
        average=_average(others),
        units=len(others),
        beside=tuple(dict(row) | {"unit_id": shown} for row in mine if row["period"] == period and row is not estimate),
        periods=tuple(periods),
        contacts=len(contacts),
        lowest=_listed(ordered.head(few), points),
        highest=_listed(ordered.tail(len(ordered) - few).tail(SHOWN_CONTACTS)[::-1], points),
        parts=_parts(points, contacts),
    )


def _one_of(asked: str | None, known: list[str], what: str, default: str) -> str:
    if asked is None:
        return default
    if asked in known:
        return asked
    raise UsageError(f"No {what} {visible(asked)!r} of this unit.", hint=f"There are: {', '.join(known)}.")


def _order(period: str) -> tuple[int, str]:
    """Days before weeks before months, each by time: the last is the newest month."""
    return (2 if len(period) == 7 and "W" not in period else 1 if "W" in period else 0, period)


def period_days(period: str) -> tuple[date, date]:
    """First day and last day of 2026-11-21, 2026-W47 or 2026-11."""
    if match := re.fullmatch(r"(\d{4})-W(\d\d)", period):
        monday = date.fromisocalendar(int(match[1]), int(match[2]), 1)
        return monday, monday + timedelta(days=6)
    if len(period) == 7:
        first = date.fromisoformat(f"{period}-01")
        return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return date.fromisoformat(period), date.fromisoformat(period)


def days_with_contacts(tables: Tables, period: str) -> list[date]:
    first, last = period_days(period)
    known = pc.unique(tables.read("interaction_facts", columns=["day"])["day"]).to_pylist()
    return sorted(day for day in known if first <= day <= last)


def unit_contacts(tables: Tables, kind: str, unit: str, measure: str, period: str) -> pd.DataFrame:
    """Contacts of the unit in which the measure was observed: ``interaction_id``, ``day``, ``share``, ``value``.

    Contacts whose speakers seem swapped have no experience, and nothing heard in them counts.
    """
    days = days_with_contacts(tables, period)
    facts = interactions(tables, days)
    if kind == "agent":
        legs = tables.read("interaction_agents", days=days)
        legs = legs.filter(pc.equal(legs["agent_id"], unit)).to_pandas()
        if measure in OF_CLOSERS:
            legs = legs[legs["role"].isin(("closer", "sole"))].drop_duplicates("interaction_id").assign(share=1.0)
        share = legs.groupby("interaction_id")["share"].sum()
        frame = facts.filter(pc.is_in(facts["interaction_id"], value_set=_strings(share.index))).to_pandas()
        frame["share"] = frame["interaction_id"].map(share)
    else:
        frame = facts.filter(pc.equal(facts[kind], unit)).to_pandas()
        frame["share"] = 1.0
    value = _values(frame, measure)
    seen: pd.DataFrame = frame.assign(value=value)[["interaction_id", "day", "share", "value"]]
    return seen.dropna(subset=["value"]).reset_index(drop=True)


def _values(frame: pd.DataFrame, measure: str) -> pd.Series[float]:
    if measure in PER_OPPORTUNITY:
        chances = frame["empathic_opportunities"].astype("float64")
        value = frame[PER_OPPORTUNITY[measure]].astype("float64") / chances.where(chances > 0)
    else:
        column = OF_CONTACTS.get(measure, measure)
        known = column in frame.columns
        value = frame[column].astype("float64") if known else pd.Series(np.nan, frame.index)
    if measure == "fcr_rate":
        unidentified = frame["fcr_status"].eq("open") & frame["is_final"].eq(True)
        return value.where(frame["fcr_status"].isin(COUNTED_FCR) & ~unidentified)
    return value if measure == "handle_s" else value.where(frame["experience_contact"].notna())


def _average(rows: list[Row]) -> float | None:
    known = [(row["adjusted"], row["n_effective"]) for row in rows if row["adjusted"] is not None]
    weight = sum(n for _, n in known)
    return sum(value * n for value, n in known) / weight if weight > 0 else None


def _listed(frame: pd.DataFrame, points: pd.DataFrame) -> tuple[UnitContact, ...]:
    return tuple(
        UnitContact(row["interaction_id"], row["day"], float(row["share"]), float(row["value"]),
                    _moved_by(points, row["interaction_id"]))
        for row in frame.to_dict("records")
    )  # fmt: skip


def _moved_by(points: pd.DataFrame, interaction_id: str) -> tuple[tuple[str, float], ...]:
    if interaction_id not in points.index:
        return ()
    mine = {str(part): float(value) for part, value in points.loc[[interaction_id]].iloc[0].dropna().items()}
    most = sorted((part for part in mine if abs(mine[part]) >= LEAST_POINTS), key=lambda part: (-abs(mine[part]), part))
    return tuple((part, mine[part]) for part in most[:MOVED_BY])


def _points(tables: Tables, measure: str, period: str) -> pd.DataFrame:
    """Points of each part (columns) in each contact of the period (rows); nothing where the measure is no score."""
    if measure not in SCORES:
        return pd.DataFrame()
    rows = tables.read("contributions", days=days_with_contacts(tables, period)).to_pandas()
    of_contact = ~rows["component"].isin(JOURNEY_PARTS) | (measure != "experience_contact")
    rows = rows[of_contact & (rows["component"] != "base")]
    points: pd.DataFrame = rows.pivot_table(index="interaction_id", columns="component", values="points", aggfunc="sum")
    return points


def _parts(points: pd.DataFrame, contacts: pd.DataFrame) -> tuple[UnitPart, ...]:
    """By how much each part moves the unit's contacts and all contacts, the parts that set it apart most first."""
    if points.empty or contacts.empty:
        return ()
    share = contacts.set_index("interaction_id")["share"]
    mine = points.reindex(share.index).fillna(0.0)
    means = mine.mul(share, axis=0).sum() / share.sum()
    everybody = points.fillna(0.0).mean()
    parts = [UnitPart(str(name), float(means[name]), float(everybody[name])) for name in points.columns]
    return tuple(sorted(parts, key=lambda part: (-abs(part.points - part.all_points), part.part)))


def _strings(values: pd.Index[Any]) -> pa.Array:
    return pa.array(list(values), pa.string())

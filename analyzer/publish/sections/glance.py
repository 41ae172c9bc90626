"""The period at a glance: how many contacts, what was solved, how it felt, and what needs a look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from analyzer.config import JourneySettings
from analyzer.publish.charts import Picture, drawn
from analyzer.publish.drawing.days import day_bars
from analyzer.publish.estimates import Estimate
from analyzer.publish.reading import Tables
from analyzer.publish.sections.window import Window
from analyzer.publish.wording import Wording

AUDIT_RULE = "random_audit"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FirstContact:
    """First-contact resolution of one period and window, as ``fcr_rates`` has it: a nowcast while windows run.

    ``silent`` contacts ended without a word either way; ``lowest``–``highest`` is where the rate lies whatever became
    of them. ``quiet`` is the share of customers neither back nor gone. No value: too few contacts, or windows over.
    """

    period: str
    matter: str
    window_days: int
    estimate: Estimate
    mature_share: float
    silent: int
    unidentified: int
    lowest: float | None
    highest: float | None
    returned: float | None
    left: float | None
    quiet: float | None
    is_final: bool


@dataclass(frozen=True, slots=True)
class Glance:
    first: date
    last: date
    contacts: int
    customers: int
    channels: tuple[tuple[str, int], ...]
    last_day_contacts: int
    resolved: Estimate
    headline: FirstContact | None
    fcr: tuple[FirstContact, ...]
    feeling_end: Estimate
    effort: Estimate
    flagged: int
    urgent: int
    last_day_flagged: int
    drawn_for_audit: int
    days: Picture | None


def glance(tables: Tables, window: Window, w: Wording, journey: JourneySettings) -> Glance:
    flags = tables.read("flags", days=window.days).to_pandas()
    concerns = flags[(flags["polarity"] == "concern") & (flags["rule"] != AUDIT_RULE)]
    flagged_ids = set(concerns["interaction_id"])
    contacts = window.contacts
    on_last = contacts["day"] == window.last
    days = headline_window(_fcr_rows(tables, window), journey.headline_window_days)
    fcr = first_contact(tables.read("fcr_rates").to_pylist(), days, window.rules.min_n)
    return Glance(
        first=window.days[0],
        last=window.last,
        contacts=len(contacts),
        customers=contacts["customer_key"].nunique(),
        channels=tuple((str(name), int(n)) for name, n in contacts["channel"].value_counts().items()),
        last_day_contacts=int(on_last.sum()),
        resolved=window.rate("resolved_probability"),
        headline=next((row for row in fcr if (row.matter, row.window_days) == ("same", days)), None),
        fcr=fcr,
        feeling_end=window.mean("sentiment_end"),
        effort=window.mean("effort"),
        flagged=len(flagged_ids),
        urgent=concerns.loc[concerns["severity"] == 3, "interaction_id"].nunique(),
        last_day_flagged=int((on_last & contacts["interaction_id"].isin(flagged_ids)).sum()),
        drawn_for_audit=flags.loc[flags["rule"] == AUDIT_RULE, "interaction_id"].nunique(),
        days=_days(window, flagged_ids, w),
    )


def _fcr_rows(tables: Tables, window: Window) -> pd.DataFrame:
    rows: pd.DataFrame = tables.read("fcr", days=window.days).to_pandas()
    return rows.merge(window.contacts[["interaction_id", "fcr_status"]], on="interaction_id", how="left")


def first_contact(rates: Sequence[Row], headline: int | None, min_n: int) -> tuple[FirstContact, ...]:
    """One row a kind of matter and window length, in that order, of the month of the last two that has most to tell."""
    period = _telling_month(rates, headline)
    rows = sorted(
        (row for row in rates if row["period"] == period), key=lambda row: (row["matter"] != "same", row["window_days"])
    )
    return tuple(_first_contact(row, min_n) for row in rows)


def _telling_month(rates: Sequence[Row], headline: int | None) -> str | None:
    months = sorted({row["period"] for row in rates if "-W" not in row["period"]})[-2:]
    told = {
        row["period"]: row["n"]
        for row in rates
        if (row["matter"], row["window_days"]) == ("same", headline) and row["value"] is not None
    }
    return max(months, key=lambda month: (told.get(month, 0), month), default=None)


def _first_contact(row: Row, min_n: int) -> FirstContact:
    told = row["value"] is not None and row["n"] >= min_n
    estimate = Estimate(row["n"], row["value"], row["low"], row["high"]) if told else Estimate(row["n"])
    lowest, highest, returned, left, quiet = (
        row[name] if told else None for name in ("lowest", "highest", "returned_rate", "left_rate", "quiet_rate")
    )
    return FirstContact(
        row["period"], row["matter"], row["window_days"], estimate, row["mature_share"], row["silent"],
        row["unidentified"], lowest, highest, returned, left, quiet, row["is_final"],
    )  # fmt: skip


def headline_window(rows: pd.DataFrame, configured: int) -> int | None:
    """The window whose statuses ``interactions.fcr_status`` shows. A store may have been written with other settings
    than ``configured``, which decides only where several windows fit."""
    same = rows[rows["matter"] == "same"]
    fits = (same["status"] == same["fcr_status"]).groupby(same["window_days"]).all()
    fitting = [int(str(days)) for days, fit in fits.items() if fit]
    return min(fitting, key=lambda days: (days != configured, days), default=None)


def _days(window: Window, flagged_ids: set[str], w: Wording) -> Picture | None:
    """None for a single day: its numbers stand above."""
    if window.days[0] == window.last:
        return None
    flagged = window.contacts["interaction_id"].isin(flagged_ids)
    span = [window.days[0] + timedelta(days=i) for i in range((window.last - window.days[0]).days + 1)]
    by_day = [(day, int((window.contacts["day"] == day).sum()), int((flagged & (window.contacts["day"] == day)).sum()))
              for day in span]  # fmt: skip
    labels = w("glance.contacts"), w("glance.flagged")
    return drawn(
        _busiest(by_day, w),
        lambda width: day_bars([(w.short_day(day), n, part) for day, n, part in by_day], labels, width),
        (w("word.day"), *labels),
        [(w.day(day), w.count(n), w.count(part)) for day, n, part in by_day],
        name="contacts_per_day", subtitle=w("glance.days_title"),
    )  # fmt: skip


def _busiest(by_day: Sequence[tuple[date, int, int]], w: Wording) -> str:
    day, most, _ = max(by_day, key=lambda row: row[1])
    return w("glance.busiest", day=w.day(day, weekday=True), contacts=w("glance.n_contacts", n=most))

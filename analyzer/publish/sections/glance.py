"""The period at a glance: how many contacts, what was solved, how it felt, and what needs a look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from analyzer.config import JourneySettings
from analyzer.publish.charts import Picture, day_bars, drawn
from analyzer.publish.estimates import Estimate
from analyzer.publish.reading import Tables
from analyzer.publish.sections.window import Window
from analyzer.publish.wording import Wording

COUNTED = ("confirmed", "refuted", "open")
SILENT = "silent"
AUDIT_RULE = "random_audit"


@dataclass(frozen=True, slots=True)
class FirstContact:
    """First-contact resolution of one window: probabilities of first contacts of known customers, summed.

    ``silent`` contacts ended without a word either way and count with the probability of their text;
    ``lowest``–``highest`` is where the rate lies whatever became of them. ``estimate`` has no value while less than the
    configured share of windows is over.
    """

    matter: str
    window_days: int
    estimate: Estimate
    mature_share: float
    silent: int
    unidentified: int
    lowest: float | None
    highest: float | None


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
    days: Picture


def glance(tables: Tables, window: Window, w: Wording, journey: JourneySettings) -> Glance:
    flags = tables.read("flags", days=window.days).to_pandas()
    concerns = flags[(flags["polarity"] == "concern") & (flags["rule"] != AUDIT_RULE)]
    flagged_ids = set(concerns["interaction_id"])
    contacts = window.contacts
    on_last = contacts["day"] == window.last
    rows = _fcr_rows(tables, window)
    fcr = first_contact(rows, window, journey.mature_share)
    headline = headline_window(rows, journey.headline_window_days)
    return Glance(
        first=window.days[0],
        last=window.last,
        contacts=len(contacts),
        customers=contacts["customer_key"].nunique(),
        channels=tuple((str(name), int(n)) for name, n in contacts["channel"].value_counts().items()),
        last_day_contacts=int(on_last.sum()),
        resolved=window.rate("resolved_probability"),
        headline=next((row for row in fcr if (row.matter, row.window_days) == ("same", headline)), None),
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
    return rows.merge(
        window.contacts[["interaction_id", "customer_key", "fcr_status"]], on="interaction_id", how="left"
    )


def first_contact(rows: pd.DataFrame, window: Window, mature_share: float) -> tuple[FirstContact, ...]:
    """One row a kind of matter and window length, in that order."""
    groups = sorted(rows.groupby(["matter", "window_days"]), key=lambda g: (g[0][0] != "same", g[0][1]))
    return tuple(
        _first_contact(str(matter), int(str(days)), some, window, mature_share) for (matter, days), some in groups
    )


def _first_contact(matter: str, days: int, rows: pd.DataFrame, window: Window, mature_share: float) -> FirstContact:
    known = rows["customer_key"].notna()
    counted = rows[known & rows["status"].isin(COUNTED) & rows["probability"].notna()]
    silent = int((known & (rows["status"] == SILENT)).sum())
    rated = rows[known & rows["status"].isin((*COUNTED, SILENT)) & rows["probability"].notna()]
    mature = float((rated["maturity"] == "mature").mean()) if len(rated) else 0.0
    estimate = window.rules.rate(rated["probability"].to_numpy(dtype="float64"), rated["customer_key"].tolist())
    if mature < mature_share or estimate.value is None:
        estimate = Estimate(len(rated))
    hits, whole = float(counted["probability"].sum()), max(len(counted) + silent, 1)
    told = silent > 0 and estimate.value is not None
    unidentified = int((~known & rows["status"].isin(COUNTED)).sum())
    return FirstContact(
        matter, days, estimate, mature, silent, unidentified,
        hits / whole if told else None, (hits + silent) / whole if told else None,
    )  # fmt: skip


def headline_window(rows: pd.DataFrame, configured: int) -> int | None:
    """The window whose statuses ``interactions.fcr_status`` shows. A store may have been written with other settings
    than ``configured``, which decides only where several windows fit."""
    same = rows[rows["matter"] == "same"]
    fits = (same["status"] == same["fcr_status"]).groupby(same["window_days"]).all()
    fitting = [int(str(days)) for days, fit in fits.items() if fit]
    return min(fitting, key=lambda days: (days != configured, days), default=None)


def _days(window: Window, flagged_ids: set[str], w: Wording) -> Picture:
    flagged = window.contacts["interaction_id"].isin(flagged_ids)
    span = [window.days[0] + timedelta(days=i) for i in range((window.last - window.days[0]).days + 1)]
    by_day = [(day, int((window.contacts["day"] == day).sum()), int((flagged & (window.contacts["day"] == day)).sum()))
              for day in span]  # fmt: skip
    labels = w("glance.contacts"), w("glance.flagged")
    return drawn(
        w("glance.days_title"),
        lambda width: day_bars([(w.short_day(day), n, part) for day, n, part in by_day], labels, width),
        (w("word.day"), *labels),
        [(w.day(day), w.count(n), w.count(part)) for day, n, part in by_day],
    )

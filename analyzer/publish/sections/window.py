"""The days that a report is about, and the contacts of those days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pandas as pd
import pyarrow.compute as pc

from analyzer.publish.agents import AgentPolicy
from analyzer.publish.estimates import Estimate, Rules, Values
from analyzer.publish.reading import Tables, interactions

WINDOW_DAYS = 28

COLUMNS = [
    "interaction_id", "day", "channel", "language", "started_at", "customer_key", "agent_id", "queue", "reason",
    "resolution", "resolved_probability", "sentiment_start", "sentiment_end", "sentiment_shift",
    "empathic_opportunities", "opportunities_met", "opportunities_hurt", "empathy", "effort", "satisfaction",
    "fcr_status", "fcr_probability", "experience_contact", "run_id", "as_of",
]  # fmt: skip

HEARD = (
    "resolved_probability",
    "sentiment_start",
    "sentiment_end",
    "sentiment_shift",
    "empathy",
    "effort",
    "satisfaction",
)


@dataclass(frozen=True, slots=True)
class Window:
    """``contacts`` has COLUMNS, agents as the policy shows them; what was heard is null where speakers seem swapped."""

    days: tuple[date, ...]
    contacts: pd.DataFrame
    rules: Rules

    @property
    def last(self) -> date:
        return self.days[-1]

    @property
    def as_of(self) -> datetime:
        """The data's own clock: of the outcomes, or where there are none, the start of the latest contact."""
        known = self.contacts["as_of"].dropna()
        latest: datetime = (known if len(known) else self.contacts["started_at"]).max().to_pydatetime()
        return latest

    def rate(self, column: str, where: pd.Series[bool] | None = None) -> Estimate:
        some = self.contacts if where is None else self.contacts[where]
        return self.rules.rate(*_with_customers(some, column))

    def mean(self, column: str, where: pd.Series[bool] | None = None) -> Estimate:
        some = self.contacts if where is None else self.contacts[where]
        return self.rules.mean(*_with_customers(some, column))


def open_window(tables: Tables, policy: AgentPolicy, rules: Rules) -> Window | None:
    """The last four weeks that hold contacts, counted back from the latest day; None for an empty store."""
    all_days: Sequence[date] = pc.unique(tables.read("interaction_facts", columns=["day"])["day"]).to_pylist()
    if not all_days:
        return None
    first = max(all_days) - timedelta(days=WINDOW_DAYS - 1)
    days = tuple(sorted(day for day in all_days if day >= first))
    whole = policy.shown("interactions", interactions(tables, days)).select(COLUMNS)
    contacts = whole.sort_by([("day", "ascending"), ("interaction_id", "ascending")]).to_pandas()
    # Contacts without an experience are those whose speakers seem swapped: nothing heard in them counts.
    contacts.loc[contacts["experience_contact"].isna(), list(HEARD)] = None
    return Window(days, contacts, rules)


def _with_customers(contacts: pd.DataFrame, column: str) -> tuple[Values, Sequence[str | None]]:
    return contacts[column].to_numpy(dtype="float64", na_value=float("nan")), contacts["customer_key"].tolist()

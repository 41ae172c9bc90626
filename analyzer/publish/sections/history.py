"""The contacts of the last weeks, as far back as trends are drawn, with what is followed over time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.publish.estimates import Estimate, Keys, Rules, Values
from analyzer.publish.reading import Tables

WEEKS: Final = 16
FACTS: Final = [
    "interaction_id", "day", "customer_key", "resolved_probability", "sentiment_end", "effort",
    "empathic_opportunities", "opportunities_met",
]  # fmt: skip
OUTCOMES: Final = ["interaction_id", "experience_contact", "experience_score", "is_final"]
HEARD: Final = ("resolved_probability", "sentiment_end", "effort", "experience_score")


@dataclass(frozen=True, slots=True)
class History:
    """``contacts`` has FACTS and OUTCOMES, a row a contact; ``first`` and ``last`` are days that hold contacts."""

    contacts: pd.DataFrame
    first: date
    last: date
    rules: Rules

    def of_days(self, first: date, last: date) -> pd.DataFrame:
        days = self.contacts["day"]
        return self.contacts[(days >= first) & (days <= last)]

    def mean(self, column: str, contacts: pd.DataFrame) -> Estimate:
        return self.rules.mean(*pair(contacts, column))

    def met(self, contacts: pd.DataFrame) -> Estimate:
        """Share of the feelings shown that were taken up."""
        numbers = contacts[["opportunities_met", "empathic_opportunities"]].to_numpy(dtype="float64")
        return self.rules.ratio(numbers[:, 0], numbers[:, 1], contacts["customer_key"].tolist())


def pair(contacts: pd.DataFrame, column: str) -> tuple[Values, Keys]:
    """Values and customers, as the estimates want them."""
    return contacts[column].to_numpy(dtype="float64", na_value=np.nan), contacts["customer_key"].tolist()


def read_history(tables: Tables, last: date, rules: Rules) -> History:
    """Of the last WEEKS weeks up to ``last``. What was heard is null where speakers seem swapped."""
    first = last - timedelta(days=7 * WEEKS + last.weekday() - 1)
    known = pc.unique(tables.read("interaction_facts", columns=["day"])["day"]).to_pylist()
    days = sorted(day for day in known if first <= day <= last)
    facts = tables.read("interaction_facts", columns=FACTS, days=days)
    outcomes = tables.read("outcomes", columns=OUTCOMES, days=days)
    found = outcomes.take(pc.index_in(facts["interaction_id"], value_set=outcomes["interaction_id"]))
    joined = pa.table([facts[c] if c in FACTS else found[c] for c in (*FACTS, *OUTCOMES[1:])],
                      names=[*FACTS, *OUTCOMES[1:]])  # fmt: skip
    contacts = joined.sort_by([("day", "ascending"), ("interaction_id", "ascending")]).to_pandas()
    unheard = contacts["experience_contact"].isna()
    contacts.loc[unheard, list(HEARD)] = None
    contacts.loc[unheard, ["opportunities_met", "empathic_opportunities"]] = 0
    return History(contacts, days[0] if days else last, last, rules)

"""All that was known of each customer on a date: facts, indices, satisfaction, segment, and whether they had left."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from analyzer.config import LoyaltySettings
from analyzer.loyalty.asof import KnownFacts, known_facts, notices
from analyzer.loyalty.definition import INDEX_COLUMNS, locked_in, loyalty_indices, value_tier
from analyzer.loyalty.reading_error import ReadingError
from analyzer.loyalty.satisfaction import satisfaction_index

KNOWN_NUMBERS = ("tenure_months", "revenue_12m", "nps", "recommend", "referrals", "complaints_12m", "purchases_12m")


def customer_state(
    frame: pd.DataFrame, contacts: pd.DataFrame, readings: pd.DataFrame, as_of: datetime, settings: LoyaltySettings,
    error: ReadingError | None = None,
) -> pd.DataFrame:  # fmt: skip
    """One row a customer with a record, an answer or a contact by ``as_of``, sorted by key; null where not observed."""
    facts = known_facts(frame, as_of)
    past = contacts[(contacts["known_at"] <= as_of) & contacts["customer_key"].notna()]
    satisfaction = satisfaction_index(readings, as_of, settings.satisfaction_halflife_days, error)
    keys = sorted({*facts.customers, *past["customer_key"], *satisfaction.index})
    index = pd.Index(keys, dtype="object", name="customer_key")
    departed = notices(frame, as_of, settings.other_exits)
    state = loyalty_indices(facts, departed["left"], settings)[list(INDEX_COLUMNS)].reindex(index)
    for column in ("satisfaction_index", "satisfaction_error", "satisfaction_counted"):
        state[column] = satisfaction[column].reindex(index)
    for column in ("left", "moved_on"):
        state[column] = departed[column].astype("object").reindex(index).eq(True)
    for column in ("notice_at", "exit_at"):
        state[column] = departed[column].reindex(index)
    state["on_record"] = index.isin(facts.customers)
    state["locked_in"] = locked_in(facts, as_of, settings).reindex(index)
    state["value_tier"] = value_tier(facts, settings).reindex(index)
    state["contract_end"] = facts.time("contract_end").reindex(index)
    state["may_contact"] = facts.number("may_contact").reindex(index).eq(1.0)
    state["segment"] = _segment(facts, past).reindex(index)
    for fact in KNOWN_NUMBERS:
        state[fact] = facts.number(fact).reindex(index)
    return state


def _segment(facts: KnownFacts, past: pd.DataFrame) -> pd.Series[str]:
    """The segment on record, else the product line, else what the newest contact says of either; None if unknown."""
    newest = past.drop_duplicates("customer_key", keep="last").set_index("customer_key")
    keys = facts.customers.union(newest.index)
    found = pd.Series(None, index=keys, dtype="object")
    for said in (facts.text("segment"), facts.text("product_line"), newest["segment"], newest["product_line"]):
        found = found.where(found.notna(), said.astype("object").reindex(keys))
    return found.where(found.notna(), None)


def segments(state: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """'all' and each segment by name, with its customers."""
    named = sorted({str(name) for name in state["segment"].dropna()} - {"all"})
    return [("all", state), *((name, state[state["segment"] == name]) for name in named)]

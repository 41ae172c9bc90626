from __future__ import annotations

import numpy as np
import pandas as pd

from analyzer.loyalty.repurchase import repurchases
from tests.loyalty.worlds import AS_OF, days_ago


def contacts(*rows: tuple[str, float]) -> pd.DataFrame:
    return pd.DataFrame({"customer_key": [key for key, _ in rows], "known_at": [days_ago(days) for _, days in rows]})


def facts(fact: str, *rows: tuple[str, float, float]) -> pd.DataFrame:
    at = [days_ago(days) for _, days, _ in rows]
    return pd.DataFrame({"customer_key": [key for key, _, _ in rows], "as_of": at, "fact": fact,
                         "number": [number for _, _, number in rows], "time": at})  # fmt: skip


def test_purchase_within_the_horizon_counts_and_a_window_still_open_is_unknown() -> None:
    bought = facts("purchased_at", ("a", 150, np.nan), ("a", 900, np.nan), ("c", 15, np.nan))
    found = repurchases(contacts(("a", 200), ("a", 100), ("b", 200), ("c", 20)), bought, AS_OF, 90)
    assert found.after.iloc[:3].tolist() == [1.0, 0.0, 0.0] and np.isnan(found.after.iloc[3])
    assert found.before.tolist() == [0.0, 1.0, 0.0, 0.0] and found.horizon_days == 90


def test_purchase_at_the_moment_of_the_contact_came_before_it() -> None:
    found = repurchases(contacts(("a", 200)), facts("purchased_at", ("a", 200, np.nan), ("b", 400, np.nan)), AS_OF, 90)
    assert found.after.tolist() == [0.0] and found.before.tolist() == [1.0]


def test_yearly_counts_tell_of_the_year_that_they_were_recorded_after() -> None:
    counted = facts("purchases_12m", ("a", 40, 2.0), ("b", 30, 0.0), ("c", 200, 5.0), ("a", 400, 0.0))
    found = repurchases(contacts(("a", 400), ("b", 400), ("c", 400)), counted, AS_OF, 90)
    assert found.after.iloc[:2].tolist() == [1.0, 0.0] and np.isnan(found.after.iloc[2])
    assert found.before.iloc[0] == 0.0 and np.isnan(found.before.iloc[1]) and found.horizon_days == 365


def test_no_records_of_purchases_tell_nothing() -> None:
    found = repurchases(contacts(("a", 400)), facts("nps", ("a", 40, 9.0)), AS_OF, 90)
    assert found.after.isna().all() and found.before.isna().all()

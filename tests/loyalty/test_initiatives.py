"""What was done with the lists: read, drawn, compared with who was left alone, or not estimable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from analyzer.errors import UsageError
from analyzer.loyalty.actions import action_lists
from analyzer.loyalty.asof import records_frame
from analyzer.loyalty.assess import assess_loyalty
from analyzer.loyalty.initiatives import initiative_effects, is_held_out, newcombe, read_initiatives
from analyzer.tables import STORED
from tests.loyalty.worlds import AS_OF, NO_CUES, NO_LINKS, contacts, days_ago, records, settings, surveys


def deeds(*rows: tuple[str, float, str, bool]) -> Any:
    return STORED["initiatives"].from_rows(
        [{"customer_key": key, "list": "at_risk", "done_at": days_ago(days), "kind": kind, "held_out": held,
          "source_uri": "f"} for key, days, kind, held in rows]
    )  # fmt: skip


def state(left: dict[str, float | None], keys: list[str]) -> pd.DataFrame:
    gone = [left.get(key) for key in keys]
    at = pd.DatetimeIndex([pd.NaT if days is None else pd.Timestamp(days_ago(days)) for days in gone], tz="UTC")
    flags = {"on_record": True, "left": [days is not None for days in gone], "notice_at": at}
    return pd.DataFrame(flags, index=pd.Index(keys, name="customer_key"))


def effects(table: Any, customers: pd.DataFrame, facts: Any = None, recorded: bool = True) -> dict[str, dict[str, Any]]:
    frame = records_frame(records() if facts is None else facts, surveys(), settings())
    rows = initiative_effects(table, frame, customers, recorded, AS_OF, settings()).to_pylist()
    return {row["outcome"]: row for row in rows}


def many(done: int, held: int, days: float = 120) -> tuple[Any, list[str]]:
    keys = [f"k{i:03d}" for i in range(done + held)]
    return deeds(*((key, days, "call", i >= done) for i, key in enumerate(keys))), keys


def test_file_is_read_and_bad_lines_are_told(tmp_path: Path) -> None:
    (tmp_path / "i.csv").write_text(
        "customer_id,list,done_at,kind,held_out\nA,at_risk,2026-10-01,call,no\nB,at_risk,2026-10-01,,ja\n"
        "C,at_risk,soon,call,no\nD,at_risk,2026-10-01,,no\n,thank,2026-10-01,card,no\n"
    )
    found = read_initiatives(tmp_path / "i.csv", customer_key=str.lower, timezone="Europe/Berlin")
    assert [(row["customer_key"], row["held_out"]) for row in found.table.to_pylist()] == [("a", False), ("b", True)]
    assert [problem.line for problem in found.problems] == [4, 5, 6]
    (tmp_path / "j.csv").write_text("customer_id,done_at\nA,2026-10-01\n")
    with pytest.raises(UsageError, match="list"):
        read_initiatives(tmp_path / "j.csv", customer_key=str, timezone="UTC")


def test_effect_is_the_difference_of_those_done_and_held_out() -> None:
    table, keys = many(100, 50)
    left: dict[str, float | None] = dict.fromkeys((*keys[:10], *keys[100:115]), 60.0)
    row = effects(table, state(left, keys))["notice"]
    assert (row["done_share"], row["held_out_share"], row["n_done"], row["n_held_out"]) == (0.1, 0.3, 100, 50)
    assert row["effect"] == pytest.approx(-0.2) and row["low"] < -0.2 < row["high"] < 0
    assert "whether chance chose it is not known" in row["method"]


def test_without_hold_out_nothing_is_claimed() -> None:
    table, keys = many(60, 0)
    row = effects(table, state({}, keys))["notice"]
    assert row["method"] == "no hold-out: not estimable" and row["effect"] is None and row["done_share"] == 0.0


def test_horizons_that_run_and_customers_who_had_left_do_not_count() -> None:
    table, keys = many(30, 20, days=30)
    assert effects(table, state({}, keys))["notice"]["n_running"] == 50
    table, keys = many(30, 20)
    row = effects(table, state({keys[0]: 130.0, keys[1]: None, keys[40]: 20.0}, keys))["notice"]
    assert row["n_done"] == 29 and row["held_out_share"] == 0.0  # the notice 100 days later is beyond the horizon


def test_who_was_drawn_counts_as_held_out_whatever_was_then_done() -> None:
    table, keys = many(20, 20)
    again = deeds((keys[25], 119, "call", False))
    row = effects(pa.concat_tables([table, again]), state({}, keys))["notice"]
    assert (row["n_done"], row["n_held_out"]) == (20, 20)


def test_repurchase_needs_both_ends_known_and_the_future_moves_nothing() -> None:
    table, keys = many(20, 20)
    facts = [{"customer_key": key, "days": 200, "purchases_12m": 2} for key in keys]
    facts += [{"customer_key": key, "days": 25, "purchases_12m": 3 if i < 10 else 2} for i, key in enumerate(keys)]
    late = [{"customer_key": key, "days": -5, "purchases_12m": 9} for key in keys]
    rows = [effects(table, state({}, keys), _until(records(*facts, *extra)))["repurchase"] for extra in ([], late)]
    assert rows[0] == rows[1] and (rows[0]["done_share"], rows[0]["held_out_share"]) == (0.5, 0.0)


def _until(facts: Any) -> Any:
    """As ``assess_loyalty`` hands them on: known by the date."""
    return facts.filter(pc.less_equal(facts["as_of"], pa.scalar(AS_OF)))


def test_draw_is_the_same_for_ever_and_near_its_share() -> None:
    ours, nobody, everybody = settings(), settings(hold_out_share=0.0), settings(hold_out_share=1.0)
    drawn = [is_held_out("at_risk", f"k{i}", ours) for i in range(4000)]
    assert drawn == [is_held_out("at_risk", f"k{i}", ours) for i in range(4000)]
    assert 0.08 < np.mean(drawn) < 0.12
    other = [is_held_out("thank", f"k{i}", ours) for i in range(4000)]
    assert 0.0 < np.mean(np.logical_and(drawn, other)) < 0.03
    assert not any(is_held_out("at_risk", f"k{i}", nobody) for i in range(100))
    assert all(is_held_out("at_risk", f"k{i}", everybody) for i in range(100))


def test_lists_mark_who_is_held_out() -> None:
    keys = [f"k{i:03d}" for i in range(200)]
    plain = {"may_contact": True, "left": False, "satisfaction_index": 20.0, "loyalty_index": 40.0, "bonds": [[]] * 200,
             "risks": [["spoke of leaving on 2026-10-23"]] * 200, "at_risk_probability": np.nan, "value_tier": None,
             "revenue_12m": np.nan}  # fmt: skip
    customers = pd.DataFrame(plain, index=pd.Index(keys, name="customer_key"))
    listed = action_lists(customers, AS_OF, settings()).to_pylist()
    drawn = {key for key in keys if is_held_out("at_risk", key, settings())}
    assert {row["customer_key"] for row in listed if row["held_out"]} == drawn and len(listed) == 200
    offered = action_lists(customers, AS_OF, settings(hold_out_share=0.0))
    assert not any(offered["held_out"].to_pylist())


def test_hold_out_by_the_draw_is_recognised() -> None:
    keys = [f"k{i:03d}" for i in range(300)]
    table = deeds(*((key, 120, "call", is_held_out("at_risk", key, settings())) for key in keys))
    assert effects(table, state({}, keys))["notice"]["method"].endswith("hold-out drawn by hash")


def test_newcombe_equals_statsmodels() -> None:
    for hits, n, others, of in ((56, 70, 48, 80), (0, 12, 5, 30), (9, 10, 3, 10)):
        low, high = confint_proportions_2indep(hits, n, others, of, method="newcomb", compare="diff")
        assert newcombe(hits, n, others, of)[1:] == pytest.approx((low, high), abs=1e-9)


def test_assessment_tells_the_effect_of_what_was_done() -> None:
    table, keys = many(30, 20)
    notices = ({"customer_key": key, "days": 60, "cancel_received_at": days_ago(60)} for key in keys[30:40])
    known = records(*({"customer_key": key, "days": 200, "nps": 5} for key in keys), *notices)
    facts = contacts(*({"customer_key": key, "days": 150} for key in keys))
    found = assess_loyalty(facts, NO_LINKS, NO_LINKS, NO_CUES, known, surveys(), settings(), AS_OF, initiatives=table)
    row = next(row for row in found.initiative_effects.to_pylist() if row["outcome"] == "notice")
    assert (row["done_share"], row["held_out_share"], row["n_done"], row["n_held_out"]) == (0.0, 0.5, 30, 20)
    assert row["high"] < 0 and row["n_running"] == 0

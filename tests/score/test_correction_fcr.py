"""First-contact resolution of weeks and months as people would have heard it."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from analyzer.score.correction_fcr import correct_fcr_rates
from analyzer.score.correction_samples import Audit, Scored
from analyzer.score.correction_verdicts import judgements
from analyzer.tables import STORED
from tests.score import worlds
from tests.score.audited_agents import _verdicts

SHARE = 0.1
RATE = 0.6


def fcr(facts, probability, maturity="mature", status="confirmed"):
    rows = pd.DataFrame({
        "interaction_id": facts["interaction_id"], "day": facts["day"], "matter": "same", "window_days": 7,
        "status": status, "probability": probability, "maturity": maturity, "as_of": worlds.AS_OF,
        "is_final": True,
    })  # fmt: skip
    schema = STORED["fcr"].schema
    return pa.Table.from_pandas(rows.reindex(columns=schema.names), schema=schema, preserve_index=False)


def rates(facts, probability):
    days = pd.Series(probability, index=pd.DatetimeIndex(facts["day"]).strftime("%Y-%m"))
    empty = dict.fromkeys(STORED["fcr_rates"].column_names)
    return STORED["fcr_rates"].from_rows([
        empty | {
            "period": period, "matter": "same", "window_days": 7, "n": len(own), "value": own.mean(),
            "low": own.mean() - 0.03, "high": own.mean() + 0.03, "mature_share": 1.0, "silent": 0, "unidentified": 0,
            "lowest": own.mean(), "highest": own.mean(), "success_rate": own.mean() - 0.05,
            "error_basis": "model_only", "method": "sum of probabilities", "as_of": worlds.AS_OF, "is_final": True,
        }
        for period, own in days.groupby(level=0)
    ])  # fmt: skip


def corrected(seed, n=2000, share=SHARE, maturity="mature"):
    """Two months; the machine takes every second failure for a success."""
    rng = np.random.default_rng(seed)
    days = [date(2026, 9, 1) + timedelta(days=i % 60) for i in range(n)]
    solved = rng.random(n) < RATE
    heard = np.clip(np.where(solved, 0.85, np.where(rng.random(n) < 0.5, 0.8, 0.1)) + rng.normal(0, 0.05, n), 0, 1)
    facts = worlds.contacts(n, content_hash="h", customer_key=[f"k-{i}" for i in range(n)], day=days,
                            resolved_probability=heard)  # fmt: skip
    told = judgements(_verdicts(facts, solved, share, rng), facts)
    judged = fcr(told.facts, told.facts["resolved_probability"].to_numpy(), maturity)
    scored = Scored(facts, worlds.links(facts), worlds.experience(facts, np.full(n, 50.0)))
    before = rates(facts, heard)
    audit = Audit(told, scored, judged)
    return before.to_pandas(), correct_fcr_rates(before, fcr(facts, heard), judged, scored, audit).to_pandas()


def test_months_hold_what_people_would_have_heard():
    held, machine = [], []
    for seed in range(20):
        before, after = corrected(seed)
        held += ((after["low"] <= RATE) & (after["high"] >= RATE)).tolist()
        machine += ((before["low"] <= RATE) & (before["high"] >= RATE)).tolist()
    assert np.mean(held) >= 0.8 and not any(machine)
    assert after["error_basis"].eq("audit_corrected").all() and after["method"].str.contains("corrected by").all()
    assert (after["lowest"] <= after["value"]).all() and (after["value"] <= after["highest"]).all()
    assert (after["success_rate"] < after["value"]).all()


@pytest.mark.parametrize(("changes", "why"), [({"share": 0.005}, "of 20 needed"), ({"maturity": "open"}, "0 audited")])
def test_what_the_audit_does_not_reach_stays_the_machines(changes, why):
    before, after = corrected(1, **changes)
    assert after["error_basis"].eq("model_only").all() and after["method"].str.contains(why).all()
    assert after["value"].equals(before["value"])

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from msgspec import structs
from statsmodels.duration.hazard_regression import PHReg

from analyzer.errors import ConfigError
from analyzer.loyalty.asof import records_frame
from analyzer.loyalty.contacts import contacts_as_of
from analyzer.loyalty.covariates import JOINT
from analyzer.loyalty.cox import fit_cox
from analyzer.loyalty.drivers import check_reliability, loyalty_drivers
from analyzer.loyalty.dynamics import Waves, loyalty_dynamics, path_row, waves_of
from analyzer.loyalty.riskset import contract_starts, risk_set
from analyzer.loyalty.satisfaction import satisfaction_readings
from analyzer.loyalty.state import customer_state
from analyzer.tables import STORED
from tests.loyalty.worlds import AS_OF, NO_LINKS, contacts, days_ago, leaving_world, records, settings, surveys


def prepared(facts: pd.DataFrame, known: pa.Table) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    seen = contacts_as_of(facts, NO_LINKS, NO_LINKS, AS_OF)
    frame = records_frame(known, surveys(), settings())
    return seen, customer_state(frame, seen, satisfaction_readings(seen, surveys()), AS_OF, settings()), frame


def drivers(facts: pd.DataFrame, known: pa.Table) -> dict[str, dict[str, Any]]:
    seen, state, frame = prepared(facts, known)
    table = loyalty_drivers(seen, state, frame, True, AS_OF, settings())
    assert table.schema == STORED["loyalty_drivers"].schema
    return {row["driver"]: row for row in table.to_pylist() if row["segment"] == "all" and row["outcome"] == "notice"}


def test_drivers_recover_a_planted_effect_and_do_not_read_it_as_speed() -> None:
    found = drivers(*leaving_world(700, effect=0.6, seed=5, confounded=0.6))
    empathy, handle = found["empathy"], found["handle_s"]
    assert empathy["low"] < np.exp(-0.6) < empathy["high"] < 1 and empathy["p_adjusted"] < 0.01
    assert handle["low"] < 1 < handle["high"] and handle["p_adjusted"] > 0.05
    assert "all drivers together" in str(empathy["method"]) and empathy["scale"] == "HR per sd"


def test_fact_without_audits_stands_as_read_and_its_interval_covers_misheard_readings() -> None:
    handle, empathy = (drivers(*leaving_world(700, effect=0.6, seed=5, confounded=0.6))[name]
                       for name in ("handle_s", "empathy"))  # fmt: skip
    stated = dict.fromkeys(("empathy", "effort", "resolved"), (0.999, 0.0))
    seen, state, frame = prepared(*leaving_world(700, effect=0.6, seed=5, confounded=0.6))
    table = loyalty_drivers(
        seen, state, frame, True, AS_OF, structs.replace(settings(), reliability=stated)
    ).to_pylist()
    trusted = next(row for row in table if (row["outcome"], row["driver"]) == ("notice", "handle_s"))
    assert handle["error_basis"] == "model_only" and trusted["error_basis"] == "stated_reliability"
    assert handle["effect"] == pytest.approx(trusted["effect"], rel=1e-2)
    assert np.log(handle["high"] / handle["low"]) > 1.1 * np.log(trusted["high"] / trusted["low"])
    assert "not audited" in str(handle["method"]) and "not audited" not in str(trusted["method"])
    assert "not audited" not in str(empathy["method"])


def test_drivers_find_nothing_where_nothing_is() -> None:
    found = drivers(*leaving_world(500, effect=0.0, seed=6))
    tested = [row for row in found.values() if row["effect"] is not None]
    assert len(tested) >= 6 and all(row["p_adjusted"] > 0.05 for row in tested)


def test_too_few_notices_are_said_not_estimated() -> None:
    found = drivers(*leaving_world(20, effect=0.5, seed=7))
    why = str(found["empathy"]["method"])
    assert why.startswith("not estimable: ") and why.endswith(" events, 10 needed per driver")
    assert all(row["effect"] is None and row["p_adjusted"] is None for row in found.values() if row["driver"] in JOINT)


def test_unobserved_driver_is_said_and_does_not_stop_the_others() -> None:
    found = drivers(*leaving_world(400, effect=0.5, seed=8))
    assert "observed in 0 of" in str(found["prior_contacts"]["method"]) and found["empathy"]["effect"] is not None
    assert "observed in 0 of" in str(found["experience"]["method"])


def test_risk_rows_leave_out_cancellations_and_what_follows_the_notice() -> None:
    facts = contacts(
        {"customer_key": "a", "days": 50},
        {"customer_key": "a", "days": 42, "reason": "contract_cancel"},
        {"customer_key": "a", "days": 30},
        {"customer_key": "b", "days": 200},
        {"customer_key": "b", "days": 20},
        {"customer_key": "nobody", "days": 9},
        {"customer_key": "undated", "days": 9},
    )
    known = records(
        {"customer_key": "a", "cancel_received_at": days_ago(40)},
        {"customer_key": "b", "nps": 3},
        {"customer_key": "undated", "churned": True},
    )
    seen, state, frame = prepared(facts, known)
    risk = risk_set(seen, state, contract_starts(frame), AS_OF, 90, 0)
    rows = risk.rows.sort_values(["customer_key", "entry"])
    assert risk.clock == "calendar" and rows["customer_key"].tolist() == ["a", "b", "b", "b"]
    assert rows["event"].tolist() == [1, 0, 0, 0]
    assert (rows["exit"] - rows["entry"]).round(1).tolist() == [10, 20, 90, 20]
    assert rows["contact"].tolist() == [0, 1, -1, 2]


def test_clock_is_tenure_where_everybodys_is_known() -> None:
    seen, state, frame = prepared(
        contacts({"customer_key": "a", "days": 10}), records({"customer_key": "a", "tenure_months": 12, "days": 30})
    )
    risk = risk_set(seen, state, contract_starts(frame), AS_OF, 90, 0)
    assert risk.clock == "tenure" and risk.rows["entry"].iloc[0] == pytest.approx(365.25 + 30 - 10, abs=0.1)


@pytest.mark.parametrize("stated", [{"handle_s": (0.7, 0.1)}, {"empathy": (0.0, 0.1)}, {"empathy": (0.7, -0.1)}])
def test_reliability_that_cannot_be_is_refused(stated: dict[str, tuple[float, float]]) -> None:
    with pytest.raises(ConfigError, match=r"loyalty\.reliability"):
        check_reliability(stated)


def panel(customers: int, waves: int, effect: float, seed: int, noise: float = 5.0) -> Waves:
    """Loyalty follows last wave's satisfaction by ``effect``; each customer has a level of their own.

    Satisfaction is the mean of two readings, loyalty an answer; both err by ``noise``.
    """
    rng = np.random.default_rng(seed)
    level = rng.normal(60, 15, customers)
    satisfaction, loyalty, rows = level.copy(), level.copy(), []
    for wave in range(-20, waves):
        if wave >= 0:
            read = satisfaction[:, None] + rng.normal(0, noise * 2**0.5, (customers, 2))
            said = loyalty + rng.normal(0, noise, customers)
            squares = ((read - read.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
            rows.append({"wave": wave, "satisfaction": read.mean(axis=1), "loyalty": said, "squares": squares})
        following = 0.7 * level + 0.3 * loyalty + effect * (satisfaction - level) + rng.normal(0, 5, customers)
        satisfaction = 0.7 * level + 0.3 * satisfaction + rng.normal(0, 10, customers)
        loyalty = following
    frames = [pd.DataFrame(row).assign(customer_key=[f"k{i}" for i in range(customers)], readings=2) for row in rows]
    return waves_of(pd.concat(frames)[["customer_key", "wave", "satisfaction", "readings", "squares", "loyalty"]])


def test_dynamics_recover_a_planted_path_through_noise_and_only_that() -> None:
    worlds = [panel(400, 6, effect=0.4, seed=seed) for seed in range(12)]
    there = [path_row(world, "satisfaction", "loyalty") for world in worlds]
    back = [path_row(world, "loyalty", "satisfaction") for world in worlds]
    assert abs(np.median([row["effect"] for row in there]) - 0.4) < 0.06
    assert sum(row["low"] < 0.4 < row["high"] for row in there) >= 10 and there[0]["n"] == 400
    assert sum(not row["low"] < 0 < row["high"] for row in back if "effect" in row) <= 3


@pytest.mark.parametrize("waves", [4, 6])
def test_dynamics_find_nothing_where_nothing_is_about_as_often_as_they_say(waves: int) -> None:
    found = [path_row(panel(200, waves, effect=0.0, seed=seed), "satisfaction", "loyalty") for seed in range(24)]
    wrong = sum(not row["low"] < 0 < row["high"] for row in found if "effect" in row)
    assert sum("effect" in row for row in found) >= 18 and wrong <= 4


def test_dynamics_need_four_waves_and_enough_customers() -> None:
    few = path_row(panel(80, 3, 0.4, 1), "satisfaction", "loyalty")
    assert few["method"] == "not estimable: fewer than four waves"
    assert "50 needed" in path_row(panel(8, 5, 0.4, 1), "satisfaction", "loyalty")["method"]
    seen, state, _ = prepared(contacts({"customer_key": "a", "days": 3}), records({"customer_key": "a", "nps": 3}))
    frame = records_frame(records({"customer_key": "a", "nps": 3}), surveys(), settings())
    table = loyalty_dynamics(frame, satisfaction_readings(seen, surveys()), state, AS_OF, settings())
    assert table.column("method").to_pylist() == ["not estimable: fewer than four waves"] * 2


def test_dynamics_read_waves_from_records_and_contacts() -> None:
    rng = np.random.default_rng(9)
    keys, waves = [f"k{i}" for i in range(120)], range(6)
    levels = {key: rng.uniform(3, 9) for key in keys}
    mood = {(key, w): float(rng.uniform(2, 4)) for key in keys for w in waves}
    known = records(
        *(
            {"customer_key": k, "days": 90 * w + 10, "nps": float(np.clip(levels[k] + rng.normal(), 0, 10))}
            for k in keys
            for w in waves
        )
    )
    facts = contacts(
        *(
            {"customer_key": k, "days": 90 * w + day, "satisfaction": mood[k, w] + float(rng.uniform(-1, 1))}
            for k in keys
            for w in waves
            for day in (20, 30)
        )
    )
    seen, state, _ = prepared(facts, known)
    frame = records_frame(known, surveys(), settings())
    table = loyalty_dynamics(frame, satisfaction_readings(seen, surveys()), state, AS_OF, settings())
    assert table.schema == STORED["loyalty_dynamics"].schema
    there, back = table.to_pylist()
    assert there["n"] == back["n"] == 120 and there["low"] < there["effect"] < there["high"]
    assert back["effect"] is not None or back["method"].startswith("not estimable: ")


def test_clustered_errors_equal_statsmodels_where_it_has_them() -> None:
    rng = np.random.default_rng(1)
    design, entry = rng.normal(size=(900, 2)), rng.uniform(0, 300, 900)
    waits = rng.exponential(300 * np.exp(-0.4 * design[:, 0]))
    event, stop = (waits < 120).astype(float), entry + np.minimum(waits, 120)
    clusters = rng.integers(0, 300, 900).astype(float)
    theirs = PHReg(stop, design, status=event, entry=entry).fit(groups=clusters)
    ours = fit_cox(entry, stop, event, design, clusters)
    assert ours is not None and ours.effects == pytest.approx(theirs.params)
    assert ours.errors == pytest.approx(theirs.bse, rel=0.02) and ours.p_values == pytest.approx(
        theirs.pvalues, abs=0.01
    )


def test_fit_that_cannot_converge_is_no_fit() -> None:
    design = np.column_stack([np.arange(40.0), np.arange(40.0)])
    stop = np.arange(1.0, 41.0)
    assert fit_cox(np.zeros(40), stop, np.ones(40), design, stop) is None


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_cox_of_columns_that_say_the_same_is_no_fit_and_no_warning() -> None:
    for seed in range(60):  # rounding leaves a variance below 0 in some of these
        random = np.random.default_rng(seed)
        one = random.normal(size=40)
        design = np.column_stack([one, one + 3e-9 * random.normal(size=40), random.normal(size=40)])
        stop, event = random.uniform(1, 9, 40), (random.uniform(size=40) < 0.5).astype(float)
        assert fit_cox(np.zeros(40), stop, event, design, np.arange(40.0)) is None

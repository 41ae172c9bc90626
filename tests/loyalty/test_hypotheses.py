"""What the named rows say in worlds where it is known, and the words of their verdicts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from analyzer.loyalty.association import Evidence
from analyzer.loyalty.drivers import loyalty_drivers
from analyzer.loyalty.hypotheses import empathy_or_speed, expectations, loyal_forgive, one_bad_contact
from analyzer.loyalty.placebo import placebo_rows
from analyzer.loyalty.verdicts import with_verdicts
from analyzer.tables import STORED
from tests.bench.honesty.drivers import evidence_of
from tests.loyalty.leaving import AS_OF, Leaving, leaving
from tests.loyalty.worlds import settings

LARGE = 2500


def evidence(seed: int, **spec: Any) -> Evidence:
    return evidence_of(leaving(Leaving(**({"customers": LARGE} | spec)), seed))


def test_comparison_takes_neither_for_the_other() -> None:
    empathy = empathy_or_speed(evidence(1, effects={"empathy": -0.45}, opportunity=0.7))
    speed = empathy_or_speed(evidence(2, effects={"handle_s": 0.45}, opportunity=0.7))
    assert empathy["high"] < 1 < speed["low"] and empathy["error_basis"] == "audit_corrected"
    assert empathy["n"] == pytest.approx(0.7 * 13_000, rel=0.2)


def test_comparison_needs_both_observed() -> None:
    seen = evidence(3, opportunity=0.0, customers=200)
    assert empathy_or_speed(seen)["method"] == "not estimable: empathy and handle_s not observed"


def test_loyal_forgive_where_they_do() -> None:
    forgiving = loyal_forgive(evidence(31, effects={"resolved": -0.5}, forgiveness=-1.6, customers=3000), 70.0)
    assert forgiving["high"] < 1
    assert "not estimable" in loyal_forgive(evidence(4, customers=300), 101.0)["method"]


def test_one_bad_contact_is_told_from_none() -> None:
    bad = one_bad_contact(evidence(5, effects={"resolved": -0.45}), 90)
    harmless = one_bad_contact(evidence(6), 90)
    assert bad["low"] > 1 and harmless["low"] < 1 < harmless["high"]


def test_exceeding_and_meeting_are_told_apart() -> None:
    exceeding, meeting = expectations(evidence(7, exceeded=-1.2))
    assert exceeding["high"] < 1 and meeting["low"] < 1 < meeting["high"]
    exceeding, meeting = expectations(evidence(8, unmet=0.9))
    assert exceeding["low"] < 1 < exceeding["high"] and meeting["high"] < 1


def test_placebo_leads_name_loyalty_that_colours_how_contacts_go() -> None:
    coloured = evidence(9, hazard_loyalty=-0.6, colours=0.6, customers=800)
    plain = evidence(10, effects={"empathy": -0.35}, customers=800)
    named, clear = (placebo_rows(seen, seen.values["loyalty_before"]) for seen in (coloured, plain))
    assert named["satisfaction"]["p"] < 0.001 and named["satisfaction"]["effect"] > 0
    assert clear["satisfaction"]["p"] > 0.05


def test_report_states_families_and_warns_of_what_was_there_before() -> None:
    world = leaving(Leaving(hazard_loyalty=-0.8, colours=0.8, customers=1500), 11)
    customers = world.customers.assign(segment=np.where(np.arange(1500) % 2, "private", "business"))
    table = loyalty_drivers(world.contacts, customers, world.frame, True, AS_OF, settings(), world.verdicts)
    assert table.schema == STORED["loyalty_drivers"].schema
    rows = table.to_pylist()
    assert {row["segment"] for row in rows} == {"all", "private", "business"}
    assert len({row["family"] for row in rows}) == 3 and all(" tests" in row["family"] for row in rows)
    told = {(row["segment"], row["outcome"], row["driver"]): row for row in rows}
    satisfaction = told["all", "notice", "satisfaction"]
    assert satisfaction["p_adjusted"] < 0.05 and "what was there before the contact" in satisfaction["verdict"]
    assert told["all", "placebo: loyalty before the contact", "satisfaction"]["verdict"].startswith("confounded")
    assert told["all", "notice", "effort"]["error_basis"] == "audit_corrected"
    assert all((row["effect"] is None) == (row["verdict"] is None) for row in rows)


def row(driver: str, effect: float, p: float, **told: Any) -> dict[str, Any]:
    plain = {"segment": "all", "outcome": "notice", "driver": driver, "effect": effect, "p_adjusted": p}
    return plain | told


@pytest.mark.parametrize(
    ("empathy_high", "speed_low", "effect", "p", "said"),
    [(0.9, 0.8, 0.5, 0.01, "empathy keeps more customers than speed"),
     (1.1, 0.7, 0.5, 0.01, "empathy and speed are not distinguishable"),
     (1.2, 1.1, 1.8, 0.01, "speed keeps more customers than empathy"),
     (0.9, 0.9, 0.8, 0.20, "empathy and speed are not distinguishable")],
)  # fmt: skip
def test_what_counts_more_must_itself_count(
    empathy_high: float, speed_low: float, effect: float, p: float, said: str
) -> None:
    rows = [row("empathy", 0.7, 0.01, high=empathy_high), row("handle_s", 1.0, 0.01, low=speed_low),
            row("empathy against speed", effect, p)]  # fmt: skip
    assert with_verdicts(rows)[2]["verdict"] == said


def test_order_of_contacts_changes_nothing() -> None:
    world = leaving(Leaving(customers=300, effects={"empathy": -0.5}), 12)
    plain, mixed = (
        loyalty_drivers(contacts, world.customers, world.frame, True, AS_OF, settings(), world.verdicts).to_pandas()
        for contacts in (world.contacts, world.contacts.sample(frac=1, random_state=1))
    )
    pd.testing.assert_frame_equal(plain, mixed, rtol=1e-6)

"""Urgent stays rare, whatever the days bring."""

from collections import Counter
from datetime import date, timedelta

import numpy as np

from analyzer.score.flags import raise_flags
from analyzer.score.urgency import rare
from tests.score import worlds
from tests.score.test_flags import NO_CUES

MONDAY = worlds.MONDAY


def flag(contact, day=MONDAY, severity=3, rule="losing_customer", polarity="concern"):
    return {"interaction_id": contact, "day": day, "severity": severity, "rule": rule, "polarity": polarity}


def urgent(flags):
    return {row["interaction_id"] for row in flags if row["severity"] == 3}


def test_gravest_stay_urgent_and_the_others_become_important():
    flags = [flag("c-1"), flag("c-2"), flag("c-3"), flag("c-2", severity=2, rule="escalation")]
    kept = rare(flags, {MONDAY: 100}, 0.02, {"c-1": 30.0, "c-3": 10.0})
    assert urgent(kept) == {"c-2", "c-3"}  # more concerns first, then the lower score
    assert [row["severity"] for row in kept] == [2, 3, 3, 2]


def test_one_contact_may_be_urgent_however_few_there_are():
    assert urgent(rare([flag("c-1"), flag("c-2")], {MONDAY: 4}, 0.02, {})) == {"c-1"}


def test_share_holds_over_seven_days_and_is_free_again_after():
    days = [MONDAY + timedelta(days=back) for back in (0, 3, 6, 7)]
    flags = [flag(f"c-{i}", day) for i, day in enumerate(days)]
    assert urgent(rare(flags, dict.fromkeys(days, 10), 0.02, {})) == {"c-0", "c-3"}


def test_days_to_come_change_nothing():
    days = [MONDAY + timedelta(days=i // 5) for i in range(60)]
    flags = [flag(f"c-{i:02d}", day) for i, day in enumerate(days)]
    scores = {f"c-{i:02d}": float(i * 7 % 11) for i in range(60)}
    counts = dict.fromkeys(days, 60)
    whole = rare(flags, counts, 0.02, scores)
    earlier = {day: n for day, n in counts.items() if day < MONDAY + timedelta(days=6)}
    assert urgent(rare(flags[:30], earlier, 0.02, scores)) == urgent(whole[:30]) and len(urgent(whole)) > 5


def test_an_outage_day_has_no_more_urgent_contacts_than_the_share():
    n = 1000
    facts = worlds.contacts(
        n, day=[date(2026, 11, 2) + timedelta(days=i // 100) for i in range(n)], resolved_probability=0.1,
        satisfaction=1.2, sentiment_end=-0.9, reason="contract_cancel",
    )  # fmt: skip
    table = raise_flags(
        facts, NO_CUES, worlds.links(facts), worlds.settings().flags, swap_below=0.35,
        experience=worlds.experience(facts, np.linspace(0, 40, n)),
    )  # fmt: skip
    rows = table.to_pylist()
    assert len({row["interaction_id"] for row in rows if row["rule"] == "losing_customer"}) == n
    by_day = Counter(row["day"] for row in rows if row["severity"] == 3)
    for last in range(6, 10):
        week = [date(2026, 11, 2) + timedelta(days=last - back) for back in range(7)]
        assert sum(by_day[day] for day in week) <= 0.02 * 700
    assert sum(by_day.values()) >= 10

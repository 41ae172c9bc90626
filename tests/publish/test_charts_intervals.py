"""Intervals in a drawing lie where its numbers say, and limits of funnels hold what they promise."""

from __future__ import annotations

import re

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from analyzer.publish.charts import HALF, WIDE, Axis, Dot, drawn, intervals
from analyzer.publish.drawing.funnel import LEVELS, Funnel, Member, placed
from analyzer.publish.drawing.trend import HEIGHT, Point, Scale, trend
from analyzer.publish.estimates import Estimate, Rules
from analyzer.publish.sections.changes import spans_before
from analyzer.publish.sections.quality import holm

RULE = re.compile(
    r'<line transform="translate\(([-\d.]+),([-\d.]+)\)" x2="([-\d.]+)" y2="([-\d.]+)"[^>]*stroke="var\(--accent\)"'
)
DOTS = [Dot("a", Estimate(50, 0.5, 0.4, 0.6), ""), Dot("b", Estimate(9, 0.3, 0.1, 0.8), "")]


def test_rows_are_drawn_from_the_lower_to_the_upper_end() -> None:
    svg = drawn("t", lambda width: intervals(DOTS, Axis(0, 1, "few"), width), ("a",), []).wide
    lines = [tuple(map(float, found)) for found in RULE.findall(svg)]
    assert len(lines) == 2
    # both lines are on one scale: pixels per unit and the place of zero follow from the first and fit the second
    per_unit = lines[0][2] / 0.2
    zero = lines[0][0] - 0.4 * per_unit
    assert lines[1][2] == pytest.approx(0.7 * per_unit, abs=0.01)
    assert lines[1][0] == pytest.approx(zero + 0.1 * per_unit, abs=0.01)


def test_trend_draws_each_interval_on_the_scale_of_its_ticks() -> None:
    ends = [(50.0, 45.0, 56.0), (52.0, 48.0, 57.0), (49.0, 44.0, 53.0)]
    points = [Point(f"w{i}", str(i), Estimate(40, *some), provisional=i == 2) for i, some in enumerate(ends)]
    svg = drawn("t", lambda width: trend(points, Scale(0, 100, "datum.label"), width), ("a",), [], width=HALF).wide
    lines = [tuple(map(float, found)) for found in RULE.findall(svg)]
    air = 0.08 * (57 - 44)
    per_unit = HEIGHT / (57 - 44 + 2 * air)
    assert sorted(abs(line[3]) for line in lines) == pytest.approx(sorted((h - low) * per_unit for _, low, h in ends))
    assert svg.count('fill="var(--card)"') == 1  # only the provisional one is hollow
    assert "stroke-dasharray" in svg


def test_a_period_without_a_value_breaks_the_line() -> None:
    points = [Point(str(i), str(i), Estimate(20, 1.0, 0.5, 1.5) if i != 2 else Estimate(2)) for i in range(5)]
    svg = drawn("t", lambda width: trend(points, Scale(0, 5, "datum.label"), width), ("a",), [], width=HALF).wide
    assert len(re.findall(r'<path aria?[^>]*|<path d="M', svg)) >= 2
    assert len(RULE.findall(svg)) == 4


def test_funnel_limits_hold_what_chance_does() -> None:
    """Of units that are all alike, 5 % lie beyond the 95 % limits and 0.2 % beyond those of 99.8 %."""
    draw = np.random.default_rng(1)
    sizes = draw.integers(10, 200, 20_000)
    means = draw.normal(50.0, 12.0 / np.sqrt(sizes))
    shape = Funnel(50.0, 12.0, 0.0, 100.0)
    limits = [[shape.limits(int(n), level) for n in sizes] for level in LEVELS]
    beyond = [np.mean([not low <= m <= high for m, (low, high) in zip(means, some, strict=True)]) for some in limits]
    assert beyond == pytest.approx([0.05, 0.002], abs=0.004)


def test_names_in_a_funnel_never_lie_over_each_other() -> None:
    members = [Member(f"agent-{i:08d}", 50 + i % 3, 60 + i, "concern", True) for i in range(12)]
    found = placed(members, (0, 200), (40, 60), (800, 300))
    assert 0 < len(found) < len(members)
    assert found[0][0] is members[0]  # the first in order is the first to find room


def test_share_of_chances_taken_covers_the_truth_where_customers_differ() -> None:
    draw, rules, covered = np.random.default_rng(5), Rules(10, 0.95), 0
    for _ in range(400):
        customers = np.repeat(np.arange(120), 2)
        chances = draw.integers(0, 4, 240)
        taste = draw.beta(4, 6, 120)[customers]
        found = rules.ratio(
            draw.binomial(chances, taste).astype(float), chances.astype(float), [str(c) for c in customers]
        )
        assert found.low is not None and found.high is not None
        covered += found.low <= 0.4 <= found.high
    assert 0.925 <= covered / 400 <= 0.985


def test_change_covers_the_truth_where_customers_come_again() -> None:
    draw, rules, covered = np.random.default_rng(6), Rules(10, 0.95), 0
    for _ in range(400):
        mood = draw.normal(0, 1, 80)
        who = [draw.integers(0, 80, 150) for _ in range(2)]
        spans = [
            (mood[w] + draw.normal(shift, 1, 150), [str(c) for c in w])
            for w, shift in zip(who, (0.3, 0.0), strict=True)
        ]
        found = rules.change(spans[0], spans[1])
        assert found.low is not None and found.high is not None
        covered += found.low <= 0.3 <= found.high
    assert 0.925 <= covered / 400 <= 0.98


def test_change_of_many_measures_at_once_is_wider() -> None:
    values, customers = [1.0, 2.0, 3.0, 4.0] * 5, [str(i) for i in range(20)]
    others = [f"other {i}" for i in range(20)]
    one, six = (Rules(10, 0.95).change((values, customers), (values, others), n) for n in (1, 6))
    assert one.value == six.value == 0.0
    assert six.high is not None and one.high is not None and six.high > one.high > 0
    assert Rules(21, 0.95).change((values, customers), (values, customers)).value is None


def test_ratio_change_is_near_the_change_of_means_where_many_contacts_bring_one_chance_each() -> None:
    draw, rules = np.random.default_rng(8), Rules(10, 0.95)
    likely = np.where(draw.random(1500) < 0.5, 0.9, 0.3)
    customers, ones = [str(i // 2) for i in range(3000)], np.ones(3000)
    now, before = ((draw.random(3000) < np.repeat(likely, 2)) * 1.0 for _ in range(2))
    by_ratio = rules.ratio_change((now, ones, customers), (before, ones, customers))
    by_mean = rules.change((now, customers), (before, customers))
    assert by_ratio.value == pytest.approx(by_mean.value)
    assert (by_ratio.low, by_ratio.high) == pytest.approx((by_mean.low, by_mean.high), abs=0.001)


def test_holm_agrees_with_statsmodels() -> None:
    p = {"a": 0.001, "b": 0.02, "c": 0.012, "d": 0.3, "e": 0.049}
    expected = multipletests(list(p.values()), alpha=0.05, method="holm")[0]
    assert holm(p) == {name for name, told in zip(p, expected, strict=True) if told}


def test_spans_are_seven_days_each_and_touch() -> None:
    from datetime import date

    earlier, later = spans_before(date(2026, 11, 22))
    assert (earlier.first, earlier.last) == (date(2026, 11, 9), date(2026, 11, 15))
    assert (later.first, later.last) == (date(2026, 11, 16), date(2026, 11, 22))
    assert WIDE > HALF

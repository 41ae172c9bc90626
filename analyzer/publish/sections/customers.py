"""Loyalty: the matrix of satisfaction and loyalty, two claims put to the test, whom to call and whom to thank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from analyzer.publish.charts import Axis, Dot, Picture, drawn, intervals
from analyzer.publish.estimates import Estimate
from analyzer.publish.reading import Tables
from analyzer.publish.sections.units import label_expression
from analyzer.publish.wording import Wording

QUADRANTS: Final = ("hostage", "loyalist", "defector", "mercenary")
# What one of our sources claims without a source of its own; shown beside the company's own figure.
CLAIMS: Final = {"leaves_given_satisfied": 0.20, "unhappy_given_loyal": 0.30}
LISTED = 8
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Listed:
    customer_key: str
    reasons: tuple[str, ...]
    value_tier: str | None


@dataclass(frozen=True, slots=True)
class Conditional:
    title: str
    estimate: Estimate
    picture: Picture


@dataclass(frozen=True, slots=True)
class Customers:
    """``corrected`` tells whether shares are corrected for the errors of the readings."""

    horizon_days: int
    quadrants: dict[str, Estimate]
    undecided: Estimate | None
    conditionals: tuple[Conditional, ...]
    corrected: bool
    at_risk: tuple[Listed, ...]
    at_risk_count: int
    thank: tuple[Listed, ...]
    thank_count: int


def customers(tables: Tables, min_n: int, w: Wording) -> Customers | None:
    """None where no loyalty facts were given."""
    rows = [row for row in tables.read("loyalty_matrix").to_pylist() if row["segment"] == "all"]
    if not rows:
        return None
    as_of = max(row["as_of"] for row in rows)
    nearest = min(row["horizon_days"] for row in rows if row["as_of"] == as_of)
    by_measure = {row["measure"]: row for row in sorted(rows, key=_farthest_first) if row["as_of"] == as_of}
    shares = {quadrant: _estimate(by_measure.get(f"{quadrant}_share"), min_n) for quadrant in QUADRANTS}
    lists = tables.read("action_lists").to_pylist()
    at_risk, thank = ([row for row in lists if row["list"] == name] for name in ("at_risk", "thank"))
    return Customers(
        horizon_days=nearest,
        quadrants=shares,
        undecided=_estimate(by_measure["undecided_share"], min_n) if "undecided_share" in by_measure else None,
        conditionals=tuple(
            _conditional(by_measure[measure], claim, min_n, w)
            for measure, claim in CLAIMS.items()
            if measure in by_measure
        ),
        corrected=any(row["corrected"] is not None for row in by_measure.values()),
        at_risk=_listed(at_risk),
        at_risk_count=len(at_risk),
        thank=_listed(thank),
        thank_count=len(thank),
    )


def _farthest_first(row: Row) -> int:
    """The report shows each measure over its shortest horizon."""
    return -int(row["horizon_days"])


def _estimate(row: Row | None, min_n: int) -> Estimate:
    if row is None:
        return Estimate(0)
    value = row["raw"] if row["corrected"] is None else row["corrected"]
    return (
        Estimate(row["n"]) if row["n"] < min_n or value is None else Estimate(row["n"], value, row["low"], row["high"])
    )


def _conditional(row: Row, claim: float, min_n: int, w: Wording) -> Conditional:
    estimate = _estimate(row, min_n)
    axis = Axis(
        0,
        1,
        w("word.too_few"),
        label_expression("share", w),
        claim,
        w("customers.claim", value=w.value(claim, "share")),
    )
    dot = Dot(w("customers.here"), estimate, w("units.n", n=estimate.n), "accent" if estimate.estimable else "faint")
    title = w(f"customers.{row['measure']}", n=row["horizon_days"])
    numbers = (w("customers.here"), w.estimate(estimate, "share"), w.value(claim, "share"))
    picture = drawn(
        title, lambda width: intervals([dot], axis, width), ("", title, w("customers.claimed")), [numbers], small=True
    )
    return Conditional(title, estimate, picture)


def _listed(rows: Sequence[Row]) -> tuple[Listed, ...]:
    return tuple(Listed(row["customer_key"], tuple(row["reasons"]), row["value_tier"]) for row in rows[:LISTED])

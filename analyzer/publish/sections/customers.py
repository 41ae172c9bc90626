"""Loyalty: the matrix of satisfaction and loyalty, two claims put to the test, whom to call and whom to thank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from analyzer.publish.charts import HALF, Absent, Axis, Dot, Picture, Tone, drawn, intervals
from analyzer.publish.estimates import Estimate
from analyzer.publish.reading import Tables
from analyzer.publish.sections.units import label_expression
from analyzer.publish.wording import Wording

QUADRANTS: Final = ("hostage", "loyalist", "defector", "mercenary")
# What one of our sources claims without a source of its own; shown beside the company's own figure. The table says it
# too (``claimed``), in stores that are not older than that column.
CLAIMS: Final = {"leaves_given_satisfied": 0.20, "unhappy_given_loyal": 0.30}
CONDITIONALS: Final = "claims_put_to_the_test"
AUDITED: Final = "audit_corrected"
LISTED = 8
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Listed:
    customer_key: str
    reasons: tuple[str, ...]
    value_tier: str | None


@dataclass(frozen=True, slots=True)
class Conditional:
    """A conditional of the matrix over one horizon beside the figure that is claimed for it."""

    measure: str
    horizon_days: int
    estimate: Estimate
    claim: float
    method: str

    @property
    def verdict(self) -> str:
        """fewer | more | not_apart | untold: where the interval lies beside the claim."""
        low, high = self.estimate.low, self.estimate.high
        if low is None or high is None:
            return "untold"
        return "not_apart" if low <= self.claim <= high else "fewer" if high < self.claim else "more"


@dataclass(frozen=True, slots=True)
class Customers:
    """``basis`` of the shares: counted | deconvolved (corrected by how readings spread) | audited (by people)."""

    horizon_days: int
    quadrants: dict[str, Estimate]
    undecided: Estimate | None
    conditionals: Picture | Absent
    basis: str
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
        conditionals=_pictured(conditionals([row for row in rows if row["as_of"] == as_of], min_n), w),
        basis=_basis(by_measure),
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


def _basis(by_measure: dict[str, Row]) -> str:
    shares = [by_measure[f"{quadrant}_share"] for quadrant in QUADRANTS if f"{quadrant}_share" in by_measure]
    if not any(row["corrected"] is not None for row in shares):
        return "counted"
    return "audited" if all(row["error_basis"] == AUDITED for row in shares) else "deconvolved"


def conditionals(rows: Sequence[Row], min_n: int) -> tuple[Conditional, ...]:
    """In the order of CLAIMS, the shortest horizon first."""
    found = sorted(
        (row for row in rows if row["measure"] in CLAIMS),
        key=lambda row: (list(CLAIMS).index(row["measure"]), row["horizon_days"]),
    )
    return tuple(
        Conditional(row["measure"], row["horizon_days"], _estimate(row, min_n),
                    CLAIMS[row["measure"]] if row["claimed"] is None else row["claimed"], row["method"])
        for row in found
    )  # fmt: skip


def _pictured(found: Sequence[Conditional], w: Wording) -> Picture | Absent:
    if not any(one.estimate.estimable for one in found):
        return Absent(CONDITIONALS, w("customers.claims_title"), w("customers.claims_untold"))
    tones: dict[str, Tone] = {"fewer": "accent", "more": "concern", "not_apart": "muted", "untold": "faint"}
    told = [one for one in found if one.estimate.value is not None]
    dots = [
        Dot(w(f"customers.short_{one.measure}", n=one.horizon_days), one.estimate, w("units.n", n=one.estimate.n),
            tones[one.verdict], "", one.claim, w("customers.claim", value=w.value(one.claim, "share")))
        for one in told
    ]  # fmt: skip
    axis = Axis(0, 1, w("word.too_few"), label_expression("share", w))
    header = ("", w("customers.here"), w("customers.claimed"), w("changes.says"))
    rows = [
        (w(f"customers.{one.measure}", n=one.horizon_days), w.estimate(one.estimate, "share"),
         w.value(one.claim, "share"), w(f"customers.verdict_{one.verdict}"))
        for one in found
    ]  # fmt: skip
    title = " ".join(
        w(f"customers.finding_{one.measure}", n=one.horizon_days, share=w.value(one.estimate.value or 0.0, "share"),
          claim=w.value(one.claim, "share"))
        for one in _nearest(told)
    )  # fmt: skip
    return drawn(title, lambda width: intervals(dots, axis, width), header, rows, name=CONDITIONALS, width=HALF,
                 subtitle=w("customers.claim_note"))  # fmt: skip


def _nearest(told: Sequence[Conditional]) -> list[Conditional]:
    """Of each measure the shortest horizon."""
    first: dict[str, Conditional] = {}
    for one in told:
        first.setdefault(one.measure, one)
    return list(first.values())


def _listed(rows: Sequence[Row]) -> tuple[Listed, ...]:
    return tuple(Listed(row["customer_key"], tuple(row["reasons"]), row["value_tier"]) for row in rows[:LISTED])

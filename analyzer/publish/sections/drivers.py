"""What goes along with notice and repurchase: drivers as a forest plot with placebos, and what our sources say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from analyzer.publish.charts import Absent, Picture, drawn
from analyzer.publish.drawing.forest import Branch, Mark, Titles, forest
from analyzer.publish.estimates import Estimate
from analyzer.publish.reading import Tables
from analyzer.publish.wording import Wording

OUTCOMES: Final = ("notice", "repurchase")
# What must not follow from a contact, because it was there before.
PLACEBOS: Final = {
    "notice": "placebo: loyalty before the contact",
    "repurchase": "placebo: repurchase before the contact",
}
FDR_LEVEL: Final = 0.05
HYPOTHESES: Final = "hypotheses"
EVENTS: Final = re.compile(r"not estimable: (\d{1,9})(?: of \d{1,9})? (?:events|bought), (\d{1,9}) ")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A claim of one of our sources put to the test; ``verdict`` in words, ``effect`` as a ratio."""

    claim: str
    verdict: str
    effect: str
    n: int


@dataclass(frozen=True, slots=True)
class Drivers:
    """A forest an outcome; None of anything where no loyalty facts were given."""

    pictures: tuple[Picture | Absent, ...]
    hypotheses: tuple[Hypothesis, ...]

    @property
    def told(self) -> bool:
        """Whether any of the pictures has something to show."""
        return any(isinstance(picture, Picture) for picture in self.pictures)


def drivers(tables: Tables, w: Wording) -> Drivers | None:
    """Of all customers, over the shortest horizon."""
    rows = [row for row in tables.read("loyalty_drivers").to_pylist() if row["segment"] == "all"]
    if not rows:
        return None
    nearest = min(row["horizon_days"] for row in rows)
    rows = [row for row in rows if row["horizon_days"] == nearest]
    claims = [row for row in rows if (row["family"] or "").startswith(HYPOTHESES)]
    return Drivers(
        tuple(_picture(rows, outcome, nearest, w) for outcome in OUTCOMES),
        tuple(_hypothesis(row, w) for row in claims),
    )


def branches_of(rows: Sequence[Row], outcome: str, w: Wording) -> list[tuple[Row, Branch]]:
    """The strongest first, those that could not be estimated last."""
    placebos = {row["driver"]: row for row in rows if row["outcome"] == PLACEBOS[outcome]}
    mine = [row for row in rows if row["outcome"] == outcome and not (row["family"] or "").startswith(HYPOTHESES)]
    mine.sort(key=lambda row: (row["effect"] is None, row["p_adjusted"] if row["p_adjusted"] is not None else 1.0,
                               row["driver"]))  # fmt: skip
    return [(row, _branch(row, placebos.get(row["driver"]), w)) for row in mine]


def _branch(row: Row, placebo: Row | None, w: Wording) -> Branch:
    before = Estimate(placebo["n"], placebo["effect"], placebo["low"], placebo["high"]) if placebo else Estimate(0)
    seen_before = placebo is not None and _told(placebo)
    mark: Mark = "untold" if not _told(row) else "confounded" if seen_before else "told"
    ratio = Estimate(row["n"], row["effect"], row["low"], row["high"])
    why = "" if ratio.estimable else why_not(row["method"], w)
    return Branch(w.name("driver", row["driver"]), ratio, before, mark, why, seen_before)


def _told(row: Row) -> bool:
    return row["p_adjusted"] is not None and row["p_adjusted"] < FDR_LEVEL


def why_not(method: str, w: Wording) -> str:
    """Why nothing was estimated, as the reader may say it."""
    if match := EVENTS.match(method):
        return w("drivers.few_events", n=int(match[1])) if int(match[1]) else w("drivers.no_events")
    return w("drivers.not_estimable")


def _picture(rows: Sequence[Row], outcome: str, days: int, w: Wording) -> Picture | Absent:
    name, title = f"drivers_{outcome}", w(f"drivers.title_{outcome}", n=days)
    found = branches_of(rows, outcome, w)
    told = [branch for _, branch in found if branch.ratio.estimable]
    if not told:
        reasons = [row["method"] for row, _ in found]
        telling = next((why for why in reasons if EVENTS.match(why)), "")
        why = why_not(telling, w)
        return Absent(name, title, w("drivers.none", why=why))
    titles = Titles(w(f"drivers.ratio_{outcome}"), w("drivers.placebo"), _tick(w))
    branches = [branch for _, branch in found]
    header = (
        w("drivers.driver"),
        w(f"drivers.scale_{outcome}"),
        w("drivers.p"),
        w("drivers.placebo"),
        w("changes.says"),
    )
    return drawn(
        _finding(branches, outcome, w), lambda width: forest(branches, titles, width), header,
        [_numbers(row, branch, outcome, w) for row, branch in found], name=name, subtitle=title,
    )  # fmt: skip


def _finding(branches: Sequence[Branch], outcome: str, w: Wording) -> str:
    """What goes along with fewer and with more of it, and what was there before the contact, by name."""
    said = []
    for way, names in (
        ("fewer", [b.label for b in branches if b.mark == "told" and (b.ratio.value or 1) < 1]),
        ("more", [b.label for b in branches if b.mark == "told" and (b.ratio.value or 1) > 1]),
    ):
        said += [w(f"drivers.{way}_{outcome}", names=", ".join(names))] if names else []
    before = [branch.label for branch in branches if branch.mark == "confounded"]
    said += [w("drivers.confounded", names=", ".join(before))] if before else []
    return " ".join(said) or w(f"drivers.nothing_{outcome}")


def _numbers(row: Row, branch: Branch, outcome: str, w: Wording) -> tuple[str, ...]:
    p = "" if row["p_adjusted"] is None else w.decimal(row["p_adjusted"], 3)
    before = branch.placebo
    placebo = "" if before.value is None else _signed(before, w)
    said = branch.why or w(f"drivers.mark_{branch.mark}")
    return branch.label, ratio_text(branch.ratio, w), p, placebo, said


def ratio_text(e: Estimate, w: Wording) -> str:
    """1.25 (1.04–1.49; n = 820)."""
    if e.value is None or e.low is None or e.high is None:
        return w("word.not_estimable", n=e.n)
    span = f"{w.decimal(e.low, 2)}–{w.decimal(e.high, 2)}"
    return f"{w.decimal(e.value, 2)} ({span}; {w('units.n', n=e.n)})"


def _signed(e: Estimate, w: Wording) -> str:
    ends = [w.decimal(end, 1, signed=True) for end in (e.value, e.low, e.high) if end is not None]
    return f"{ends[0]} ({ends[1]} {w('word.to')} {ends[2]})" if len(ends) == 3 else ends[0]


def _tick(w: Wording) -> str:
    return "replace(datum.label, '.', ',')" if w.language == "de" else "datum.label"


def _hypothesis(row: Row, w: Wording) -> Hypothesis:
    estimate = Estimate(row["n"], row["effect"], row["low"], row["high"])
    verdict = w.name("hypothesis_verdict", row["verdict"]) if row["verdict"] else why_not(row["method"], w)
    effect = ratio_text(estimate, w) if estimate.estimable else w("units.n", n=row["n"])
    return Hypothesis(w.name("hypothesis", row["driver"]), verdict, effect, row["n"])

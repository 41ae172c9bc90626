"""What changed: the last seven days beside the seven before, and whether that is more than chance does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal

import pandas as pd

from analyzer.publish.charts import Absent, Picture, Tone, drawn
from analyzer.publish.drawing.noise import Move, moves
from analyzer.publish.estimates import Estimate
from analyzer.publish.reading import Tables
from analyzer.publish.sections.history import History, pair
from analyzer.publish.wording import Kind, Wording

NAME: Final = "changes"
SPAN: Final = 7
# measure, kind, column, whether more is better
MEASURES: Final[tuple[tuple[str, Kind, str, bool], ...]] = (
    ("experience_contact", "points", "experience_contact", True),
    ("resolved_rate", "share", "resolved_probability", True),
    ("sentiment_end", "feeling", "sentiment_end", True),
    ("effort", "grade", "effort", False),
)
COMPARISONS: Final = len(MEASURES) + 2  # first-contact resolution and feelings taken up
Verdict = Literal["better", "worse", "noise", "untold"]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One measure of both spans; ``moved`` holds with all others of the table at once."""

    measure: str
    kind: Kind
    higher_is_better: bool
    earlier: Estimate
    later: Estimate
    moved: Estimate
    spans: tuple[Span, Span]

    @property
    def verdict(self) -> Verdict:
        low, high = self.moved.low, self.moved.high
        if low is None or high is None:
            return "untold"
        if low <= 0 <= high:
            return "noise"
        return "better" if (low > 0) == self.higher_is_better else "worse"

    @property
    def strength(self) -> float:
        """The change in multiples of half its interval, positive for the better."""
        if self.moved.value is None or self.moved.low is None or self.moved.high is None:
            return 0.0
        half = (self.moved.high - self.moved.low) / 2
        sign = 1 if self.higher_is_better else -1
        return sign * self.moved.value / half if half > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Span:
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Changes:
    """``contacts`` of the earlier and the later span."""

    changes: tuple[Change, ...]
    contacts: tuple[int, int]
    spans: tuple[Span, Span]
    picture: Picture | Absent

    def of(self, verdict: Verdict) -> list[str]:
        return [change.measure for change in self.changes if change.verdict == verdict]


def changes(tables: Tables, history: History, w: Wording, headline_days: int | None) -> Changes:
    earlier, later = spans = spans_before(history.last)
    before, now = (history.of_days(span.first, span.last) for span in spans)
    found = [
        Change(measure, kind, better, history.mean(column, before), history.mean(column, now),
               history.rules.change(pair(now, column), pair(before, column), COMPARISONS), spans)
        for measure, kind, column, better in MEASURES
    ]  # fmt: skip
    found.insert(1, _first_contact(tables, history, headline_days))
    found.append(_feelings(history, before, now, spans))
    picture = _picture(found, history, w)
    return Changes(tuple(found), (len(before), len(now)), (earlier, later), picture)


def spans_before(last: date, days_ago: int = 0) -> tuple[Span, Span]:
    """Seven days up to ``days_ago`` before ``last``, and the seven before those, the earlier first."""
    end = last - timedelta(days=days_ago)
    later = Span(end - timedelta(days=SPAN - 1), end)
    return Span(later.first - timedelta(days=SPAN), later.first - timedelta(days=1)), later


def _first_contact(tables: Tables, history: History, days: int | None) -> Change:
    """Of weeks whose windows are over: forecasts are not compared with what has been seen."""
    spans = spans_before(history.last, days or 0)
    wanted = [spans[0].first + timedelta(days=i) for i in range(2 * SPAN)]
    rows = tables.read("fcr", days=wanted).to_pandas()
    rows = rows[(rows["matter"] == "same") & (rows["window_days"] == days) & (rows["maturity"] == "mature")]
    rows = rows[rows["status"].isin(("confirmed", "refuted", "silent")) & rows["probability"].notna()]
    rows = rows.merge(history.contacts[["interaction_id", "customer_key"]], on="interaction_id", how="left")
    rows = rows[rows["customer_key"].notna()]
    before, now = (rows[(rows["day"] >= span.first) & (rows["day"] <= span.last)] for span in spans)
    rules = history.rules
    return Change(
        "fcr_rate", "share", True, rules.rate(*pair(before, "probability")), rules.rate(*pair(now, "probability")),
        rules.change(pair(now, "probability"), pair(before, "probability"), COMPARISONS), spans,
    )  # fmt: skip


def _feelings(history: History, before: pd.DataFrame, now: pd.DataFrame, spans: tuple[Span, Span]) -> Change:
    """Share of feelings taken up: contacts count by how many feelings were shown in them."""
    earlier, later = history.met(before), history.met(now)
    moved = history.rules.ratio_change(_met(now), _met(before), COMPARISONS)
    return Change("opportunities_met_rate", "share", True, earlier, later, moved, spans)


def _met(contacts: pd.DataFrame) -> tuple[Any, Any, Any]:
    numbers = contacts[["opportunities_met", "empathic_opportunities"]].to_numpy(dtype="float64")
    return numbers[:, 0], numbers[:, 1], contacts["customer_key"].tolist()


def _picture(found: Sequence[Change], history: History, w: Wording) -> Picture | Absent:
    told = [change for change in found if change.verdict != "untold"]
    if not told:
        return Absent(NAME, w("changes.title"), w("changes.too_short"))
    tones: dict[Verdict, Tone] = {"better": "accent", "worse": "concern", "noise": "muted", "untold": "faint"}
    rows = [
        Move(w.name("measure", change.measure), change.strength, _moved(change, w), tones[change.verdict])
        for change in told
    ]
    labels = w("changes.worse"), w("changes.chance"), w("changes.better")
    header = (w("watch.measure"), w("changes.days"), w("changes.before"), w("changes.now"), w("changes.moved"),
              w("changes.says"))  # fmt: skip
    return drawn(
        headline(found, w), lambda width: moves(rows, labels, width), header,
        [_numbers(change, w) for change in found], name=NAME, subtitle=w("changes.subtitle"),
    )  # fmt: skip


def headline(found: Sequence[Change], w: Wording) -> str:
    """Which measures changed beyond chance, in a sentence."""
    said = []
    for verdict in ("worse", "better"):
        names = [w.name("measure", change.measure) for change in found if change.verdict == verdict]
        said += [w(f"changes.{verdict}_names", names=", ".join(names))] if names else []
    return " ".join(said) or w("changes.nothing")


def _moved(change: Change, w: Wording) -> str:
    moved = change.moved
    if moved.value is None or moved.low is None or moved.high is None:
        return w("word.not_yet")
    low, high = w.difference(moved.low, change.kind), w.difference(moved.high, change.kind)
    return f"{w.difference(moved.value, change.kind)} ({low} {w('word.to')} {high})"


def _numbers(change: Change, w: Wording) -> tuple[str, ...]:
    later = change.spans[1]
    days = f"{w.short_day(later.first)} – {w.short_day(later.last)}"
    return (
        w.name("measure", change.measure), days, w.estimate(change.earlier, change.kind),
        w.estimate(change.later, change.kind), _moved(change, w), w(f"changes.verdict_{change.verdict}"),
    )  # fmt: skip

"""Why people get in touch, and how their feeling moves from the first to the last words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analyzer.publish.charts import Axis, Dot, Picture, Tone, drawn, intervals
from analyzer.publish.drawing.course import course
from analyzer.publish.estimates import Estimate
from analyzer.publish.reading import Tables
from analyzer.publish.sections.units import label_expression, share_bounds
from analyzer.publish.sections.window import Window
from analyzer.publish.wording import Wording

REASONS_SHOWN = 12
PARTS = 5


@dataclass(frozen=True, slots=True)
class Topic:
    reason: str
    contacts: int
    share: float
    resolved: Estimate
    feeling_end: Estimate
    effort: Estimate


@dataclass(frozen=True, slots=True)
class Topics:
    """Reasons by number of contacts; the picture shows those with enough, ``untold`` contacts have none."""

    rows: tuple[Topic, ...]
    untold: int
    overall: Estimate
    resolved: Picture | None

    @property
    def few(self) -> tuple[Topic, ...]:
        """Reasons with too few contacts to state a rate."""
        return tuple(row for row in self.rows if not row.resolved.estimable)


def topics(window: Window, w: Wording) -> Topics:
    contacts = window.contacts
    counts = contacts["reason"].value_counts()
    ordered = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    rows = tuple(_topic(str(reason), int(n), window) for reason, n in ordered)
    overall = window.rate("resolved_probability")
    return Topics(rows, int(contacts["reason"].isna().sum()), overall, _picture(rows, overall, w))


def _topic(reason: str, n: int, window: Window) -> Topic:
    where = window.contacts["reason"] == reason
    return Topic(
        reason, n, n / len(window.contacts), window.rate("resolved_probability", where),
        window.mean("sentiment_end", where), window.mean("effort", where),
    )  # fmt: skip


def _picture(rows: tuple[Topic, ...], overall: Estimate, w: Wording) -> Picture | None:
    told = [row for row in rows if row.resolved.estimable][:REASONS_SHOWN]
    if not told:
        return None
    dots = [
        Dot(w.name("reason", row.reason), row.resolved, w("units.n", n=row.resolved.n), _tone(row.resolved, overall))
        for row in told
    ]
    label = w("units.average", value=w.value(overall.value, "share")) if overall.value is not None else ""
    low, high = share_bounds([row.resolved for row in told])
    axis = Axis(low, high, w("word.too_few"), label_expression("share", w), overall.value, label)
    header = (
        w("word.reason"),
        w("word.contacts"),
        w("measure.resolved_rate"),
        w("measure.sentiment_end"),
        w("measure.effort"),
    )
    below = [w.name("reason", row.reason) for row in told if apart_below(row.resolved, overall)]
    return drawn(
        w("topics.apart", names=", ".join(below)) if below else w("topics.apart_none"),
        lambda width: intervals(dots, axis, width),
        header,
        [
            (w.name("reason", r.reason), w.count(r.contacts), w.estimate(r.resolved, "share"),
             w.estimate(r.feeling_end, "feeling"), w.estimate(r.effort, "grade"))
            for r in rows
        ],
        name="solved_by_reason", subtitle=w("topics.resolved_title"),
    )  # fmt: skip


def _tone(resolved: Estimate, overall: Estimate) -> Tone:
    """Colour only where the whole interval lies on one side of the average."""
    if apart_below(resolved, overall):
        return "concern"
    above = overall.value is not None and resolved.low is not None and resolved.low > overall.value
    return "accent" if above else "muted"


def apart_below(resolved: Estimate, overall: Estimate) -> bool:
    """Whether the whole interval lies under the average."""
    return overall.value is not None and resolved.high is not None and resolved.high < overall.value


@dataclass(frozen=True, slots=True)
class Feeling:
    """Mean feeling in each fifth of the customer's turns, of contacts probably resolved and not."""

    resolved: tuple[Estimate, ...]
    unresolved: tuple[Estimate, ...]
    shift: Estimate
    picture: Picture | None


def feeling(tables: Tables, window: Window, w: Wording) -> Feeling:
    turns = tables.read("turns", columns=["interaction_id", "turn", "sentiment"], days=window.days).to_pandas()
    parts = _fifths(turns[turns["sentiment"].notna()])
    contacts = window.contacts.set_index("interaction_id")[["customer_key", "resolved_probability"]]
    parts = parts.join(contacts, on="interaction_id")
    parts = parts[parts["resolved_probability"].notna()]
    solved = parts["resolved_probability"] >= 0.5
    resolved, unresolved = (_path(some, window) for some in (parts[solved], parts[~solved]))
    told = all(e.estimable for e in resolved) or all(e.estimable for e in unresolved)
    picture = _course(resolved, unresolved, w) if told else None
    return Feeling(resolved, unresolved, window.mean("sentiment_shift"), picture)


def _fifths(turns: pd.DataFrame) -> pd.DataFrame:
    """Mean feeling of each contact in each fifth of its customer turns; a contact of few turns repeats the nearest.

    Of n turns, part k takes those from ⌊kn/5⌋ to ⌊(k+1)n/5⌋, at least the first of them.
    """
    turns = turns.sort_values(["interaction_id", "turn"], kind="stable")
    felt = turns["sentiment"].to_numpy(dtype="float64")
    ids, first, n = np.unique(turns["interaction_id"].to_numpy(dtype=object), return_index=True, return_counts=True)
    sums = np.concatenate([[0.0], np.cumsum(felt)])
    parts = []
    for part in range(PARTS):
        start = np.minimum(part * n // PARTS, n - 1)
        stop = np.maximum((part + 1) * n // PARTS, start + 1)
        means = (sums[first + stop] - sums[first + start]) / (stop - start)
        parts.append(pd.DataFrame({"interaction_id": ids, "part": part, "sentiment": means}))
    return pd.concat(parts, ignore_index=True)


def _path(parts: pd.DataFrame, window: Window) -> tuple[Estimate, ...]:
    found = []
    for part in range(PARTS):
        some = parts[parts["part"] == part]
        found.append(window.rules.mean(some["sentiment"].to_numpy(dtype="float64"), some["customer_key"].tolist()))
    return tuple(found)


def _course(resolved: tuple[Estimate, ...], unresolved: tuple[Estimate, ...], w: Wording) -> Picture:
    names = w("feeling.resolved"), w("feeling.unresolved")
    paths: tuple[tuple[Tone, tuple[Estimate, ...]], ...] = (("accent", resolved), ("concern", unresolved))
    lines = [
        (f"{name} ({w('units.n', n=path[-1].n)})", tone, path) for name, (tone, path) in zip(names, paths, strict=True)
    ]
    ends = w("feeling.start"), w("feeling.middle"), w("feeling.end")
    steps = [ends[0], "2", ends[1], "4", ends[2]]
    last = [
        w.value(path[-1].value, "feeling") if path[-1].value is not None else "–" for path in (resolved, unresolved)
    ]
    return drawn(
        w("feeling.finding", solved=last[0], unsolved=last[1]),
        lambda width: course(lines, ends, label_expression("feeling", w), width),
        (w("feeling.part"), *names),
        [
            (step, w.estimate(a, "feeling"), w.estimate(b, "feeling"))
            for step, a, b in zip(steps, resolved, unresolved, strict=True)
        ],
        name="feeling_course", subtitle=w("feeling.course_title"),
    )  # fmt: skip

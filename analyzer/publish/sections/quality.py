"""The day's data: what is missing or uncertain beside the weeks before, and whether the mix of contacts drifts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.compute as pc
from scipy import stats

from analyzer.publish.charts import Absent, Axis, Dot, Picture, Tone, drawn, intervals
from analyzer.publish.estimates import Estimate, wilson
from analyzer.publish.reading import Tables
from analyzer.publish.sections.units import label_expression
from analyzer.publish.sections.window import Window
from analyzer.publish.wording import Wording

NAME: Final = "data_quality"
SURE: Final = 0.05  # of a difference from the weeks before, over all rows of the picture together
MASKED: Final = r"\[[A-Z][A-Z_]{1,30}(?:_\d{1,4})?\]"
MIXES: Final = ("channel", "language", "reason")
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Share:
    """How many contacts of the day have a lack, beside the days before; ``differs`` beyond chance."""

    name: str
    day: Estimate
    before: Estimate
    differs: bool


@dataclass(frozen=True, slots=True)
class Quality:
    """``drifting``: mixes of the last seven days that differ from the weeks before; None where there are no weeks."""

    day: date
    contacts: int
    picture: Picture | Absent
    drifting: tuple[str, ...] | None


def quality(tables: Tables, window: Window, w: Wording) -> Quality:
    lacks = _lacks(tables, window)
    on_day = (window.contacts["day"] == window.last).to_numpy()
    found = shares(lacks, on_day, window.rules.level)
    return Quality(window.last, int(on_day.sum()), _picture(found, window, w), drift(window))


def _lacks(tables: Tables, window: Window) -> dict[str, Flags]:
    contacts = window.contacts
    turns = tables.read("turns", columns=["interaction_id", "text"], days=window.days)
    marked = turns.filter(pc.match_substring_regex(turns["text"], MASKED))["interaction_id"].unique().to_pylist()
    lacks = {
        "unidentified": contacts["customer_key"].isna(),
        "no_reason": contacts["reason"].isna(),
        "no_resolution": contacts["resolution"].isna() | (contacts["resolution"] == "unclear"),
        "unheard": contacts["experience_contact"].isna(),
        "other_language": ~contacts["language"].isin(("de", "en")),
    }
    if turns.num_rows:
        lacks["masked"] = contacts["interaction_id"].isin(marked)
    return {name: flags.to_numpy().astype(bool) for name, flags in lacks.items()}


def shares(lacks: dict[str, Flags], on_day: Flags, level: float) -> tuple[Share, ...]:
    """Fisher's exact test of the day against the days before, Holm over the rows."""
    n, rest = int(on_day.sum()), int((~on_day).sum())
    hits = {name: (int(flags[on_day].sum()), int(flags[~on_day].sum())) for name, flags in lacks.items()}
    p = {name: float(stats.fisher_exact([[a, n - a], [b, rest - b]]).pvalue) if n and rest else 1.0
         for name, (a, b) in hits.items()}  # fmt: skip
    differing = holm(p)
    return tuple(
        Share(name, _estimate(a, n, level), _estimate(b, rest, level), name in differing)
        for name, (a, b) in hits.items()
    )


def holm(p: dict[str, float]) -> set[str]:
    """Names rejected at SURE by Holm (1979)."""
    rejected: set[str] = set()
    for rank, name in enumerate(sorted(p, key=lambda name: p[name])):
        if p[name] > SURE / (len(p) - rank):
            break
        rejected.add(name)
    return rejected


def _estimate(hits: int, n: int, level: float) -> Estimate:
    return Estimate(n, hits / n, *wilson(hits / n, n, level)) if n else Estimate(0)


def drift(window: Window) -> tuple[str, ...] | None:
    """Of channel, language and reason the mixes of the last seven days unlike those before (χ², Holm)."""
    recent = window.contacts["day"] > window.last - timedelta(days=7)
    n = window.rules.min_n
    if recent.sum() < n or (~recent).sum() < n:
        return None
    p = {}
    for column in MIXES:
        table = _counted(window.contacts[column].fillna(""), recent)
        p[column] = float(stats.chi2_contingency(table).pvalue) if table.shape[1] > 1 else 1.0
    rejected = holm(p)
    return tuple(column for column in MIXES if column in rejected)


def _counted(values: pd.Series[str], recent: pd.Series[bool]) -> npt.NDArray[np.int64]:
    """Two rows of counts; classes seen fewer than ten times stand together, since χ² needs some of each."""
    rare = values.map(values.value_counts()) < 10
    counted = pd.crosstab(recent, values.mask(rare, "rare"))
    found: npt.NDArray[np.int64] = counted.to_numpy()
    return found


def _picture(found: Sequence[Share], window: Window, w: Wording) -> Picture | Absent:
    if not found or not found[0].day.n:
        return Absent(NAME, w("quality.title"), w("quality.none"))
    tones: dict[bool, Tone] = {True: "concern", False: "muted"}
    dots = [
        Dot(w(f"quality.{share.name}"), share.day, w.value(share.day.value or 0.0, "share"), tones[share.differs],
            _note(share, w), share.before.value,
            w("quality.before", share=w.value(share.before.value, "share")) if share.before.value is not None else "")
        for share in found
    ]  # fmt: skip
    most = max(end for share in found for end in (share.day.high, share.before.value) if end is not None)
    axis = Axis(0, min(1.0, max(0.1, most * 1.1)), w("word.too_few"), label_expression("share", w))
    header = (w("quality.what"), w.day(window.last), w("quality.days_before"), w("word.standing_before"))
    rows = [
        (w(f"quality.{share.name}"), w.estimate(share.day, "share"), w.estimate(share.before, "share"),
         w("quality.differs" if share.differs else "quality.alike"))
        for share in found
    ]  # fmt: skip
    names = [w(f"quality.{share.name}") for share in found if share.differs]
    title = w("quality.finding", names=", ".join(names)) if names else w("quality.usual")
    return drawn(title, lambda width: intervals(dots, axis, width), header, rows, name=NAME,
                 subtitle=w("quality.subtitle", day=w.day(window.last), n=found[0].day.n))  # fmt: skip


def _note(share: Share, w: Wording) -> str:
    text = w.value(share.day.value or 0.0, "share")
    return f"{text} · {w('quality.differs')}" if share.differs else text

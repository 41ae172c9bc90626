"""What became of promises, by whether a date was named and by reason: kept, not due yet, without evidence, broken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from analyzer.publish.charts import Absent, Picture, drawn
from analyzer.publish.drawing.shares import Bar, shares
from analyzer.publish.reading import Tables
from analyzer.publish.sections.promises import STATUSES, share_kept
from analyzer.publish.sections.window import Window
from analyzer.publish.wording import Wording

NAME: Final = "promises"
TONES: Final = ("accent", "soft", "rule", "concern")
REASONS_SHOWN: Final = 6
Row = dict[str, Any]


def kept_promises(tables: Tables, window: Window, w: Wording) -> Picture | Absent:
    """One bar for all, one a kind; the share kept is of those whose outcome is known, with a Wilson interval."""
    rows = tables.read("commitments", columns=["interaction_id", "promised_by", "status"], days=window.days).to_pandas()
    if rows.empty:
        return Absent(NAME, w("kept.title"), w("promises.none"))
    rows = rows.merge(window.contacts[["interaction_id", "reason"]], on="interaction_id", how="left")
    dated = rows["promised_by"].notna()
    groups = [(w("kept.all"), rows), (w("kept.dated"), rows[dated]), (w("kept.undated"), rows[~dated])]
    counts = rows["reason"].value_counts()
    ordered = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))[:REASONS_SHOWN]
    groups += [(w.name("reason", str(name)), rows[rows["reason"] == name]) for name, _ in ordered]
    return _picture([(name, some) for name, some in groups if len(some)], window, w)


def _picture(groups: Sequence[tuple[str, pd.DataFrame]], window: Window, w: Wording) -> Picture:
    told = [(name, rows, share_kept(rows, window)) for name, rows in groups]
    bars = [
        Bar(name, _counts(rows), w("kept.note", share=w.value(kept.value, "share"),
                                   span=w.interval(kept.low, kept.high, "share"))
            if kept.value is not None else w("kept.too_few", n=kept.n))
        for name, rows, kept in told
    ]  # fmt: skip
    header = (w("word.group"), *(w(f"promises.{status}") for status in STATUSES), w("kept.share"))
    numbers = [(name, *map(w.count, _counts(rows)), w.estimate(kept, "share")) for name, rows, kept in told]
    whole = told[0][2]
    title = (
        w("kept.finding", share=w.value(whole.value, "share"), n=whole.n) if whole.value is not None
        else w("kept.finding_unknown", n=whole.n, total=len(told[0][1]))
    )  # fmt: skip
    return drawn(title, lambda width: shares(bars, TONES, width), header, numbers, name=NAME,
                 subtitle=w("kept.subtitle"))  # fmt: skip


def _counts(rows: pd.DataFrame) -> tuple[int, ...]:
    return tuple(int((rows["status"] == status).sum()) for status in STATUSES)

"""Whether the machine's scores differ between groups that should not differ where the same work was done.

A difference is no verdict: people of one group may have harder matters, or the models may hear them worse. It says
where to look, and audits of both groups say which it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy import stats

from analyzer.config import ScoreSettings
from analyzer.score.clustered import Difference, difference
from analyzer.score.frames import Floats, Ints, Objects, in_order, linked, numbers, texts
from analyzer.score.style import STYLES, contact_styles
from analyzer.tables import STORED

RECORDED_KINDS: Final = ("language", "channel", "segment")
GROUP_KINDS: Final = (*RECORDED_KINDS, *STYLES)
WATCHED: Final = ("experience_contact", "resolved_rate", "empathy")
SAME_WORK: Final = ("reason", "channel", "language")  # but for the kind of group that is watched
DIFFERS, ALIKE, UNKNOWN = "differs", "not distinguishable", "not estimable"


def bias_watch(
    facts: pd.DataFrame, turns: pd.DataFrame, experience: pd.DataFrame, settings: ScoreSettings, as_of: datetime
) -> pa.Table:
    """Group − others within the same reason, channel and language, for each measure, kind of group and group.

    Groups are the contacts of a language, channel or segment, and those in which the agent wrote in one style
    (``style``). Intervals hold for few agents (``clustered``). ``p_adjusted`` controls the false discovery rate of the
    whole report; only what stays under 1 − ``interval`` is said to differ. Null where the group or the others have
    fewer than ``min_n`` contacts. Assumes that groups meet agents by chance, or that agents of both are alike.
    """
    facts = in_order(facts)
    values, groups = _values(facts, experience), _groups(facts, turns)
    work = {name: texts(facts, name) for name in SAME_WORK}
    agent = _clusters(facts)
    rows: list[dict[str, Any]] = []
    for kind in GROUP_KINDS:
        stratum = _codes(*(words for name, words in work.items() if name != kind))
        for measure in WATCHED:
            observed = ~np.isnan(values[measure]) & ~pd.isna(groups[kind])
            part = (values[measure][observed], groups[kind][observed], stratum[observed], agent[observed])
            rows += [
                {"measure": measure, "group_kind": kind, "group_id": group_id, "as_of": as_of}
                | _row(group_id, *part, settings)
                for group_id in sorted(set(part[1]))
            ]
    rows.sort(key=lambda row: (row["measure"], row["group_kind"], row["group_id"]))
    return STORED["bias_watch"].from_rows(_discovered(rows, 1 - settings.interval))


def _values(facts: pd.DataFrame, experience: pd.DataFrame) -> dict[str, Floats]:
    scores = numbers(linked(experience, facts), "experience_contact")
    heard = ~np.isnan(scores)
    return {
        "experience_contact": scores,
        "resolved_rate": np.where(heard, numbers(facts, "resolved_probability"), np.nan),
        "empathy": np.where(heard, numbers(facts, "empathy"), np.nan),
    }


def _groups(facts: pd.DataFrame, turns: pd.DataFrame) -> Mapping[str, Objects]:
    styles = linked(contact_styles(facts, turns), facts)
    return {kind: texts(facts if kind in RECORDED_KINDS else styles, kind) for kind in GROUP_KINDS}


def _row(
    group_id: str, y: Floats, groups: Objects, stratum: Ints, agent: Ints, settings: ScoreSettings
) -> dict[str, Any]:
    member = np.asarray(groups == group_id, dtype=np.bool_)
    n = int(member.sum())
    found: Difference | str
    if n == len(y):
        found = "no other group"
    elif min(n, len(y) - n) < settings.min_n:
        found = f"fewer than {settings.min_n} contacts in the group or the others"
    else:
        found = difference(y, member, stratum, agent, settings.interval)
    if isinstance(found, str):
        return {"n": n, "method": f"{UNKNOWN}: {found}", "standing": UNKNOWN}
    method = f"least squares within the same work, clustered by agent (CR2, {found.degrees:.1f} degrees of freedom)"
    return {"n": n, "difference": found.difference, "low": found.low, "high": found.high, "method": method,
            "p_adjusted": found.p}  # fmt: skip


def _discovered(rows: list[dict[str, Any]], rate: float) -> list[dict[str, Any]]:
    """Rows with p values adjusted over the whole report (Benjamini & Hochberg) and what may be said of each."""
    tested = [row for row in rows if "p_adjusted" in row]
    if tested:
        adjusted = stats.false_discovery_control([row["p_adjusted"] for row in tested])
        for row, p in zip(tested, adjusted, strict=True):
            row |= {"p_adjusted": float(p), "standing": DIFFERS if p < rate else ALIKE}
    return rows


def _codes(*words: Objects) -> Ints:
    """One code for each combination."""
    frame = pd.DataFrame({i: np.where(pd.isna(column), "", column) for i, column in enumerate(words)})
    return np.asarray(frame.groupby(list(frame.columns), sort=True).ngroup(), dtype=np.int64)


def _clusters(facts: pd.DataFrame) -> Ints:
    """The closing agent; a contact without one is a cluster of its own."""
    agent, ids = texts(facts, "agent_id"), texts(facts, "interaction_id")
    return _codes(np.where(pd.isna(agent), ["\0" + str(i) for i in ids], agent))

"""Whether a measure differs by language, channel or segment where the same work was done.

A difference is no verdict: people of one group may have harder matters, or the models may hear them worse. It says
where to look, and audits of both groups say which it is.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import statsmodels.api as sm

from analyzer.config import ScoreSettings
from analyzer.score.frames import Bools, Floats, Ints, in_order, linked, numbers, texts
from analyzer.tables import STORED

GROUP_KINDS: Final = ("language", "channel", "segment")
WATCHED: Final = ("experience_contact", "resolved_rate", "empathy")
FEW_CLUSTERS: Final = 10


def bias_watch(facts: pd.DataFrame, experience: pd.DataFrame, settings: ScoreSettings, as_of: datetime) -> pa.Table:
    """Group − others within the same contact reason, for each measure, kind of group and group with a contact.

    OLS with reasons as fixed effects; interval robust to contacts of one agent being alike (clustered by the closing
    agent). Null where the group or the others have fewer than ``min_n`` contacts. Assumes groups meet the same agents.
    """
    facts = in_order(facts)
    scores = numbers(linked(experience, facts), "experience_contact")
    heard = ~np.isnan(scores)
    values = {
        "experience_contact": scores,
        "resolved_rate": np.where(heard, numbers(facts, "resolved_probability"), np.nan),
        "empathy": np.where(heard, numbers(facts, "empathy"), np.nan),
    }
    reason, agent = _codes(texts(facts, "reason")), _clusters(facts)
    rows: list[dict[str, Any]] = []
    for kind in GROUP_KINDS:
        groups = texts(facts, kind)
        for measure in WATCHED:
            observed = ~np.isnan(values[measure]) & ~pd.isna(groups)
            y, group = values[measure][observed], groups[observed]
            for group_id in sorted(set(group)):
                estimate = _difference(y, group == group_id, reason[observed], agent[observed], settings)
                rows.append({"measure": measure, "group_kind": kind, "group_id": group_id, "as_of": as_of} | estimate)
    rows.sort(key=lambda row: (row["measure"], row["group_kind"], row["group_id"]))
    return STORED["bias_watch"].from_rows(rows)


def _difference(y: Floats, member: Bools, reason: Ints, agent: Ints, settings: ScoreSettings) -> dict[str, Any]:
    n = int(member.sum())
    nothing = {"n": n, "difference": None, "low": None, "high": None}
    if n == len(y):
        return nothing | {"method": "not estimable: no other group"}
    if min(n, len(y) - n) < settings.min_n:
        return nothing | {"method": f"not estimable: fewer than {settings.min_n} contacts in the group or the others"}
    x = _within(member.astype(np.float64), reason)
    if float(x @ x) < 1.0:
        return nothing | {"method": "not estimable: no contact reason is shared with the others"}
    clusters = len(np.unique(agent))
    if clusters < 2:
        return nothing | {"method": "not estimable: a single agent"}
    fit = sm.OLS(_within(y, reason), x[:, None]).fit(cov_type="cluster", cov_kwds={"groups": agent}, use_t=True)
    low, high = fit.conf_int(alpha=1 - settings.interval)[0]
    # Contacts without an agent are clusters of one: many of them do not make the few agents more.
    alike = len(agent) ** 2 / float(np.sum(np.bincount(agent) ** 2.0))
    few = f"; worth only {alike:.0f} agents, interval perhaps too narrow" if alike < FEW_CLUSTERS else ""
    method = f"OLS within contact reason, clustered by agent{few}"
    return {"n": n, "difference": float(fit.params[0]), "low": float(low), "high": float(high), "method": method}


def _within(values: Floats, codes: Ints) -> Floats:
    """Values minus the mean of their code: the fixed effects swept out (Frisch–Waugh–Lovell)."""
    count = np.maximum(np.bincount(codes), 1)
    return np.asarray(values - (np.bincount(codes, weights=values) / count)[codes], dtype=np.float64)


def _codes(words: np.ndarray) -> Ints:
    codes, _ = pd.factorize(np.where(pd.isna(words), "", words), sort=True)
    return np.asarray(codes, dtype=np.int64)


def _clusters(facts: pd.DataFrame) -> Ints:
    """The closing agent; a contact without one is a cluster of its own."""
    agent = texts(facts, "agent_id")
    ids = texts(facts, "interaction_id")
    alone = pd.isna(agent)
    return _codes(np.where(alone, ["\0" + str(i) for i in ids], agent))

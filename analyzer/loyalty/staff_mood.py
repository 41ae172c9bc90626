"""The tone of a team beside the mood of its customers, by month; never an agent, and no team of fewer than eight.

Tone is what agents write and say, not what they feel, and nothing else is read: words to the person (``emp.*``) less
dismissal and bare policy (``anti.*``) per agent turn, expected from calibrated probabilities, in contacts of one agent.
Mood is the customers' feeling at the end of the same contacts.

A team is shown where at least ``loyalty.staff_min_agents`` (8 or more) agents with MIN_CONTACTS contacts each stand
behind it. Every agent counts the same, so that none can be read off the mean of a team in which they did most; the
interval is t over agents. 'all' is shown where the teams left out hold enough agents too, or none: else the total less
the teams shown would tell of a few.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy import stats

from analyzer.codebook import ANTI_LABELS, EMPATHY_LABELS
from analyzer.loyalty.clusters import clustered_mean
from analyzer.tables import STORED

MIN_CONTACTS: Final = 5
ALL: Final = "all"


def staff_mood(facts: pd.DataFrame, cues: pd.DataFrame, min_agents: int, as_of: datetime) -> pa.Table:
    """STORED["staff_mood"]; months by business day. ``facts`` has tables.FACT_COLUMNS."""
    contacts = _steady(_with_tone(_of_one_agent(facts), cues))
    agents = contacts.groupby(["month", "team", "agent_id"], sort=True)["tone"].mean().reset_index()
    count = agents.groupby(["month", "team"], sort=True)["agent_id"].size()
    rows: list[dict[str, Any]] = []
    for month in sorted(set(contacts["month"])):
        tones, felt, sizes = agents[agents["month"] == month], contacts[contacts["month"] == month], count.loc[month]
        shown = sorted(team for team in sizes.index[sizes >= min_agents] if team != ALL)
        of_shown = tones["team"].isin(shown)
        hidden = tones.loc[~of_shown, "agent_id"].nunique()
        if tones["agent_id"].nunique() >= min_agents and (hidden == 0 or hidden >= min_agents):
            of_all = felt.groupby("agent_id", sort=True)["tone"].mean()
            rows.append({"period": month, "team": ALL, "as_of": as_of, **_row(of_all, felt)})
        by_tone, by_mood = dict(list(tones.groupby("team"))), dict(list(felt.groupby("team")))
        rows += [{"period": month, "team": team, "as_of": as_of, **_row(by_tone[team]["tone"], by_mood[team])}
                 for team in shown]  # fmt: skip
    return STORED["staff_mood"].from_rows(rows)


def _of_one_agent(facts: pd.DataFrame) -> pd.DataFrame:
    alone = facts["agent_ids"].map(len).eq(1) & facts["agent_id"].notna() & facts["team"].notna()
    rows = facts[alone & (facts["agent_turns"] > 0)]
    month = pd.to_datetime(rows["day"].astype("str")).dt.strftime("%Y-%m")
    columns = ["interaction_id", "agent_id", "team", "agent_turns", "customer_key", "sentiment_end"]
    return rows[columns].assign(month=month).sort_values("interaction_id", ignore_index=True)


def _with_tone(contacts: pd.DataFrame, cues: pd.DataFrame) -> pd.DataFrame:
    p = cues["probability" if "probability" in cues.columns else "found"].astype("float64")
    sign = cues["label"].isin(EMPATHY_LABELS).astype("float64") - cues["label"].isin(ANTI_LABELS).astype("float64")
    heard = (p * sign).groupby(cues["interaction_id"]).sum()
    said = contacts["interaction_id"].map(heard).astype("float64").fillna(0.0)
    return contacts.assign(tone=said / contacts["agent_turns"].astype("float64"))


def _steady(contacts: pd.DataFrame) -> pd.DataFrame:
    """Contacts of agents who have enough of them in the team that month."""
    count = contacts.groupby(["month", "team", "agent_id"])["interaction_id"].transform("size")
    customer = contacts["customer_key"].fillna(contacts["interaction_id"])
    return contacts.assign(customer=pd.factorize(customer)[0])[count >= MIN_CONTACTS]


def _row(tones: pd.Series[float], contacts: pd.DataFrame) -> dict[str, Any]:
    of_agents = tones.to_numpy(dtype="float64")
    mood, seen = contacts["sentiment_end"].to_numpy(dtype="float64"), contacts["sentiment_end"].notna().to_numpy()
    felt = clustered_mean(mood[seen], pd.factorize(contacts["customer"].to_numpy()[seen])[0])
    method = "staff: mean of agents' means, t over agents; customers: mean, CR2 by customer"
    row = {"agents": len(of_agents), "n": len(contacts), "customers": felt.customers, "customer_mood": felt.value,
           "customer_low": felt.low, "customer_high": felt.high, "method": method}  # fmt: skip
    k, spread = len(of_agents), float(of_agents.std(ddof=1))
    if spread == 0.0:  # nothing was heard of anybody: no tone, rather than one without doubt
        return row | {"method": f"staff: not estimable, nothing was heard; {method.partition('; ')[2]}"}
    tone, half = float(of_agents.mean()), float(stats.t.ppf(0.975, k - 1)) * spread / float(np.sqrt(k))
    return row | {"staff_tone": tone, "staff_low": tone - half, "staff_high": tone + half}

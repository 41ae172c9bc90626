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
    contacts = _with_tone(_of_one_agent(facts), cues)
    rows: list[dict[str, Any]] = []
    for month in sorted(set(contacts["month"])):
        of_month = _steady(contacts[contacts["month"] == month])
        teams = {str(team): part for team, part in of_month.groupby("team", sort=True)}
        shown = {team: part for team, part in teams.items() if part["agent_id"].nunique() >= min_agents}
        hidden = of_month.loc[~of_month["team"].isin(list(shown)), "agent_id"].nunique()
        if of_month["agent_id"].nunique() >= min_agents and (hidden == 0 or hidden >= min_agents):
            shown = {ALL: of_month} | shown
        rows += [{"period": month, "team": team, "as_of": as_of, **_row(part)} for team, part in shown.items()]
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
    count = contacts.groupby(["team", "agent_id"])["interaction_id"].transform("size")
    return contacts[count >= MIN_CONTACTS]


def _row(part: pd.DataFrame) -> dict[str, Any]:
    of_agents = part.groupby("agent_id", sort=True)["tone"].mean().to_numpy(dtype="float64")
    k = len(of_agents)
    half = float(stats.t.ppf(0.975, k - 1)) * float(of_agents.std(ddof=1)) / np.sqrt(k)
    felt = part[part["sentiment_end"].notna()]
    customer = felt["customer_key"].fillna(felt["interaction_id"])
    mood = clustered_mean(felt["sentiment_end"].to_numpy(dtype="float64"), pd.factorize(customer)[0])
    tone = float(of_agents.mean())
    return {
        "agents": k, "n": len(part), "staff_tone": tone, "staff_low": tone - half, "staff_high": tone + half,
        "customers": mood.customers, "customer_mood": mood.value, "customer_low": mood.low, "customer_high": mood.high,
        "method": "staff: mean of agents' means, t over agents; customers: mean, CR2 by customer",
    }  # fmt: skip

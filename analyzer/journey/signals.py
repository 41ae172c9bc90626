"""What a contact says about the contacts before it: spoken repeat cues, chased promises, matters called settled.

A signal is the highest calibrated probability of a label among the customer's turns, 0 where none was heard.
"""

from __future__ import annotations

import pandas as pd

OPENING_TURNS = 2  # customer turns in which people say why they come and what has become of the last time
CLAIM_LABEL = "effort.repeat_contact"
DENIAL_LABEL = "res.denied"
UNMET_LABEL = "expect.unmet"
SETTLED_LABEL = "res.confirmed"

SIGNALS = ("claim", "denial", "denial_opening", "unmet", "unmet_opening", "settled_opening", "promised", "chase")


def hear_signals(contacts: pd.DataFrame, cues: pd.DataFrame, turns: pd.DataFrame) -> pd.DataFrame:
    """SIGNALS as columns in 0–1, one row a contact, in the order of ``contacts`` (index ``contact_id``)."""
    legs = contacts[["contact_id", "legs"]].explode("legs").rename(columns={"legs": "interaction_id"})
    heard = cues[["interaction_id", "turn", "label", "probability"]].merge(legs, on="interaction_id")
    opening = heard.merge(_opening_turns(turns, contacts), on=["interaction_id", "turn"])
    ids = pd.Index(contacts["contact_id"], dtype=object)
    signals = pd.DataFrame(
        {
            "claim": _highest(heard, CLAIM_LABEL, ids),
            "denial": _highest(heard, DENIAL_LABEL, ids),
            "denial_opening": _highest(opening, DENIAL_LABEL, ids),
            "unmet": _highest(heard, UNMET_LABEL, ids),
            "unmet_opening": _highest(opening, UNMET_LABEL, ids),
            "settled_opening": _highest(opening, SETTLED_LABEL, ids),
            "promised": _highest(heard, "svc.commit", ids),
        },
        index=ids,
    )
    signals["chase"] = signals[["claim", "denial", "unmet"]].max(axis=1)
    return signals


def company_openers(facts: pd.DataFrame, turns: pd.DataFrame) -> frozenset[str]:
    """Ids of written contacts of unknown direction in which a human agent wrote first: the company's, not a return.

    Calls and chats say nothing that way, because an agent greets first in them.
    """
    written = facts[facts["direction"].isna() & facts["channel"].isin(["email", "messaging", "social"])]
    spoken = turns[
        turns["interaction_id"].isin(written["interaction_id"]) & turns["speaker"].isin(["customer", "agent"])
    ]
    first = spoken.sort_values(["interaction_id", "turn"]).drop_duplicates("interaction_id")
    return frozenset(first.loc[first["speaker"] == "agent", "interaction_id"])


def _opening_turns(turns: pd.DataFrame, contacts: pd.DataFrame) -> pd.DataFrame:
    """(interaction_id, turn) of the first customer turns of each contact's first leg."""
    mine = turns[(turns["speaker"] == "customer") & turns["interaction_id"].isin(contacts["contact_id"])]
    ordered = mine[["interaction_id", "turn"]].sort_values(["interaction_id", "turn"])
    return ordered.groupby("interaction_id", sort=False).head(OPENING_TURNS)


def _highest(heard: pd.DataFrame, label: str, ids: pd.Index) -> pd.Series:
    found = heard[heard["label"] == label].groupby("contact_id")["probability"].max()
    return found.reindex(ids).astype(float).fillna(0.0)

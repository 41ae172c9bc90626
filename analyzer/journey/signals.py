"""What a contact says about the contacts before it: spoken repeat cues, chased promises, matters called settled.

A signal is the highest calibrated probability of a label among the turns, 0 where none was heard. How a matter went on
is heard from both sides: whoever reports success and whoever was let down both name the earlier contact, but only the
second makes the agent apologise and the contact hard. The rule was chosen on the authored histories, whose promises
have known outcomes.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analyzer.journey.fulfilment import deeds
from analyzer.journey.openings import closes_the_old
from analyzer.records import opening_length

CLAIM_LABEL = "effort.repeat_contact"
DENIAL_LABEL = "res.denied"
UNMET_LABEL = "expect.unmet"
SETTLED_LABEL = "res.confirmed"
EXCEEDED_LABEL = "expect.exceeded"
APOLOGY_LABEL = "emp.apology"

SORRY_FROM = 0.5
HARD_FROM = 2.5  # effort of an ordinary contact, the reference of the score too

SIGNALS = (
    "claim", "denial", "denial_opening", "unmet", "unmet_opening", "settled_opening", "promised", "let_down",
    "went_well", "closed", "deed",
)  # fmt: skip


def hear_signals(contacts: pd.DataFrame, cues: pd.DataFrame, turns: pd.DataFrame) -> pd.DataFrame:
    """SIGNALS as columns, 0–1 or true and false, a row a contact, in the order of ``contacts``, by ``contact_id``."""
    legs = contacts[["contact_id", "legs"]].explode("legs").rename(columns={"legs": "interaction_id"})
    columns = ["interaction_id", "turn", "label", "probability", "found"]
    heard = cues.reindex(columns=columns).merge(legs, on="interaction_id")
    opening = heard.merge(opening_turns(turns, contacts), on=["interaction_id", "turn"])
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
    words = opening_words(turns, contacts)
    told = [bool(deeds(text)) for text in words]
    signals = signals.assign(closed=words.str.replace("\n", " ").map(closes_the_old), deed=told)
    return signals.assign(**_aftermath(heard, contacts, ids))[list(SIGNALS)]


def _aftermath(heard: pd.DataFrame, contacts: pd.DataFrame, ids: pd.Index) -> dict[str, pd.Series]:
    """``went_well`` and ``let_down`` of each contact, never both; often neither.

    It went well where nobody apologises and the customer's relief outweighs their complaint or the contact was easy;
    else the customer was let down if the agent apologises or a complaint is found (above its label's own threshold).
    """
    good = _of_any(heard, (SETTLED_LABEL, EXCEEDED_LABEL), ids)
    bad = _of_any(heard, (CLAIM_LABEL, DENIAL_LABEL, UNMET_LABEL), ids)
    complained = _of_any(heard[heard["found"].eq(True)], (CLAIM_LABEL, DENIAL_LABEL, UNMET_LABEL), ids) > 0
    easy = pd.Series(contacts["effort"].to_numpy(dtype=float) < HARD_FROM, ids)
    sorry = _highest(heard, APOLOGY_LABEL, ids) >= SORRY_FROM
    went_well = ~sorry & ((good > bad) | easy)
    return {"let_down": (complained | sorry) & ~went_well, "went_well": went_well}


def _of_any(heard: pd.DataFrame, labels: Sequence[str], ids: pd.Index) -> pd.Series:
    return pd.concat([_highest(heard, label, ids) for label in labels], axis=1).max(axis=1)


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


def opening_words(turns: pd.DataFrame, contacts: pd.DataFrame) -> pd.Series:
    """What the customer says in the opening of each contact, a line a turn, "" where nothing; by ``contact_id``."""
    ids = pd.Index(contacts["contact_id"], dtype=object)
    spoken = turns.reindex(columns=["interaction_id", "turn", "text"])
    opening = spoken.merge(opening_turns(turns, contacts), on=["interaction_id", "turn"]).sort_values("turn")
    return opening.groupby("interaction_id")["text"].agg("\n".join).reindex(ids).fillna("")


def opening_turns(turns: pd.DataFrame, contacts: pd.DataFrame) -> pd.DataFrame:
    """(interaction_id, turn) of the customer turns that open each contact's first leg (records.opening_length)."""
    mine = turns[(turns["speaker"] == "customer") & turns["interaction_id"].isin(contacts["contact_id"])]
    ordered = mine[["interaction_id", "turn"]].sort_values(["interaction_id", "turn"])
    length = dict(zip(contacts["contact_id"], map(opening_length, contacts["channel"]), strict=True))
    place = ordered.groupby("interaction_id", sort=False).cumcount()
    return ordered[place < ordered["interaction_id"].map(length).astype("int64")]


def _highest(heard: pd.DataFrame, label: str, ids: pd.Index) -> pd.Series:
    found = heard[heard["label"] == label].groupby("contact_id")["probability"].max()
    return found.reindex(ids).astype(float).fillna(0.0)

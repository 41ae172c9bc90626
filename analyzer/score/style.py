"""How an agent writes in a contact, as far as it may mislead those who judge by words: address and wordiness.

Neither is good or bad. A detector of empathy trained on long, formal sentences may hear less in short, familiar ones;
``bias`` watches whether it does.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

import numpy as np
import pandas as pd

from analyzer.score.frames import Bools, Objects, texts

SAMPLE: Final = 20_000  # contacts looked at, drawn by a hash of their id: enough for narrow intervals
STYLES: Final = ("address", "wordiness")
_FORMAL: Final = re.compile(r"\b(?:Sie|Ihnen|Ihr|Ihre[nmrs]?)\b")
_FAMILIAR: Final = re.compile(r"\b(?:du|dich|dir|dein(?:e[nmrs]?)?)\b", re.IGNORECASE)


def contact_styles(facts: pd.DataFrame, turns: pd.DataFrame) -> pd.DataFrame:
    """``address`` {formal, familiar} of German contacts and ``wordiness`` {terse, wordy} by interaction_id.

    Terse is who uses fewer words a turn than the middle one of the contacts of the same channel and language. None
    where agents said nothing, or nothing that tells.
    """
    ids = texts(facts, "interaction_id")
    drawn = ids if len(ids) <= SAMPLE else np.array(sorted(ids, key=_draw)[:SAMPLE], dtype=object)
    spoken = turns.loc[turns["speaker"].eq("agent") & turns["interaction_id"].isin(drawn), ["interaction_id", "text"]]
    said = pd.DataFrame({
        "id": texts(spoken, "interaction_id"),
        "words": [len(text.split()) for text in spoken["text"]],
        "formal": [len(_FORMAL.findall(text)) for text in spoken["text"]],
        "familiar": [len(_FAMILIAR.findall(text)) for text in spoken["text"]],
    })  # fmt: skip
    by_contact = said.groupby("id").agg({"words": "mean", "formal": "sum", "familiar": "sum"}).reindex(ids)
    return pd.DataFrame(
        {"address": _address(by_contact, texts(facts, "language")), "wordiness": _wordiness(by_contact, facts)},
        index=pd.Index(ids, name="interaction_id"),
    )


def _draw(interaction_id: str) -> bytes:
    return hashlib.blake2b(str(interaction_id).encode(), digest_size=8).digest()


def _address(said: pd.DataFrame, language: Objects) -> Objects:
    lead = (said["formal"] - said["familiar"]).to_numpy(dtype=np.float64)
    told = np.asarray((language == "de") & ~np.isnan(lead) & (lead != 0), dtype=np.bool_)
    return _named(told, np.where(lead > 0, "formal", "familiar"))


def _wordiness(said: pd.DataFrame, facts: pd.DataFrame) -> Objects:
    words = pd.Series(said["words"].to_numpy(dtype=np.float64))
    usual = words.groupby([texts(facts, "channel"), texts(facts, "language")]).transform("median")
    return _named(words.notna().to_numpy(), np.where(words < usual, "terse", "wordy"))


def _named(told: Bools, names: np.ndarray) -> Objects:
    out = np.full(len(names), None, dtype=object)
    out[told] = names[told]
    return out

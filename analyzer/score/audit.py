"""The random audit: contacts that people judge without seeing the machine's findings.

Each contact is drawn on its own by a hash of the seed and its id, so that a re-run, another order or more contacts
draw the same ones, a larger share draws all that a smaller one drew, and each agent has the same chance per contact.
"""

from __future__ import annotations

import hashlib
from typing import Final

import pandas as pd
import pyarrow as pa

from analyzer.config import AuditSettings
from analyzer.records import stable_id
from analyzer.score.frames import days, texts, to_table

RULE: Final = "random_audit"
EXPLANATION: Final = "Drawn at random for review by a person who does not see the machine's findings."


def draw_audit(facts: pd.DataFrame, settings: AuditSettings) -> pa.Table:
    """Flags of the contacts drawn, ordered by id; ``sampling_probability`` is the configured share.

    Contacts without a human agent can be drawn too: rates of channels are corrected from the same sample.
    """
    ids = texts(facts, "interaction_id")
    drawn = [i for i in range(len(ids)) if draw(settings.seed, str(ids[i])) < settings.share]
    drawn.sort(key=lambda i: str(ids[i]))
    n = len(drawn)
    return to_table(
        "flags",
        {
            "flag_id": [stable_id(ids[i], RULE, "") for i in drawn],
            "interaction_id": [ids[i] for i in drawn],
            "day": days(facts)[drawn] if n else [],
            "rule": [RULE] * n,
            "severity": [1] * n,
            "polarity": ["concern"] * n,
            "turn": [None] * n,
            "explanation": [EXPLANATION] * n,
            "sampling_probability": [settings.share] * n,
        },
    )


def draw(seed: str, interaction_id: str) -> float:
    """A number in [0, 1), uniform over contacts, fixed by seed and id."""
    digest = hashlib.blake2b(interaction_id.encode(), digest_size=8, key=_key(seed)).digest()
    # 53 bits: more would round up to 1.0.
    return (int.from_bytes(digest, "big") >> 11) / 2**53


def _key(seed: str) -> bytes:
    return hashlib.blake2b(seed.encode(), digest_size=32).digest()

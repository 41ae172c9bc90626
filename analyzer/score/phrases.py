"""Whether a phrase of the settings was said in a contact, and in which turn first: for rules that ask for its words.

Patterns are RE2 over the masked text, capitals or not; Arrow searches all turns at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.config import Phrase
from analyzer.errors import ConfigError
from analyzer.score.frames import linked

PREFIX: Final = "phrase."  # of the measure that asks for a phrase


def measure_of(phrase: Phrase) -> str:
    """The measure by which rules ask for it: 1 where it was said, 0 where not."""
    return PREFIX + phrase.name


def check_phrases(phrases: Sequence[Phrase]) -> None:
    """Raises ConfigError for a pattern that RE2 does not take, one that matches everything, a name given twice."""
    names = [phrase.name for phrase in phrases]
    for phrase in phrases:
        where = f"flags.phrases {phrase.name}"
        if names.count(phrase.name) > 1:
            raise ConfigError(f"{where} is there twice.", hint="Give each phrase a name of its own.")
        try:
            (empty,) = pc.match_substring_regex(pa.array([""]), phrase.pattern).to_pylist()
        except pa.ArrowInvalid:
            raise ConfigError(
                f"{where}: RE2 does not take the pattern.", hint="No lookaround, no backreference."
            ) from None
        if empty:
            raise ConfigError(f"{where}: the pattern matches everything.", hint="Leave no alternative empty.")


def phrases_said(turns: pd.DataFrame, facts: pd.DataFrame, phrases: Sequence[Phrase]) -> dict[str, pd.DataFrame]:
    """By measure, ``said`` and the ``turn`` of its first time for each of ``facts``, in their order.

    Missing where the speaker who would say it says nothing.
    """
    if not phrases or turns.empty:
        return {measure_of(phrase): _nothing(len(facts)) for phrase in phrases}
    texts = pa.array(turns["text"], pa.string())
    return {measure_of(phrase): _said(turns, texts, facts, phrase) for phrase in phrases}


def _said(turns: pd.DataFrame, texts: pa.Array, facts: pd.DataFrame, phrase: Phrase) -> pd.DataFrame:
    theirs = (turns["speaker"] == phrase.speaker).to_numpy()
    found = pc.match_substring_regex(texts, phrase.pattern, ignore_case=True).to_numpy(zero_copy_only=False) & theirs
    spoke = turns.loc[theirs, ["interaction_id"]].drop_duplicates().assign(spoke=1.0).set_index("interaction_id")
    first = turns.loc[found, ["interaction_id", "turn"]].groupby("interaction_id").min()
    told = linked(spoke.join(first), facts)
    said = np.where(told["spoke"].isna(), np.nan, told["turn"].notna().to_numpy(dtype=np.float64))
    return pd.DataFrame({"said": said, "turn": told["turn"].to_numpy(dtype=np.float64)})


def _nothing(count: int) -> pd.DataFrame:
    return pd.DataFrame({"said": np.full(count, np.nan), "turn": np.full(count, np.nan)})

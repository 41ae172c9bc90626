"""Episodes: the contacts of one matter, from the best link of each contact."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from analyzer.records import stable_id


def join_episodes(links: pd.DataFrame, contacts: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """``episode`` (position of its first contact, −1 without a customer) and ``link`` of each contact.

    In time order each contact takes its most probable earlier contact (the latest of equals); from ``threshold`` on it
    joins that one's episode and ``link`` is the probability, else it opens an episode and ``link`` is NaN. Following
    one best link a contact is the transitive closure over them; the joint probability of an episode is their product,
    the links being given independently by the model.
    """
    best: dict[int, tuple[float, int]] = {}
    for earlier, later, probability in _triples(links):
        if probability >= threshold:
            best[later] = max(best.get(later, (-1.0, -1)), (probability, earlier))
    episode = np.full(len(contacts), -1, dtype=np.int64)
    link = np.full(len(contacts), np.nan)
    for position, customer in enumerate(contacts["customer_key"]):
        if customer is None:
            continue
        link[position], origin = best.get(position, (np.nan, position))
        episode[position] = episode[origin] if origin != position else position
    return pd.DataFrame({"episode": episode, "link": link})


def episode_id(first_interaction_id: str) -> str:
    """Hash of the first contact."""
    return stable_id("episode", first_interaction_id)


def _triples(links: pd.DataFrame) -> Iterable[tuple[int, int, float]]:
    return zip(links["earlier"].tolist(), links["later"].tolist(), links["probability"].tolist(), strict=True)

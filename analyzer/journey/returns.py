"""Who came back to what: later contacts that count as returns to an earlier one, with probability.

Only the customer's own contacts with a request return in the same matter; a call by the company or a thank-you not.
Of any matter, every contact that the customer began counts.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analyzer.journey.linking import MAX_EARLIER

RETURN_COLUMNS = ("earlier", "later", "start_us", "probability", "accepted")


def earlier_in_episode(episode: np.ndarray, counted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number of counted contacts before each one in its episode, and the position of the last of them (−1: none).

    Both are 0 and −1 for contacts that are not counted themselves: outbound contacts and praise are never repeats.
    """
    prior, previous = np.zeros(len(episode), dtype=np.int64), np.full(len(episode), -1, dtype=np.int64)
    latest: dict[int, tuple[int, int]] = {}
    for position in np.flatnonzero(counted & (episode >= 0)):
        number, last = latest.get(int(episode[position]), (0, -1))
        prior[position], previous[position] = number, last
        latest[int(episode[position])] = (number + 1, int(position))
    return prior, previous


def claimed_returns(
    pairs: pd.DataFrame,
    signals: pd.DataFrame,
    matter: pd.DataFrame,
    counted: np.ndarray,
    prior: np.ndarray,
    claim_from: float,
) -> pd.DataFrame:
    """Returns by word alone: "I called before" in a contact without a link, answered by its likeliest earlier one.

    The episodes stay apart (people mix up their own matters), but the earlier contact did not end the need.
    """
    claim = signals["claim"].to_numpy()
    unexplained = counted & (prior == 0) & (claim >= claim_from) & matter["link"].isna().to_numpy()
    open_pairs = pairs[unexplained[pairs["later"].to_numpy()] & counted[pairs["earlier"].to_numpy()]]
    best = open_pairs.sort_values(["later", "probability", "earlier"]).drop_duplicates("later", keep="last")
    heard = np.maximum(best["probability"].to_numpy(), claim[best["later"].to_numpy()])
    return pd.DataFrame(
        {"earlier": best["earlier"], "later": best["later"], "probability": heard, "accepted": True}
    ).astype({"accepted": bool})


def same_matter_returns(
    contacts: pd.DataFrame, pairs: pd.DataFrame, matter: pd.DataFrame, counted: np.ndarray, claims: pd.DataFrame
) -> pd.DataFrame:
    """RETURN_COLUMNS in the same matter, ordered by earlier and later.

    Contacts of one episode are accepted with the probability of the link that brought the later one in; pairs of
    different episodes stay in with theirs, not accepted, as doubt.
    """
    episode, link = matter["episode"].to_numpy(), matter["link"].to_numpy()
    inside = _within_episodes(episode, counted)
    inside["probability"], inside["accepted"] = link[inside["later"].to_numpy()], True
    first, second = pairs["earlier"].to_numpy(), pairs["later"].to_numpy()
    doubt = pairs[(episode[first] != episode[second]) & counted[second]].assign(accepted=False)
    doubt = doubt[~_keys(doubt).isin(set(_keys(claims)))]
    columns = ["earlier", "later", "probability", "accepted"]
    returns = pd.concat([part[columns] for part in (inside, doubt, claims) if len(part)] or [inside[columns]])
    return _with_start(returns, contacts)


def chasing_returns(returns: pd.DataFrame, signals: pd.DataFrame) -> pd.DataFrame:
    """The accepted returns in which the customer was let down: asks again, or rejects what was done."""
    let_down = signals["let_down"].to_numpy(dtype=bool)
    chasing = returns["accepted"].to_numpy(dtype=bool) & let_down[returns["later"].to_numpy()]
    return returns.iloc[np.flatnonzero(chasing)]


def next_contacts(contacts: pd.DataFrame) -> pd.DataFrame:
    """RETURN_COLUMNS of each contact's next contact of any matter that the customer began; probability 1."""
    pairs: list[tuple[int, int]] = []
    waiting: dict[str, list[int]] = {}
    rows = zip(contacts["customer_key"], contacts["customer_began"], strict=True)
    for position, (customer, began) in enumerate(rows):
        if customer is None:
            continue
        if began:
            pairs.extend((earlier, position) for earlier in waiting.pop(customer, ()))
        waiting.setdefault(customer, []).append(position)
    returns = pd.DataFrame(pairs, columns=["earlier", "later"], dtype=np.int64)
    return _with_start(returns.assign(probability=1.0, accepted=True), contacts)


def _within_episodes(episode: np.ndarray, counted: np.ndarray) -> pd.DataFrame:
    """Every earlier contact of an episode with every later counted one (the latest MAX_EARLIER of long episodes)."""
    members: dict[int, list[int]] = {}
    pairs: list[tuple[int, int]] = []
    for position, number in enumerate(episode.tolist()):
        if number < 0:
            continue
        before = members.setdefault(number, [])
        if counted[position]:
            pairs.extend((earlier, position) for earlier in before[-MAX_EARLIER:])
        before.append(position)
    return pd.DataFrame(pairs, columns=["earlier", "later"], dtype=np.int64)


def _keys(pairs: pd.DataFrame) -> pd.Series:
    return pairs["earlier"].astype("int64") * 2**32 + pairs["later"].astype("int64")


def _with_start(returns: pd.DataFrame, contacts: pd.DataFrame) -> pd.DataFrame:
    starts = contacts["start_us"].to_numpy(dtype=np.int64)
    returns = returns.assign(
        start_us=starts[returns["later"].to_numpy(dtype=np.int64)],
        accepted=returns["accepted"].astype(bool),
        probability=returns["probability"].astype(float),
    )
    return returns.sort_values(["earlier", "later"]).reset_index(drop=True)[list(RETURN_COLUMNS)]

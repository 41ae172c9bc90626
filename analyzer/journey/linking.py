"""Which contacts are one matter: the probability of each pair, and episodes from the best links.

A pair is two contacts of one customer, the later within ``horizon_days`` of the earlier's end. A logistic model gives
the probability that both are about the same matter from

    overlap           cosine of the customer's words, weighted by how rare they are (idf²) and damped where few words
                      were said, 0–1
    agent_overlap     the same of the agent's words: agents name a matter by its own name
    opening_overlap   the same of the customer's opening words and all that was said in the earlier contact
    reason            1 same contact reason, ½ where one is unknown (no evidence either way), 0 otherwise
    near_reason       1 for neighbouring reasons, which people and detectors mix up
    product_differs   1 where both name a product line and they differ
    claim             the later says "I called before" or opens by rejecting what was done
    chase             the earlier promised something, and the later opens with an unmet expectation or tells what others
                      did (fulfilment.py): an answer to a promise, kept or not
    closed            the later opens with words that close the old matter or announce another one (openings.py)
    log_days, weeks   ln(1 + days between), and weeks up to ``MOST_WEEKS``: returns wait as a gamma variable does
    earlier_open      ln of the chance that the earlier left a need, of which ``STILL_NEEDED`` stays where it was solved
    open_soon         the same, fading over a week: who was helped comes back later than who was not
    same_channel      1 on the same channel
    untold            1 where nothing is known of the customer's words in one of them, so that no overlap says nothing

Words are compared by their first letters (stems.py). Rarity counts contacts of the training dialogues and of this store
together, so that a small store borrows and a large one speaks.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import pandas as pd
from scipy import sparse

from analyzer.errors import ModelError
from analyzer.journey.chains import DAY_US
from analyzer.journey.signals import opening_turns
from analyzer.journey.stems import stems

FEATURES: Final = (
    "overlap", "agent_overlap", "opening_overlap", "reason", "near_reason", "product_differs", "claim", "chase",
    "closed", "log_days", "weeks", "earlier_open", "open_soon", "same_channel", "untold",
)  # fmt: skip
FEW_WORDS: Final = 200.0  # in idf²: ten rare words; "sure, thanks" twice is no likeness
STILL_NEEDED: Final = 0.02
MOST_WEEKS: Final = 3.0  # what is taken up after that long is taken up at any time
UNKNOWN_REASON: Final = 0.5  # a reason that could not be told must not pass for a different one
MAX_EARLIER: Final = 50  # a key shared by thousands (a kiosk, a test account) must not cost their square

NEIGHBOURS: Final = (
    frozenset({"billing_charge", "billing_question", "payment", "refund"}),
    frozenset(
        {"delivery_late", "delivery_missing", "delivery_wrong", "return_exchange", "order_change", "order_status"}
    ),
    frozenset({"return_exchange", "refund"}),
    frozenset({"product_fault", "outage", "setup", "appointment"}),
    frozenset({"account_access", "account_change", "fraud"}),
    frozenset({"contract_cancel", "contract_change"}),
    frozenset({"travel_booking", "travel_disruption", "refund"}),
    frozenset({"claim", "coverage", "application"}),
    frozenset({"appointment", "application"}),
)


class _Saved(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file as written by ``analyzer learn linking``."""

    weights: dict[str, float]
    intercept: float
    documents: int
    document_frequency: dict[str, int]
    card: dict[str, str | int | float]


@dataclass(frozen=True, slots=True)
class LinkModel:
    """Coefficients per unit of each feature, and how many training contacts hold each stem; ``card``: how learned."""

    weights: Mapping[str, float]
    intercept: float
    documents: int
    document_frequency: Mapping[str, int]
    card: Mapping[str, str | int | float]

    @classmethod
    def load(cls, path: Path) -> LinkModel:
        """The model in a JSON file; raises ModelError where it is missing, damaged or of other features."""
        try:
            saved = msgspec.json.decode(path.read_bytes(), type=_Saved)
        except OSError as error:
            raise ModelError(f"Cannot read {path.name}: {error.strerror}.", hint="Reinstall the models.") from error
        except msgspec.DecodeError as error:
            raise ModelError(f"{path.name} is damaged: {error}.", hint="Reinstall the models.") from error
        if tuple(sorted(saved.weights)) != tuple(sorted(FEATURES)):
            raise ModelError(f"{path.name} was learned on other features.", hint="Run `analyzer learn linking`.")
        return cls(saved.weights, saved.intercept, saved.documents, saved.document_frequency, saved.card)

    def save(self, path: Path) -> None:
        """Writes the file that ``load`` reads; the same model gives the same bytes."""
        content = {
            "card": dict(self.card),
            "intercept": self.intercept,
            "weights": dict(self.weights),
            "documents": self.documents,
            "document_frequency": dict(sorted(self.document_frequency.items())),
        }
        path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    def probability(self, features: pd.DataFrame) -> np.ndarray:
        """Probability of one matter for each row of ``features`` (FEATURES as columns)."""
        logit = np.full(len(features), self.intercept)
        for name in FEATURES:
            logit = logit + self.weights[name] * features[name].to_numpy(dtype=float)
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logit, -30, 30))))


def reason_likeness(earlier: str | None, later: str | None) -> float:
    """1 same, ½ where one is unknown, 0 otherwise."""
    if earlier is None or later is None:
        return UNKNOWN_REASON
    return float(earlier == later)


def are_neighbours(earlier: str | None, later: str | None) -> bool:
    """Whether two different reasons are easily taken for each other."""
    return earlier != later and any(earlier in group and later in group for group in NEIGHBOURS)


def candidate_pairs(contacts: pd.DataFrame, horizon_days: int) -> pd.DataFrame:
    """Positions ``earlier`` and ``later`` in ``contacts`` of each pair worth asking about, later in time order."""
    starts, ends = contacts["start_us"].to_numpy(), contacts["end_us"].to_numpy()
    before: dict[str, list[int]] = {}
    pairs: list[tuple[int, int]] = []
    for later, customer in enumerate(contacts["customer_key"]):
        if customer is None:
            continue
        mine = before.setdefault(customer, [])
        reach = starts[later] - horizon_days * DAY_US
        pairs.extend((earlier, later) for earlier in mine[-MAX_EARLIER:] if ends[earlier] >= reach)
        mine.append(later)
    return pd.DataFrame(pairs, columns=["earlier", "later"], dtype=np.int64)


def pair_features(
    pairs: pd.DataFrame, contacts: pd.DataFrame, signals: pd.DataFrame, turns: pd.DataFrame, model: LinkModel
) -> pd.DataFrame:
    """FEATURES of each pair, in the order of ``pairs``."""
    earlier, later = pairs["earlier"].to_numpy(), pairs["later"].to_numpy()
    signal = {name: signals[name].to_numpy(dtype=float) for name in signals}
    reason, line = contacts["reason"].to_numpy(), contacts["product_line"].to_numpy()
    channel = contacts["channel"].to_numpy()
    gap = contacts["start_us"].to_numpy()[later] - contacts["end_us"].to_numpy()[earlier]
    weeks = np.maximum(gap, 0) / (7 * DAY_US)
    couples = list(zip(earlier.tolist(), later.tolist(), strict=True))
    resolved = contacts["resolved_probability"].fillna(0.5).to_numpy(dtype=float)
    still_open = np.log(1.0 - (1.0 - STILL_NEEDED) * resolved[earlier])
    told = _told(couples, contacts, turns, model)
    answered = np.maximum(signal["unmet_opening"], signal["deed"])
    return pd.DataFrame(
        {
            "overlap": told["overlap"],
            "agent_overlap": told["agent_overlap"],
            "opening_overlap": told["opening_overlap"],
            "reason": [reason_likeness(reason[i], reason[j]) for i, j in couples],
            "near_reason": [float(are_neighbours(reason[i], reason[j])) for i, j in couples],
            "product_differs": [float(None not in (line[i], line[j]) and line[i] != line[j]) for i, j in couples],
            "claim": np.maximum(signal["claim"], signal["denial_opening"])[later],
            "chase": signal["promised"][earlier] * answered[later],
            "closed": signal["closed"][later],
            "log_days": np.log1p(7 * weeks),
            "weeks": np.minimum(weeks, MOST_WEEKS),
            "earlier_open": still_open,
            "open_soon": still_open * np.exp(-weeks),
            "same_channel": [float(channel[i] == channel[j]) for i, j in couples],
            "untold": told["untold"],
        },
        dtype=float,
    )


def _told(
    couples: list[tuple[int, int]], contacts: pd.DataFrame, turns: pd.DataFrame, model: LinkModel
) -> dict[str, np.ndarray]:
    """Of each couple what its words tell: three overlaps, and whether nothing is known of the customer's words."""
    if not couples:
        return dict.fromkeys(("overlap", "agent_overlap", "opening_overlap", "untold"), np.zeros(0))
    involved = sorted({position for couple in couples for position in couple})
    row_of = {position: row for row, position in enumerate(involved)}
    rows = [(row_of[i], row_of[j]) for i, j in couples]
    those = contacts.iloc[involved]
    customer, agent = (spoken_words(those, turns, who) for who in ("customer", "agent"))
    said = [one | other for one, other in zip(customer, agent, strict=True)]
    opening = turns.merge(opening_turns(turns, those), on=["interaction_id", "turn"])
    return {
        "overlap": _likeness(rows, customer, customer, model),
        "agent_overlap": _likeness(rows, agent, agent, model),
        "opening_overlap": _likeness(rows, said, spoken_words(those, opening, "customer"), model),
        "untold": np.array([not customer[i] or not customer[j] for i, j in rows], dtype=float),
    }


def _likeness(
    couples: list[tuple[int, int]], earlier: list[set[str]], later: list[set[str]], model: LinkModel
) -> np.ndarray:
    """Cosine by idf² of the first contact's stems, of ``earlier``, with the second's, of ``later``."""
    texts = earlier if later is earlier else [*earlier, *later]
    here = Counter(stem for stems_ in earlier for stem in stems_)
    vocabulary = {stem: column for column, stem in enumerate(sorted(set().union(*texts)))}
    documents = model.documents + len(earlier)
    weights = np.array(
        [np.log((documents + 1) / (here[stem] + model.document_frequency.get(stem, 0) + 1)) for stem in vocabulary]
    )
    matrix = _rows(texts, vocabulary, weights)
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    first, second = (np.array(part, dtype=np.int64) for part in zip(*couples, strict=True))
    second = second + len(texts) - len(later)
    shared = np.asarray(matrix[first].multiply(matrix[second]).sum(axis=1)).ravel()
    return np.asarray(shared / (lengths[first] * lengths[second] + FEW_WORDS))


def _rows(words: list[set[str]], vocabulary: Mapping[str, int], weights: np.ndarray) -> sparse.csr_array:
    """Rows of idf weights, contacts × stems."""
    columns = [sorted(vocabulary[stem] for stem in stems_) for stems_ in words]
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in columns])])
    indices = np.array([column for row in columns for column in row], dtype=np.int64)
    return sparse.csr_array((weights[indices], indices, indptr), shape=(len(words), len(weights)))


def spoken_words(contacts: pd.DataFrame, turns: pd.DataFrame, speaker: str) -> list[set[str]]:
    """Stems that customer or agent used in each contact, over all its legs."""
    contact_of = {leg: row for row, legs in enumerate(contacts["legs"]) for leg in legs}
    words: list[set[str]] = [set() for _ in range(len(contacts))]
    spoken = turns[(turns["speaker"] == speaker) & turns["interaction_id"].isin(list(contact_of))]
    for leg, text in zip(spoken["interaction_id"], spoken["text"], strict=True):
        words[contact_of[leg]] |= stems(text)
    return words

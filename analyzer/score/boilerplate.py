"""Empathy by template: the same sentence said to nearly everybody does not meet a person.

Sentences of an agent that carry an ``emp.*`` cue are brought to a common form (case, digits, masks, punctuation) and
grouped greedily, most frequent first: a sentence joins the first group whose leader shares at least ``SIMILARITY`` of
its words and word pairs (Dice). A group heard in more than the configured share of the agent's contacts is boilerplate.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

import pandas as pd

from analyzer.config import UnderstandSettings

SIMILARITY: Final = 0.8
_MASK = re.compile(r"\[[A-Z_]+_?\d*\]")
_DIGITS = re.compile(r"\d+")
_NO_WORD = re.compile(r"[\W_]+")
_SENTENCE_END = re.compile(r"[.!?…\n]+")

Place = tuple[str, int]  # interaction_id, turn


def boilerplate_turns(turns: pd.DataFrame, cues: pd.DataFrame, settings: UnderstandSettings) -> set[Place]:
    """(interaction_id, turn) of agent turns whose every found ``emp.*`` cue lies in a boilerplate sentence.

    One sentence of an agent's own saves the turn. Agents with fewer than ``boilerplate_min_contacts`` contacts have no
    boilerplate, nor have turns whose agent is unknown.
    """
    spoken = turns.loc[(turns["speaker"] == "agent") & turns["agent_id"].notna()]
    contacts_of = spoken.groupby("agent_id")["interaction_id"].nunique()
    often = contacts_of[contacts_of >= settings.boilerplate_min_contacts]
    said = _empathy_sentences(spoken.loc[spoken["agent_id"].isin(often.index)], cues)
    template: set[Place] = set()
    own: set[Place] = set()
    for agent_id, sentences in said.items():
        limit = settings.boilerplate_share * int(often.loc[agent_id])
        for group in _groups(sentences):
            places = {place for sentence in group for place in sentences[sentence]}
            frequent = len({interaction_id for interaction_id, _ in places}) > limit
            (template if frequent else own).update(places)
    return template - own


def _empathy_sentences(spoken: pd.DataFrame, cues: pd.DataFrame) -> dict[str, dict[str, set[Place]]]:
    """Agent → normalised sentence → where it was said."""
    empathy = cues.loc[cues["found"].eq(True) & cues["label"].str.startswith("emp."), _CUE_COLUMNS]
    joined = empathy.merge(spoken[["interaction_id", "turn", "agent_id", "text"]], on=["interaction_id", "turn"])
    said: dict[str, dict[str, set[Place]]] = defaultdict(lambda: defaultdict(set))
    for row in joined.itertuples(index=False):
        interaction_id, turn, start, end, agent_id, text = row
        sentence = normalised(sentence_around(str(text), int(start), int(end)))
        said[str(agent_id)][sentence].add((str(interaction_id), int(turn)))
    return said


_CUE_COLUMNS: Final = ["interaction_id", "turn", "start_char", "end_char"]


def sentence_around(text: str, start: int, end: int) -> str:
    """The sentences of ``text`` that the span [start, end) touches."""
    first = 0
    for stop in _SENTENCE_END.finditer(text, 0, max(start, 0)):
        first = stop.end()
    last = _SENTENCE_END.search(text, max(end - 1, 0))
    return text[first : last.end() if last else len(text)]


def normalised(sentence: str) -> str:
    """Case, digits, masked names and punctuation removed.

    >>> normalised("Das tut mir SEHR leid, [NAME_2] – 14 Tage!")
    'das tut mir sehr leid name 0 tage'
    """
    masked = _MASK.sub(" name ", sentence)
    return _NO_WORD.sub(" ", _DIGITS.sub("0", masked).casefold()).strip()


def _groups(sentences: dict[str, set[Place]]) -> Iterable[list[str]]:
    """Near-identical sentences together; deterministic: by frequency, then by text."""
    leaders: list[Counter[str]] = []
    by_shingle: dict[str, list[int]] = defaultdict(list)
    groups: list[list[str]] = []
    for sentence in sorted(sentences, key=lambda s: (-len(sentences[s]), s)):
        shingles = _shingles(sentence)
        shared: Counter[int] = Counter()
        for shingle, count in shingles.items():
            for leader in by_shingle[shingle]:
                shared[leader] += min(count, leaders[leader][shingle])
        nearest = _nearest(shared, shingles, leaders)
        if nearest is None:
            for shingle in shingles:
                by_shingle[shingle].append(len(leaders))
            leaders.append(shingles)
            groups.append([sentence])
        else:
            groups[nearest].append(sentence)
    return groups


def _nearest(shared: Counter[int], shingles: Counter[str], leaders: list[Counter[str]]) -> int | None:
    best, best_dice = None, SIMILARITY
    for leader in sorted(shared):
        dice = 2 * shared[leader] / (shingles.total() + leaders[leader].total())
        if dice >= best_dice and (best is None or dice > best_dice):
            best, best_dice = leader, dice
    return best


def _shingles(sentence: str) -> Counter[str]:
    words = sentence.split()
    return Counter(words) + Counter(f"{a} {b}" for a, b in pairwise(words))

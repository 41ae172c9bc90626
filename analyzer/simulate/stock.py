"""Invented dialogues by what they are about and what their turns say: the stock from which talk is composed."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from analyzer.errors import ModelError

FILES: Final = ("invented.jsonl.gz", "invented_2.jsonl.gz")
ANY: Final = "any"
OUTCOMES: Final = frozenset({"svc.solution", "svc.commit", "svc.decline", "svc.transfer", "svc.goodwill"})
_PLAIN: Final = frozenset({"svc.check", "svc.hold"})
_WHOLE_TURNS: Final = 6  # a dialogue with fewer is a fragment
_LONG_CHARS: Final = 400
_OPENING_CHARS: Final = 24
# A turn stands for a label if it bears labels of no other kind.
_KINDS: Final = ("res.", "effort.", "expect.", "loyal.", "emp.", "anti.", "svc.", "trust.", "comp.")
_PILES: Final = {"emp.": "empathy", "anti.": "hurt"}


@dataclass(frozen=True, slots=True)
class Frame:
    """A dialogue without what is felt in it: speaker, text, and whether the turn belongs to how it ended.

    ``opening`` is the customer's turn that says why they come, left out of ``greeting`` and ``turns`` around it.
    """

    resolution: str
    greeting: tuple[str, ...]
    opening: str
    industry: str
    turns: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True, slots=True)
class Stock:
    """By language, manner (spoken or written) and key.

    Frames: ``REASON RESOLUTION``, either may be ``any``. Turns: a codebook label, ``mood:−2`` … ``mood:2`` (of a
    customer, no label), ``closing:−2`` … (a customer's last words), ``empathy``, ``hurt``, ``plain``; each also with
    ``:REASON`` or ``:@INDUSTRY`` behind it.
    """

    frames: Mapping[tuple[str, bool, str], Sequence[Frame]]
    turns: Mapping[tuple[str, bool, str], Sequence[str]]

    def frames_of(self, language: str, spoken: bool, reason: str, resolution: str) -> Sequence[Frame]:
        """Frames nearest to what is asked: the reason goes before the resolution, and both before the manner."""
        for key in (f"{reason} {resolution}", f"{reason} {ANY}", f"{ANY} {resolution}"):
            for manner in (spoken, not spoken):
                if found := self.frames.get((language, manner, key)):
                    return found
        return self.frames[language, spoken, f"{ANY} {ANY}"]

    def turns_of(self, language: str, spoken: bool, *names: str) -> Sequence[str]:
        """The turns of the first of ``names`` that has any, in this manner if there are some."""
        for name in names:
            for manner in (spoken, not spoken):
                if found := self.turns.get((language, manner, name)):
                    return found
        raise ModelError(f"No invented turn says {names[-1]}.", hint="Install the package again.")


@lru_cache(maxsize=2)
def stock_of(folder: Path) -> Stock:
    """The stock in ``folder``. Raises ModelError where a file is missing or damaged."""
    frames: dict[tuple[str, bool, str], list[Frame]] = defaultdict(list)
    turns: dict[tuple[str, bool, str], dict[str, None]] = defaultdict(dict)
    for dialogue in (told for name in FILES for told in _dialogues(folder / name)):
        here, reason = (dialogue["language"], dialogue["channel"] == "voice"), dialogue["reason"] or ANY
        industry = f"@{dialogue['industry']}"
        if frame := _frame(dialogue):
            for key in dict.fromkeys((reason, ANY)):
                frames[*here, f"{key} {frame.resolution}"].append(frame)
                frames[*here, f"{key} {ANY}"].append(frame)
        for key, text in _said(dialogue):
            turns[*here, key][text] = None
            turns[*here, f"{key}:{reason}"][text] = None
            turns[*here, f"{key}:{industry}"][text] = None
    return Stock(dict(frames), {key: tuple(texts) for key, texts in turns.items()})


def _dialogues(path: Path) -> list[dict[str, Any]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]
    except (OSError, EOFError, ValueError) as error:
        raise ModelError(
            f"Cannot read the invented dialogues {path.name}.",
            hint="Install the package again, or use --findings-only.",
        ) from error


def _frame(dialogue: dict[str, Any]) -> Frame | None:
    """The dialogue's frame; None for a fragment or one whose end nobody knows."""
    turns = _people(dialogue)
    if dialogue["resolution"] in (None, "unclear") or len(turns) < _WHOLE_TURNS:
        return None
    opening = next((place for place, turn in enumerate(turns) if _opens(turn)), None)
    if opening is None:
        return None
    greeting = tuple(turn["text"] for turn in turns[:opening] if turn["speaker"] == "agent" and not turn["labels"])
    rest = [(t["speaker"], t["text"], bool(OUTCOMES & set(t["labels"]))) for t in turns[opening + 1 :] if _is_plain(t)]
    return Frame(dialogue["resolution"], greeting[:1], turns[opening]["text"], dialogue["industry"], tuple(rest))


def _opens(turn: dict[str, Any]) -> bool:
    told = [label for label in turn["labels"] if label.startswith(("effort.repeat", "res.", "loyal."))]
    return turn["speaker"] == "customer" and len(turn["text"]) >= _OPENING_CHARS and not told


def _is_plain(turn: dict[str, Any]) -> bool:
    """Whether the turn only carries the matter on."""
    if turn["speaker"] == "agent":
        return set(turn["labels"]) <= OUTCOMES | _PLAIN
    return not turn["labels"] and turn.get("sent") == 0


def _people(dialogue: dict[str, Any]) -> list[dict[str, Any]]:
    return [t for t in dialogue["turns"] if t["speaker"] in ("customer", "agent") and len(t["text"]) <= _LONG_CHARS]


def _said(dialogue: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Keys and texts of the turns that stand for one thing."""
    turns = _people(dialogue)
    whole = len(turns) >= _WHOLE_TURNS
    last = max((place for place, turn in enumerate(turns) if turn["speaker"] == "customer"), default=-1)
    for place, turn in enumerate(turns):
        labels, text = turn["labels"], turn["text"]
        kinds = [kind for kind in _KINDS if any(label.startswith(kind) for label in labels)]
        if len(kinds) == 1:
            yield from ((label, text) for label in labels if not label.startswith("topic."))
            if pile := _PILES.get(kinds[0]):
                yield pile, text
        if labels:
            continue
        if turn["speaker"] == "agent" and whole:
            yield "plain", text
        elif turn.get("sent") is not None:
            yield (f"closing:{turn['sent']}" if whole and place == last else f"mood:{turn['sent']}"), text

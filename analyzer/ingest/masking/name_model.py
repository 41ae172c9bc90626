"""How likely a capitalised word on no list is part of a person's name: a linear model over the word and its neighbours.

A word is told by its letters (runs of three and four, endings), its shape and the name lists; its place by the words
beside it and beside the run of capitals it stands in. Features are hashed into one table of small integers, learned by
``analyzer learn masking`` from invented sentences and real talk without names. What a word tells alone is kept: most
capitals of plain talk are passed over by one look-up.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Final

from safetensors import safe_open

from analyzer.errors import ModelError
from analyzer.ingest.masking.special import PEOPLE
from analyzer.ingest.masking.word_lists import (
    COUNTRIES,
    GIVEN,
    GIVEN_OR_WORD,
    SURNAME_OR_WORD,
    SURNAMES,
    TOWN_NAMES,
    is_other,
)
from analyzer.weights import models_folder

FILE: Final = "masking/names.safetensors"
SIZE: Final = 1 << 18
TOKEN: Final = re.compile(r"[^\W\d_]{1,40}(?:['’-][^\W\d_]{1,40}){0,4}|\d+|\n+|[^\w\s]")
CAPITALISED: Final = re.compile(r"(?<![^\W_])[A-ZÀ-ÖØ-ÞĀ-ɏ][^\W\d_]{1,40}(?:['’-][^\W\d_]{1,40}){0,4}")

_REACH: Final = 8  # tokens on each side: a run of capitals of up to six and two words beyond
OWNED: Final = re.compile(r"['’]s$")  # "Patel's"


@dataclass(frozen=True, slots=True)
class NameModel:
    """Weights by hashed feature in units of ``scale``, and what a word must tell alone to be looked at in place."""

    weights: Sequence[int]
    bias: float
    scale: float
    alone: float
    threshold: float

    def sum(self, features: Sequence[str]) -> float:
        weights, digest = self.weights, zlib.crc32
        return self.scale * sum([weights[digest(feature.encode()) % SIZE] for feature in features])


def place(feature: str) -> int:
    return zlib.crc32(feature.encode()) % SIZE


def word_features(word: str, kind: str, learnt: bool = True) -> list[str]:
    """Features of the word alone, ``kind`` the list it stands on. ``learnt=False`` leaves out the word as a whole."""
    low = word.casefold()
    framed = f"^{low[:24]}$"
    features = ["3" + framed[at : at + 3] for at in range(len(framed) - 2)]
    features += ["4" + framed[at : at + 4] for at in range(len(framed) - 3)]
    features += ["e2" + framed[-3:], "e5" + framed[-6:], "b5" + framed[:5], f"n{min(len(low), 14)}", "s" + _shape(word)]
    return [*features, "l" + kind, "w" + low] if learnt else [*features, "l" + kind]


def place_features(tokens: Sequence[str], at: int, kind: Callable[[str], str]) -> list[str]:
    """Features of the place ``at``: neighbours, what stands about the run of capitals, and their kinds by ``kind``."""
    first, last = at, at
    while first > max(0, at - 5) and tokens[first - 1][0].isupper():
        first -= 1
    while last + 1 < min(len(tokens), at + 6) and tokens[last + 1][0].isupper():
        last += 1
    before, beyond = _beside(tokens, at - 1), _beside(tokens, at + 1)
    left, right = _beside(tokens, first - 1), _beside(tokens, last + 1)
    left2, right2 = _beside(tokens, first - 2), _beside(tokens, last + 2)
    before_kind = kind(tokens[at - 1]) if at else "^"
    beyond_kind = kind(tokens[at + 1]) if at + 1 < len(tokens) else "^"
    own = kind(tokens[at])
    length = min(last - first + 1, 5)
    return [
        "p" + before, "q" + beyond, "pk" + before_kind, "qk" + beyond_kind, f"k{before_kind}|{own}|{beyond_kind}",
        "L" + left, "R" + right, f"L2{left2}|{left}", f"R2{right}|{right2}", f"LR{left}|{right}",
        f"r{length}|{at - first}", f"rL{length}|{left}", f"rR{length}|{right}", f"o{own}|{left}", f"oR{own}|{right}",
    ]  # fmt: skip


def kind_of(word: str) -> str:
    """The list on which ``word`` stands: given name, surname (small: or a word), other, place; "-" for none."""
    if word in GIVEN:
        return "G"
    if word in SURNAMES:
        return "S"
    if is_other(word):
        return "O"
    if word in TOWN_NAMES or word in COUNTRIES:
        return "P"
    return "g" if word in GIVEN_OR_WORD else "s" if word in SURNAME_OR_WORD else "-"


def _shape(word: str) -> str:
    if word.isupper():
        return "U"
    inner = any(char.isupper() for char in word[1:])
    return "t" + ("-" if "-" in word else "'" if "'" in word or "’" in word else "c" if inner else "")


def _beside(tokens: Sequence[str], at: int) -> str:
    if not 0 <= at < len(tokens):
        return "^" if at < 0 else "$"
    token = tokens[at]
    return "0" if token[0].isdecimal() else "\n" if token[0] == "\n" else token.casefold()


@lru_cache(maxsize=1 << 14)
def kind_in_place(token: str) -> str:
    """The list of a capitalised word; initials, small words, digits and signs by what they are."""
    if token[0].isupper():
        return "i" if len(token) == 1 else kind_of(token)
    return "a" if token[0].isalpha() else "0" if token[0].isdecimal() else token[0]


@lru_cache(maxsize=1024)
def likely(text: str) -> tuple[tuple[int, int], ...]:
    """Capitalised words of ``text`` that the model takes for parts of names, in order."""
    found = []
    for match in CAPITALISED.finditer(text):
        if stands_out(match[0]):
            before = _tokens_before(text, match.start())
            tokens = before + _tokens_from(text, match.start(), match.end() + 200)
            word = tokens[len(before)]
            if alone(word) + _model().sum(place_features(tokens, len(before), kind_in_place)) > _model().threshold:
                found.append((match.start(), match.start() + len(word)))
    return tuple(found)


def _tokens_before(text: str, end: int) -> list[str]:
    """The last tokens before ``end``, as many as ``place_features`` looks at; no token reaches over a space."""
    space = text.find(" ", max(0, end - 80), end)
    tokens: list[str] = TOKEN.findall(text, space, end) if space >= 0 else []
    if len(tokens) < _REACH:
        tokens = TOKEN.findall(text, max(0, end - 200), end)
    return _bare(tokens[-_REACH:])


def _tokens_from(text: str, start: int, end: int) -> list[str]:
    """The first tokens from ``start``, as many as ``place_features`` looks at."""
    return _bare([match[0] for match in islice(TOKEN.finditer(text, start, end), _REACH + 1)])


def _bare(tokens: list[str]) -> list[str]:
    """``tokens`` with "Patel's" as "Patel"."""
    return [OWNED.sub("", token) if token[-1] == "s" and len(token) > 2 else token for token in tokens]


@lru_cache(maxsize=1 << 16)
def stands_out(word: str) -> bool:
    """Whether ``word`` could be a name in some place."""
    word = OWNED.sub("", word)
    return (
        word[0].isupper()
        and kind_of(word) not in "OP"
        and not PEOPLE.fullmatch(word)
        and not _abbreviated(word)
        and alone(word) > _model().alone
    )


def _abbreviated(word: str) -> bool:
    """ "DSL", "US-Star": shouted names are left to the lists."""
    return any(part.isupper() for part in word.split("-"))


@lru_cache(maxsize=1 << 16)
def alone(word: str) -> float:
    """Log odds that ``word`` is part of a name, before its place is looked at."""
    model = _model()
    return model.bias + model.sum(word_features(word, kind_of(word)))


@lru_cache(maxsize=1)
def _model() -> NameModel:
    return load(models_folder())


def load(folder: Path) -> NameModel:
    path = folder / FILE
    if not path.is_file():
        raise ModelError(f"{path} is missing.", hint="Install the package again, or run `analyzer learn masking`.")
    with safe_open(path, framework="np") as file:
        told = json.loads(file.metadata()["told"])
        weights = file.get_tensor("weights").tolist()
    return NameModel(weights, *(float(told[key]) for key in ("bias", "scale", "alone", "threshold")))

"""Learn which capitalised words are parts of names: weights for ``ingest/masking/name_model``.

Invented sentences (``name_sentences.txt``) are filled with names of the committed lists, towns, companies, jobs and
brands; talk without names (``train/`` of the data folder) tells how everything else looks. Half of the
names are taken off the lists, sentence by sentence, so that letters and place must tell: that is the case at run time.
Words of real talk that stand on a list of names are passed over: nobody labelled them.
Everything is drawn with one seed; the same data give the same weights.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from safetensors.numpy import save_file
from scipy.sparse import csr_matrix
from sklearn.linear_model import SGDClassifier

from analyzer.ingest.masking.name_model import (
    CAPITALISED,
    FILE,
    OWNED,
    SIZE,
    TOKEN,
    kind_in_place,
    place,
    place_features,
    word_features,
)
from analyzer.ingest.masking.word_lists import ANY_GIVEN, COUNTRIES, SURNAME_OR_WORD, SURNAMES
from analyzer.learn.name_sentences import filled, fillings_of

SEED: Final = 17
FILLED: Final = 60_000  # sentences with names
LINES: Final = {"parallel": 200_000, "customer": 15_000, "comments": 20_000, "dialogues": 40_000}


class Example(NamedTuple):
    """A capitalised word: hashed features of word and place, and whether it is part of a name."""

    word: list[int]
    place: list[int]
    name: bool


def learn_masking(data: Path, models: Path) -> str:
    """What was learnt, in a line; writes the weights under ``models``."""
    chance = random.Random(SEED)
    examples = [*_invented(chance), *_real(data, chance)]
    chance.shuffle(examples)
    matrix, names = _matrix(examples), np.array([example.name for example in examples])
    model = SGDClassifier(loss="log_loss", alpha=2e-6, max_iter=8, tol=None, average=True, random_state=SEED)
    model.fit(matrix, names)
    scale = float(np.quantile(np.abs(model.coef_[model.coef_ != 0]), 0.9995)) / 127
    weights = np.clip(np.rint(model.coef_[0] / scale), -127, 127).astype(np.int8)
    bias = float(model.intercept_[0])
    alone = bias + scale * np.array([weights[example.word].sum(dtype=np.int64) for example in examples])
    sums = alone + scale * np.array([weights[example.place].sum(dtype=np.int64) for example in examples])
    found = names & (sums > THRESHOLD)
    quick = float(np.quantile(alone[found], QUICK))
    told = {"bias": bias, "scale": scale, "alone": quick, "threshold": THRESHOLD}
    (models / FILE).parent.mkdir(parents=True, exist_ok=True)
    save_file({"weights": weights}, models / FILE, metadata={"told": json.dumps(told)})  # one entry: their order varies
    taken = sums > THRESHOLD
    return (
        f"{len(examples):,} capitalised words, {names.sum():,} of them names: recall {found.sum() / names.sum():.3f}, "
        f"precision {found.sum() / taken.sum():.3f} on what was learnt from; "
        f"{(alone > quick)[~names].mean():.1%} of the others are looked at in their place."
    )


QUICK: Final = 0.07  # names given up so that few words of plain talk are looked at in their place
THRESHOLD: Final = 2.0  # log odds: a mask too many costs the reader a word, a name too many costs a person


def _invented(chance: random.Random) -> Iterator[Example]:
    fillings = fillings_of(ANY_GIVEN, SURNAMES | SURNAME_OR_WORD, COUNTRIES)
    for text, spans in filled(fillings, FILLED, chance):
        yield from _examples(text, spans, chance, every=True)


def _real(data: Path, chance: random.Random) -> Iterator[Example]:
    for kind, lines in _texts(data / "train").items():
        for line in _drawn(lines, LINES[kind], chance):
            yield from _examples(line, [], chance, every=False)


def _examples(text: str, spans: Sequence[tuple[int, int]], chance: random.Random, every: bool) -> Iterator[Example]:
    matches = list(TOKEN.finditer(text))
    tokens = [OWNED.sub("", match[0]) for match in matches]
    kinds = {token: kind_in_place(token) for token in tokens}
    if every:
        kinds = {word: "-" if kind in "GSgs" and chance.random() < 0.8 else kind for word, kind in kinds.items()}
    capital = {match.start() for match in CAPITALISED.finditer(text)}
    for at, (match, word) in enumerate(zip(matches, tokens, strict=True)):
        if match.start() not in capital or word.isupper() or (not every and kinds[word] in "GS"):
            continue
        name = any(start <= match.start() < end for start, end in spans)
        learnt = not name and chance.random() < 0.5
        yield Example(
            [place(feature) for feature in word_features(word, kinds[word], learnt)],
            [place(feature) for feature in place_features(tokens, at, kinds.__getitem__)],
            name,
        )


def _matrix(examples: Sequence[Example]) -> Any:
    rows = [example.word + example.place for example in examples]
    pointers = np.cumsum([0, *map(len, rows)])
    columns = np.fromiter((column for row in rows for column in row), dtype=np.int32, count=pointers[-1])
    matrix = csr_matrix((np.ones(len(columns), np.float32), columns, pointers), shape=(len(rows), SIZE))
    matrix.sum_duplicates()
    return matrix


def _drawn(lines: Iterator[str], count: int, chance: random.Random) -> list[str]:
    """``count`` of the lines, drawn in one pass (reservoir)."""
    kept = list(islice(lines, count))
    for seen, line in enumerate(lines, len(kept) + 1):
        if (slot := chance.randrange(seen)) < count:
            kept[slot] = line
    return kept


def _texts(train: Path) -> dict[str, Iterator[str]]:
    return {
        "parallel": _parallel(train / "parallel_en_de.tsv.gz"),
        "customer": _customers(train / "multidogo_customer.jsonl.gz"),
        "comments": (row["text"] for row in _rows(train / "goemotions.jsonl.gz") if "[NAME]" not in row["text"]),
        "dialogues": _dialogues(train),
    }


def _parallel(path: Path) -> Iterator[str]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield from line.rstrip("\n").split("\t")[:2]


def _customers(path: Path) -> Iterator[str]:
    return (row["text"] for row in _rows(path) if not re.search("name", row["slots"] or "", re.IGNORECASE))


def _dialogues(train: Path) -> Iterator[str]:
    """Turns of every second invented dialogue (on the others false masks are counted) and of role play."""
    for file in ("authored.jsonl.gz", "authored_journeys.jsonl.gz"):
        for row in islice(_rows(train / file), 0, None, 2):
            yield from (turn["text"] for turn in row["turns"])
    for row in _rows(train / "star.jsonl.gz"):
        yield from (turn["text"] for turn in row["turns"])


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)

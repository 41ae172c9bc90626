"""Sentence vectors of distinct sentences, each encoded once and kept.

Sentences are packed by length into blocks of ``token_budget`` tokens that are always computed whole, so a sentence's
numbers are the same in any company (see ``forward``). Kept are vectors and word shares, never text: keys are hashes.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from analyzer.understand.encoded import Encoded, Key, sentence_key
from analyzer.understand.forward import PackedEncoder, Run
from analyzer.understand.kept_sentences import OFTEN, KeptSentences, Use

LONGEST_TOKENS = 96
_PLACES: Final = np.arange(LONGEST_TOKENS)


class SentenceCache:
    """The most recent ``size`` distinct sentences, and how often each was met."""

    def __init__(self, size: int = 60_000) -> None:
        self._size = size
        self._kept: OrderedDict[Key, tuple[Encoded, int]] = OrderedDict()

    def get(self, key: Key, uses: int = 1) -> Encoded | None:
        found = self._kept.get(key)
        if found is None:
            return None
        encoded, before = found
        self._kept[key] = encoded, before + uses
        self._kept.move_to_end(key)
        return encoded

    def put(self, key: Key, encoded: Encoded, uses: int = 1) -> None:
        self._kept[key] = encoded, uses
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)

    def met(self, least: int) -> list[Use]:
        """Those met at least so often, with their number."""
        return [Use(key, encoded, uses) for key, (encoded, uses) in self._kept.items() if uses >= least]

    def __len__(self) -> int:
        return len(self._kept)


class Encoder:
    """Encodes (speaker code, sentence) pairs; ``label_weight`` (L, H) splits label logits over the words."""

    def __init__(self, packed: PackedEncoder, tokenizer: Tokenizer, label_weight: torch.Tensor) -> None:
        self._packed = packed
        self._tokenizer = tokenizer
        self._label_weight = label_weight.float()
        self._cache = SentenceCache()
        self._earlier: KeptSentences | None = None

    def keep_in(self, folder: Path) -> None:
        """Takes up what earlier runs kept in ``folder``; ``keep`` adds to it."""
        labels, width = self._label_weight.shape
        self._earlier = KeptSentences(folder, width, labels)

    def keep(self) -> None:
        """Leaves what was met often for later runs, where ``keep_in`` said where."""
        if self._earlier is not None:
            self._earlier.write(use for use in self._cache.met(OFTEN) if use.key not in self._earlier)

    def encode(self, sentences: Iterable[tuple[int, str]]) -> dict[Key, Encoded]:
        """Every distinct sentence's encoding by its key."""
        wanted: dict[Key, tuple[int, str]] = {}
        uses: Counter[Key] = Counter()
        for speaker, text in sentences:
            key = sentence_key(speaker, text)
            wanted[key] = speaker, text
            uses[key] += 1
        found = {key: kept for key in wanted if (kept := self._known(key, uses[key])) is not None}
        missing = [(key, *wanted[key]) for key in wanted if key not in found]
        for key, encoded in self._encode_missing(missing):
            found[key] = encoded
            self._cache.put(key, encoded, uses[key])
        return found

    def _known(self, key: Key, uses: int) -> Encoded | None:
        if (kept := self._cache.get(key, uses)) is not None or self._earlier is None:
            return kept
        if (kept := self._earlier.get(key)) is not None:
            self._cache.put(key, kept, uses)
        return kept

    def _encode_missing(self, missing: Sequence[tuple[Key, int, str]]) -> Iterator[tuple[Key, Encoded]]:
        if not missing:
            return
        tokenized = [t.ids[:LONGEST_TOKENS] for t in self._tokenizer.encode_batch_fast([text for *_, text in missing])]
        order = sorted(range(len(missing)), key=lambda index: len(tokenized[index]))
        for rows in _packs(order, [len(ids) for ids in tokenized], self._packed.rows):
            pack = [tokenized[row] for row in rows]
            vectors, shares = self._forward(pack, [missing[row][1] for row in rows])
            end = 0
            for place, row in enumerate(rows):
                start, end = end, end + len(pack[place])
                yield missing[row][0], Encoded(vectors[place].copy(), shares[start:end].copy())

    @torch.inference_mode()
    def _forward(
        self, pack: Sequence[list[int]], speakers: Sequence[int]
    ) -> tuple[NDArray[np.float32], NDArray[np.float16]]:
        """(sentences, H) vectors and (tokens, L) word shares of sentences in the order of their length."""
        lengths = np.array([len(ids) for ids in pack])
        rows = np.zeros((3, self._packed.rows), dtype=np.int64)  # the filling is thrown away
        spoken = int(lengths.sum())
        rows[0, :spoken] = np.concatenate(pack)
        rows[1, :spoken] = np.concatenate([_PLACES[:length] for length in lengths])
        rows[2, :spoken] = np.repeat(np.minimum(speakers, 1), lengths)
        runs = list(_runs(lengths))
        tokens, places, types = torch.from_numpy(rows)
        states = self._packed(tokens, places, types, runs).float()
        vectors = torch.cat([states[run.rows].view(run.count, run.length, -1).mean(1) for run in runs])
        shares = (states @ self._label_weight.T)[:spoken].numpy() / np.repeat(lengths, lengths)[:, None]
        return vectors.numpy(), shares.astype(np.float16)

    def word_offsets(self, text: str) -> NDArray[np.int32]:
        """(T, 2) code points of each token of ``text``; asked for only where a cue needs its words."""
        offsets = self._tokenizer.encode(text).offsets[:LONGEST_TOKENS]
        return np.fromiter(chain.from_iterable(offsets), dtype=np.int32, count=2 * len(offsets)).reshape(-1, 2)


def _packs(order: Sequence[int], lengths: Sequence[int], token_budget: int) -> Iterator[list[int]]:
    """Sentences as many as one block holds at a time."""
    rows: list[int] = []
    used = 0
    for row in order:
        if used + lengths[row] > token_budget:
            yield rows
            rows, used = [], 0
        rows.append(row)
        used += lengths[row]
    if rows:
        yield rows


def _runs(lengths: NDArray[np.int64]) -> Iterator[Run]:
    """Neighbours of equal length."""
    first = 0
    for length, count in zip(*np.unique(lengths, return_counts=True), strict=True):
        yield Run(first, int(count), int(length))
        first += int(count) * int(length)

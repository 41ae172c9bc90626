"""Sentence vectors of distinct sentences, each encoded once and kept.

A sentence's padded length depends on itself alone (the next multiple of 8), batches hold one length and are always
filled to the same number of rows: the matrix products have the same shape whoever the neighbours are, so a sentence's
numbers are the same in any company (bfloat16 sums would otherwise differ in their last digits). Kept are vectors and
word shares, never text: keys are hashes.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from analyzer.understand.network import SentenceEncoder

LONGEST_TOKENS = 96
BUCKET = 8
Key = bytes


@dataclass(frozen=True, slots=True)
class Encoded:
    """``vector`` (H,) float32; ``shares`` (T, L) float16: each token's part in each label's sentence logit."""

    vector: NDArray[np.float32]
    shares: NDArray[np.float16]


class SentenceCache:
    """The most recent ``size`` distinct sentences."""

    def __init__(self, size: int = 60_000) -> None:
        self._size = size
        self._kept: OrderedDict[Key, Encoded] = OrderedDict()

    def get(self, key: Key) -> Encoded | None:
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: Key, encoded: Encoded) -> None:
        self._kept[key] = encoded
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)

    def __len__(self) -> int:
        return len(self._kept)


def sentence_key(speaker: int, text: str) -> Key:
    return hashlib.blake2b(f"{min(speaker, 1)}{text}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


class Encoder:
    """Encodes (speaker code, sentence) pairs; ``label_weight`` (L, H) splits label logits over the words."""

    def __init__(
        self, network: SentenceEncoder, tokenizer: Tokenizer, label_weight: torch.Tensor, token_budget: int
    ) -> None:
        self._network = network
        self._tokenizer = tokenizer
        self._label_weight = label_weight.float()
        self._token_budget = token_budget
        self._cache = SentenceCache()

    def encode(self, sentences: Iterable[tuple[int, str]]) -> dict[Key, Encoded]:
        """Every distinct sentence's encoding by its key."""
        wanted = {sentence_key(speaker, text): (speaker, text) for speaker, text in sentences}
        found = {key: kept for key in wanted if (kept := self._cache.get(key)) is not None}
        missing = [(key, *wanted[key]) for key in wanted if key not in found]
        for key, encoded in self._encode_missing(missing):
            found[key] = encoded
            self._cache.put(key, encoded)
        return found

    def _encode_missing(self, missing: Sequence[tuple[Key, int, str]]) -> Iterator[tuple[Key, Encoded]]:
        if not missing:
            return
        tokenized = self._tokenizer.encode_batch_fast([text for _, _, text in missing])
        lengths = [min(len(t.ids), LONGEST_TOKENS) for t in tokenized]
        order = sorted(range(len(missing)), key=lambda index: lengths[index])
        for rows, width in _batches(order, lengths, self._token_budget):
            ids = np.zeros((_rows_of(width, self._token_budget), width), dtype=np.int64)
            ids[len(rows) :, 0] = tokenized[rows[0]].ids[0]  # filling, thrown away
            for place, row in enumerate(rows):
                ids[place, : lengths[row]] = tokenized[row].ids[: lengths[row]]
            speakers = torch.zeros(len(ids), dtype=torch.long)
            speakers[: len(rows)] = torch.tensor([missing[row][1] for row in rows])
            vectors, shares = self._forward(torch.from_numpy(ids), speakers)
            for place, row in enumerate(rows):
                yield missing[row][0], Encoded(vectors[place].copy(), shares[place, : lengths[row]].copy())

    @torch.inference_mode()
    def _forward(self, ids: torch.Tensor, speakers: torch.Tensor) -> tuple[NDArray[np.float32], NDArray[np.float16]]:
        vectors, tokens = self._network(ids, (ids != 0).long(), speakers)
        shares = tokens.float() @ self._label_weight.T
        return vectors.float().numpy(), shares.to(torch.float16).numpy()

    def word_offsets(self, text: str) -> NDArray[np.int32]:
        """(T, 2) code points of each token of ``text``; asked for only where a cue needs its words."""
        encoding = self._tokenizer.encode(text)
        return np.array(encoding.offsets[:LONGEST_TOKENS], dtype=np.int32)


def _batches(order: Sequence[int], lengths: Sequence[int], token_budget: int) -> Iterator[tuple[list[int], int]]:
    """Rows of one padded width at a time, as many as one batch holds."""
    rows: list[int] = []
    width = 0
    for row in order:
        padded = -(-lengths[row] // BUCKET) * BUCKET
        if rows and (padded != width or len(rows) == _rows_of(width, token_budget)):
            yield rows, width
            rows = []
        width = padded
        rows.append(row)
    if rows:
        yield rows, width


def _rows_of(width: int, token_budget: int) -> int:
    return max(1, token_budget // width)

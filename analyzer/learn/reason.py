"""Trains the reason head: logistic regression on the mean sentence vectors of a contact (understand.reason)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from tokenizers import Tokenizer

from analyzer import codebook
from analyzer.learn.augment import CUSTOMER
from analyzer.learn.batches import collate
from analyzer.learn.corpus import Dialogue
from analyzer.understand.network import SentenceEncoder
from analyzer.understand.reason import ReasonHead, reason_features

Array = NDArray[np.float64]
INVERSE_PENALTY = 5.0


def train_reason(features: NDArray[np.float32], reasons: Sequence[int]) -> ReasonHead:
    """A head for all 28 reasons; a reason without examples gets no chance (bias −20)."""
    fitted = LogisticRegression(C=INVERSE_PENALTY, max_iter=1000).fit(features, reasons)
    weight = np.zeros((len(codebook.REASONS), features.shape[1]), dtype=np.float32)
    bias = np.full(len(codebook.REASONS), -20.0, dtype=np.float32)
    weight[fitted.classes_], bias[fitted.classes_] = fitted.coef_, fitted.intercept_
    return ReasonHead(weight, bias)


def out_of_fold(features: NDArray[np.float32], reasons: Sequence[int], folds: Sequence[int]) -> Array:
    """(D, 28) logits of every dialogue by a head that never saw its fold; those of fold -1 only teach, and stay 0."""
    fold = np.array(folds)
    known = np.array(reasons)
    logits = np.zeros((len(features), len(codebook.REASONS)))
    for held_out in sorted(set(folds) - {-1}):
        head = train_reason(features[fold != held_out], known[fold != held_out].tolist())
        logits[fold == held_out] = head.logits(features[fold == held_out])
    return logits


@torch.inference_mode()
def dialogue_features(encoder: SentenceEncoder, folder: Path, dialogues: Sequence[Dialogue]) -> NDArray[np.float32]:
    """(D, 3H) features of every dialogue."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    rows = []
    for dialogue in dialogues:
        tokens, mask, who, batch = collate([dialogue], tokenizer, "cpu")
        vectors, _ = encoder(tokens, mask, who)
        placed = vectors.float().numpy()[batch.sentence[0].numpy()]
        customer = [speaker == CUSTOMER for speaker in dialogue.speakers]
        rows.append(
            reason_features(placed, customer, [turn in _opening(dialogue) for turn in dialogue.turns],
                            [speaker == 1 for speaker in dialogue.speakers], [len(text) for text in dialogue.texts])
        )  # fmt: skip
    return np.stack(rows)


def _opening(dialogue: Dialogue) -> frozenset[int]:
    own = [turn for turn, speaker in enumerate(dialogue.turn_speakers) if speaker == CUSTOMER]
    return frozenset(own[: -(-len(own) // 3)])

from __future__ import annotations

import numpy as np

from analyzer.learn.reason import out_of_fold, train_reason

DRAW = np.random.default_rng(2)
REASONS = [3, 7, 20] * 20
FEATURES = (np.eye(28)[REASONS][:, :24] + DRAW.normal(0, 0.05, (60, 24))).astype(np.float32)


def test_train_reason_learns_what_can_be_told() -> None:
    head = train_reason(FEATURES, REASONS)
    assert head.logits(FEATURES).argmax(axis=1).tolist() == REASONS
    assert head.weight.shape == (28, 24) and head.weight.dtype == np.float32


def test_train_reason_gives_no_chance_to_reasons_never_seen() -> None:
    logits = train_reason(FEATURES, REASONS).logits(FEATURES)
    unseen = np.setdiff1d(np.arange(28), REASONS)
    assert (logits[:, unseen] == -20).all() and (logits[:, REASONS] > -20).all()


def test_out_of_fold_never_saw_the_dialogue() -> None:
    """A reason that only one fold knows cannot be guessed there."""
    folds = [0 if reason == 20 else 1 + i % 2 for i, reason in enumerate(REASONS)]
    guessed = out_of_fold(FEATURES, REASONS, folds).argmax(axis=1)
    own = np.array(REASONS) == 20
    assert (guessed[own] != 20).all() and (guessed[~own] == np.array(REASONS)[~own]).all()

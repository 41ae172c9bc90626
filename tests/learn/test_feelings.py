"""The feeling heads learn new talk on a frozen encoder, and nothing else moves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from analyzer.learn.feelings import NEW_WEIGHT, FeelingHeads, felt_turns, fitted, logits
from analyzer.learn.heads import start_network
from analyzer.progress import Silent

from .dialogues import dialogues


def test_fitted_heads_tell_apart_what_the_turns_teach(encoder: Path) -> None:
    network = start_network(encoder).eval()
    turns = felt_turns(network, encoder, dialogues(4), [], dialogues(8)[4:], Silent())
    assert len(turns.feelings) == 3 * 8, "three customer turns a dialogue, each with a feeling"
    assert turns.new.sum() == 3 * 4 and set(turns.feelings.tolist()) == {0, 1, 2}
    before = logits(FeelingHeads(network), turns).argmax(1) == turns.feelings
    after = logits(fitted(network, turns, np.ones(len(turns.feelings), dtype=bool)), turns).argmax(1) == turns.feelings
    assert after.mean() > before.mean() and after.mean() > 0.9


def test_fitted_heads_know_nothing_of_turns_left_out(encoder: Path) -> None:
    network = start_network(encoder).eval()
    turns = felt_turns(network, encoder, dialogues(8), [], [], Silent())
    positive = turns.feelings == 2
    taught = logits(fitted(network, turns, ~positive), turns)
    assert (taught[positive].argmax(1) != 2).all()


def test_what_is_new_teaches_more_than_what_was_seen(encoder: Path) -> None:
    network = start_network(encoder).eval()
    turns = felt_turns(network, encoder, dialogues(4), dialogues(8)[4:6], dialogues(8)[6:], Silent())
    assert turns.weight[turns.new].tolist() == [NEW_WEIGHT] * 6 and set(turns.weight[~turns.new]) == {1.0}
    plain = replace(turns, weight=np.ones_like(turns.weight))
    every = np.ones(len(turns.feelings), dtype=bool)
    weighed, even = (logits(fitted(network, each, every), each) for each in (turns, plain))
    assert not np.allclose(weighed, even)

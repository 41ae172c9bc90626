"""The auxiliary sets, small: a tiny encoder and invented sentences."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from analyzer import codebook
from analyzer.learn import auxiliary
from analyzer.learn.auxiliary import EmotionHead, draw, polarity_of, read_auxiliary
from analyzer.learn.heads import batch_loss, start_network, train
from analyzer.learn.recipe import Mixture, Recipe

from .dialogues import dialogues
from .training_data import STARS, write_rows, write_training_data


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_training_data(tmp_path, tmp_path / "own", [])
    write_rows(tmp_path / "star.jsonl.gz", [*STARS, {**STARS[0], "interaction_id": auxiliary.IN_EVALUATION[0]}])
    return tmp_path


def test_sets_are_read_for_what_they_tell(folder: Path) -> None:
    found = read_auxiliary(folder, leave_out=["star-1"])
    assert [(d.language, d.feelings, d.swapped) for d in found.tweets] == [("de", [2], None), ("en", [0], None)]
    assert [(d.interaction_id, d.solved, d.resolution) for d in found.verdicts] == [("star-0", True, None)]
    assert found.verdicts[0].labels == [None, None]
    assert found.pairs == [("Good day.", "Guten Tag."), ("I book a table.", "Ich buche einen Tisch.")]
    assert [auxiliary.EMOTIONS[e] for _, told in found.comments for e in told] == ["anger", "disgust", "curiosity"]


def test_polarity_is_told_only_where_emotions_agree() -> None:
    assert [polarity_of(e) for e in (["anger"], ["joy", "love"], ["neutral"])] == [0, 2, 1]
    assert [polarity_of(e) for e in (["anger", "joy"], ["surprise"], ["joy", "surprise"])] == [None] * 3


def test_auxiliary_survives_the_disk(folder: Path, tmp_path: Path) -> None:
    found = read_auxiliary(folder)
    auxiliary.save_auxiliary(found, tmp_path / "aux.json.gz")
    assert auxiliary.load_auxiliary(tmp_path / "aux.json.gz") == found


EVEN = torch.full((len(codebook.LABELS),), 2.0)
NONE = Mixture(tweets=0, comments=0, pairs=0, verdicts=0)


@pytest.mark.parametrize(
    "mixture",
    [replace(NONE, tweets=2), replace(NONE, comments=2), replace(NONE, pairs=1), replace(NONE, verdicts=2)],
)
def test_each_set_moves_the_encoder(mixture: Mixture, folder: Path, encoder: Path) -> None:
    torch.manual_seed(0)
    network = start_network(encoder)
    head = EmotionHead(network.encoder.bert.config.hidden_size)
    tokenizer = Tokenizer.from_file(str(encoder / "tokenizer.json"))
    drawn = draw(read_auxiliary(folder), mixture, random.Random(1))
    silent = replace(dialogues(1)[0], labels=[None] * 5, feelings=[None] * 5, resolution=None, satisfaction=None,
                     effort=None, empathy=None, reason=None, swapped=None)  # fmt: skip
    loss = batch_loss(network, [silent], tokenizer, Recipe(mixture=mixture), "cpu", EVEN, drawn, head)
    loss.backward()  # type: ignore[no-untyped-call]
    grown = network.encoder.bert.embeddings.word_embeddings.weight.grad
    assert loss.item() > 0 and grown is not None and grown.abs().sum() > 0


def test_training_beside_them_is_reproducible_and_differs(folder: Path, encoder: Path) -> None:
    recipe = Recipe(epochs=1, batch_dialogues=4, mixture=Mixture(tweets=2, comments=2, pairs=1, verdicts=2))
    one, same = (train(dialogues(4), encoder, recipe, auxiliary=read_auxiliary(folder)).state_dict() for _ in range(2))
    alone = train(dialogues(4), encoder, recipe).state_dict()
    assert all(torch.equal(value, same[name]) for name, value in one.items())
    assert not torch.equal(one["heads.label_sentence.weight"], alone["heads.label_sentence.weight"])

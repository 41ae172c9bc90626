"""Training itself, small: a tiny encoder and eight invented dialogues."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from analyzer import codebook
from analyzer.config import load_settings
from analyzer.learn import heads
from analyzer.learn.augment import swapped
from analyzer.learn.auxiliary import Auxiliary
from analyzer.learn.batches import collate, encode
from analyzer.learn.corpus import as_interaction
from analyzer.learn.heads import batch_loss, predict, start_network, train
from analyzer.learn.losses import positive_weights
from analyzer.learn.reason import dialogue_features
from analyzer.learn.recipe import Recipe
from analyzer.understand.hear import hear
from analyzer.understand.language import LanguagePass
from analyzer.understand.model import load_model, load_network
from analyzer.understand.network import Network

from .dialogues import dialogues, row

EVEN = torch.full((len(codebook.LABELS),), 2.0)
SHORT = Recipe(epochs=1, batch_dialogues=4)


@pytest.fixture(scope="module")
def tokenizer(encoder: Path) -> Tokenizer:
    return Tokenizer.from_file(str(encoder / "tokenizer.json"))


@pytest.fixture(scope="module")
def trained(encoder: Path) -> Network:
    torch.set_num_threads(1)
    return train(dialogues(), encoder, SHORT)


def test_train_is_bitwise_reproducible(trained: Network, encoder: Path) -> None:
    again = train(dialogues(), encoder, SHORT).state_dict()
    assert all(torch.equal(value, again[name]) for name, value in trained.state_dict().items())


class Killed(Exception):
    """Stands for a kill at a step."""


@pytest.mark.parametrize("step", [1, 3, 4])
def test_killed_training_goes_on_as_if_nothing_had_happened(
    step: int, encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "EVERY", 1)
    recipe, kept, talk = replace(SHORT, epochs=2), tmp_path / "course.safetensors", dialogues()
    beside = Auxiliary([], [("So glad.", [0]), ("So sad.", [1])], [("Yes", "Ja"), ("No", "Nein")], [])

    def kill(now: int, of: int) -> None:
        if now == step:
            raise Killed

    whole = train(talk, encoder, recipe, auxiliary=beside).state_dict()
    with pytest.raises(Killed):
        train(talk, encoder, recipe, on_step=kill, auxiliary=beside, kept=kept)
    told: list[int] = []
    again = train(
        talk, encoder, recipe, on_step=lambda now, of: told.append(now), auxiliary=beside, kept=kept
    ).state_dict()
    assert told == list(range(step + 1, 5)), "steps that were done are not done again"
    assert all(torch.equal(value, again[name]) for name, value in whole.items())
    assert list(tmp_path.iterdir()) == []


def test_train_depends_on_its_seed(encoder: Path) -> None:
    one, other = (train(dialogues(4), encoder, replace(SHORT, seed=seed)) for seed in (1, 2))
    assert not torch.equal(one.heads.label_sentence.weight, other.heads.label_sentence.weight)


def test_train_lowers_the_loss(encoder: Path, tokenizer: Tokenizer) -> None:
    ours = dialogues()
    steps: list[tuple[int, int]] = []
    recipe = Recipe(
        epochs=4, batch_dialogues=8, swap_share=0, noise_share=0, crop_share=0, heads_rate=5e-3, mean_decay=0
    )
    torch.manual_seed(0)
    before = batch_loss(start_network(encoder).eval(), ours, tokenizer, recipe, "cpu", EVEN)
    network = train(ours, encoder, recipe, on_step=lambda step, of: steps.append((step, of)))
    after = batch_loss(network, ours, tokenizer, recipe, "cpu", EVEN)
    assert after.item() < 0.8 * before.item()
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)] and not network.training


def test_start_network_refuses_an_encoder_of_another_shape(encoder: Path, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").symlink_to(encoder / "model.safetensors")
    config = (encoder / "config.json").read_text().replace('"num_hidden_layers": 1', '"num_hidden_layers": 2')
    (tmp_path / "config.json").write_text(config)
    with pytest.raises(ValueError, match="do not fit: missing"):
        start_network(tmp_path)


def test_collate_takes_each_distinct_sentence_once(tokenizer: Tokenizer) -> None:
    ours = dialogues(4)
    tokens, mask, who, batch = collate(ours, tokenizer, "cpu")
    distinct = {(min(s, 1), t) for d in ours for s, t in zip(d.speakers, d.texts, strict=True)}
    assert len(tokens) == len(mask) == len(who) == len(distinct)
    assert batch.sentence.shape == (4, 7) and int(batch.sentence.max()) == len(distinct) - 1
    for d, places in zip(ours, batch.sentence.tolist(), strict=True):
        assert who[places].tolist() == d.speakers


def test_swapped_dialogue_teaches_only_that_it_is_swapped(encoder: Path, tokenizer: Tokenizer) -> None:
    one = dialogues(1)[0]
    other = swapped(one)
    assert other.turn_speakers == [1 - speaker for speaker in one.turn_speakers] and other.swapped
    torch.manual_seed(0)
    network = start_network(encoder).eval()
    relabelled = replace(other, labels=[[] for _ in other.labels], feelings=[2] * 5, satisfaction=1.0, reason=3)
    losses = [batch_loss(network, [d], tokenizer, Recipe(), "cpu", EVEN).item() for d in (other, relabelled)]
    assert losses[0] == losses[1]


def test_short_and_long_sentences_are_encoded_apart_but_alike(encoder: Path, tokenizer: Tokenizer) -> None:
    network = start_network(encoder).eval()
    ours = dialogues(2)
    ours[0] = replace(ours[0], texts=[ours[0].texts[0] * 8, *ours[0].texts[1:]])
    tokens, mask, who, _ = collate(ours, tokenizer, "cpu")
    assert (mask.sum(1) > 24).any() and (mask.sum(1) <= 24).any()
    assert torch.allclose(encode(network, tokens, who), network.encoder(tokens, mask, who)[0], atol=1e-5)


def test_unlabelled_turns_teach_nothing(encoder: Path, tokenizer: Tokenizer) -> None:
    one = dialogues(1)[0]
    torch.manual_seed(0)
    network = start_network(encoder).eval()
    silent = replace(one, labels=[None] * 5, feelings=[None] * 5, resolution=None, satisfaction=None, effort=None,
                     empathy=None, reason=None, swapped=None)  # fmt: skip
    assert batch_loss(network, [silent], tokenizer, Recipe(), "cpu", EVEN).item() == 0
    verdicts = [replace(silent, solved=solved) for solved in (True, False)]
    yes, no = (batch_loss(network, [v], tokenizer, Recipe(contact_weight=1.0), "cpu", EVEN).item() for v in verdicts)
    assert np.exp(-yes) + np.exp(-no) == pytest.approx(1.0, abs=1e-5)


def test_rare_labels_weigh_more_up_to_a_limit() -> None:
    one = dialogues(1)[0]
    common, rare = codebook.LABELS.index("res.confirmed"), codebook.LABELS.index("trust.credit")
    often = [replace(one, labels=[[common], [], [common], [], []]) for _ in range(50)]
    weights = positive_weights([*often, replace(one, labels=[[rare], [], [], [], []])], Recipe(rare_power=0.5))
    assert weights[common] == 2.0 and weights[rare] == pytest.approx(2 * (0.05 / (1 / 153)) ** 0.5)
    assert (positive_weights(often, Recipe(rare_power=0.0)) == 2.0).all()
    assert positive_weights(often * 40, Recipe(rare_power=0.5))[rare] == 8.0


def test_kept_weights_are_the_running_mean(encoder: Path) -> None:
    last, mean = (train(dialogues(4), encoder, replace(SHORT, mean_decay=decay)) for decay in (0.0, 0.99))
    start = start_network(encoder).encoder.state_dict()
    name = "bert.embeddings.word_embeddings.weight"
    moved = [(n.encoder.state_dict()[name] - start[name]).abs().sum() for n in (last, mean)]
    assert 0 < moved[1] < moved[0]


def test_predict_answers_in_order_whatever_the_batch(trained: Network, encoder: Path) -> None:
    ours = [*dialogues(5), replace(dialogues(1)[0], interaction_id="silent", turn_speakers=[0, 1, 0, 1, 0, 1])]
    together = predict(trained, ours, encoder)
    alone = predict(trained, ours, encoder, batch_dialogues=1)
    for d, one, other in zip(ours, together, alone, strict=True):
        assert one.interaction_id == other.interaction_id == d.interaction_id
        assert one.labels.shape == (len(d.turn_speakers), len(codebook.LABELS))
        assert np.allclose(one.labels, other.labels, atol=1e-4, equal_nan=True)
        assert all(np.allclose(one.contact[name], other.contact[name], atol=1e-4) for name in one.contact)
    assert np.isnan(together[-1].labels[5]).all() and not np.isnan(together[-1].labels[:5]).any()


def test_training_and_running_read_alike(models: Path) -> None:
    """What calibration is fitted to is what a run hears: same words, same logits, on both paths."""
    rows = [row("de", "de-1"), row("en", "en-1", happy=False)]
    ours = [d for d in dialogues(4) if (d.language, d.resolution) in (("de", 0), ("en", 3))]
    predictions = predict(load_network(models), ours, models / "encoder")
    settings = msgspec.structs.replace(load_settings().understand, precision="float32", threads=1)
    model = load_model(settings)
    heard = hear(model, LanguagePass(settings).parse([as_interaction(r) for r in rows]))
    features = dialogue_features(load_network(models).encoder, models / "encoder", ours)
    for number, (run, prediction) in enumerate(zip(heard, predictions, strict=True)):
        expected = run.curves.labels(prediction.labels.astype(float))
        spoken = ~np.isnan(run.labels)
        assert np.allclose(run.labels[spoken], expected[spoken], atol=1e-3) and spoken.any()
        for name, logits in prediction.contact.items():
            assert np.allclose(run.contact[name], logits, atol=1e-3), name
        reason = run.curves.classes("reason", model.reason.logits(features[number]).astype(float))
        assert np.allclose(run.reason, reason, atol=1e-3)

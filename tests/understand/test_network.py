"""The bricks: pooling to turns, the causal reader, the encoder that answers alike in any company."""

from __future__ import annotations

import math

import numpy as np
import torch

from analyzer import codebook
from analyzer.understand.encode import SentenceCache
from analyzer.understand.encoded import Encoded, sentence_key
from analyzer.understand.model import Model
from analyzer.understand.network import STRONGEST, ContactBatch, ContactReader, Heads, SentenceLogits, pool_turns

WIDTH = 12


def pooled(labels: list[float], segment: list[int]) -> list[float]:
    column = torch.tensor(labels)[:, None]
    logits = SentenceLogits(column, torch.zeros(len(labels), 3), torch.zeros(len(labels)))
    return pool_turns(logits, torch.tensor(segment), max(segment) + 1)[0][:, 0].tolist()


def test_pool_turns_of_one_sentence_is_its_logit() -> None:
    assert np.allclose(pooled([-3.0, 2.5], [0, 1]), [-3.0, 2.5])


def test_pool_turns_is_a_smooth_maximum() -> None:
    assert np.allclose(pooled([1.0, 2.0, -4.0], [0, 0, 1]), [math.log(math.e + math.e**2), -4.0])


def test_pool_turns_counts_no_more_than_the_strongest() -> None:
    few = pooled([0.5] * STRONGEST, [0] * STRONGEST)
    assert np.allclose(few, [0.5 + math.log(STRONGEST)])
    assert np.allclose(pooled([0.5] * 500, [0] * 500), few)
    mixed = [float(value) for value in np.linspace(-6, 3, 40)]
    assert np.allclose(pooled(mixed, [0] * 40), [math.log(sum(math.exp(v) for v in mixed[-STRONGEST:]))], atol=1e-5)


def test_pool_turns_weighs_feelings_by_attention() -> None:
    feelings = torch.tensor([[3.0, 0.0, 0.0], [0.0, 0.0, 3.0]])
    even = pool_turns(SentenceLogits(torch.zeros(2, 1), feelings, torch.zeros(2)), torch.tensor([0, 0]), 1)[1]
    assert torch.allclose(even[0].exp(), torch.softmax(torch.tensor([1.5, 0.0, 1.5]), 0))
    second = pool_turns(
        SentenceLogits(torch.zeros(2, 1), feelings, torch.tensor([-50.0, 50.0])), torch.tensor([0, 0]), 1
    )
    assert torch.allclose(second[1][0].exp(), torch.softmax(feelings[1], 0))


def places(size: int, closing: set[int] = frozenset()) -> ContactBatch:
    return ContactBatch(
        torch.arange(size)[None], torch.tensor([[i % 2 for i in range(size)]]), torch.arange(size)[None],
        torch.tensor([[i in closing for i in range(size)]]),
    )  # fmt: skip


def test_reader_never_looks_ahead() -> None:
    torch.manual_seed(0)
    reader = ContactReader(WIDTH, heads=3).eval()
    vectors = torch.randn(1, 6, WIDTH)
    batch = places(6)
    visible = torch.ones(1, 6, dtype=torch.bool)
    read = reader(vectors, batch.speaker, batch.turn, visible)
    changed = vectors.clone()
    changed[:, 4:] = torch.randn(1, 2, WIDTH)
    again = reader(changed, batch.speaker, batch.turn, visible)
    assert torch.allclose(read[:, :4], again[:, :4], atol=1e-6) and not torch.allclose(read[:, 4:], again[:, 4:])


def test_heads_hide_the_closing_turns_from_empathy_alone() -> None:
    torch.manual_seed(0)
    heads = Heads(384).eval()
    vectors = torch.randn(6, 384)
    changed = vectors.clone()
    changed[4] = torch.randn(384)
    batch = places(6, closing={4})
    (_, before), (_, after) = heads(vectors, batch), heads(changed, batch)
    assert torch.allclose(before["empathy"], after["empathy"], atol=1e-6)
    assert not torch.allclose(before["satisfaction"], after["satisfaction"], atol=1e-3)


def test_padding_changes_no_contact() -> None:
    torch.manual_seed(0)
    heads = Heads(384).eval()
    vectors, batch = torch.randn(5, 384), places(5)
    padded = ContactBatch(
        *(torch.nn.functional.pad(t, (0, 3)) for t in (batch.sentence, batch.speaker, batch.turn, batch.closing))
    )
    padded.sentence[:, 5:] = -1
    (alone, contact), (longer, same) = heads(vectors, batch), heads(vectors, padded)
    assert torch.allclose(alone.labels, longer.labels[:, :5], atol=1e-5)
    assert all(torch.allclose(contact[name], same[name], atol=1e-5) for name in contact)


def test_cache_forgets_what_was_longest_unused() -> None:
    cache = SentenceCache(size=2)
    entry = Encoded(np.zeros(2, dtype=np.float32), np.zeros((1, 1), dtype=np.float16))
    for key in (b"a", b"b"):
        cache.put(key, entry)
    assert cache.get(b"a") is entry
    cache.put(b"c", entry)
    assert len(cache) == 2 and cache.get(b"b") is None and cache.get(b"a") is entry


def test_sentence_key_tells_customer_from_others_and_takes_any_text() -> None:
    assert sentence_key(0, "Ja") != sentence_key(1, "Ja") == sentence_key(2, "Ja")
    assert len(sentence_key(0, "\ud800")) == 16


def test_encoder_gives_every_token_its_share_of_the_logit(model: Model) -> None:
    """A sentence's label logit is the sum of its tokens' shares: the evidence adds up to the score."""
    text = "Es tut mir wirklich leid, dass Sie so lange warten mussten."
    (encoded,) = model.encoder.encode([(1, text)]).values()
    assert encoded.shares.shape == (len(model.encoder.word_offsets(text)), len(codebook.LABELS))
    from_vector = model.heads.label_sentence.weight.detach().numpy() @ encoded.vector
    assert np.allclose(encoded.shares.astype(float).sum(axis=0), from_vector, atol=0.05)


def test_encoder_offsets_are_code_points_of_the_text(model: Model) -> None:
    text = "Grüße 👍🏽 an die Straße"
    offsets = model.encoder.word_offsets(text)
    spoken = "".join(text[start:end] for start, end in offsets)
    assert offsets.max() <= len(text) and "Grüße" in spoken and "Straße" in spoken


def test_encoder_reads_each_distinct_sentence_once(model: Model) -> None:
    pairs = [(0, "Eins."), (1, "Eins."), (2, "Eins."), (0, "Eins."), (0, "")]
    assert len(model.encoder.encode(pairs)) == 3
    assert model.encoder.encode([]) == {}

"""The packed pass says what the network that was trained says, in any company, and takes no other weights."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from analyzer.understand.encoded import Encoded, sentence_key
from analyzer.understand.forward import PackedEncoder, Run, Shape, _attend
from analyzer.understand.model import Model, load_network, unpacked
from analyzer.weights import models_folder

SAID = [
    (0, "Nein."), (1, "Guten Tag, hier ist der Service, was kann ich für Sie tun?"), (0, "I was charged twice."),
    (0, "Und das schon zum dritten Mal in diesem Monat, ich verstehe es einfach nicht mehr!"), (1, "Sorry about that."),
    (1, "I have refunded the second payment, it should reach your account within three working days."), (0, ""),
]  # fmt: skip
FOLDER: Path = models_folder("")


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    return unpacked(load_file(FOLDER / "encoder" / "model.safetensors"))


@pytest.fixture(scope="module")
def shape() -> Shape:
    return Shape.load(FOLDER / "encoder" / "config.json")


def test_packed_states_are_those_of_the_trained_network(weights: dict[str, torch.Tensor], shape: Shape) -> None:
    network, packed = load_network(FOLDER).encoder, PackedEncoder(weights, shape, 32, torch.float32)
    tokens, types = torch.randint(5, 20_000, (32,), generator=torch.manual_seed(3)), torch.zeros(32, dtype=torch.long)
    types[10:19] = 1
    runs = [Run(0, 2, 5), Run(10, 1, 9), Run(19, 1, 11)]
    places = torch.cat([torch.arange(n) for n in (5, 5, 9, 11, 2)])
    states = packed(tokens, places, types, runs)
    for rows, speaker in ((slice(0, 5), 0), (slice(5, 10), 0), (slice(10, 19), 1), (slice(19, 30), 0)):
        ids = tokens[rows][None]
        expected = network.bert(ids, token_type_ids=torch.full_like(ids, speaker)).last_hidden_state[0]
        assert torch.allclose(states[rows], expected, atol=1e-4)


def test_sentence_says_the_same_bits_in_any_company_and_on_any_number_of_threads(model: Model) -> None:
    alone = {key: encoded for pair in SAID for key, encoded in read_anew(model, [pair]).items()}
    threads = torch.get_num_threads()
    try:
        for seed in range(3):
            torch.set_num_threads(1 + seed % 2)
            crowd = SAID + [(seed % 2, f"{word} " * (3 + seed)) for word in ("ja", "nein", "bitte", "refund", "Ärger")]
            random.Random(seed).shuffle(crowd)
            together = read_anew(model, crowd)
            for key, encoded in alone.items():
                assert np.array_equal(encoded.vector, together[key].vector)
                assert np.array_equal(encoded.shares, together[key].shares)
    finally:
        torch.set_num_threads(threads)


def read_anew(model: Model, pairs: list[tuple[int, str]]) -> dict[bytes, Encoded]:
    wanted = [(sentence_key(*pair), *pair) for pair in pairs]
    return dict(model.encoder._encode_missing(wanted))


def test_half_precision_stays_near_single_precision(weights: dict[str, torch.Tensor], shape: Shape) -> None:
    tokens, zeros = torch.randint(5, 20_000, (96,), generator=torch.manual_seed(4)), torch.zeros(96, dtype=torch.long)
    runs, places = [Run(0, 8, 12)], torch.arange(12).repeat(8)
    exact, rounded = (
        PackedEncoder(weights, shape, 96, dtype)(tokens, places, zeros, runs).float().view(8, 12, -1).mean(1)
        for dtype in (torch.float32, torch.bfloat16)
    )
    assert torch.cosine_similarity(exact, rounded).min() > 0.999


def test_attention_stands_scores_beyond_any_exponential() -> None:
    query = torch.tensor([[[3e3, 0.0], [0.0, -3e3]]])
    value = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    expected = torch.softmax(query @ query.transpose(1, 2) * 2**-0.5, -1) @ value
    seen = torch.empty_like(value)[None]
    _attend(query[None], query[None], value[None], seen)
    assert torch.allclose(seen[0], expected) and torch.isfinite(expected).all()


def test_weights_that_lack_or_are_one_too_many_are_refused(weights: dict[str, torch.Tensor], shape: Shape) -> None:
    with pytest.raises(ValueError, match="unknown weight pooler"):
        PackedEncoder({**weights, "pooler.dense.weight": torch.zeros(1)}, shape, 96, torch.float32)
    lacking = {name: value for name, value in weights.items() if name != "encoder.layer.5.output.dense.bias"}
    with pytest.raises(KeyError, match=r"layer\.5\.output\.dense\.bias"):
        PackedEncoder(lacking, shape, 96, torch.float32)


def test_other_number_of_rows_is_refused(weights: dict[str, torch.Tensor], shape: Shape) -> None:
    nothing = torch.zeros(8, dtype=torch.long)
    with pytest.raises(ValueError, match="8 rows instead of 96"):
        PackedEncoder(weights, shape, 96, torch.float32)(nothing, nothing, nothing, [])

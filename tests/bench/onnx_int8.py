"""Our encoder's pass beside ONNX Runtime's, in float32 and int8: ``python -m tests.bench.onnx_int8``.

The same distinct sentences of the throughput benchmark, one thread, CPU seconds, turn about in one run. ONNX Runtime
gets what suits it best: sentences of one length together, without padding. The last column is how near the mean
vectors stay to those in float32. Needs ``pip install onnx onnxruntime``; neither is needed to use the program.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from analyzer.config import load_settings
from analyzer.understand.encode import LONGEST_TOKENS, Encoder
from analyzer.understand.model import load_model, load_network
from tests.bench.throughput import contacts, sentences
from tests.conftest import ROOT

Vectors = NDArray[np.float32]
TOKENS = 1024  # of one call
NAMES = ("input_ids", "attention_mask", "token_type_ids")


class States(nn.Module):
    """The encoder as ONNX takes it: three inputs, the last layer's states out."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        told = self.encoder(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        states: Tensor = told.last_hidden_state
        return states


def exported(folder: Path) -> tuple[Path, Path]:
    """The shipped encoder as ONNX: in float32, and with int8 weights a channel and activations as they come."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    bert = load_network(ROOT / "models").encoder.bert
    bert.set_attn_implementation("eager")
    ids = torch.randint(5, 1000, (3, 17))
    whole, small = folder / "encoder.onnx", folder / "encoder-int8.onnx"
    torch.onnx.export(
        States(bert), (ids, torch.ones_like(ids), torch.zeros_like(ids)), str(whole), input_names=list(NAMES),
        output_names=["states"], dynamic_axes={name: {0: "n", 1: "t"} for name in (*NAMES, "states")},
        opset_version=17, dynamo=False,
    )  # fmt: skip
    quantize_dynamic(str(whole), str(small), weight_type=QuantType.QInt8, per_channel=True)
    return whole, small


def by_onnx(session: Any, ids: list[list[int]]) -> Vectors:
    found = np.zeros((len(ids), 384), np.float32)
    order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
    for length, same in groupby(order, key=lambda index: len(ids[index])):
        rows, most = list(same), max(1, TOKENS // length)
        for start in range(0, len(rows), most):
            part = rows[start : start + most]
            tokens = np.array([ids[row] for row in part], dtype=np.int64)
            given = dict(zip(NAMES, (tokens, np.ones_like(tokens), np.zeros_like(tokens)), strict=True))
            found[part] = session.run(None, given)[0].mean(1)
    return found


def by_us(encoder: Encoder, texts: list[str]) -> Vectors:
    """Vectors, and the share of every word in every label beside them."""
    missing = [(number.to_bytes(4, "big"), 0, text) for number, text in enumerate(texts)]
    told = dict(encoder._encode_missing(missing))
    return np.stack([told[key].vector for key, *_ in missing])


def main() -> None:
    arguments = argparse.ArgumentParser(description="The encoder by ONNX Runtime beside ours.")
    arguments.add_argument("--contacts", type=int, default=150, help="whose distinct sentences are encoded (150)")
    arguments.add_argument("--rounds", type=int, default=4, help="how often to measure; the best counts (4)")
    chosen = arguments.parse_args()
    try:
        import onnxruntime
    except ImportError:
        raise SystemExit("onnxruntime is not installed: pip install onnx onnxruntime") from None
    torch.set_num_threads(1)
    encoder = load_model(load_settings(None, ["understand.threads=1"]).understand).encoder
    texts = list(dict.fromkeys(sentences(list(contacts(chosen.contacts)))))
    ids = [told.ids[:LONGEST_TOKENS] for told in encoder._tokenizer.encode_batch_fast(texts)]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    with tempfile.TemporaryDirectory() as folder:
        whole, small = (onnxruntime.InferenceSession(str(path), options) for path in exported(Path(folder)))
    ways: dict[str, Callable[[], Vectors]] = {
        "ONNX Runtime float32": lambda: by_onnx(whole, ids),
        "ONNX Runtime int8": lambda: by_onnx(small, ids),
        "ours": lambda: by_us(encoder, texts),
    }
    report(ways, chosen.rounds, f"{len(texts):,} distinct sentences, {sum(map(len, ids)):,} tokens")


def report(ways: dict[str, Callable[[], Vectors]], rounds: int, of: str) -> None:
    best, vectors = dict.fromkeys(ways, float("inf")), {}
    for _ in range(rounds):
        for name, way in ways.items():
            started = time.process_time()
            vectors[name] = way()
            best[name] = min(best[name], time.process_time() - started)
    print(of)
    exact = next(iter(vectors.values()))
    for name, seconds in best.items():
        near = (vectors[name] * exact).sum(1) / (np.linalg.norm(vectors[name], axis=1) * np.linalg.norm(exact, axis=1))
        print(f"{name:<22}{seconds:7.2f} s{seconds / best['ours']:7.2f} x ours   cosine {near.min():.4f} at least")


if __name__ == "__main__":
    main()

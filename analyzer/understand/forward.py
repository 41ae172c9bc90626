"""The encoder's pass over packed sentences: the numbers of ``SentenceEncoder`` in little more than half the time.

Sentences stand one after the other without padding, those of equal length side by side. The matrix products always see
the same number of rows, and attention is computed for each sentence by itself: a sentence's numbers are the same, bit
for bit, whoever its neighbours are. What makes it fast: no padded tokens and no masks, one product for query, key and
value, weights laid out for the processor once, and a softmax whose steps run over all scores of a length at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import torch
from torch import Tensor
from torch.nn import functional

Product = Callable[[Tensor], Tensor]
Sum = Callable[[Tensor, Tensor], Tensor]
Weights = Mapping[str, Tensor]


class Shape(msgspec.Struct, frozen=True):
    """What of config.json the pass must know; the library that trains reads the same file."""

    num_attention_heads: int
    num_hidden_layers: int
    layer_norm_eps: float

    @classmethod
    def load(cls, path: Path) -> Shape:
        return msgspec.json.decode(path.read_bytes(), type=cls)


@dataclass(frozen=True, slots=True)
class Run:
    """``count`` sentences of ``length`` tokens each, from row ``first`` on."""

    first: int
    count: int
    length: int

    @property
    def rows(self) -> slice:
        return slice(self.first, self.first + self.count * self.length)


@dataclass(frozen=True)
class Block:
    """One layer: ``mixed`` and ``closed`` add their product to what went in."""

    query_key_value: Product
    mixed: Sum
    after_attention: Product
    widened: Product
    closed: Sum
    after_all: Product


class PackedEncoder:
    """Token states of ``rows`` packed tokens at a time, from weights under the names that BERT models have."""

    def __init__(self, weights: Weights, shape: Shape, rows: int, dtype: torch.dtype) -> None:
        """Raises KeyError for a weight that lacks, ValueError for one too many."""
        taken = _Taken({name: value.to(dtype) for name, value in weights.items()})
        self.rows, self.heads, self.dtype = rows, shape.num_attention_heads, dtype
        self.words, self.places, self.types = (
            taken[f"embeddings.{name}_embeddings.weight"] for name in ("word", "position", "token_type")
        )
        self.normed = _norm(taken, "embeddings", shape.layer_norm_eps)
        prepared = dtype is torch.bfloat16 and lays_out_weights()
        self.blocks = [
            _block(taken, f"encoder.layer.{number}", rows, shape.layer_norm_eps, prepared)
            for number in range(shape.num_hidden_layers)
        ]
        if unknown := taken.left():
            raise ValueError(f"unknown weight {unknown[0]}")

    @torch.inference_mode()
    def __call__(self, tokens: Tensor, places: Tensor, types: Tensor, runs: Sequence[Run]) -> Tensor:
        """(rows,) token ids, places within their sentence and token types → (rows, H); beyond the runs arbitrary."""
        if len(tokens) != self.rows:
            raise ValueError(f"{len(tokens)} rows instead of {self.rows}")
        state = functional.embedding(tokens, self.words)
        state += functional.embedding(types, self.types)
        state += functional.embedding(places, self.places)
        state = self.normed(state)
        for block in self.blocks:
            seen = self._attention(block.query_key_value(state), runs)
            state = block.after_attention(block.mixed(seen, state))
            state = block.after_all(block.closed(block.widened(state), state))
        return state

    def _attention(self, query_key_value: Tensor, runs: Sequence[Run]) -> Tensor:
        width = query_key_value.shape[1] // 3
        seen = torch.zeros(self.rows, width, dtype=self.dtype)
        size = width // self.heads
        for run in runs:
            parts = query_key_value[run.rows].view(run.count, run.length, 3, self.heads, size).permute(2, 0, 3, 1, 4)
            query, key, value = parts
            _attend(query, key, value, seen[run.rows].view(run.count, run.length, self.heads, size).transpose(1, 2))
        return seen


def _attend(query: Tensor, key: Tensor, value: Tensor, seen: Tensor) -> None:
    """(N, heads, T, size) each; fills ``seen``. Scores stay in float32: they reach 95, where bfloat16 knows no
    fractions."""
    query, key = (each.to(torch.float32, memory_format=torch.contiguous_format).flatten(0, 1) for each in (query, key))
    nothing = query.new_zeros(())
    scores = torch.baddbmm(nothing, query, key.transpose(1, 2), beta=0, alpha=query.shape[-1] ** -0.5)
    weights = scores.sub_(scores.amax(-1, keepdim=True)).exp_()
    sums = weights.sum(-1, keepdim=True).to(value.dtype)
    summed = torch.bmm(weights.to(value.dtype), value.flatten(0, 1))
    torch.div(summed.view(value.shape), sums.view(*value.shape[:-1], 1), out=seen)


def lays_out_weights() -> bool:
    """Whether this machine's products of bfloat16 gain from weights laid out beforehand."""
    known = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return known and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


class _Taken:
    """Weights by name, with an account of those that nobody asked for."""

    def __init__(self, weights: Weights) -> None:
        self._weights, self._asked = weights, set[str]()

    def __getitem__(self, name: str) -> Tensor:
        self._asked.add(name)
        return self._weights[name]

    def linear(self, name: str) -> tuple[Tensor, Tensor]:
        return self[f"{name}.weight"], self[f"{name}.bias"]

    def left(self) -> list[str]:
        return sorted(self._weights.keys() - self._asked)


def _block(taken: _Taken, name: str, rows: int, eps: float, prepared: bool) -> Block:
    parts = [taken.linear(f"{name}.attention.self.{part}") for part in ("query", "key", "value")]
    first = torch.cat([weight for weight, _ in parts]), torch.cat([bias for _, bias in parts])
    mixed, widened, closed = (
        taken.linear(f"{name}.{part}.dense") for part in ("attention.output", "intermediate", "output")
    )
    norms = _norm(taken, f"{name}.attention.output", eps), _norm(taken, f"{name}.output", eps)
    if prepared:
        return Block(
            _prepared(*first, rows, "none"), _prepared_sum(*mixed, rows), norms[0],
            _prepared(*widened, rows, "gelu"), _prepared_sum(*closed, rows), norms[1],
        )  # fmt: skip
    return Block(_plain(*first), _plain_sum(*mixed), norms[0], _plain_gelu(*widened), _plain_sum(*closed), norms[1])


def _norm(taken: _Taken, name: str, eps: float) -> Product:
    weight, bias = taken.linear(f"{name}.LayerNorm")
    return lambda given: functional.layer_norm(given, weight.shape, weight, bias, eps)


def _prepared(weight: Tensor, bias: Tensor, rows: int, then: str) -> Product:
    laid_out = torch.ops.mkldnn._reorder_linear_weight(weight, rows)

    def product(given: Tensor) -> Tensor:
        result: Tensor = torch.ops.mkldnn._linear_pointwise(given, laid_out, bias, then, [], "none")
        return result

    return product


def _prepared_sum(weight: Tensor, bias: Tensor, rows: int) -> Sum:
    laid_out = torch.ops.mkldnn._reorder_linear_weight(weight, rows)

    def product(given: Tensor, before: Tensor) -> Tensor:
        result: Tensor = torch.ops.mkldnn._linear_pointwise.binary(given, before, laid_out, bias, "add")
        return result

    return product


def _plain(weight: Tensor, bias: Tensor) -> Product:
    return lambda given: functional.linear(given, weight, bias)


def _plain_gelu(weight: Tensor, bias: Tensor) -> Product:
    return lambda given: functional.gelu(functional.linear(given, weight, bias))


def _plain_sum(weight: Tensor, bias: Tensor) -> Sum:
    return lambda given, before: functional.linear(given, weight, bias).add_(before)

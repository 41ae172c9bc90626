"""The encoder's pass over packed sentences: the numbers of ``SentenceEncoder`` in little more than half the time.

Sentences stand one after the other without padding, those of equal length side by side. The matrix products always see
the same number of rows, and attention is computed for each sentence by itself: a sentence's numbers are the same, bit
for bit, whoever its neighbours are. What makes it fast: no padded tokens and no masks, one product for query, key and
value, weights laid out for the processor once, and a softmax whose steps run over all scores of a length at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from analyzer.understand.network import SentenceEncoder

Product = Callable[[Tensor], Tensor]
Sum = Callable[[Tensor, Tensor], Tensor]


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
    after_attention: nn.LayerNorm
    widened: Product
    closed: Sum
    after_all: nn.LayerNorm


class PackedEncoder:
    """Token states of ``rows`` packed tokens at a time."""

    def __init__(self, network: SentenceEncoder, rows: int) -> None:
        bert: Any = network.bert  # the library types its parts as any module or tensor
        self.rows = rows
        self.heads: int = bert.config.num_attention_heads
        self.embeddings = bert.embeddings
        self.dtype: torch.dtype = bert.embeddings.word_embeddings.weight.dtype
        prepared = self.dtype is torch.bfloat16 and lays_out_weights()
        self.blocks = [_block(layer, rows, prepared) for layer in bert.encoder.layer]

    @torch.inference_mode()
    def __call__(self, tokens: Tensor, places: Tensor, types: Tensor, runs: Sequence[Run]) -> Tensor:
        """(rows,) token ids, places within their sentence and token types → (rows, H); beyond the runs arbitrary."""
        if len(tokens) != self.rows:
            raise ValueError(f"{len(tokens)} rows instead of {self.rows}")
        table = self.embeddings
        state = table.word_embeddings(tokens)
        state += table.position_embeddings(places)
        state += table.token_type_embeddings(types)
        state = table.LayerNorm(state)
        for block in self.blocks:
            seen = self._attention(block.query_key_value(state), runs)
            state = block.after_attention(block.mixed(seen, state))
            state = block.after_all(block.closed(block.widened(state), state))
        packed: Tensor = state
        return packed

    def _attention(self, query_key_value: Tensor, runs: Sequence[Run]) -> Tensor:
        width = query_key_value.shape[1] // 3
        seen = torch.zeros(self.rows, width, dtype=self.dtype)
        size = width // self.heads
        for run in runs:
            parts = query_key_value[run.rows].view(run.count, run.length, 3, self.heads, size).permute(2, 0, 3, 1, 4)
            own = _attended(*parts.reshape(3, run.count * self.heads, run.length, size))
            own = own.view(run.count, self.heads, run.length, size).transpose(1, 2)
            seen[run.rows].view(run.count, run.length, self.heads, size).copy_(own)
        return seen


def _attended(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """(…, T, size) each. Scores stay in float32: they reach 95, where bfloat16 knows no fractions."""
    scores = torch.bmm(query.float(), key.float().transpose(1, 2)).mul_(query.shape[-1] ** -0.5)
    weights = scores.sub_(scores.amax(-1, keepdim=True)).exp_()
    return torch.bmm(weights.to(value.dtype), value).div_(weights.sum(-1, keepdim=True).to(value.dtype))


def lays_out_weights() -> bool:
    """Whether this machine's products of bfloat16 gain from weights laid out beforehand."""
    known = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return known and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _block(layer: Any, rows: int, prepared: bool) -> Block:
    attention = layer.attention
    own, mixed, widened, closed = attention.self, attention.output.dense, layer.intermediate.dense, layer.output.dense
    parts = (own.query, own.key, own.value)
    weight, bias = torch.cat([p.weight for p in parts]).detach(), torch.cat([p.bias for p in parts]).detach()
    if prepared:
        products = (
            _prepared(weight, bias, rows, "none"), _prepared_sum(mixed, rows),
            _prepared(widened.weight.detach(), widened.bias.detach(), rows, "gelu"), _prepared_sum(closed, rows),
        )  # fmt: skip
    else:
        products = (_plain(weight, bias), _plain_sum(mixed), _plain_gelu(widened), _plain_sum(closed))
    return Block(products[0], products[1], attention.output.LayerNorm, products[2], products[3], layer.output.LayerNorm)


def _prepared(weight: Tensor, bias: Tensor, rows: int, then: str) -> Product:
    laid_out = torch.ops.mkldnn._reorder_linear_weight(weight, rows)

    def product(given: Tensor) -> Tensor:
        result: Tensor = torch.ops.mkldnn._linear_pointwise(given, laid_out, bias, then, [], "none")
        return result

    return product


def _prepared_sum(linear: nn.Linear, rows: int) -> Sum:
    laid_out, bias = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach(), rows), linear.bias.detach()

    def product(given: Tensor, before: Tensor) -> Tensor:
        result: Tensor = torch.ops.mkldnn._linear_pointwise.binary(given, before, laid_out, bias, "add")
        return result

    return product


def _plain(weight: Tensor, bias: Tensor) -> Product:
    return lambda given: functional.linear(given, weight, bias)


def _plain_gelu(linear: nn.Linear) -> Product:
    return lambda given: functional.gelu(linear(given))


def _plain_sum(linear: nn.Linear) -> Sum:
    def product(given: Tensor, before: Tensor) -> Tensor:
        result: Tensor = linear(given).add_(before)
        return result

    return product

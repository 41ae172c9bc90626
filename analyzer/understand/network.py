"""The network: one encoder over distinct sentences, one small causal reader over the contact, many linear heads.

    tokens ──encoder──▶ sentence vector s ──reader──▶ context vector c ──heads──▶ logits
                                 └── s·w is a sum over tokens, so every label's logit names the words that carried it

The encoder sees a sentence and its speaker only (token type 0: customer, 1: anybody else), so a sentence said a
thousand times is encoded once. The reader sees what was said up to and including the sentence, never after it; a
label therefore cannot be read off what comes later.

Shapes: B contacts, S sentences of the longest, N distinct sentences, T tokens of the longest, H = 384, L labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from analyzer import codebook

if TYPE_CHECKING:
    from transformers import BertConfig

SPEAKER_CODES = {"customer": 0, "agent": 1, "bot": 2, "system": 3}
MAX_TURNS = 64  # later turns share the last position
STRONGEST = 8  # sentences of a turn that a label is pooled from; longer turns hardly occur in training
# `reason` here is an auxiliary head: it teaches the encoder topics; what is published comes from reason.ReasonHead.
CONTACT_HEADS = {"resolution": len(codebook.RESOLUTIONS), "satisfaction": 5, "effort": 5,
                 "reason": len(codebook.REASONS), "swapped": 2}  # fmt: skip


@dataclass(frozen=True)
class ContactBatch:
    """Which sentence stands where. ``sentence`` (B, S) indexes the N distinct sentences, −1 is padding."""

    sentence: Tensor
    speaker: Tensor
    turn: Tensor
    closing: Tensor  # (B, S) bool: customer sentences of the closing third, hidden from the empathy head


@dataclass(frozen=True)
class SentenceLogits:
    """(B, S, L) label logits, (B, S, 3) feeling logits and (B, S) feeling attention; padding is arbitrary."""

    labels: Tensor
    feelings: Tensor
    attention: Tensor


class SentenceEncoder(nn.Module):
    """BERT and the mean over its tokens."""

    def __init__(self, config: BertConfig) -> None:
        from transformers import BertModel  # two seconds to load, and only training needs it

        super().__init__()
        self.bert = BertModel(config, add_pooling_layer=False)

    def forward(self, tokens: Tensor, mask: Tensor, speaker: Tensor) -> tuple[Tensor, Tensor]:
        """(N, T) → (N, H) sentence vectors and (N, T, H) token vectors, padding 0; s is the sum of tokens / length."""
        types = (speaker != 0).long()[:, None].expand_as(tokens)
        states = self.bert(input_ids=tokens, attention_mask=mask, token_type_ids=types).last_hidden_state
        shares = mask.to(states.dtype) / mask.sum(1, keepdim=True).clamp(min=1).to(states.dtype)
        weighted = states * shares[..., None]
        return weighted.sum(1), weighted


class ContactReader(nn.Module):
    """A causal transformer over the sentence vectors of a contact."""

    def __init__(self, width: int, layers: int = 2, heads: int = 6, dropout: float = 0.1) -> None:
        super().__init__()
        self.speaker = nn.Embedding(len(SPEAKER_CODES), width)
        self.position = nn.Embedding(MAX_TURNS, width)
        self.norm = nn.LayerNorm(width)
        self.blocks = nn.ModuleList(ReaderBlock(width, heads, dropout) for _ in range(layers))

    def forward(self, vectors: Tensor, speaker: Tensor, turn: Tensor, visible: Tensor) -> Tensor:
        """(B, S, H) → (B, S, H). ``visible`` (B, S) bool: sentences that may be attended to."""
        state = self.norm(vectors + self.speaker(speaker) + self.position(turn.clamp(max=MAX_TURNS - 1)))
        size = state.shape[1]
        past = torch.ones(size, size, dtype=torch.bool, device=state.device).tril()
        itself = torch.eye(size, dtype=torch.bool, device=state.device)
        allowed = (past[None] & visible[:, None, :]) | itself[None]
        for block in self.blocks:
            state = block(state, allowed[:, None])
        read: Tensor = state
        return read


class ReaderBlock(nn.Module):
    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.before_attention = nn.LayerNorm(width)
        self.before_mix = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.mix = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Dropout(dropout), nn.Linear(2 * width, width)
        )

    def forward(self, state: Tensor, allowed: Tensor) -> Tensor:
        batch, size, width = state.shape
        parts = self.query_key_value(self.before_attention(state)).view(batch, size, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=allowed)
        seen = self.out(seen.transpose(1, 2).reshape(batch, size, width))
        state = state + functional.dropout(seen, self.dropout, self.training)
        return state + functional.dropout(self.mix(self.before_mix(state)), self.dropout, self.training)


class AttentivePool(nn.Module):
    """Mean of a contact's context vectors by learned weights."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.score = nn.Linear(width, 1)

    def forward(self, state: Tensor, visible: Tensor) -> Tensor:
        """(B, S, H), (B, S) → (B, H); all zeros where nothing is visible."""
        scores = self.score(state).squeeze(-1).masked_fill(~visible, -1e4)
        weights = torch.softmax(scores, dim=1) * visible
        pooled: Tensor = (weights[..., None] * state).sum(1)
        return pooled


class Heads(nn.Module):
    """All that is read off sentence and context vectors."""

    def __init__(self, width: int, dropout: float = 0.2) -> None:
        super().__init__()
        labels = len(codebook.LABELS)
        self.reader = ContactReader(width)
        self.drop = nn.Dropout(dropout)
        self.label_sentence = nn.Linear(width, labels)  # the part that is a sum over words
        self.label_context = nn.Linear(width, labels, bias=False)
        self.feeling_sentence = nn.Linear(width, 3)
        self.feeling_context = nn.Linear(width, 3, bias=False)
        self.feeling_attention = nn.Linear(width, 1)
        self.pools = nn.ModuleDict({name: AttentivePool(width) for name in (*CONTACT_HEADS, "empathy")})
        self.contact = nn.ModuleDict({name: nn.Linear(2 * width, size) for name, size in CONTACT_HEADS.items()})
        self.empathy = nn.Linear(2 * width, 5)

    def forward(self, vectors: Tensor, batch: ContactBatch) -> tuple[SentenceLogits, dict[str, Tensor]]:
        """(N, H) distinct sentence vectors → logits of every sentence in place, and of every contact."""
        present = batch.sentence >= 0
        placed = vectors[batch.sentence.clamp(min=0)] * present[..., None]
        state = self.reader(placed, batch.speaker, batch.turn, present)
        sentences = self.sentence_logits(self.drop(placed), self.drop(state))
        contacts = {name: self._contact(name, state, present) for name in CONTACT_HEADS}
        contacts["empathy"] = self._empathy(placed, batch, present)
        return sentences, contacts

    def sentence_logits(self, placed: Tensor, state: Tensor) -> SentenceLogits:
        return SentenceLogits(
            self.label_sentence(placed) + self.label_context(state),
            self.feeling_sentence(placed) + self.feeling_context(state),
            self.feeling_attention(placed).squeeze(-1),
        )

    def _contact(self, name: str, state: Tensor, present: Tensor) -> Tensor:
        last = present.sum(1).clamp(min=1) - 1
        ending = state[torch.arange(state.shape[0], device=state.device), last]
        pooled = self.pools[name](state, present)
        logits: Tensor = self.contact[name](self.drop(torch.cat([pooled, ending], 1)))
        return logits

    def _empathy(self, placed: Tensor, batch: ContactBatch, present: Tensor) -> Tensor:
        """Read anew without the customer's closing third, so that a happy ending cannot pass for empathy."""
        visible = present & ~batch.closing
        state = self.reader(placed * visible[..., None], batch.speaker, batch.turn, visible)
        agent = visible & (batch.speaker == SPEAKER_CODES["agent"])
        customer = visible & (batch.speaker == SPEAKER_CODES["customer"])
        pooled = [self.pools["empathy"](state, who) for who in (agent, customer)]
        logits: Tensor = self.empathy(self.drop(torch.cat(pooled, 1)))
        return logits


class Network(nn.Module):
    """Encoder and heads together, as trained."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.encoder = SentenceEncoder(config)
        self.heads = Heads(config.hidden_size)

    def forward(
        self, tokens: Tensor, mask: Tensor, speaker: Tensor, batch: ContactBatch
    ) -> tuple[SentenceLogits, dict[str, Tensor]]:
        vectors, _ = self.encoder(tokens, mask, speaker)
        logits: tuple[SentenceLogits, dict[str, Tensor]] = self.heads(vectors, batch)
        return logits


def pool_turns(sentences: SentenceLogits, segment: Tensor, turns: int) -> tuple[Tensor, Tensor]:
    """(turns, L) label logits and (turns, 3) feeling log-probabilities from sentences flattened to (M, …).

    ``segment`` (M,) is each sentence's turn. Labels: logsumexp over a label's 8 strongest sentences, a smooth "any
    sentence says so" that length alone cannot drive up; feelings: the attention-weighted mean of logits. Every turn
    must own at least one sentence.
    """
    labels = _segment_logsumexp(_strongest(sentences.labels, segment, turns), segment, turns)
    attention = torch.exp(sentences.attention - _segment_max(sentences.attention[:, None], segment, turns)[segment, 0])
    total = torch.zeros(turns, dtype=attention.dtype, device=attention.device).index_add(0, segment, attention)
    weights = attention / total[segment]
    feelings = torch.zeros(turns, 3, dtype=attention.dtype, device=attention.device)
    feelings = feelings.index_add(0, segment, weights[:, None] * sentences.feelings)
    return labels, torch.log_softmax(feelings, dim=1)


def _strongest(values: Tensor, segment: Tensor, turns: int) -> Tensor:
    """``values`` (M, L) with all but the STRONGEST largest of a turn and label so low that they count for nothing."""
    kept = torch.ones_like(values, dtype=torch.bool)
    for turn in torch.nonzero(torch.bincount(segment, minlength=turns) > STRONGEST).flatten():
        own = torch.nonzero(segment == turn).flatten()
        kept[own] = torch.argsort(values[own], dim=0, descending=True, stable=True).argsort(0) < STRONGEST
    return values.masked_fill(~kept, -1e4)


def _segment_max(values: Tensor, segment: Tensor, turns: int) -> Tensor:
    index = segment[:, None].expand_as(values)
    start = torch.full((turns, values.shape[1]), -1e4, dtype=values.dtype, device=values.device)
    return start.scatter_reduce(0, index, values, reduce="amax", include_self=True).detach()


def _segment_logsumexp(values: Tensor, segment: Tensor, turns: int) -> Tensor:
    top = _segment_max(values, segment, turns)
    summed = torch.zeros_like(top).index_add(0, segment, torch.exp(values - top[segment]))
    return top + torch.log(summed.clamp(min=1e-30))

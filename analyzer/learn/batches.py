"""Dialogues as tensors: distinct sentences once, their places, and logits pooled to turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from analyzer.learn.corpus import Dialogue
from analyzer.understand.network import ContactBatch, Network, pool_turns

MAX_TOKENS = 96
WIDTHS = (12, 24, 48, MAX_TOKENS)  # most sentences are short; encoding those of a length together spares the padding


@dataclass(frozen=True)
class PooledTurns:
    """(rows, L) label logits and (rows, 3) feeling log-probabilities; ``owner`` is (dialogue in batch, turn)."""

    labels: Tensor
    feelings: Tensor
    owner: list[tuple[int, int]]


def token_tensor(texts: Sequence[str], tokenizer: Tokenizer) -> Tensor:
    """(N, T) token ids, padded with 0 and cut at 96."""
    encoded = tokenizer.encode_batch_fast(list(texts)) if texts else []
    width = min(MAX_TOKENS, max((len(e.ids) for e in encoded), default=2))
    tokens = torch.zeros(len(encoded), width, dtype=torch.long)
    for row, e in enumerate(encoded):
        ids = e.ids[:width]
        tokens[row, : len(ids)] = torch.tensor(ids)
    return tokens


def collate(
    dialogues: Sequence[Dialogue], tokenizer: Tokenizer, device: str
) -> tuple[Tensor, Tensor, Tensor, ContactBatch]:
    """Token ids and mask (N, T), speakers (N,) and places of the distinct sentences of a batch."""
    keys: dict[tuple[int, str], int] = {}
    longest = max(1, max(len(d.texts) for d in dialogues))
    sentence = torch.full((len(dialogues), longest), -1)
    speaker = torch.zeros(len(dialogues), longest, dtype=torch.long)
    turn = torch.zeros(len(dialogues), longest, dtype=torch.long)
    closing = torch.zeros(len(dialogues), longest, dtype=torch.bool)
    for row, d in enumerate(dialogues):
        places = [
            keys.setdefault((min(who, 1), text), len(keys)) for text, who in zip(d.texts, d.speakers, strict=True)
        ]
        sentence[row, : len(places)] = torch.tensor(places, dtype=torch.long)
        speaker[row, : len(d.texts)] = torch.tensor(d.speakers, dtype=torch.long)
        turn[row, : len(d.texts)] = torch.tensor(d.turns, dtype=torch.long)
        closing[row, : len(d.texts)] = torch.tensor(d.closing, dtype=torch.bool)
    tokens = token_tensor([text for _, text in keys], tokenizer).to(device)
    who = torch.tensor([speaker for speaker, _ in keys], dtype=torch.long).to(device)
    placed = ContactBatch(sentence.to(device), speaker.to(device), turn.to(device), closing.to(device))
    return tokens, (tokens != 0).long(), who, placed


def encode(network: Network, tokens: Tensor, who: Tensor) -> Tensor:
    """(N, T) → (N, H), sentences of about a length together."""
    lengths = (tokens != 0).sum(1)
    vectors, places = [], []
    for above, width in zip((-1, *WIDTHS), WIDTHS, strict=False):
        rows = torch.nonzero((lengths > above) & (lengths <= width)).flatten()
        if len(rows):
            part = tokens[rows, :width]
            vectors.append(network.encoder(part, (part != 0).long(), who[rows])[0])
            places.append(rows)
    return torch.cat(vectors)[torch.argsort(torch.cat(places))]


def pooled(
    network: Network, dialogues: Sequence[Dialogue], tokenizer: Tokenizer, device: str, beside: Sequence[str] = ()
) -> tuple[PooledTurns, dict[str, Tensor], Tensor]:
    """Turn-level logits of every turn that has words, the contact logits, and the vectors of the texts ``beside``.

    Those are read in the same pass of the encoder, by turns as a customer's and as an agent's words; a pass of its own
    would cost as much as the dialogues.
    """
    tokens, _, who, batch = collate(dialogues, tokenizer, device)
    extra = token_tensor(beside, tokenizer).to(device)
    width = max(tokens.shape[1], extra.shape[1])
    together = torch.cat([functional.pad(part, (0, width - part.shape[1])) for part in (tokens, extra)])
    speakers = torch.cat([who, torch.arange(len(beside), device=device) // 2 % 2])
    vectors = encode(network, together, speakers)
    sentences, contacts = network.heads(vectors[: len(tokens)], batch)
    owners: dict[tuple[int, int], int] = {}
    rows, columns, segment = [], [], []
    for row, d in enumerate(dialogues):
        for column, turn in enumerate(d.turns):
            rows.append(row)
            columns.append(column)
            segment.append(owners.setdefault((row, turn), len(owners)))
    at = (torch.tensor(rows, device=device), torch.tensor(columns, device=device))
    flat = type(sentences)(
        sentences.labels[at].float(), sentences.feelings[at].float(), sentences.attention[at].float()
    )
    labels, feelings = pool_turns(flat, torch.tensor(segment, device=device), len(owners))
    return PooledTurns(labels, feelings, list(owners)), contacts, vectors[len(tokens) :]

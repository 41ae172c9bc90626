"""One pass of the network over a batch of contacts: calibrated probabilities of every turn and of the contact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from analyzer import codebook
from analyzer.records import Speaker
from analyzer.understand.calibration import Curves
from analyzer.understand.encoded import Encoded, sentence_key
from analyzer.understand.language import Parsed, Sentence
from analyzer.understand.model import Model
from analyzer.understand.network import SPEAKER_CODES, ContactBatch, SentenceLogits, pool_turns
from analyzer.understand.parts import closing_turns, opening_turns
from analyzer.understand.reason import reason_features

Array = NDArray[np.float64]
READ_TOGETHER = 32  # contacts the reader takes at once
LONGEST_CONTACT = 400  # sentences the reader sees of one contact; the middle of a longer one is left out

SIDE: dict[str, NDArray[np.bool_]] = {
    "customer": np.array([label in codebook.CUSTOMER_LABELS + codebook.TOPIC_LABELS for label in codebook.LABELS]),
    "agent": np.array([label in codebook.AGENT_LABELS for label in codebook.LABELS]),
}


@dataclass(frozen=True)
class Heard:
    """What the network says of one contact.

    ``labels`` (turns, L) probabilities, NaN for labels the speaker cannot carry and for turns without words;
    ``feelings`` (turns, 3), NaN but for customer turns; ``sentence_labels`` (S, L) logits; ``contact`` raw logits a
    head; ``reason`` (28,) probabilities; ``encoded`` the sentences' vectors and word shares.
    """

    parsed: Parsed
    curves: Curves
    labels: Array
    feelings: Array
    sentence_labels: Array
    contact: dict[str, Array]
    reason: Array
    encoded: tuple[Encoded, ...]

    @property
    def voices(self) -> frozenset[Speaker]:
        """The speakers of whom there are words, not merely turns."""
        return frozenset(sentence.speaker for sentence in self.parsed.sentences)


@torch.inference_mode()
def hear(model: Model, batch: Sequence[Parsed]) -> list[Heard]:
    """Same length and order as ``batch``; every contact must be German or English and have words."""
    keyed = [[(SPEAKER_CODES[s.speaker], s.text) for s in _within_reach(parsed)] for parsed in batch]
    encoded = model.encoder.encode(pair for pairs in keyed for pair in pairs)
    rows = [tuple(encoded[sentence_key(*pair)] for pair in pairs) for pairs in keyed]
    heard: dict[int, Heard] = {}
    order = sorted(range(len(batch)), key=lambda index: len(rows[index]))  # contacts of like length need little padding
    for start in range(0, len(batch), READ_TOGETHER):
        group = order[start : start + READ_TOGETHER]
        heard.update(zip(group, _read(model, [batch[i] for i in group], [rows[i] for i in group]), strict=True))
    return [heard[index] for index in range(len(batch))]


def _within_reach(parsed: Parsed) -> tuple[Sentence, ...]:
    sentences = parsed.sentences
    half = LONGEST_CONTACT // 2
    return sentences if len(sentences) <= LONGEST_CONTACT else sentences[:half] + sentences[-half:]


def _read(model: Model, group: Sequence[Parsed], rows: Sequence[tuple[Encoded, ...]]) -> list[Heard]:
    vectors = torch.from_numpy(np.stack([e.vector for row in rows for e in row]))
    logits, contacts = model.heads(vectors, _places(group))
    return [
        _heard(model, parsed, row, SentenceLogits(logits.labels[i], logits.feelings[i], logits.attention[i]),
               {name: values[i].double().numpy() for name, values in contacts.items()})
        for i, (parsed, row) in enumerate(zip(group, rows, strict=True))
    ]  # fmt: skip


def _places(group: Sequence[Parsed]) -> ContactBatch:
    reachable = [_within_reach(parsed) for parsed in group]
    shape = (len(group), max(len(sentences) for sentences in reachable))
    sentence = torch.full(shape, -1)
    speaker, turn = torch.zeros(shape, dtype=torch.long), torch.zeros(shape, dtype=torch.long)
    closing = torch.zeros(shape, dtype=torch.bool)
    first = 0
    for row, (parsed, sentences) in enumerate(zip(group, reachable, strict=True)):
        last_third = closing_turns(parsed.interaction.turns)
        size = len(sentences)
        sentence[row, :size] = torch.arange(first, first + size)
        speaker[row, :size] = torch.tensor([SPEAKER_CODES[s.speaker] for s in sentences])
        turn[row, :size] = torch.tensor([s.turn for s in sentences])
        closing[row, :size] = torch.tensor([s.turn in last_third for s in sentences])
        first += size
    return ContactBatch(sentence, speaker, turn, closing)


def _heard(
    model: Model, parsed: Parsed, encoded: tuple[Encoded, ...], logits: SentenceLogits, contact: dict[str, Array]
) -> Heard:
    sentences = _within_reach(parsed)
    curves = model.curves["de" if parsed.language == "de" else "en"]
    size, turns = len(sentences), sorted({s.turn for s in sentences})
    place = {turn: index for index, turn in enumerate(turns)}
    segment = torch.tensor([place[s.turn] for s in sentences])
    flat = SentenceLogits(logits.labels[:size], logits.feelings[:size], logits.attention[:size])
    label_logits, feeling_logits = pool_turns(flat, segment, len(turns))
    labels = np.full((len(parsed.interaction.turns), len(codebook.LABELS)), np.nan)
    feelings = np.full((len(parsed.interaction.turns), 3), np.nan)
    labels[turns] = curves.labels(label_logits.double().numpy())
    feelings[turns] = curves.classes("feelings", feeling_logits.double().numpy())
    for index, turn in enumerate(parsed.interaction.turns):
        labels[index, ~SIDE[turn.speaker] if turn.speaker in SIDE else slice(None)] = np.nan
        if turn.speaker != "customer":
            feelings[index] = np.nan
    reason = curves.classes("reason", model.reason.logits(_features(parsed, sentences, encoded)).astype(float))
    own_labels = flat.labels.double().numpy()
    return Heard(replace_reach(parsed, sentences), curves, labels, feelings, own_labels, contact, reason, encoded)


def replace_reach(parsed: Parsed, sentences: tuple[Sentence, ...]) -> Parsed:
    """``parsed`` with only the sentences that were read, so that rows line up with the logits."""
    return Parsed(parsed.interaction, parsed.language, parsed.language_probability, sentences)


def _features(parsed: Parsed, sentences: Sequence[Sentence], encoded: Sequence[Encoded]) -> NDArray[np.float32]:
    opening = opening_turns(parsed.interaction.turns)
    return reason_features(
        np.stack([e.vector for e in encoded]),
        [s.speaker == "customer" for s in sentences],
        [s.turn in opening for s in sentences],
        [s.speaker == "agent" for s in sentences],
        [len(s.text) for s in sentences],
    )

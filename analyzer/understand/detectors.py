"""The detectors: each reads what was heard of a contact and says one thing about it. One table registers them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from analyzer import codebook
from analyzer.config import UnderstandSettings
from analyzer.records import Cue, Finding
from analyzer.understand.encode import Encoder
from analyzer.understand.evidence import carrying_span
from analyzer.understand.hear import Heard

FEWEST_TURNS_FOR_ROLES = 3

Detector = Callable[[Heard, UnderstandSettings, str], list[Finding]]


def resolution(heard: Heard, settings: UnderstandSettings, version: str) -> list[Finding]:
    """One row a class; the likeliest comes first. Below ``abstain_below`` the detector abstains."""
    probabilities = heard.curves.classes("resolution", heard.contact["resolution"])
    return _classes("resolution", codebook.RESOLUTIONS, probabilities, settings, version)


def reason(heard: Heard, settings: UnderstandSettings, version: str) -> list[Finding]:
    """The likeliest reasons, at most three, with their probability."""
    return _classes("reason", codebook.REASONS, heard.reason, settings, version)[:3]


def satisfaction(heard: Heard, settings: UnderstandSettings, version: str) -> list[Finding]:
    return [_grade("satisfaction", heard, version)]


def effort(heard: Heard, settings: UnderstandSettings, version: str) -> list[Finding]:
    return [_grade("effort", heard, version)]


def empathy(heard: Heard, settings: UnderstandSettings, version: str) -> list[Finding]:
    """From the agent's turns, blind to the customer's closing third; nothing without a human agent."""
    if "agent" not in heard.voices:
        return []
    return [_grade("empathy", heard, version)]


def swapped_probability(heard: Heard) -> float | None:
    """Probability that customer and agent are interchanged in the transcript; None where too little was said to tell.

    A greeting and one plain request read much like an agent's question and a customer's answer: of two turns alone,
    far more right contacts than swapped ones would be thrown out.
    """
    spoken = {s.turn for s in heard.parsed.sentences if s.speaker in ("customer", "agent")}
    if len(spoken) < FEWEST_TURNS_FOR_ROLES:
        return None
    return float(heard.curves.classes("swapped", heard.contact["swapped"])[1])


DETECTORS: Final[Mapping[str, Detector]] = {
    "resolution": resolution,
    "satisfaction": satisfaction,
    "effort": effort,
    "empathy": empathy,
    "reason": reason,
}


def cues(heard: Heard, settings: UnderstandSettings, encoder: Encoder) -> list[Cue]:
    """A cue for every label of every turn with at least ``cue_floor``, its span the words that carried it."""
    found = []
    sentence_turns = np.array([s.turn for s in heard.parsed.sentences])
    offsets: dict[int, np.ndarray[tuple[int, ...], np.dtype[np.int32]]] = {}
    for turn, label in zip(*np.nonzero(heard.labels >= settings.cue_floor), strict=True):
        own = np.flatnonzero(sentence_turns == turn)
        best = int(own[np.argmax(heard.sentence_labels[own, label])])
        sentence = heard.parsed.sentences[best]
        if best not in offsets:
            offsets[best] = encoder.word_offsets(sentence.text)
        start, end = carrying_span(heard.encoded[best].shares[:, label], offsets[best], sentence.text)
        probability = float(heard.labels[turn, label])
        cue = Cue(
            int(turn), codebook.LABELS[label], probability, bool(probability >= heard.curves.thresholds[label]),
            sentence.start_char + start, sentence.start_char + end, "labels", sentence.text[start:end],
        )  # fmt: skip
        found.append(cue)
    return found


def _classes(
    name: str, classes: tuple[str, ...], probabilities: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    settings: UnderstandSettings, version: str,
) -> list[Finding]:  # fmt: skip
    abstained = bool(probabilities.max() < settings.abstain_below)
    order = np.argsort(-probabilities, kind="stable")
    return [
        Finding(name, classes[index], name, version, probability=float(probabilities[index]), abstained=abstained)
        for index in order
    ]


def _grade(name: str, heard: Heard, version: str) -> Finding:
    value, low, high = heard.curves.grade(name, heard.contact[name])
    return Finding(name, f"{value:.2f}", name, version, number=value, low=low, high=high)

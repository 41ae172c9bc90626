"""The language pass, done once a batch: the contact's language, and each turn's sentences as spans.

spaCy's blank pipelines tokenise and split; nothing here is a trained model but py3langid's language table.
"""

from __future__ import annotations

import copy
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import spacy
from py3langid.langid import MODEL_FILE, LanguageIdentifier, visit_counts
from spacy.tokens import Doc

from analyzer.config import UnderstandSettings
from analyzer.records import Interaction, Speaker

Language = Literal["de", "en", "und"]

# A sentence longer than this (words) is cut, since speech recognition may bring a whole minute without a full stop
# and a label would drown in it.
LONGEST_WORDS = 40
# No word is as long as this, and spaCy takes quadratic time over one of marks: 20,000 of "!" take it two minutes.
_NO_WORD = re.compile(r"\S{200,}")
_LONGEST_CHARS = 2000
_JOINTS = frozenset(
    {"and", "but", "so", "because", "then", "or", "well",
     "und", "aber", "also", "weil", "dann", "oder", "denn", "sondern", "dass"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sentence:
    """A span of one turn: ``text`` == turn.text[start_char:end_char]."""

    turn: int
    speaker: Speaker
    start_char: int
    end_char: int
    text: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """A contact with its language and the sentences of all its turns, in order."""

    interaction: Interaction
    language: Language
    language_probability: float
    sentences: tuple[Sentence, ...]


class LanguagePass:
    """Parses contacts. Loading takes about a second, so a process keeps one."""

    def __init__(self, settings: UnderstandSettings) -> None:
        self._settings = settings

    def parse(self, batch: Sequence[Interaction]) -> list[Parsed]:
        """Same length and order as ``batch``."""
        return [self._parse(interaction) for interaction in batch]

    def _parse(self, interaction: Interaction) -> Parsed:
        language, probability = self.language_of(interaction)
        return Parsed(interaction, language, probability, tuple(split_turns(interaction, language)))

    def language_of(self, interaction: Interaction) -> tuple[Language, float]:
        """The language of the people's words; ``und`` where another is likely or nothing tells.

        The full table is asked first: another language it is sure of is ``und``. Otherwise only German and English
        compete, since short or dialect text looks like Dutch or Catalan to it.
        """
        spoken = " ".join(turn.text for turn in interaction.turns if turn.speaker in ("customer", "agent"))
        declared = (interaction.declared_language or "").lower()[:2]
        if len(spoken) < self._settings.language_min_chars:
            if declared in ("de", "en"):
                return ("de" if declared == "de" else "en"), 1.0
            return "und", 0.0
        of_all, of_ours = _identifiers()
        best, best_probability = of_all.classify(spoken)
        if best not in ("de", "en") and best_probability >= self._settings.language_probability:
            return "und", float(best_probability)
        code, probability = of_ours.classify(spoken)
        return ("de" if code == "de" else "en"), float(probability)


def split_turns(interaction: Interaction, language: Language) -> Iterator[Sentence]:
    """The sentences of every turn, in order; a turn without words has none."""
    pipeline = _pipeline("de" if language == "de" else "en")
    docs = pipeline.pipe(_NO_WORD.sub(_as_one_word, turn.text) for turn in interaction.turns)
    for index, (turn, doc) in enumerate(zip(interaction.turns, docs, strict=True)):
        for start, end in _spans(doc):
            yield Sentence(index, turn.speaker, start, end, turn.text[start:end])


def _as_one_word(found: re.Match[str]) -> str:
    """As many letters, so that every place in the turn stays what it was."""
    return "x" * len(found[0])


def _spans(doc: Doc) -> Iterator[tuple[int, int]]:
    for sentence in doc.sents:
        words = [token for token in sentence if not token.is_space]
        while words:
            cut = _cut(words)
            piece, words = words[:cut], words[cut:]
            first, last = piece[0].idx, piece[-1].idx + len(piece[-1])
            for start in range(first, last, _LONGEST_CHARS):
                yield start, min(last, start + _LONGEST_CHARS)


def _cut(words: Sequence[Any]) -> int:
    """Where to end the next piece: all of it, or before the last joint within the limit."""
    if len(words) <= LONGEST_WORDS:
        return len(words)
    for index in range(LONGEST_WORDS, LONGEST_WORDS // 3, -1):
        if words[index].lower_ in _JOINTS or words[index - 1].text == ",":
            return index
    return LONGEST_WORDS


@cache
def _pipeline(language: Literal["de", "en"]) -> spacy.language.Language:
    pipeline = spacy.blank(language)
    pipeline.max_length = sys.maxsize  # spaCy's limit guards its parsers' memory; tokenising needs none
    pipeline.add_pipe("sentencizer", config={"punct_chars": [".", "!", "?", "…", "\n", "。"]})
    return pipeline


class _Walked(LanguageIdentifier):  # type: ignore[misc]
    """py3langid's table over the counts of the text that was walked last: two that share them walk a text once."""

    # Overrides what py3langid keeps to itself, for want of a public way that tells the same. Classifying twice walks
    # twice (578 µs a contact of over 600 characters, this 358). rank(), shared out between German and English, takes as
    # long as this and found the same language for all of 18,981 texts, but other probabilities from the sixth digit on,
    # so that every stored contact would differ from what its words were heard as before. The test that compares this
    # with two plain identifiers fails where a version of py3langid goes another way.

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.walked: dict[bytes, Counter[int] | None] = {}

    def _raw_score(self, text: bytes) -> Any:
        if text not in self.walked:
            self.walked.clear()
            self.walked[text] = visit_counts(self.tk_nextmove, self._rowbase, self.tk_output, text)
        visits = self.walked[text]
        return self._sparse_score(visits, self.nb_ptc) if visits else super()._raw_score(text)


@cache
def _identifiers() -> tuple[Any, Any]:
    """One that knows all languages and one of German and English alone. The table is loaded and a text walked once."""
    of_all = _Walked.from_model_file(MODEL_FILE, norm_probs=True)
    of_ours = copy.copy(of_all)
    of_ours.set_languages(["de", "en"])
    return of_all, of_ours

"""How well the program hears, told by the random audit alone: of what it reports, how much is so; of what is there, how
much it finds.

    whole contacts   what people answered blind beside what the program says, class by class: both can be told
    passages         right or wrong: of those found in drawn contacts, how many people say are so. What is there and was
                     found can be told only from words that people marked before they saw any finding; what they add
                     later is what they noticed missing, and says nothing of how much was.

Contacts that a rule picked say nothing of all contacts, so none of their answers counts here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from analyzer import codebook
from analyzer.review import questions
from analyzer.review.conversation import tone_of
from analyzer.review.database import Row
from analyzer.review.weighted_share import Share, weighted_share

EVERY: Final = "all"  # languages
_APART: Final = ("de", "en")
_CLASSES: Final[Mapping[str, tuple[str, ...]]] = {
    "resolution": codebook.RESOLUTIONS,
    "sentiment_end": ("bad", "calm", "good"),
    "opportunity": ("met", "missed", "hurt", "none"),
}
OPPORTUNITIES: Final = (
    "empathic_opportunities",
    "opportunities_met",
    "opportunities_hurt",
    "opportunities_met_by_action",
)


@dataclass(frozen=True, slots=True)
class Detector:
    """One line: ``question`` and the ``answer`` it is about, or a label and ``""``; in one language or ``EVERY``."""

    question: str
    answer: str
    language: str
    precision: Share
    recall: Share

    @property
    def told(self) -> bool:
        """Whether anything can be told of it."""
        return self.precision.estimate is not None or self.recall.estimate is not None


@dataclass(slots=True)
class _Tally:
    """Of one contact: things the program reports, those that are so, those nobody judged; things that are there, those
    it found. People who differ count as their mean."""

    reported: float = 0.0
    right: float = 0.0
    unjudged: float = 0.0
    there: float = 0.0
    found: float = 0.0


def told_apart(lines: Sequence[Detector]) -> tuple[list[Detector], list[Detector]]:
    """Those of which something can be told, languages only where it can be of them; and the others, all languages."""
    known = {(line.question, line.answer) for line in lines if line.told}
    told = [line for line in lines if (line.question, line.answer) in known and (line.told or line.language == EVERY)]
    others = [line for line in lines if (line.question, line.answer) not in known and line.language == EVERY]
    return told, others


_Tallies = dict[str, _Tally]  # by contact


def of_contacts(answers: Iterable[Row], facts: Mapping[str, Row], weights: Mapping[str, float]) -> list[Detector]:
    """A line a class and language, of contacts that people answered blind; ``weights``: 1 / sampling probability."""
    said: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for row in answers:
        contact, finding = row["interaction_id"], row["finding"]
        is_asked = row["blind"] and row["turn"] is None and finding in _CLASSES and contact in weights
        if is_asked and row["answer"] != questions.CANNOT_SAY:
            said[finding, contact].append(_class_of(finding, row["answer"]))
    lines = []
    for finding, classes in _CLASSES.items():
        told = {contact: said[finding, contact] for contact in weights if (finding, contact) in said}
        heard = {contact: program_class(finding, facts[contact]) for contact in told}
        for each in classes if told else ():
            tallies = {c: _of_class(heard[c] == each, told[c], each) for c in told if heard[c] is not None}
            lines += _by_language(finding, each, tallies, facts, weights)
    return lines


def _of_class(heard: bool, said: Sequence[str], each: str) -> _Tally:
    agree = said.count(each) / len(said)
    return _Tally(reported=float(heard), right=agree if heard else 0.0, there=agree, found=agree if heard else 0.0)


def _class_of(finding: str, answer: str) -> str:
    return tone_of(float(answer)) if finding == "sentiment_end" else answer


def program_class(finding: str, facts: Row) -> str | None:
    """What the program says to a question, as one of its classes; None where it heard nothing."""
    if finding == "opportunity":
        return _opportunity(facts)
    value = facts[finding]
    if finding == "resolution" or value is None:
        return None if value is None else str(value)
    return tone_of(value)


def _opportunity(facts: Row) -> str | None:
    """The worst that happened to a feeling shown, as a person would sum it up."""
    shown, met, hurt, acted = (facts[name] for name in OPPORTUNITIES)
    if shown is None:
        return None
    if not shown:
        return "none"
    return "hurt" if hurt else "missed" if shown > (met or 0) + (acted or 0) else "met"


def of_passages(
    answers: Iterable[Row], cues: Iterable[Row], facts: Mapping[str, Row], weights: Mapping[str, float]
) -> list[Detector]:
    """A line a label and language, of passages in contacts of ``weights``; ``cues``: those that the program found."""
    judged, marked = _judged(answers, weights)
    tallies: defaultdict[str, _Tallies] = defaultdict(dict)
    places: set[tuple[str, str, int]] = set()
    for cue in cues:
        contact, label, turn = cue["interaction_id"], cue["label"], cue["turn"]
        if contact in weights:
            places.add((contact, label, turn))
            opinions = [o for where in _wheres(cue) for o in judged.get((contact, label, turn, where), {}).values()]
            opinions += [1.0] * ((contact, label, turn) in marked and not opinions)
            _add_found(tallies[label].setdefault(contact, _Tally()), opinions)
    for contact, label, turn in marked:
        tally = tallies[label].setdefault(contact, _Tally())
        tally.there += 1
        tally.found += (contact, label, turn) in places
    known = [label for label in codebook.LABELS if any(t.reported or t.there for t in tallies[label].values())]
    return [line for label in known for line in _by_language(label, "", tallies[label], facts, weights)]


_Where = tuple[int | None, int | None]


def _judged(
    answers: Iterable[Row], weights: Mapping[str, float]
) -> tuple[dict[tuple[str, str, int, _Where], dict[str, float]], set[tuple[str, str, int]]]:
    """What each person said of a finding (1 right, 0 wrong), and the turns in which a label was marked blind."""
    judged: defaultdict[tuple[str, str, int, _Where], dict[str, float]] = defaultdict(dict)
    marked: set[tuple[str, str, int]] = set()
    for row in answers:
        contact, label, turn = row["interaction_id"], row["finding"], row["turn"]
        if contact not in weights or label not in codebook.LABELS:
            continue
        if row["answer"] == "added":
            if row["blind"]:
                marked.add((contact, label, turn))
        else:
            where = (row["start_char"], row["end_char"])
            judged[contact, label, turn, where][row["reviewer"]] = float(row["answer"] == "right")
    return dict(judged), marked


def _wheres(cue: Row) -> tuple[_Where, _Where]:
    """Places by which an answer is about this finding: its own words, or no words named."""
    return (cue["start_char"], cue["end_char"]), (None, None)


def _add_found(tally: _Tally, opinions: Sequence[float]) -> None:
    if opinions:
        tally.reported += 1
        tally.right += sum(opinions) / len(opinions)
    else:
        tally.unjudged += 1


def _by_language(
    question: str, answer: str, tallies: _Tallies, facts: Mapping[str, Row], weights: Mapping[str, float]
) -> list[Detector]:
    languages = [each for each in _APART if any(facts[contact]["language"] == each for contact in tallies)]
    lines = []
    for language in (EVERY, *languages) if len(languages) > 1 else (EVERY,):
        own = [c for c in tallies if language in (EVERY, facts[c]["language"])]
        numbers = _columns([tallies[contact] for contact in own])
        weight = np.array([weights[contact] for contact in own])
        precision = weighted_share(numbers("right"), numbers("reported"), weight, numbers("unjudged"))
        recall = weighted_share(numbers("found"), numbers("there"), weight)
        lines.append(Detector(question, answer, language, precision, recall))
    return lines


def _columns(tallies: Sequence[_Tally]) -> Callable[[str], np.ndarray]:
    return lambda name: np.array([getattr(tally, name) for tally in tallies], dtype=float)

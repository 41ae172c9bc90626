"""Whether people judge alike, and whether the program judges as they do: two questions that are never mixed.

People are compared with each other over answers about the same thing in the same version of a transcript. By default
only answers given blind count, of people who had seen neither the program's findings nor each other. With the program
only blind answers are ever compared: who has seen a finding tends to agree with it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, NamedTuple

from analyzer import codebook
from analyzer.review import questions
from analyzer.review.coefficients import Accord, Estimate, accord_of_people, accord_of_two, rates
from analyzer.review.conversation import tone_of
from analyzer.review.database import Connection, Row

EVERY: Final = "all"  # languages
_APART: Final = ("de", "en")
_TONES: Final = {"bad": 0, "calm": 1, "good": 2}


class Scale(NamedTuple):
    """The answers to a question; ``ordered``: two that lie further apart disagree more."""

    answers: tuple[str, ...]
    ordered: bool


def _scale(finding: str) -> Scale:
    told = tuple(each for each in questions.ANSWERS[finding] if each != questions.CANNOT_SAY)
    return Scale(told, finding not in ("resolution", "opportunity"))


PRESENT: Final = Scale(("absent", "present"), ordered=False)
SCALES: Final[Mapping[str, Scale]] = {
    **{finding: _scale(finding) for finding in questions.ANSWERS},
    "sentiment": Scale(codebook.FEELINGS, ordered=True),
    **dict.fromkeys(codebook.LABELS, PRESENT),
}
_ON_CUES: Final = {"right": "present", "added": "present", "wrong": "absent"}


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one person answered to one question about one thing: a contact, or a turn of it, in one version."""

    contact: str
    turn: int | None
    version: str
    question: str
    language: str
    reviewer: str
    answer: int
    blind: bool

    @property
    def thing(self) -> tuple[int | None, str]:
        return self.turn, self.version


@dataclass(frozen=True, slots=True)
class Compared:
    """One line of the page. ``pair``: the two people, None where all are compared."""

    question: str
    language: str
    pair: tuple[str, str] | None
    accord: Accord


@dataclass(frozen=True, slots=True)
class Share:
    """How often an answer is given by people, and by the program of the same contacts."""

    answer: str
    people: Estimate
    program: Estimate | None


@dataclass(frozen=True, slots=True)
class BaseRates:
    """``contacts``: of how many; ``shares`` is empty where they are too few."""

    question: str
    contacts: int
    shares: tuple[Share, ...]


def opinion_rows(connection: Connection) -> list[Row]:
    """All answers that stand and count, the earlier first: not taken back, not overruled in a dispute."""
    return connection.rows(
        "SELECT v.interaction_id, v.turn, v.content_hash, v.finding, v.reviewer, v.answer, v.blind FROM verdicts v "
        "LEFT JOIN undone u ON u.verdict_id = v.verdict_id WHERE u.verdict_id IS NULL "
        "AND v.verdict_id NOT IN (SELECT verdict_id FROM overruled) ORDER BY v.answered_at, v.verdict_id"
    )


def opinions(rows: Iterable[Row], facts: Mapping[str, Row], *, blind_only: bool) -> list[Opinion]:
    """Of contacts in ``facts``, the last answer of each person to each question about each thing."""
    last: dict[tuple[object, ...], Opinion] = {}
    for row in rows:
        place = _place(row["finding"], row["answer"])
        contact = facts.get(row["interaction_id"])
        if place is None or contact is None or (blind_only and not row["blind"]):
            continue
        told = Opinion(
            row["interaction_id"], row["turn"], row["content_hash"], row["finding"], contact["language"],
            row["reviewer"], place, bool(row["blind"]),
        )  # fmt: skip
        last[(told.contact, told.thing, told.question, told.reviewer)] = told
    return list(last.values())


def among_people(told: Sequence[Opinion]) -> list[Compared]:
    """Alpha of everybody, by question and language; only questions that two people answered about the same thing."""
    lines = []
    for question in SCALES:
        of_question = [each for each in told if each.question == question]
        for language in _languages(of_question):
            units = _units(_in(of_question, language))
            contacts = [[[o.answer for o in each] for each in contact] for contact in units]
            if contacts:
                size, ordered = len(SCALES[question].answers), SCALES[question].ordered
                lines.append(Compared(question, language, None, accord_of_people(contacts, size, ordered=ordered)))
    return lines


def by_pair(told: Sequence[Opinion], question: str) -> list[Compared]:
    """Cohen's kappa of each two people who answered the question about the same things, the most things first."""
    scale = SCALES[question]
    pairs: defaultdict[tuple[str, str], list[list[tuple[int, int]]]] = defaultdict(list)
    for contact in _units([each for each in told if each.question == question]):
        found: defaultdict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
        for thing in contact:
            for one, other in combinations(sorted(thing, key=lambda o: o.reviewer), 2):
                found[one.reviewer, other.reviewer].append((one.answer, other.answer))
        for pair, answers in found.items():
            pairs[pair].append(answers)
    lines = [
        Compared(question, EVERY, pair, accord_of_two(contacts, len(scale.answers), ordered=scale.ordered))
        for pair, contacts in pairs.items()
    ]
    return sorted(lines, key=lambda line: (-line.accord.contacts, line.pair or ("", "")))


def with_program(told: Sequence[Opinion], program: Mapping[tuple[str, int | None, str], int]) -> list[Compared]:
    """Kappa of people's answers and the program's. ``program``: by contact, turn and question, what it says.

    Of the same thing judged by several people each answer counts, within one contact.
    """
    lines = []
    for question, scale in SCALES.items():
        of_question = [each for each in told if each.question == question]
        for language in _languages(of_question):
            contacts: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
            for each in _in(of_question, language):
                said = program.get((each.contact, each.turn, question))
                if said is not None:
                    contacts[each.contact].append((each.answer, said))
            if contacts:
                accord = accord_of_two(list(contacts.values()), len(scale.answers), ordered=scale.ordered)
                lines.append(Compared(question, language, None, accord))
    return lines


def base_rates(told: Sequence[Opinion], program: Mapping[tuple[str, int | None, str], int]) -> list[BaseRates]:
    """How often each answer is given, by question: what agreement by chance depends on."""
    found = []
    for question, scale in SCALES.items():
        people: defaultdict[str, list[int]] = defaultdict(list)
        machine: defaultdict[str, list[int]] = defaultdict(list)
        for each in told:
            if each.question == question:
                people[each.contact].append(each.answer)
                said = program.get((each.contact, each.turn, question))
                if said is not None:
                    machine[each.contact].append(said)
        if people and scale is not PRESENT:
            found.append(_base_rates(question, scale, list(people.values()), list(machine.values())))
    return found


def _base_rates(question: str, scale: Scale, people: list[list[int]], machine: list[list[int]]) -> BaseRates:
    size = len(scale.answers)
    theirs, its = rates(people, size), rates(machine, size)
    shares = tuple(
        Share(answer, theirs[n], its[n] if its else None) for n, answer in enumerate(scale.answers)
    ) if theirs else ()  # fmt: skip
    return BaseRates(question, len(people), shares)


def program_answers(
    told: Iterable[Opinion], facts: Mapping[str, Row], feelings: Mapping[tuple[str, int], float | None]
) -> dict[tuple[str, int | None, str], int]:
    """What the program says of the things that people judged, in their answers; numbers to the nearest answer.

    ``feelings``: by contact and turn. Nothing is said of transcripts that have changed since, of cues (people judge
    those that it found, so agreement on them cannot be told) and of opportunities, which it counts one by one.
    """
    found: dict[tuple[str, int | None, str], int] = {}
    for each in told:
        contact = facts[each.contact]
        if each.version == contact["content_hash"]:
            place = _of_program(each, contact, feelings)
            if place is not None:
                found[each.contact, each.turn, each.question] = place
    return found


def _of_program(told: Opinion, contact: Row, feelings: Mapping[tuple[str, int], float | None]) -> int | None:
    answers = SCALES[told.question].answers
    if told.question == "sentiment":
        felt = None if told.turn is None else feelings.get((told.contact, told.turn))
        return None if felt is None else _TONES[tone_of(felt)]
    value = contact.get(told.question)
    if value is None or told.question == "opportunity":
        return None
    if told.question == "resolution":
        return answers.index(value) if value in answers else None
    return min(range(len(answers)), key=lambda place: abs(float(answers[place]) - value))


def _place(finding: str, answer: str) -> int | None:
    """Which of the question's answers it is; None for a question that is not compared, or one left open."""
    scale = SCALES.get(finding)
    said = _ON_CUES.get(answer, answer) if scale is PRESENT else answer
    return scale.answers.index(said) if scale is not None and said in scale.answers else None


def _units(told: Sequence[Opinion]) -> list[list[list[Opinion]]]:
    """By contact, the things about which two people or more have answered."""
    things: defaultdict[str, defaultdict[tuple[int | None, str], list[Opinion]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for each in told:
        things[each.contact][each.thing].append(each)
    units = [[thing for thing in of_contact.values() if len(thing) > 1] for of_contact in things.values()]
    return [contact for contact in units if contact]


def _languages(told: Sequence[Opinion]) -> tuple[str, ...]:
    """Everything, and each language where there are several; what was not told apart is in everything alone."""
    found = [language for language, _ in Counter(each.language for each in told).most_common() if language in _APART]
    return (EVERY, *found) if len(found) > 1 else (EVERY,)


def _in(told: Sequence[Opinion], language: str) -> list[Opinion]:
    return [each for each in told if language in (EVERY, each.language)]

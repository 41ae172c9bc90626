"""Whether people judge alike, and whether the program judges as they do: two questions that are never mixed.

People are compared with each other over answers about the same thing in the same version of a transcript. By default
only answers given blind count, of people who had seen neither the program's findings nor each other. With the program
only blind answers are ever compared: who has seen a finding tends to agree with it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from analyzer.review.coefficients import Accord, Estimate, accord_of_people, accord_of_two, rates
from analyzer.review.opinions import PRESENT, SCALES, Opinion, Scale

EVERY: Final = "all"  # languages
_APART: Final = ("de", "en")
Program = Mapping[tuple[str, int | None, str], int]  # by contact, turn and question, what the program says


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


def with_program(told: Sequence[Opinion], program: Program) -> list[Compared]:
    """Kappa of people's answers and the program's.

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


def base_rates(told: Sequence[Opinion], program: Program) -> list[BaseRates]:
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

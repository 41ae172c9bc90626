"""Invented sentences with names in known places: ``name_sentences.txt``, filled anew each time."""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Final

_CHOICE: Final = re.compile(r"\(([^()]*\|[^()]*)\)")
_SLOT: Final = re.compile(r"\{(\w+)\}")
_PEOPLE: Final = frozenset({"full", "given", "sur"})
_PARTICLES: Final = ("von", "van", "de", "van der", "de la", "da", "bin", "ten", "zu", "di", "del")


@dataclass(frozen=True, slots=True)
class Fillings:
    """What the slots are filled with."""

    given: Sequence[str]
    surnames: Sequence[str]
    towns: Sequence[str]
    countries: Sequence[str]
    jobs: Sequence[str]
    brands: Sequence[str]
    companies: Sequence[str]
    company_kinds: Sequence[str]
    streets: Sequence[str]
    months: Sequence[str]
    days: Sequence[str]
    nouns: Sequence[str]

    def person(self, slot: str, chance: random.Random) -> str:
        given, surname = chance.choice(self.given), chance.choice(self.surnames)
        if chance.random() < 0.08:
            surname += "-" + chance.choice(self.surnames)
        if chance.random() < 0.06:
            surname = f"{chance.choice(_PARTICLES)} {surname}"
        if slot == "given":
            return given
        name = surname if slot == "sur" else f"{given} {self._middle(chance)}{surname}"
        return name.upper() if chance.random() < 0.03 else name

    def _middle(self, chance: random.Random) -> str:
        drawn = chance.random()
        if drawn < 0.7:
            return ""
        letter = chance.choice("ABCDEFGHIJKLMNOPRSTUVWZ")
        return f"{letter}. " if drawn < 0.83 else f"{letter} " if drawn < 0.93 else chance.choice(self.given) + " "

    def thing(self, slot: str, chance: random.Random) -> str:
        match slot:
            case "town":
                town = chance.choice(self.towns)
                return town.upper() if chance.random() < 0.05 else town
            case "country":
                return chance.choice(self.countries)
            case "org":
                return self._company(chance)
            case "brand":
                return chance.choice(self.brands)
            case "job":
                return chance.choice(self.jobs)
            case "street":
                named = chance.choice((self.surnames, self.towns, self.given))
                return chance.choice(self.streets).format(chance.choice(named))
            case "day":
                return chance.choice(self.days)
            case "month":
                return chance.choice(self.months)
            case "noun":
                return chance.choice(self.nouns)
            case _:
                return str(chance.randrange(1, 10 ** chance.randrange(1, 5)))

    def _company(self, chance: random.Random) -> str:
        drawn = chance.random()
        if drawn < 0.4:
            return chance.choice(self.companies)
        if drawn < 0.6:
            return f"{chance.choice(self.companies)} {chance.choice(self.company_kinds)}"
        two = f"{chance.choice(self.surnames)} {chance.choice(self.company_kinds)}"
        return two if drawn < 0.8 else f"{chance.choice(self.surnames)}-{two}"


def filled(fillings: Fillings, count: int, chance: random.Random) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """``count`` sentences, each with the spans of the people in it."""
    lines = resources.files("analyzer.learn").joinpath("name_sentences.txt").read_text(encoding="utf-8").splitlines()
    patterns = [line.replace("\\n", "\n") for line in lines if line and not line.startswith("#")]
    for _ in range(count):
        pattern = _CHOICE.sub(lambda match: chance.choice(match[1].split("|")), chance.choice(patterns))
        yield _fill(pattern, fillings, chance)


def _fill(pattern: str, fillings: Fillings, chance: random.Random) -> tuple[str, list[tuple[int, int]]]:
    text, spans, done = "", [], 0
    for match in _SLOT.finditer(pattern):
        text += pattern[done : match.start()]
        person = match[1] in _PEOPLE
        value = fillings.person(match[1], chance) if person else fillings.thing(match[1], chance)
        if person:
            spans.append((len(text), len(text) + len(value)))
        text += value
        done = match.end()
    return text + pattern[done:], spans


def items(file: str) -> list[list[str]]:
    """The lists of a file of this package: items parted by commas, lists by an empty line."""
    text = resources.files("analyzer.learn").joinpath(file).read_text(encoding="utf-8")
    body = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    return [part.replace("\n", " ").strip().split(", ") for part in body.split("\n\n")]


def fillings_of(given: Collection[str], surnames: Collection[str], countries: Collection[str]) -> Fillings:
    """Names of the committed lists, everything else of ``name_fillings.txt``."""
    towns, *others = items("name_fillings.txt")
    return Fillings(sorted(given), sorted(surnames), towns, sorted(countries), *others)

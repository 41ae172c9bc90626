from __future__ import annotations

import random

from analyzer.learn.name_sentences import Fillings, filled, fillings_of

FILLINGS = fillings_of({"Orla", "Bence"}, {"Quistgaard", "Varga"}, {"Malta"})
NAMES = {"Orla", "Bence", "Quistgaard", "Varga"}


def drawn(seed: int) -> list[tuple[str, list[tuple[int, int]]]]:
    return list(filled(FILLINGS, 300, random.Random(seed)))


def test_filled_sentences_mark_people_where_they_stand() -> None:
    marked = [text[start:end] for text, spans in drawn(1) for start, end in spans]
    assert len(marked) >= 200
    assert all(any(name.casefold() in words.casefold() for name in NAMES) for words in marked)


def test_filled_sentences_leave_no_slot_or_choice_open() -> None:
    assert not any(sign in text for text, _ in drawn(2) for sign in "{}|")


def test_filled_sentences_are_the_same_for_one_seed() -> None:
    assert drawn(3) == drawn(3) != drawn(4)


def test_fillings_hold_something_for_every_slot() -> None:
    assert all(len(getattr(FILLINGS, slot)) >= 1 for slot in Fillings.__slots__)
    assert len(FILLINGS.towns) >= 1000 and "Plumber" in FILLINGS.jobs

"""Word lists behind the masks: given names, surnames, capitalised words that are neither, towns.

A file of names holds two lists parted by an empty line: words that are hardly anything else, then words that may be.
"""

from __future__ import annotations

from importlib import resources
from typing import Final


def _lists(file_name: str) -> list[frozenset[str]]:
    text = resources.files("analyzer.ingest.masking").joinpath(file_name).read_text(encoding="utf-8")
    parts: list[set[str]] = [set()]
    for line in text.splitlines():
        if not line:
            parts.append(set())
        elif not line.startswith("#"):
            parts[-1].update(line.split())
    return [frozenset(part) for part in parts]


def _places() -> list[frozenset[str]]:
    text = resources.files("analyzer.ingest.masking").joinpath("places.txt").read_text(encoding="utf-8")
    body = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    return [frozenset(part.replace("\n", " ").strip().split(", ")) for part in body.split("\n\n")]


GIVEN, GIVEN_OR_WORD = _lists("given_names.txt")
SURNAMES, SURNAME_OR_WORD = _lists("surnames.txt")
(CAPITALS,) = _lists("capitals.txt")
(TOWNS,) = _lists("towns.txt")
(SMALL_WORDS,) = _lists("small_words.txt")
COUNTRIES, TOWN_NAMES, TOWN_OR_WORD = _places()

# A name that is first of all a place is taken for a person only with a surname or an introduction.
_PLACES: Final = (COUNTRIES | TOWN_NAMES) - {"Austin", "Chad", "Georgia", "Israel", "Jordan", "Sydney", "Virginia"}
GIVEN, GIVEN_OR_WORD = GIVEN - _PLACES, GIVEN_OR_WORD | (GIVEN & _PLACES)
SURNAMES, SURNAME_OR_WORD = SURNAMES - _PLACES, SURNAME_OR_WORD | (SURNAMES & _PLACES)

ANY_GIVEN: Final = GIVEN | GIVEN_OR_WORD
ANY_NAME: Final = ANY_GIVEN | SURNAMES | SURNAME_OR_WORD
LOWER_GIVEN: Final = frozenset(word.casefold() for word in GIVEN)
LOWER_PLACES: Final = frozenset(word.casefold() for word in COUNTRIES | TOWN_NAMES if len(word) >= 4)
LOWER_NAMES: Final = frozenset(word.casefold() for word in GIVEN | SURNAMES)


def is_given_name(word: str) -> bool:
    """Whether ``word``, in any case, is a given name and hardly anything else."""
    return word.casefold() in LOWER_GIVEN


def is_other(word: str) -> bool:
    """Whether the capitalised ``word`` is no name: "Rechnung", "It's", "Service-Team"."""
    if word in CAPITALS or word.endswith("team"):
        return True
    if "-" in word:
        return word.rpartition("-")[2] in CAPITALS
    return ("'" in word or "’" in word) and word.replace("’", "'").partition("'")[0] in CAPITALS

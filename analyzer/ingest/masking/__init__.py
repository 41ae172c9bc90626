"""Masks for what identifies a person, German and English, written and spoken, numbered within a contact.

One search over the text (``hints``, linear by construction) tells which kinds could be in it; nearly all talk meets no
finder at all. Check digits (python-stdnum), numbering plans (phonenumbers) and context words keep amounts, dates and
times unmasked. ``MASKS`` lists the finders in the order in which they are tried; a new kind is one file and one line.

Not masked, since they tell who somebody is only together with something that is masked, and analysis needs them: towns,
countries and companies that are nobody's home or employer; dates other than of birth (promises); "Mr", "Frau"; jobs
in running text; help pages. Nationality, faith and health are masked where ``special_categories`` is on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from analyzer.ingest.masking import (
    accounts,
    address_blocks,
    addresses,
    births,
    dictated,
    emails,
    employers,
    homes,
    identities,
    name_cues,
    names,
    networks,
    phones,
    references,
    secrets,
    small_names,
    special,
    spoken,
    websites,
)
from analyzer.ingest.masking.hints import ANY, ASKED, CONTEXT, NUMBER, PERSON, SPECIAL, Hints
from analyzer.ingest.masking.spans import Masker, Span

__all__ = ["MASKS", "Mask", "Masker", "Span", "mask", "needs_look"]

_FEW_DIGITS: Final = r"\d(?:[^\pL\d\n]{0,3}\d){5}"


Find = Callable[[str, Masker], Iterator[Span]]


class Mask(NamedTuple):
    """A finder, and what must be in a text for it to be tried: ``hint`` (RE2), under its group's condition."""

    finds: str
    group: str
    hint: str
    find: Find


MASKS: Final = (
    Mask("links with a login, IP and hardware addresses", ANY, networks.HINT, networks.find),
    Mask("email addresses, written and spelled", ANY, emails.HINT, emails.find),
    Mask("IBANs by check digits", NUMBER, r"(?i)[a-z]{2}\d{2}[ -]?[a-z0-9]", accounts.find_ibans),
    Mask("tax, social security, identity numbers, plates", NUMBER, identities.HINT, identities.find),
    Mask("passwords, PINs, codes, user names", ANY, secrets.HINT, secrets.find),
    Mask("birth dates and ages", CONTEXT, births.HINT, births.find),
    Mask("cards by check digit", NUMBER, _FEW_DIGITS, accounts.find_cards),
    Mask("order, contract, customer, policy, ticket … numbers", CONTEXT, references.HINT, references.find),
    Mask("street, postcode and town", CONTEXT, addresses.HINT, addresses.find),
    Mask("phone numbers", NUMBER, _FEW_DIGITS, phones.find),
    Mask("numbers said digit by digit", NUMBER, spoken.HINT, dictated.find),
    Mask("names of people", ANY, name_cues.HINT + "|" + small_names.HINT, names.find),
    Mask("homes and birthplaces", PERSON, homes.HINT, homes.find),
    Mask("employers, jobs, signatures", PERSON, employers.HINT, employers.find),
    Mask("street corners", PERSON, address_blocks.CORNER_HINT, addresses.find),
    Mask("web sites of people", PERSON, websites.HINT, websites.find),
    Mask("answers: birth date", ASKED, "", births.find_answer),
    Mask("answers: PIN or code", ASKED, "", secrets.find_answer),
    Mask("answers: a number asked for", ASKED, "", references.find_answers),
    Mask("birth dates asked for", ANY, births.ASK_HINT, births.find),
    Mask("numbers asked for", ANY, references.ASK_HINT, references.find),
    Mask("health, faith, union", SPECIAL, special.HINT, special.find),
)
_HINTS: Final = Hints([(entry.group, entry.hint) for entry in MASKS])
_NAMES: Final = next(place for place, entry in enumerate(MASKS) if entry.find is names.find)
_NAME: Final = frozenset({_NAMES})
_NUMBER: Final = frozenset({_HINTS.number})
_NONE: Final[frozenset[int]] = frozenset()
_ASKED: Final = frozenset(place for place, entry in enumerate(MASKS) if entry.group == ASKED)


def needs_look(text: str, special_categories: bool = False, masker: Masker | None = None) -> bool:
    """Whether ``text`` could hold anything that is masked; false for most talk. What was seen is noted in ``masker``,
    so that ``mask`` need not look at the same lines again."""
    masker = masker or Masker(special_categories=special_categories)
    groups = _HINTS.groups(masker.special_categories) - _HINTS.missing(text)
    hinted, places = masker.hinted, _HINTS.places
    named = names.noticed_lines(text)
    for line in text.split("\n"):
        if line not in hinted:
            hinted[line] = places(line, groups) | _NAME if line in named else places(line, groups)
    return bool(_NONE.union(*hinted.values()) - _NUMBER)


def _hinted(line: str, masker: Masker) -> frozenset[int]:
    """Which lines of ``MASKS`` could find something in ``line``, looked for once."""
    places = masker.hinted.get(line)
    if places is None:
        places = _HINTS.places(line, _HINTS.groups(masker.special_categories))
        if names.noticed(line, names.noticed_words(line)):
            places = places | _NAME
        masker.hinted[line] = places
    return places


def mask(text: str, masker: Masker) -> str:
    """``text`` with everything in ``MASKS`` replaced; masking masked text changes nothing.

    >>> mask("Write to Ann@Example.org or ann@example.org.", Masker())
    'Write to [EMAIL_1] or [EMAIL_1].'
    """
    if masker.unread:
        already, masker.unread = masker.unread, ""
        lines = already.split("\n")
        if not masker.hinted.keys() >= set(lines):
            needs_look(already, masker=masker)
        for line in lines:
            if _NAMES in masker.hinted[line]:
                names.learn(line, masker)
    if not (masker.asked or masker.people or _hinted(text, masker) - _NUMBER):
        return text
    for _ in range(8):  # a mask may part what was joined; more than two rounds are not seen in talk
        masked = text
        for find in _finders(text, masker):
            masked = _replace(masked, find(masked, masker), masker)
        if masked == text:
            break
        text = masked
    if masker.asked:
        masker.asked = {kind: left - 1 for kind, left in masker.asked.items() if left > 1}
    return text


def _finders(text: str, masker: Masker) -> tuple[Find, ...]:
    """The finders to try on ``text``, in the order of ``MASKS``."""
    hinted = _hinted(text, masker)
    answers = bool(masker.asked) and not _NUMBER.isdisjoint(hinted)
    named = bool(masker.people or masker.asked) and names.mentions(text, masker)
    return _ordered(hinted, answers, named)


@lru_cache(maxsize=1 << 12)
def _ordered(hinted: frozenset[int], answers: bool, named: bool) -> tuple[Find, ...]:
    """The finders at the places of ``hinted``, each once; ``answers``: those that ``ASKED`` holds too."""
    places = (hinted - _NUMBER) | (_ASKED if answers else _NONE) | (_NAME if named else _NONE)
    first = {MASKS[place].find: place for place in sorted(places, reverse=True)}
    return tuple(sorted(first, key=lambda find: first[find]))


def _replace(text: str, spans: Iterator[Span], masker: Masker) -> str:
    parts: list[str] = []
    done = 0
    for start, end, kind, value in spans:
        if start >= done:
            parts += (text[done:start], masker.placeholder(kind, value))
            done = end
    return "".join((*parts, text[done:])) if parts else text

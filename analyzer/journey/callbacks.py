"""Promises to call or write: kept as soon as the company does, whatever is said then."""

from __future__ import annotations

from typing import Final

from analyzer.journey.numerals import words

_CALLBACK: Final = words(
    r"(?:r[uü]ck(?:ruf|meld)\w*|(?:an|zurück)(?:zu)?rufen"
    r"|ruf(?:e|t|en)? (?:ich |wir )?(?:sie|dich|ihnen|dir|euch)(?! (?:uns|mich|bitte|gern))"
    r"|(?:ich|wir|kollegin|kollege|technik|gutachter) ruf(?:e|t|en)?"
    r"|melde[nt]? (?:ich |wir )?(?:mich|uns|sich)|(?:ich|wir) melde[nt]?"
    r"|schreib(?:e|t|en)? (?:ich |wir )?(?:dir|ihnen|euch)"
    r"|(?:call|ring|phone|text|email) (?:you|her|him|them|your)|(?:calling|ringing) you|callback|call(?:s|ed)? back"
    r"|(?:get|come) back to you|be in touch|let you know|write (?:to you|again)|hear from (?:me|us))"
)


def is_callback(text: str) -> bool:
    """True where the promised act is itself a contact of the company with the customer."""
    return _CALLBACK.search(text) is not None

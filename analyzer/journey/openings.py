"""What the words of an opening say of another matter: the old one closed, or a new one announced.

Phrases of everyday German and English, not of one trade; evidence of a link only. They were written while reading the
training histories (models/README.md, Links), which therefore flatter them.
"""

from __future__ import annotations

from typing import Final

from analyzer.journey.numerals import words

_CLOSED: Final = words(
    r"(?:(?:is|are|was|that's|it's|all) (?:all |now |finally )?"
    r"(?:paid|settled|sorted|fixed|resolved|done|working|through)"
    r"|(?:came|went) through|arrived fine|thanks for (?:sorting|fixing|your help)|good news|by the way|while i'm at it"
    r"|(?:came|gone|done|arrived|here|back|fixed|paid) (?:\w{1,12} ){0,3}?(?:thanks|thank you|cheers)"
    r"|(?:not|isn't) (?:about )?(?:the|that|my) \w{1,15} this time|this time|something else|unrelated"
    r"|(?:this|that|it)(?:'s not| isn't| is not) (?:about )?(?:the|that|my) \w{1,15} one"
    r"|nothing to do with|separate from|the other (?:one|order|bill|thing|matter|issue)|another one"
    r"|(?:another|different|separate|new) (?:question|thing|matter|issue|problem|order|bill|charge|kind|sort)"
    r"|(?:ist|sind|war|läuft|geht|funktioniert) (?:jetzt |nun |alles |auch |ja |wieder )?"
    r"(?:durch|erledigt|geklärt|in ordnung|angekommen|bezahlt|gutgeschrieben|raus|wieder)"
    r"|hat (?:sich erledigt|geklappt|funktioniert)|dafür (?:noch ?mal )?(?:danke?|lob)"
    r"|danke (?:noch ?mal )?für die (?:schnelle )?hilfe|diesmal|(?:das|da) läuft(?:'?s)?(?: ja| schon| extra)"
    r"|(?:das|da) läuft'?s?(?= ?[.,!;])|(?:nichts|nix) zu tun|mein ich nicht|nicht das mit|andere baustelle"
    r"|geht(?: es|'s|s) (?:hier|heute) nicht|(?:frei|da|angekommen|erledigt)[, ]{1,2}(?:vielen |herzlichen )?danke?"
    r"|(?:et)?was anderes|(?:andere|neue|weitere)[nrs]? (?:frage|sache|thema|anliegen|problem|rechnung|bestellung)"
    r"|noch (?:eine (?:frage|sache)|was)|frage noch|nebenbei|übrigens|jetzt aber|ein (?:neues|anderes)(?= ?[.,!?;]|$))"
)


def closes_the_old(text: str) -> bool:
    """Whether the words call something settled, or announce another matter."""
    return _CLOSED.search(text) is not None

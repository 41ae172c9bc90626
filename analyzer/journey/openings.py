"""What the words of an opening say of contacts before: a matter taken up again, or an old one closed for a new one.

Phrases of everyday German and English, not of one trade; evidence of a link only. Whether somebody "called before" in
the sense of first-contact resolution is told by the calibrated label alone.
"""

from __future__ import annotations

from typing import Final

from analyzer.journey.numerals import words

_AGAIN: Final = words(
    r"(?:still (?:no|not|nothing|waiting|says?|hasn't|haven't|isn't|doesn't)|(?:yet )?again"
    r"|(?:second|third|fourth) time|already (?:called|rang|wrote|told|spoke|sent)|chased|follow(?:ing)? up"
    r"|as (?:agreed|promised|discussed)"
    r"|(?:i|we|he|she|husband|wife)(?:'ve| have| had)? (?:called|rang|rung|phoned|emailed|wrote|written|spoke|spoken)"
    r"|(?:i|we)(?:'ve| have| had| was| were)? (?:been )?(?:told|promised|emailing|assured)"
    r"|(?:was|were) (?:supposed|meant|due|to (?:ring|call|write|come|get))"
    r"|(?:you|they|she|he|somebody|someone|lady|lad|guy|colleague) (?:told|promised|said|assured)"
    r"|(?:nobody|no one)(?:'s| has)? (?:been|came|come|called|rang|replied|answered)"
    r"|immer noch|noch immer|nochmals?|schon wieder|zum (?:zweiten|dritten|vierten) mal|bis heute (?:nicht|nichts|kein)"
    r"|sollten?"
    r"|(?:hatte|hatten|habe|hab|haben) (?:\w{1,12} ){0,5}(?:angerufen|geschrieben|telefoniert|gesprochen|gemeldet)"
    r"|zugesichert|zugesagt(?:e|en)?|versprochen|ausgemacht|vereinbart|hieß es|ihre? kolleg(?:e|in)"
    r"|niemand (?:hat|reagiert|meldet|kam|ruft)|wie (?:besprochen|vereinbart))"
)
_CLOSED: Final = words(
    r"(?:(?:is|are|was|that's|it's|all) (?:all |now |finally )?"
    r"(?:paid|settled|sorted|fixed|resolved|done|working|through)"
    r"|(?:came|went) through|arrived fine|thanks for (?:sorting|fixing|your help)|good news|by the way|while i'm at it"
    r"|(?:not|isn't) (?:about )?(?:the|that|my) \w{1,15} this time|this time|something else|unrelated"
    r"|the other (?:one|order|bill|thing|matter|issue)"
    r"|(?:another|different|separate|new) (?:question|thing|matter|issue|problem|order|bill|charge)"
    r"|(?:ist|sind|war|läuft|geht|funktioniert) (?:jetzt |nun |alles |auch |ja |wieder )?"
    r"(?:durch|erledigt|geklärt|in ordnung|angekommen|bezahlt|wieder)"
    r"|hat (?:sich erledigt|geklappt|funktioniert)|dafür danke|danke (?:noch ?mal )?für die (?:schnelle )?hilfe|diesmal"
    r"|(?:et)?was anderes|(?:andere|neue|weitere)[nrs]? (?:frage|sache|thema|anliegen|problem|rechnung|bestellung)"
    r"|noch eine (?:frage|sache)|nebenbei|übrigens|jetzt aber)"
)


def takes_up_again(text: str) -> bool:
    """Whether the words take up a contact, promise or failure from before."""
    return _AGAIN.search(text) is not None


def closes_the_old(text: str) -> bool:
    """Whether the words call something settled, or announce another matter."""
    return _CLOSED.search(text) is not None

"""What the words of an opening say of a promise: that what was promised did happen, whatever is wrong now.

Who complains of a second fault often tells in passing that the first promise was kept ("your engineer was here on
Friday, three washes later it is broken again"), so a complaint alone convicts nobody. A clause reports a deed where a
verb of coming, telling, bringing or receiving stands in it, nothing denies it or puts it off, and the customer is not
the one who did it. It speaks of a promise where both share a word or a number, or where it names the day that was
promised; "he came" with neither speaks of the only promise that is due.

Everyday German and English, chosen on the training histories (models/README.md, Links). No pattern repeats without
bound within a repeat, and clauses are cut before they are searched, so cost is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from analyzer.journey.due_readers import ORDINALS, WEEKDAYS
from analyzer.journey.numerals import words
from analyzer.journey.stems import stems

MOST_WORDS: Final = 60  # of a clause; speech recognition may bring no full stop for a minute
LONGEST_DAYS: Final = 70  # of a promise whose days between are told apart by their number alone

_SOME: Final = r"(?:[\w'’.-]{1,20} ){0,6}?"
_THERE: Final = (
    r"(?:da|dagewesen|hier|vor ort|gekommen|angekommen|eingetroffen|erschienen|eingegangen|geliefert|zugestellt"
    r"|abgeholt|mitgenommen|gutgeschrieben|überwiesen|erstattet|ausgezahlt|repariert|getauscht|ausgetauscht|eingebaut"
    r"|montiert|freigeschaltet|verschickt|umgebucht|weg|auf (?:dem|meinem|unserem) konto)"
)
_DID: Final = (
    r"(?:angerufen|zurückgerufen|geschrieben|gemeldet|geschickt|mitgeteilt|geantwortet|gesprochen|getauscht"
    r"|ausgetauscht|repariert|abgeholt|mitgenommen|geliefert|geklappt|gebracht|saubergemacht|zugemacht|eingebaut"
    r"|montiert|eingestellt|erstattet|gutgeschrieben|überwiesen|umgestellt|ersetzt|storniert|freigeschaltet"
    r"|nachgeliefert|ausgeliefert|vorbeigebracht|zurückgebracht|gemessen|angeschaut|angesehen|erklärt|entschieden)"
)
_DEED: Final = words(
    rf"(?:(?:war|waren|ist|sind|wurde|wurden) {_SOME}{_THERE}"
    rf"|(?:hat|haben|hatte|hatten|habt) {_SOME}{_DID}"
    rf"|(?:hab|habe|haben|hatte|hatten) {_SOME}(?:gekriegt|bekommen|erhalten)"
    r"|kam|kamen|bekam|bekamen|erhielt|erhielten|rief|riefen|schrieb|schrieben|meldete|meldeten|brachte|brachten"
    r"|ging(?:en)? ein|traf(?:en)? ein|klappte"
    r"|(?:eingestellten?|gutgeschriebenen?|gelieferten?|erhaltenen?|überwiesenen?|zugesandten?)"
    r"|(?:laut|gemäß|in|nach) (?:ihrem|eurem|deinem|dem) (?:brief|schreiben|bescheid|mail)|(?:per|in) your (?:e-?mail"
    r"|letter|text|message)"
    r"|wie (?:versprochen|zugesagt|angekündigt|abgemacht|ausg?e?macht)|pünktlich"
    r"|came|turned up|showed up|arrived|landed|appeared|got here|reached (?:me|us)|went through|dropped off"
    r"|rang|called|phoned|emailed|messaged|texted|wrote|replied|answered"
    r"|collected|picked up|delivered|swapped|replaced|refunded|credited|took"
    r"|you (?:named|sent|put|paid|brought|got me)"
    r"|(?:they|he|she|someone|somebody|bloke|lads?|men|engineer|driver|technician|plumber|team|crew|people)"
    r" (?:did|sent|fixed|put|paid|brought|picked|looked|confirmed|changed)"
    r"|(?:i|we)(?:'ve| have|ve)? (?:\w{1,12} )?(?:had|got|received) (?:the|your|my|it|that|his|her|their)"
    r"|(?:was|were|been) (?:\w{1,12} ){0,3}?"
    r"(?:here|round|out|up|collected|delivered|refunded|credited|fixed|replaced|swapped|paid|installed)"
    r"|(?:letter|e-?mail|mail|text|call) (?:\w{1,12} ){0,3}?(?:said|says|saying)"
    r"|(?:as|like) (?:you )?(?:said|promised|agreed)|on time|bang on)"
)
_DENIED: Final = words(
    r"(?:nicht?|net|ned|kein\w{0,2}|nie|niemals|niemand\w{0,2}|nichts|nix|immer|erst|zu spät|verspätet|verspätung"
    r"|statt|anstatt|angeblich"
    r"|hätten?|sollten?|wollten?|würden?|müssten?|wenn|falls|ob|wann|warum|wieso|weshalb|ohne|bis heute|vergeblich"
    r"|vergessen|umsonst|leer|zugesagt|versprochen|sagt\w{0,2}|gesagt"
    r"|no|not|\w{2,8}n't|\w{2,6}nt|cannot|never|nobody\w{0,2}|noone|no one|none|nothing|nowt|neither|still|yet|late"
    r"|delay"
    r"|instead|supposed|meant|due|should|would|if|when|whether|why|without|waiting|waited|ago|forgot\w{0,3}|marked"
    r"|by the time|to (?:ring|call|come|write))"
)
_BY_CUSTOMER: Final = words(
    r"(?:(?:ich|wir)(?: \w{1,12}){0,6} (?:angerufen|geschrieben|gemeldet|geschickt|mitgeteilt|rief|schrieb|da|hier"
    r"|überwiesen|storniert|abgeholt|gebracht|eingebaut|zurückgerufen)"
    r"|(?:hab|habe|hatte|haben) (?:ich|wir)(?: \w{1,12}){0,6} (?:angerufen|geschrieben|gemeldet|geschickt)"
    r"|(?:rief|schrieb|war|stand|kam|brachte) (?:ich|wir)"
    r"|(?:ich|wir) (?:rief|riefen|schrieb|war|waren|stand|kam|brachte)"
    r"|(?:i|we)(?:'ve| have| had)?(?: \w{1,10}){0,2} (?:called|rang|phoned|emailed|messaged|texted|wrote|replied"
    r"|answered|sent|paid|took|was|were|came|collected|delivered|picked up|measured|been|swapped"
    r"|photographed|replaced|fixed))"
)
_SOMEBODY: Final = words(
    r"(?:(?:er|sie|der|die) (?:ja |auch |dann |doch )?(?:war|waren|kam|kamen)"
    r"|(?:mann|monteur|techniker|kolleg\w{1,8}|leute|frau|herr) (?:\w{1,12} ){0,3}?(?:war|waren|kam|kamen)"
    r"|(?:he|she|they|man|fella|bloke|lads?|engineer) (?:\w{1,12} ){0,2}?(?:came|rang|called|turned up|was|were))"
)
# A full stop after a digit ends no clause ("am 21. kam die Absage").
_CUT: Final = re.compile(
    r"[,;:!?\n–—()\"]|(?<!\d)\.|\b(?:aber|jedoch|doch|but|though|und|and|nur|trotzdem|seitdem|dann|jetzt"
    r"|now|then|weil|because|so|nor|bloß)\b",
    re.IGNORECASE,
)
_AGO: Final = (
    (words(r"(?:heute|today|this (?:morning|afternoon|evening)|gerade|just now)"), 0),
    (words(r"(?:gestern|yesterday|last night)"), 1),
    (words(r"(?:vorgestern)"), 2),
)
_NUMBERED_DAY: Final = re.compile(r"(?<![\w.])(\d{1,2})(?:st|nd|rd|th|\.)(?!\d)", re.IGNORECASE)
_IN_EVERY_PROMISE: Final = frozenset(
    {"sehr", "haben", "ihnen", "ihre", "eine", "einen", "habe", "have", "your", "with", "that", "will", "guten",
     "diese", "this", "from", "dann", "noch", "auch", "wird", "bitte", "them", "they", "and", "the", "you", "ich",
     "und", "die", "der", "das", "für", "bis", "den", "dem", "ist", "sie", "was", "for", "out", "are", "all", "mit",
     "auf", "ein", "hat", "been", "had", "can", "has", "wir", "von", "zum", "bei", "ihr", "mir", "uns", "our", "her",
     "his", "him", "ins", "day", "tag"}
)  # fmt: skip


def deeds(opening: str) -> tuple[str, ...]:
    """The clauses of a customer's opening that report something done by others; none of a question."""
    found: list[str] = []
    if not _DEED.search(" ".join(opening.split())):  # most openings report none, and clauses cost more
        return ()
    own = False
    for clause in _clauses(opening):
        deed = _DEED.search(clause)
        # "I rang on Friday and wrote twice": whoever is named last did what follows.
        own = _BY_CUSTOMER.search(clause) is not None or (own and deed is not None and deed.start() == 0)
        if deed and not own and not _DENIED.search(clause):
            found.append(clause)
    return tuple(found)


def in_time(clauses: Iterable[str], due: date, today: date) -> tuple[str, ...]:
    """The deeds but for those that name a later day than ``due``: "it landed this morning", "it came on the 30th"."""
    return tuple(clause for clause in clauses if all(day <= due for day in _days_told(clause, today)))


def names_promise(clauses: Iterable[str], promise: str, made: date, due: date, *, dated: bool) -> bool:
    """Whether a deed shares a word or number with the words of the promise, or names a day it was promised for.

    ``dated``: the promise itself named its due day, so that the day of the week is evidence.
    """
    told = {stem for stem in stems(promise) if stem not in _IN_EVERY_PROMISE}
    days = _days_between(made, due)
    return any(
        bool(told & stems(clause))
        or bool(days & _numbered_days(clause))
        or (dated and due.weekday() in _weekdays(clause))
        for clause in clauses
    )


def somebody_came(clauses: Iterable[str]) -> bool:
    """Whether a deed says that somebody came or called, which speaks of whatever promise is due."""
    return any(_SOMEBODY.search(clause) for clause in clauses)


def _clauses(text: str) -> list[str]:
    """What stands between signs and joining words, without what ends in a question mark."""
    found, at = [], 0
    for cut in _CUT.finditer(text):
        if cut.group() != "?":
            found.append(text[at : cut.start()])
        at = cut.end()
    found.append(text[at:])
    return [" ".join(clause.split()[:MOST_WORDS]) for clause in found if clause.strip()]


def _days_between(made: date, due: date) -> set[int]:
    """Days of the month from ``made`` to ``due``; none where that is all of them."""
    count = (due - made).days
    return {(made + timedelta(days=day)).day for day in range(count + 1)} if count < LONGEST_DAYS else set()


def _days_told(clause: str, today: date) -> list[date]:
    """The days a clause names, each the last before ``today``."""
    ago = [today - timedelta(days=days) for word, days in _AGO if word.search(clause)]
    past = (today - timedelta(days=days) for days in range(31))
    numbers = _numbered_days(clause)
    return ago + [day for day in past if day.day in numbers]


def _numbered_days(clause: str) -> set[int]:
    """ "on the 9th", "am 21.", "am siebten" as numbers."""
    spoken = [word.casefold() for word in re.findall(r"\w{3,20}", clause)]
    ordinals = {stem for word in spoken for stem in (word, word.removesuffix("en"), word.removesuffix("e"))}
    return {int(day) for day in _NUMBERED_DAY.findall(clause)} | {ORDINALS[o] for o in ordinals & ORDINALS.keys()}


def _weekdays(clause: str) -> set[int]:
    return {WEEKDAYS[word] for word in re.findall(r"\w{3,20}", clause.casefold()) if word in WEEKDAYS}

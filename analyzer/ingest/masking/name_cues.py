"""Words around names: introductions, titles, greetings and closings; and what must be in a text to look for names."""

from __future__ import annotations

from typing import Final

from analyzer.ingest.masking.word_lists import GIVEN, GIVEN_OR_WORD

# What a name follows. STRONG: nearly only names do; WEAK: a known name must be among the words.
STRONG: Final = (
    r"my (?:full |first |last )?name(?:'s| is| was)|(?:full |last |first |sur)?name is|the name's"
    r"|name[ds]?:|name lautet"
    r"|mein name ist|mein name|ich hei(?:ß|ss)e|hei(?:ß|ss)t er|hei(?:ß|ss)t sie|im namen von"
    r"|auf den namen|in the name of"
    r"|under the name(?: of)?|(?:karten|konto|vertrags|account |card ?|policy ?)(?:inhaber(?:in)?"
    r"|holder)(?: ist| is|:)?"
    r"|vorname(?: ist|:)?|nachname(?: ist|:)?|familienname(?: ist|:)?|(?:maiden|birth) name(?: is|:)?|signed,?"
    r"|namens|attn:?|z\. ?hd\.|attention:"
)
WEAK: Final = (
    r"this is|here is|here's|hier ist|hier spricht|hier war|spreche ich (?:da |hier )?mit|sprechen sie mit"
    r"|sie sprechen mit"
    r"|(?:you are|you're|i am|i'm|am i|was|been) speaking (?:to|with)|(?:spoke|spoken|talked|talking) (?:to|with)"
    r"|gesprochen mit|ich bin(?: der| die| es)?|i am|i'm|sind sie(?: der| die)?|is that|bin ich bei|called"
    r"|named|ask for"
    r"|kollegen?|kollegin|colleague|manager|supervisor"
)
TITLES: Final = r"herrn?|frau|fr\.|hr\.|frl\.|fräulein|mr|mrs|ms|mx|miss|dr|prof|professor|doctor|sir|madame?|familie"
GREETING: Final = (
    r"hi|hiya|hello|hey|dear|hallo|hallöchen|liebe[rs]?|moin|servus|guten (?:tag|morgen|abend)|grüß gott|grüezi"
    r"|good (?:morning|afternoon|evening|day)|thanks|thank you|danke(?: schön| sehr| dir| ihnen)?"
    r"|vielen dank|sorry|okay|ok|bye"
    r"|goodbye|tschüss|ciao|welcome|willkommen|cheers|perfect|great|alright|yes|no|ja|nein|well|gut|super"
)
CLOSING: Final = (
    r"(?:gr(?:ü|ue)(?:ß|ss)en?|gru(?:ß|ss)|regards|sincerely|faithfully|yours truly|best wishes"
    r"|all the best|wishes|hochachtungsvoll"
    r"|herzlichst|lg|vg|mfg|kr|cheers|thanks|thank you|danke(?: schön)?|vielen dank|many thanks|respectfully|best|love"
    r"|ihr|ihre|yours|cordially|freundlichst)"
)
AFTER: Final = r"mein name|am apparat|am telefon|speaking|here"  # what stands behind a name

_GIVEN_WORDS: Final = "|".join(sorted(GIVEN))
_DOUBTFUL_WORDS: Final = "|".join(sorted(GIVEN_OR_WORD))
HINT: Final = (
    rf"(?:^|[^\pL])(?:(?:{_GIVEN_WORDS})(?:[^\pL]|$)|(?:{_DOUBTFUL_WORDS}|\pLu\.) \pLu)|(?i)(?:^"
    rf"|[^\pL])(?:{STRONG}|{TITLES}|dear|liebe[rs]?|attn"
    r"|gr(?:ü|ue)(?:ß|ss)en?|gru(?:ß|ss)|regards|sincerely|faithfully|hochachtungsvoll|am apparat|hier ist|hier spricht"
    r"|spreche ich|speaking|this is)(?:[^\pL]|$)|\bname\b|\bnamen\b|wie hei(?:ß|ss)en"
)

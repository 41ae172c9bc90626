"""Words around names: introductions, titles, greetings and closings; and what must be in a text to look for names."""

from __future__ import annotations

from typing import Final

from analyzer.ingest.masking.word_lists import GIVEN_OR_WORD

# What a name follows, as phrases parted by commas. STRONG: nearly only names do; COLON: they do after a colon or comma;
# WEAK: a known name must be among the words.
STRONG: Final = (
    "account holder, account holder is, attn, auf den namen, birth name, birth name is, cardholder, cardholder is, "
    "i a, familienname, familienname ist, first name is, "
    "full name is, heisst er, heisst sie, ich heisse, im namen von, "
    "in the name of, karteninhaber, karteninhaber ist, karteninhaberin, karteninhaberin ist, kontoinhaber, "
    "kontoinhaber ist, kontoinhaberin, kontoinhaberin ist, last name is, maiden name, maiden name is, mein name, "
    "mein name ist, my first name is, my first name was, my first name's, my full name is, my full name was, my "
    "full name's, my last name is, my last name was, my last name's, my name is, my name was, my name's, nachname, "
    "nachname ist, name is, name lautet, namens, policyholder is, surname is, the name's, under the name, under the "
    "name of, vertragsinhaber, vertragsinhaber ist, vertragsinhaberin, vertragsinhaberin ist, vorname, vorname ist, "
    "z hd"
)
COLON: Final = "name, named, names, attention, signed, policyholder"
WEAK: Final = (
    "am i speaking to, am i speaking with, ask for, been speaking to, been speaking with, bin ich bei, called, "
    "colleague, gesprochen mit, here is, here's, hier ist, hier spricht, hier war, i am, i am speaking to, i am "
    "speaking with, i'm, i'm speaking to, i'm speaking with, ich bin, ich bin der, ich bin die, ich bin es, is "
    "that, kollege, kollegen, kollegin, manager, named, sie sprechen mit, sind sie, sind sie der, sind sie die, "
    "spoke to, spoke with, spoken to, spoken with, spreche ich da mit, spreche ich hier mit, spreche ich mit, "
    "sprechen sie mit, supervisor, talked to, talked with, talking to, talking with, this is, was speaking to, was "
    "speaking with, you are speaking to, you are speaking with, you're speaking to, you're speaking with"
)
TITLES: Final = (
    "doctor, dr, mister, familie, fr, frau, frl, fräulein, herr, herrn, hr, madam, madame, miss, mr, mrs, ms, mx, "
    "prof, professor, sir"
)
GREETING: Final = (
    "alright, bye, cheers, ciao, danke, danke dir, danke ihnen, danke schön, danke sehr, dear, good afternoon, good "
    "day, good evening, good morning, goodbye, great, grüezi, grüss gott, gut, guten abend, guten morgen, guten "
    "tag, hallo, hallöchen, hello, hey, hi, hiya, ja, liebe, lieber, liebes, moin, nein, no, ok, okay, perfect, "
    "servus, sorry, super, thank you, thanks, tschüss, vielen dank, welcome, well, willkommen, yes"
)
CLOSING: Final = (
    "all the best, best, best wishes, cheers, cordially, danke, danke schön, faithfully, freundlichst, gruesse, "
    "gruessen, gruss, grüsse, grüssen, herzlichst, hochachtungsvoll, ihr, ihre, kr, lg, love, many thanks, mfg, "
    "regards, respectfully, sincerely, thank you, thanks, vg, vielen dank, wishes, yours, yours truly"
)
AFTER: Final = "am apparat, am telefon, here, hier, mein name, speaking"  # what stands behind a name

_DOUBTFUL_WORDS: Final = "|".join(sorted(GIVEN_OR_WORD))
_PHRASES: Final = "|".join((STRONG + ", " + TITLES + ", " + COLON).replace("ss", "(?:ss|ß)").split(", "))
HINT: Final = (
    rf"(?:^|[^\pL])(?:{_DOUBTFUL_WORDS}|\pLu\.) \pLu"
    rf"|\pLu\pL+ hier[ ,.!]|\pLu\pL+, (?:guten|schönen|hallo|grüß) |(?i)(?:^|[^\pL])(?:{_PHRASES}"
    r"|dear|liebe[rs]?|gr(?:ü|ue)(?:ß|ss)en?|gru(?:ß|ss)|regards|sincerely|faithfully|hochachtungsvoll|am apparat"
    r"|hier ist|hier spricht|spreche ich|speaking|this is)(?:[^\pL]|$)|\bname\b|\bnamen\b|wie hei(?:ß|ss)en"
)

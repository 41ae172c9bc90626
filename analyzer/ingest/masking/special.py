"""Remarks of special categories (Art. 9 GDPR): health, faith, union, origin. Masked only where configured."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from analyzer.ingest.masking.spans import Masker, Span

_HEALTH: Final = (
    r"(?:\w{0,20}krebs|tumor\w{0,4}|chemo(?:therapie)?|diabet(?:es|iker(?:in)?)|depression(?:en)?"
    r"|depressiv\w{0,2}|burn-?out|schlaganfall|herzinfarkt"
    r"|demenz|demente?[nr]?|alzheimer|parkinson|multiple sklerose|epilep\w{1,8}|asthma|hiv(?:-positiv)?"
    r"|aids|schwanger(?:e|schaft)?|fehlgeburt"
    r"|schwerbehindert\w{0,2}|behinderung|behindert\w{0,2}|pflegegrad|pflegebedürftig\w{0,2}|krankenhaus"
    r"|reha|psychiatrie|psychotherapie|dialyse"
    r"|herzschrittmacher|rollstuhl|krankgeschrieben|arbeitsunfähig\w{0,2}|bandscheibenvorfall|operiert"
    r"|querschnittsgelähmt|angststörung\w{0,2}"
    r"|cancer|leukemia|leukaemia|chemo(?:therapy)?|diabet(?:es|ic)|depress(?:ion|ed)|stroke|heart attack"
    r"|dementia|epilep(?:sy|tic)|pregnan(?:t|cy)"
    r"|miscarriage|disab(?:led|ility)|hospital(?:i[sz]ed)?|surgery|rehab|bipolar|schizophreni\w{1,3}"
    r"|wheelchair|pacemaker|dialysis|ptsd|autis(?:m|tic)"
    r"|mental health|sick leave|blood pressure|on medication|terminally ill)"
)
_FAITH: Final = (
    r"(?:katholi(?:sch\w{0,2}|k(?:in)?)|evangelisch\w{0,2}|protestant(?:isch\w{0,2}|in)?|muslim\w{0,4}"
    r"|moslem\w{0,2}|islam(?:isch\w{0,2})?|jüdisch\w{0,2}|jude|jüdin"
    r"|christ(?:lich\w{0,2}|in|en)|buddhist\w{0,4}|hinduist\w{0,4}|atheist\w{0,2}|konfession\w{0,5}"
    r"|ramadan|kirchenmitglied|zeugen jehovas|orthodox\w{0,2}|aleviti\w{0,4}"
    r"|catholic|protestant|muslim|islamic|jewish|christian|buddhist|hindu|sikh|atheist"
    r"|jehovah's witness\w{0,2}|mormon|quaker|my faith|my religion)"
)
_UNION: Final = (
    r"(?:gewerkschaft\w{0,12}|betriebsrat\w{0,6}|ver\.di|ig metall|ig bce|streik(?:e[nt])?"
    r"|trade union\w{0,2}|labou?r union|union (?:member|rep|steward|dues)\w{0,8}|shop steward|on strike)"
)
_ALL: Final = re.compile(
    rf"(?<![\w.-])(?:(?P<HEALTH>{_HEALTH})|(?P<FAITH>{_FAITH})|(?P<UNION>{_UNION}))(?!\w)", re.IGNORECASE
)
# Where somebody is said to come from; a nationality of a thing ("Swiss plug") stays.
_PEOPLES: Final = (
    r"(?:american|british|english|german|french|italian|spanish|portuguese|dutch|belgian|swiss|austrian|polish|czech|slovak"
    r"|hungarian|romanian|bulgarian|greek|turkish|russian|ukrainian|serbian|croatian|bosnian|albanian|syrian|iraqi|iranian"
    r"|afghan|pakistani|indian|chinese|japanese|korean|vietnamese|nigerian|somali|eritrean|moroccan|tunisian|egyptian|mexican"
    r"|brazilian|danish|swedish|norwegian|finnish|irish|scottish|jamaican|kurdish"
    r"|(?:deutsch|französ|itali?en|span|portugies|niederländ|belg|schweiz|österreich|pol|tschech|slowak|ungar|rumän|bulgar"
    r"|griech|türk|russ|ukrain|serb|kroat|bosn|alban|syr|irak|iran|afghan|pakistan|ind|chines|japan|korean|vietnames|nigerian"
    r"|somal|eritre"
    r"|marokkan|tunes|ägypt|mexikan|brasilian|dän|schwed|norweg|finn|ir|kurd)(?:isch\w{0,2}|i?er(?:in)?|in|e|ier"
    r"|i?nerin|i?ner|ierin))"
)
PEOPLE: Final = re.compile(_PEOPLES, re.IGNORECASE)
_ORIGIN: Final = re.compile(
    r"(?<!\w)(?:(?:nationalität|staatsangehörigkeit|staatsbürgerschaft|nationality|citizenship"
    r"|ethnicity)(?: ist| is|:)?"
    r"|(?:i am|i'm|we are|we're|he is|he's|she is|she's|ich bin|wir sind|er ist|sie ist)"
    r"(?: an?| eine?| gebürtiger?| originally"
    rf"| auch| also)?) ({_PEOPLES})(?!\w)",
    re.IGNORECASE,
)
# Stems are enough to look: counted repeats would swell the search.
_COUNTED: Final = re.compile(r"\\w\{\d+,\d+\}")
_SAYS_ORIGIN: Final = (
    r"nationalit|staatsangeh|staatsbürger|citizenship|ethnicity|(?:i am|i'm|are|we're|is|he's|she's|bin|sind|ist) \pL"
)
HINT: Final = _COUNTED.sub("", rf"(?i)(?:{_HEALTH}|{_FAITH}|{_UNION}|{_SAYS_ORIGIN})")


def find(text: str, masker: Masker) -> Iterator[Span]:
    if masker.special_categories:
        spans = [Span(*match.span(), match.lastgroup or "", match[0].casefold()) for match in _ALL.finditer(text)]
        spans += [Span(*match.span(1), "ORIGIN", match[1].casefold()) for match in _ORIGIN.finditer(text)]
        yield from sorted(spans)

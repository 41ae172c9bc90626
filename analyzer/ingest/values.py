"""Single values read from JSON, CSV cells, Parquet and ``--metadata``, and the words that mean the same."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Final

from analyzer.ingest.raw import Value
from analyzer.ingest.reject_codes import Refused
from analyzer.records import Channel, Direction, Speaker

ROLES: Final[Mapping[str, Speaker]] = {
    **dict.fromkeys(
        ("customer", "client", "caller", "consumer", "end_user", "enduser", "visitor", "user", "guest", "kunde",
         "kundin", "kund*in", "kunde/kundin", "kunde/in", "anrufer", "anruferin", "anrufer*in", "besucher",
         "external", "extern"),
        "customer"),
    **dict.fromkeys(
        ("agent", "agentin", "advisor", "adviser", "rep", "representative", "operator", "human_agent",
         "live_agent", "supervisor", "csr", "staff", "employee", "mitarbeiter", "mitarbeiterin", "mitarbeiter*in",
         "berater", "beraterin", "berater*in",
         "kundenberater", "kundenberaterin", "servicemitarbeiter", "servicemitarbeiterin",
         "team_lead", "team_leader", "barge", "barge_in", "teamleiter", "teamleiterin"),
        "agent"),
    **dict.fromkeys(
        ("bot", "ivr", "ivr_menu", "menu", "phone_menu", "auto_attendant", "sprachmenü", "assistant", "assistent",
         "assistentin", "virtual_agent", "virtual_assistant", "automated_agent",
         "chatbot", "voicebot", "sprachassistent", "custom_bot", "ai_agent", "ai_assistant", "ai"),
        "bot"),
    **dict.fromkeys(("system", "acd", "controller", "event", "notification"), "system"),
}  # fmt: skip

SUPERVISORS: Final = frozenset(
    {"supervisor", "team_lead", "team_leader", "barge", "barge_in", "teamleiter", "teamleiterin"}
)
UNNAMED_SUPERVISOR: Final = "supervisor"  # their agent_id where the source gives none: it must not be the agent's
# What these say is for the agent alone, or for nobody: no turns of the contact.
UNHEARD: Final = frozenset(
    {"whisper", "coach", "coaching", "monitor", "monitoring", "listener", "internal_note", "private_note", "note",
     "agent_assist"}
)  # fmt: skip

CHANNEL_WORDS: Final[Mapping[str, Channel]] = {
    **dict.fromkeys(
        ("voice", "phone", "call", "phone_call", "telephone", "telefon", "anruf", "telephony", "audio"), "voice"),
    **dict.fromkeys(("chat", "webchat", "web_chat", "livechat", "live_chat"), "chat"),
    **dict.fromkeys(("email", "e_mail", "mail"), "email"),
    **dict.fromkeys(
        ("messaging", "message", "whatsapp", "sms", "telegram", "signal", "messenger", "facebook_messenger",
         "apple_messages", "rcs", "in_app"), "messaging"),
    **dict.fromkeys(("social", "social_media", "twitter", "x", "facebook", "instagram", "mastodon", "forum"), "social"),
}  # fmt: skip

DIRECTION_WORDS: Final[Mapping[str, Direction]] = {
    **dict.fromkeys(("inbound", "in", "incoming", "eingehend"), "inbound"),
    **dict.fromkeys(("outbound", "out", "outgoing", "ausgehend"), "outbound"),
    **dict.fromkeys(("internal", "intern"), "internal"),
}  # fmt: skip

_LANGUAGES: Final = {
    "german": "de",
    "deutsch": "de",
    "ger": "de",
    "deu": "de",
    "english": "en",
    "englisch": "en",
    "eng": "en",
}
_CONTROL: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_YES: Final = ("true", "yes", "1", "ja", "y", "j", "t")
_NO: Final = ("false", "no", "0", "nein", "n", "f")
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")
_COMMA: Final = re.compile(r"[+-]?\d+,\d{1,6}")
_RANGE: Final = re.compile(r"\[?\s*(-?\d+(?:\.\d+)?)\s*(?:,|\.\.|–|-|to|bis)\s*(-?\d+(?:\.\d+)?)\s*\]?")


def role_of(speaker: str) -> Speaker | None:
    """The role a speaker label means ("Kundin", "Agent 2", "end-user"), ``None`` where that is unknown."""
    known = ROLES.get(speaker)
    if known is None:
        known = ROLES.get(_word(speaker)) or ROLES.get(_bare(speaker))
    return known


@lru_cache(maxsize=1024)
def is_supervisor(speaker: str) -> bool:
    """Whether the label is that of a supervisor who speaks with the customer ("Supervisor 2")."""
    return _bare(speaker) in SUPERVISORS


@lru_cache(maxsize=1024)
def is_unheard(speaker: str) -> bool:
    """Whether the customer hears nothing of what stands under this label: whispered coaching, notes.

    >>> is_unheard("Whisper"), is_unheard("coach 1"), is_unheard("Supervisor")
    (True, True, False)
    """
    return _bare(speaker) in UNHEARD


def channel_of(value: Value) -> Channel | None:
    text = word_or_none(value)
    if text is None:
        return None
    if channel := CHANNEL_WORDS.get(text) or CHANNEL_WORDS.get(_word(text)):
        return channel
    raise Refused("unknown_channel")


def direction_of(value: Value) -> Direction | None:
    text = word_or_none(value)
    if text is None:
        return None
    if direction := DIRECTION_WORDS.get(text) or DIRECTION_WORDS.get(_word(text)):
        return direction
    raise Refused("unknown_direction")


def language_of(value: Value) -> str | None:
    """Lower-case primary tag: "de-DE", "German" and "DE" are "de"."""
    text = word_or_none(value)
    if text is None:
        return None
    word = _word(text)
    return _LANGUAGES.get(word, word.partition("_")[0])


def id_or_none(value: Value, field: str) -> str | None:
    """An id as given, without spaces at its ends and marks that nobody sees; formulas are the exports' business."""
    text = word_or_none(value)
    if text is None:
        return None
    if not text.isprintable():
        text = "".join(char for char in text if unicodedata.category(char) != "Cf").strip(" ")
        if not text or _CONTROL.search(text):
            raise Refused("bad_id", f"{field}.")
    if len(text) > 1000:
        raise Refused("bad_id", f"{field}.")
    return text


def word_or_none(value: Value) -> str | None:
    """Text of a cell; blank is ``None``. A whole number read as 5.0 from a column with gaps is "5"."""
    if value is None:
        return None
    if type(value) is str:
        return value.strip(" \r\n") or None
    if not isinstance(value, str | int | float | date):
        raise Refused("wrong_type", "Text is expected.")
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else str(value)
    return str(value).strip(" \r\n") or None


def number_or_none(value: Value, field: str, low: float = 0.0, high: float = 1e9) -> float | None:
    if type(value) is float and low <= value <= high:
        return value
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    number: float | None = None
    if isinstance(value, str):
        text = value.strip()
        if _COMMA.fullmatch(text):
            text = text.replace(",", ".")
        number = float(text) if _NUMBER.fullmatch(text) else None
    elif isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value) if abs(value) < 1e18 or math.isnan(value) else None
    if isinstance(value, float) and math.isnan(value):
        return None  # a gap in a Parquet column; JSON cannot say NaN
    if number is None or not low <= number <= high:
        raise Refused("bad_number", f"{field}.")
    return number


def count_or_none(value: Value, field: str) -> int | None:
    if type(value) is int and 0 <= value <= 1e6:
        return value
    number = number_or_none(value, field, 0, 1e6)
    if number is not None and not number.is_integer():
        raise Refused("bad_number", f"{field}.")
    return None if number is None else int(number)


def boolean_or_none(value: Value, field: str) -> bool | None:
    text = word_or_none(value)
    if text is None:
        return None
    if (word := text.casefold()) in _YES + _NO:
        return word in _YES
    raise Refused("bad_boolean", f"{field}.")


def csat_or_none(csat: Value, scale: Value) -> float | None:
    """CSAT on 1–5, 5 the best; ``None`` unless the source declares its scale. [6, 1] says that 1 is the best."""
    if csat is None and scale is None:
        return None
    number = number_or_none(csat, "csat", -1e6, 1e6)
    if scale is None or (isinstance(scale, str) and not scale.strip()):
        return None
    worst, best = _range(scale)
    if number is None:
        return None
    if not min(worst, best) <= number <= max(worst, best):
        raise Refused("csat_scale")
    return 1 + 4 * (number - worst) / (best - worst)


def _range(scale: Value) -> tuple[float, float]:
    ends: tuple[float, ...] = ()
    if isinstance(scale, list | tuple):
        ends = tuple(float(end) for end in scale if isinstance(end, int | float) and abs(end) < 1e9)
    elif isinstance(scale, str) and (match := _RANGE.fullmatch(scale.strip())):
        ends = (float(match[1]), float(match[2]))
    if len(ends) != 2 or ends[0] == ends[1] or not all(map(math.isfinite, ends)):
        raise Refused("csat_scale")
    return ends[0], ends[1]


@lru_cache(maxsize=1024)
def _bare(label: str) -> str:
    """The word of a label without the number behind it."""
    return re.sub(r"_?\d{1,4}$", "", _word(label))


@lru_cache(maxsize=1024)
def _word(text: str) -> str:
    return re.sub(r"[\s_-]+", "_", text.strip().casefold())

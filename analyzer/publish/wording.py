"""What the report says and how it writes numbers and dates. The texts stand in ``templates/*.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from importlib import resources
from typing import Final, Literal
from zoneinfo import ZoneInfo

from analyzer.publish.estimates import Estimate

Language = Literal["en", "de"]
Kind = Literal["share", "points", "grade", "feeling", "number", "seconds"]

CUSTOMER_REASONS = "customer_reasons."
_CASE_MIX: Final = re.compile(r"case mix within (?P<within>units|agents) \((?P<mix>[^()]{1,500})\)")
_ZONES_DE: Final = {"CET": "MEZ", "CEST": "MESZ"}
MINUS, DASH, THIN, FIRM = "\u2212", "\u2013", "\u202f", "\u00a0"


@dataclass(frozen=True, slots=True)
class Wording:
    """``texts`` by ``section.key``, with {placeholders}; ``shipped`` holds the English ones, as config has them.

    ``zone`` rules the times it writes, and on which day a moment lies. Where ``zone_told`` the page names it once, and
    a time stands without it but in the hour that happens twice.
    """

    language: Language
    texts: Mapping[str, str]
    shipped: Mapping[str, str]
    zone: tzinfo = UTC
    zone_told: bool = False

    def __call__(self, key: str, /, **values: object) -> str:
        """The text, filled; ``key_1`` instead where ``n`` is 1 and there is such a text."""
        if values.get("n") == 1 and f"{key}_1" in self.texts:
            key = f"{key}_1"
        shown = {name: self.count(v) if isinstance(v, int) else v for name, v in values.items()}
        return self.texts[key].format(**shown) if shown else self.texts[key]

    def name(self, section: str, value: str | None) -> str:
        """A class, rule or measure in words; one that has none is shown as it is, without underscores."""
        if value is None:
            return self("word.unknown")
        return self.texts.get(f"{section}.{value}", value.replace("_", " "))

    def explanation(self, rule: str, text: str) -> str:
        """A rule's explanation: in this language if it is the shipped one, else in the words of whoever wrote it."""
        shipped = self.shipped.get(f"explanation.{rule}")
        return self.texts[f"explanation.{rule}"] if shipped == text else text

    def rejected(self, code: str, message: str) -> str:
        """Why a record was rejected and what to do; a code without words here in those of the table."""
        return _table_words(self.language).get(f"reject.{code}", message)

    def method(self, text: str) -> str:
        """How units were estimated, part by part; what has no words in this language stands in the table alone."""
        if self.language == "en":
            return text.replace("sentiment_start", "feeling at the start")
        parts = text.split("; ")
        told = [found for part in parts if (found := self._method_part(part)) is not None]
        return "; ".join(told if len(told) == len(parts) else [*told, _table_words(self.language)["method_part.other"]])

    def _method_part(self, part: str) -> str | None:
        words = _table_words(self.language)
        if match := _CASE_MIX.fullmatch(part):
            mix = ", ".join(words.get(f"case_mix.{name}", name) for name in match["mix"].split(", "))
            return words[f"method_part.within_{match['within']}"].format(mix=mix)
        return words.get(f"method_part.{part}")

    def customer_reason(self, text: str) -> str:
        """Why a customer may leave or is loyal, in this language; a text of unknown form is shown as it is."""
        for form, pattern in _customer_reasons(tuple(self.texts)):
            if match := pattern.fullmatch(text):
                return self.texts[form].format(**{name: self._value(v) for name, v in match.groupdict().items()})
        return text

    def _value(self, word: str) -> str:
        """A date or number as the tables write it, in this language."""
        if len(word) == len("2026-11-08"):
            return self.day(date.fromisoformat(word))
        return word.replace(".", ",") if self.language == "de" else word

    def count(self, n: int) -> str:
        grouped = f"{n:,}"
        return grouped.replace(",", ".") if self.language == "de" else grouped

    def decimal(self, value: float, digits: int, *, signed: bool = False) -> str:
        text = f"{value:{'+' if signed else ''},.{digits}f}"
        if self.language == "de":
            text = text.translate(str.maketrans(",.", ".,"))
        zero = not any(c in "123456789" for c in text)
        return text.lstrip("+-") if zero else text.replace("-", MINUS)

    def value(self, value: float, kind: Kind) -> str:
        """One number in the form of its kind: 62 %, 54.1, 3.2, +0.21."""
        if kind == "share":
            return f"{self.decimal(100 * value, 0)}{self._percent}"
        return self.decimal(
            value, {"points": 1, "grade": 1, "feeling": 2, "number": 2, "seconds": 0}[kind], signed=kind == "feeling"
        )

    def difference(self, value: float, kind: Kind) -> str:
        """A difference of two numbers of a kind, with its sign; of shares in percentage points."""
        if kind == "share":
            return f"{self.decimal(100 * value, 0, signed=True)}{FIRM}{self('word.points')}"
        return self.decimal(value, 2 if kind in ("feeling", "grade") else 1, signed=True)

    def interval(self, low: float | None, high: float | None, kind: Kind) -> str:
        if low is None or high is None:
            return self("word.no_interval")
        first, last = self.value(low, kind), self.value(high, kind)
        if kind == "share":
            first = first.removesuffix(self._percent)
        joint = f" {self('word.to')} " if kind == "feeling" else DASH
        return f"{first}{joint}{last}"

    def estimate(self, estimate: Estimate, kind: Kind) -> str:
        """A number with its interval and n, or that it cannot be told yet."""
        if estimate.value is None:
            return self("word.not_estimable", n=estimate.n)
        span = self.interval(estimate.low, estimate.high, kind)
        return f"{self.value(estimate.value, kind)} ({span}; n{FIRM}={FIRM}{self.count(estimate.n)})"

    def day(self, day: date, *, weekday: bool = False) -> str:
        month = self("month.short").split()[day.month - 1]
        text = f"{day.day}.{THIN}{month} {day.year}" if self.language == "de" else f"{day.day} {month} {day.year}"
        return f"{self('weekday.long').split()[day.weekday()]}, {text}" if weekday else text

    def short_day(self, day: date) -> str:
        return (
            f"{day.day}.{day.month}."
            if self.language == "de"
            else f"{day.day} {self('month.short').split()[day.month - 1]}"
        )

    def time(self, moment: datetime) -> str:
        return f"{self.on(moment)}, {self.clock(moment)}"

    def on(self, moment: datetime) -> str:
        """The day on which it was."""
        return self.day(moment.astimezone(self.zone).date())

    def clock(self, moment: datetime, form: str = "%H:%M") -> str:
        """The time of day, with its zone unless the page names that."""
        local = moment.astimezone(self.zone)
        if self.zone_told and local.utcoffset() == local.replace(fold=1 - local.fold).utcoffset():
            return f"{local:{form}}"
        zone = local.strftime("%Z")
        return f"{local:{form}} {_ZONES_DE.get(zone, zone) if self.language == 'de' else zone}"

    def told_in(self, zone: ZoneInfo) -> Wording:
        """The same for a page whose times and days are of ``zone``, which it says once, as ``times_in``."""
        return replace(self, zone=zone, zone_told=True)

    @property
    def times_in(self) -> str:
        return self("page.times_in", zone=self.zone)

    def period(self, period: str) -> str:
        """2026-11, 2026-W47 or 2026-11-21 in words."""
        if "-W" in period:
            return self("period.week", week=period[-2:].lstrip("0"), year=period[:4])
        if len(period) == 7:
            return f"{self('month.long').split()[int(period[5:]) - 1]} {period[:4]}"
        return self.day(date.fromisoformat(period))

    @property
    def _percent(self) -> str:
        return f"{THIN}%" if self.language == "de" else "%"


def wording(language: Language) -> Wording:
    """The texts of one language."""
    english = _texts("en")
    return Wording(language, english if language == "en" else _texts(language), english)


@lru_cache
def _customer_reasons(keys: tuple[str, ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The forms in which the tables write reasons: their own text with {day} and {n} for what varies."""
    forms = [key for key in keys if key.startswith(CUSTOMER_REASONS)]
    return tuple(
        (form, re.compile(
            re.escape(form.removeprefix(CUSTOMER_REASONS))
            .replace(r"\{day\}", r"(?P<day>\d{4}-\d{2}-\d{2})").replace(r"\{n\}", r"(?P<n>\d+(?:\.\d+)?)")
        ))
        for form in forms
    )  # fmt: skip


def _texts(language: Language) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in (f"{language}.toml", f"pictures.{language}.toml"):
        source = resources.files("analyzer.publish").joinpath(f"templates/{name}").read_text(encoding="utf-8")
        firm = source.replace("n = {", f"n{FIRM}={FIRM}{{")  # never broken over two lines
        found |= _flat(tomllib.loads(firm))
    return found


@lru_cache
def _table_words(language: Language) -> dict[str, str]:
    """What tables say in English, in another language; nothing in English."""
    if language == "en":
        return {}
    source = resources.files("analyzer.publish").joinpath(f"templates/tables.{language}.toml")
    return dict(_flat(tomllib.loads(source.read_text(encoding="utf-8"))))


def _flat(tree: Mapping[str, object], prefix: str = "") -> list[tuple[str, str]]:
    flat: list[tuple[str, str]] = []
    for key, value in tree.items():
        flat += _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else [(f"{prefix}{key}", str(value))]
    return flat


def kind_of(unit: str) -> Kind:
    """The form in which values of a unit are written (``tables.Column.unit``, ``unit_scores.unit``)."""
    unit = unit.replace("-", "–").replace("..", "…").replace("−", "–")
    kinds: dict[str, Kind] = {"0–1": "share", "0–100": "points", "1–5": "grade", "–1…1": "feeling", "–2…2": "feeling",
                              "s": "seconds"}  # fmt: skip
    return kinds.get(unit, "number")

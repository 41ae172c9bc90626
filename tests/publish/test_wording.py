"""Both languages say everything, and write numbers as their readers do."""

from __future__ import annotations

import re
import string
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from analyzer.codebook import LABELS, REASONS, RESOLUTIONS
from analyzer.config import load_settings
from analyzer.ingest.reject_codes import REJECT_CODES
from analyzer.loyalty.reasons import BONDS, RISKS, Reason
from analyzer.publish.estimates import Estimate
from analyzer.publish.wording import Kind, kind_of, wording
from analyzer.records import CHANNELS
from analyzer.score.unit_table import _SHARING

EN, DE = wording("en"), wording("de")


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    assert EN.texts.keys() == DE.texts.keys()
    assert {key for key in EN.texts if _places(EN.texts[key]) != _places(DE.texts[key])} == set()
    assert {key for key in EN.texts if "http" in EN.texts[key] + DE.texts[key]} == set()


def test_every_class_has_a_name() -> None:
    settings = load_settings()
    wanted = {f"reason.{name}" for name in REASONS} | {f"resolution.{name}" for name in RESOLUTIONS}
    wanted |= {f"channel.{name}" for name in CHANNELS} | {f"rule.{rule.name}" for rule in settings.flags.rules}
    wanted |= {f"part.{name}" for name in (*settings.score.weights, "bound", "bound_journey")}
    wanted |= {f"label.{label}" for label in LABELS}
    wanted |= {f"label_family.{label.partition('.')[0]}" for label in LABELS}
    assert wanted - EN.texts.keys() == set()


def test_shipped_explanations_are_translated_and_own_ones_kept() -> None:
    for rule in load_settings().flags.rules:
        assert EN.explanation(rule.name, rule.explanation) == rule.explanation
        assert DE.explanation(rule.name, rule.explanation) != rule.explanation
    assert DE.explanation("churn_threat", "Our own words.") == "Our own words."
    assert DE.explanation("house_rule", "Our own words.") == "Our own words."


@pytest.mark.parametrize(
    ("value", "kind", "english", "german"),
    [
        (0.624, "share", "62%", "62 %"),
        (54.06, "points", "54.1", "54,1"),
        (3.25, "grade", "3.2", "3,2"),
        (0.21, "feeling", "+0.21", "+0,21"),
        (-0.21, "feeling", "−0.21", "−0,21"),
        (-0.001, "feeling", "0.00", "0,00"),
        (1234.5, "number", "1,234.50", "1.234,50"),
    ],
)
def test_numbers_are_written_as_readers_expect(value: float, kind: Kind, english: str, german: str) -> None:
    assert (EN.value(value, kind), DE.value(value, kind).replace("\u202f", " ")) == (english, german)


def test_an_estimate_never_stands_without_n_and_interval() -> None:
    assert EN.estimate(Estimate(81, 0.62, 0.54, 0.7), "share") == "62% (54–70%; n\u00a0=\u00a081)"
    assert EN.estimate(Estimate(81, -0.2, -0.3, 0.1), "feeling") == "−0.20 (−0.30 to +0.10; n\u00a0=\u00a081)"
    assert DE.estimate(Estimate(4), "share") == "noch nicht schätzbar (n\u00a0=\u00a04)"
    assert re.search("no interval", EN.estimate(Estimate(81, 0.62), "share"))


def test_days_and_periods_are_written_out() -> None:
    assert EN.day(date(2026, 11, 22), weekday=True) == "Sunday, 22 Nov 2026"
    assert DE.day(date(2026, 3, 1)).replace("\u202f", " ") == "1. März 2026"
    assert [EN.period(p) for p in ("2026-11", "2026-W07", "2026-11-21")] == [
        "November 2026",
        "week 7, 2026",
        "21 Nov 2026",
    ]
    assert DE.period("2026-03") == "März 2026"


@pytest.mark.parametrize(
    ("moment", "english", "german"),
    [
        (datetime(2026, 7, 1, 22, 30, tzinfo=UTC), "2 Jul 2026, 00:30", "2. Juli 2026, 00:30"),
        (datetime(2026, 12, 1, 22, 30, tzinfo=UTC), "1 Dec 2026, 23:30", "1. Dez. 2026, 23:30"),
        (datetime(2026, 10, 24, 23, 59, tzinfo=UTC), "25 Oct 2026, 01:59", "25. Okt. 2026, 01:59"),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "25 Oct 2026, 02:30 CEST", "25. Okt. 2026, 02:30 MESZ"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "25 Oct 2026, 02:30 CET", "25. Okt. 2026, 02:30 MEZ"),
        (datetime(2026, 10, 25, 2, 0, tzinfo=UTC), "25 Oct 2026, 03:00", "25. Okt. 2026, 03:00"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "29 Mar 2026, 03:00", "29. März 2026, 03:00"),
    ],
)
def test_a_page_that_names_its_zone_names_it_again_only_in_the_hour_that_happens_twice(
    moment: datetime, english: str, german: str
) -> None:
    told = [words.told_in(ZoneInfo("Europe/Berlin")).time(moment).replace("\u202f", " ") for words in (EN, DE)]
    assert told == [english, german]


def test_one_takes_the_singular() -> None:
    assert (EN("glance.n_contacts", n=1), EN("glance.n_contacts", n=1200)) == ("1 contact", "1,200 contacts")


@pytest.mark.parametrize(
    ("unit", "kind"), [("0–1", "share"), ("0–100", "points"), ("1–5", "grade"), ("−1…1", "feeling"), ("s", "seconds")]
)
def test_units_of_the_tables_have_a_form(unit: str, kind: Kind) -> None:
    assert kind_of(unit) == kind


@pytest.mark.parametrize("reason", [*RISKS, *BONDS], ids=lambda reason: reason.__name__)
def test_every_reason_of_the_lists_is_translated(reason: Reason) -> None:
    """The words that loyalty writes, in all their forms, are known here."""
    moment = pd.Timestamp("2026-11-08", tz="UTC")
    customer = {"left": True, "notice_at": moment, "nps": 3.0, "recommend": 1.0, "complaints_12m": 2.0,
                "contract_end": moment, "tenure_months": 50.0, "referrals": 2.0, "purchases_12m": 3.0}  # fmt: skip
    contact = {"churn_talk_probability": 0.9, "promises_broken": 2, "prior_contacts": 2, "resolution": "partial",
               "sentiment_end": -0.9, "satisfaction": 1.0, "started_at": moment}  # fmt: skip
    others = {**customer, "notice_at": None, "nps": 10.0, "referrals": 1.0}
    told = [
        reason(who, [{**contact, **change}], moment.to_pydatetime())
        for who in (customer, others, {**others, "nps": float("nan")})
        for change in ({}, {"promises_broken": 1, "resolution": "unresolved"})
    ]
    words = {text for text in told if text}
    assert words and all(DE.customer_reason(text) != text for text in words)


def test_customer_reasons_write_dates_as_their_readers_do() -> None:
    text = "spoke of leaving on 2026-11-08"
    assert EN.customer_reason(text) == "spoke of leaving on 8 Nov 2026"
    assert DE.customer_reason(text) == "sprach am 8.\u202fNov. 2026 davon, zu gehen"
    assert DE.customer_reason("would not recommend us (NPS 4.5)") == "würde uns nicht empfehlen (NPS 4,5)"
    assert DE.customer_reason("our own words 2026-11-08") == "our own words 2026-11-08"


def test_german_tells_every_rejection_and_every_part_of_a_method() -> None:
    for code, entry in REJECT_CODES.items():
        english = f"{entry.meaning} {entry.advice}"
        assert EN.rejected(code, english) == english
        assert DE.rejected(code, english) not in ("", english), code
    parts = ["mean of calibrated readings", *_SHARING.values(), "one-way REML, normal shrinkage",
             "case mix within units (channel, queue, language, sentiment_start, day where contacts suffice)",
             "case mix within agents (queue)", "no case-mix adjustment (too few contacts or no mix)",
             "not shrunken: nobody to compare with", "nothing observed",
             "compared only with units whose case mix somebody's contacts link with its own",
             "nearly always worked with others: not told apart from them"]  # fmt: skip
    told = DE.method("; ".join(parts))
    assert told.count("; ") == len(parts) - 1 and "unit_scores" not in told
    assert not re.search(r"[a-z]_[a-z]|\b(case|mix|of|with|mean|within)\b", told)
    assert "_" not in EN.method("; ".join(parts))


def test_german_leads_to_the_table_for_what_it_has_no_words_for() -> None:
    assert DE.method("nothing observed; a new way") == (
        "nichts beobachtet; Weiteres in der Spalte method der Tabelle unit_scores"
    )

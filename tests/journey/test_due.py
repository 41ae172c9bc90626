"""Due dates in words. Said on Wednesday 4 March 2026, 10:00 in Berlin, unless a case says otherwise."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from analyzer.journey.due import due_time

BERLIN = ZoneInfo("Europe/Berlin")
WEDNESDAY = datetime(2026, 3, 4, 10, 0, tzinfo=BERLIN)

DATES = [
    ("Ich rufe Sie heute noch zurück.", "2026-03-04"),
    ("You will hear from us today.", "2026-03-04"),
    ("Ich melde mich morgen bei Ihnen.", "2026-03-05"),
    ("Morgen kommt der Techniker.", "2026-03-05"),
    ("i will call you tomorrow", "2026-03-05"),
    ("Das Paket ist übermorgen da.", "2026-03-06"),
    ("It arrives the day after tomorrow.", "2026-03-06"),
    ("Sie haben es bis Freitag.", "2026-03-06"),
    ("you'll have it by Friday", "2026-03-06"),
    ("Der Monteur kommt Montagvormittag.", "2026-03-09"),
    ("arrives Mon.", "2026-03-09"),
    ("Am Mittwoch rufe ich Sie an.", "2026-03-11"),  # said on a Wednesday: the next one
    ("We will come next Friday.", "2026-03-13"),
    ("Er kommt nächsten Montag.", "2026-03-09"),
    ("Das Geld kommt in 3 Tagen.", "2026-03-07"),
    ("within five days you get a letter", "2026-03-09"),
    ("Innerhalb von zehn Werktagen ist es erstattet.", "2026-03-18"),
    ("You will get the refund within 5 business days.", "2026-03-11"),
    ("Das dauert 3 bis 5 Werktage.", "2026-03-11"),
    ("It takes 5-7 working days.", "2026-03-13"),
    ("It takes about three weeks.", "2026-03-25"),
    ("in spätestens zwei Wochen", "2026-03-18"),
    ("Der erste Teil kam heute, und der Rest kommt morgen.", "2026-03-05"),
    ("Das bringe ich unter, nächste Woche ist das da.", "2026-03-13"),
    ("there's a fresh bill by the end of next week", "2026-03-13"),
    ("Bis Ende der Woche haben Sie Antwort.", "2026-03-06"),
    ("You'll have it by the end of the month.", "2026-03-31"),
    ("Das wird Ende April verrechnet.", "2026-04-30"),
    ("Sie erhalten es bis 24.3. per Post.", "2026-03-24"),
    ("bis zum 30.06.2026 ist das erledigt", "2026-06-30"),
    ("bis 30.06.26 erledigt", "2026-06-30"),
    ("Er kommt am 8.4. 20 Uhr.", "2026-04-08"),
    ("am 12. März", "2026-03-12"),
    ("ab erstem April wird nur noch das eingezogen", "2026-04-01"),
    ("your account by the 18th", "2026-03-18"),
    ("Pickup is Wed March 11", "2026-03-11"),
    ("it will reflect on your march tenth bill", "2026-03-10"),
    ("We ship on 10 March.", "2026-03-10"),
    ("Due 2026-03-20.", "2026-03-20"),
    ("ich frage am 18. bei Ihnen nach", "2026-03-18"),
    ("You'll have a letter by the weekend.", "2026-03-06"),
    ("Das Geld ist innerhalb eines Werktages da.", "2026-03-05"),
    ("in einem Tag", "2026-03-05"),
    ("It should be there in a couple of days.", "2026-03-06"),
    ("innerhalb von dreizehn Tagen", "2026-03-17"),
    ("within the next fortnight", "2026-03-18"),
    ("in zwei Monaten", "2026-05-04"),
    ("You will see it within a month.", "2026-04-04"),
    ("Die Gutschrift kommt nächsten Monat.", "2026-04-30"),
    ("Sie haben das bis Dienstschluss.", "2026-03-04"),
    ("I'll send it by close of business.", "2026-03-04"),
    ("Wir melden uns gleich nach dem Wochenende.", "2026-03-09"),
    ("It ships overnight.", "2026-03-05"),
    ("Die neue Karte kommt Anfang April.", "2026-04-10"),
    ("It will be with you by mid-April.", "2026-04-20"),
    ("We will call you back on the next business day.", "2026-03-05"),
    ("Das geht am nächsten Werktag raus.", "2026-03-05"),
    ("Sie haben es am folgenden Tag.", "2026-03-05"),
    ("binnen 5 Bankarbeitstagen", "2026-03-11"),
    ("Ich rufe Dienstag in einer Woche an.", "2026-03-17"),
    ("We will be there Monday week.", "2026-03-16"),
    ("Das klärt sich im Laufe des Tages.", "2026-03-04"),
    ("Der Monteur kommt übernächste Woche.", "2026-03-20"),
    ("It leaves today and you have it by Friday.", "2026-03-06"),  # the latest counts
]

NOT_DUE = [
    "Guten Morgen, Frau Braun, ich kümmere mich darum.",
    "Morgen! Ich lege das an.",
    "Das hat die Kollegin am Morgen nicht notiert.",
    "Bis heute kam nichts, ich gebe es weiter.",
    "I can see you called last Friday, I will pass it on.",
    "Ihre Mail vom Montag gebe ich weiter.",
    "I'll note that you have waited since Monday.",
    "Das wurde am 2.3. gespeichert, ich gebe es weiter.",
    "You ordered it 3 days ago, I'll pass it on.",
    "Der Gutschein gilt 8 Wochen lang.",
    "I'll take 3.50 off the price.",
    "Ich sehe 9.40 auf der Uhr.",
    "The first thing I'll do is pass it on.",
    "They sat down with the team and will look into it.",
    "Das merke ich zum zweiten Mal an.",
    "Wir melden uns.",
    "Das war Anfang Februar, ich gebe es weiter.",
    "Sie warten seit einem Tag, das tut mir leid.",
    "I'll pass it on, have a lovely weekend!",
    "You were told the next day, I will pass it on.",
    "Ich gebe es weiter, schönes Wochenende!",
    "Ich leite das weiter, es geht um bis zwei Geräte.",
    "The offer goes up by two pounds, I'll note it.",
    "",
]


@pytest.mark.parametrize(("text", "day"), DATES, ids=[text for text, _ in DATES])
def test_due_time_reads_the_date(text: str, day: str) -> None:
    due = due_time(text, WEDNESDAY, BERLIN)
    assert due is not None and due.astimezone(BERLIN).date() == date.fromisoformat(day)


@pytest.mark.parametrize("text", NOT_DUE)
def test_due_time_ignores_near_misses(text: str) -> None:
    assert due_time(text, WEDNESDAY, BERLIN) is None


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("within 24 hours", "2026-03-05T10:00"),
        ("innerhalb von 48 Stunden", "2026-03-06T10:00"),
        ("in your secure inbox within the hour", "2026-03-04T11:00"),
        ("the mail goes out in five minutes", "2026-03-04T10:05"),
        ("I will ring you in half an hour", "2026-03-04T10:30"),
        ("in einer halben Stunde rufe ich an", "2026-03-04T10:30"),
        ("so der Installateur kommt heute zwischen zehn und vierzehn Uhr", "2026-03-04T14:00"),
        ("Mr Dacre will be calling you tomorrow between 9 and 11 AM.", "2026-03-05T11:00"),
        ("text you the answer by noon on Monday", "2026-03-09T12:00"),
        ("tomorrow before 18:00", "2026-03-05T18:00"),
        ("bis Freitag", "2026-03-06T23:59"),
        ("Der Notdienst meldet sich innerhalb der nächsten Stunde.", "2026-03-04T11:00"),
        ("they've to answer in 48h", "2026-03-06T10:00"),
        ("ich melde mich spätestens halb elf bei Ihnen", "2026-03-04T10:30"),
        ("it can be with you by two", "2026-03-04T14:00"),
        ("i will ring you before half past three", "2026-03-04T15:30"),
        ("Wir rufen bis 12 Uhr an.", "2026-03-04T12:00"),
    ],
)
def test_due_time_reads_the_hour(text: str, due: str) -> None:
    found = due_time(text, WEDNESDAY, BERLIN)
    assert found is not None and found.astimezone(BERLIN).isoformat()[:16] == due


def test_due_day_is_the_customers_day_not_utc() -> None:
    late = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)  # already Thursday in Berlin
    assert due_time("Ich rufe heute an.", late, BERLIN) == datetime(2026, 3, 5, 22, 59, 59, tzinfo=UTC)
    assert due_time("Ich rufe heute an.", late, ZoneInfo("America/New_York")) == datetime(
        2026, 3, 5, 4, 59, 59, tzinfo=UTC
    )


def test_due_day_ends_at_local_midnight_across_the_clock_change() -> None:
    saturday = datetime(2026, 3, 28, 12, 0, tzinfo=BERLIN)
    assert due_time("morgen", saturday, BERLIN) is None  # a greeting at most
    assert due_time("bis morgen", saturday, BERLIN) == datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC)
    assert due_time("within 24 hours", saturday, BERLIN) == datetime(2026, 3, 29, 11, 0, tzinfo=UTC)


def test_due_business_days_skip_weekends_and_holidays() -> None:
    friday = datetime(2026, 3, 6, 10, 0, tzinfo=BERLIN)
    text = "in 2 Werktagen"
    assert due_time(text, friday, BERLIN) == datetime(2026, 3, 10, 22, 59, 59, tzinfo=UTC)
    holidays = frozenset({date(2026, 3, 9)})
    assert due_time("on the next business day", friday, BERLIN, holidays) == datetime(
        2026, 3, 10, 22, 59, 59, tzinfo=UTC
    )
    assert due_time(text, friday, BERLIN, holidays) == datetime(2026, 3, 11, 22, 59, 59, tzinfo=UTC)


def test_due_time_is_linear_in_the_text() -> None:
    for hostile in ("morgen " * 20_000, "1 " * 50_000, "in the next " * 20_000, "a" * 200_000, "by the " * 30_000):
        started = time.perf_counter()
        due_time(hostile, WEDNESDAY, BERLIN)
        assert time.perf_counter() - started < 4.0

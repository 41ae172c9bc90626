from __future__ import annotations

import time
from datetime import date

import pytest

from analyzer.journey.fulfilment import deeds, in_time, names_promise, somebody_came

REPORTED = [
    "Ihr Monteur war am Freitag da, seit gestern tropft es wieder.",
    "Am 21. kam die Absage, ein Textbaustein.",
    "also die frau hat mich am dienstag zurückgerufen aber die nummer stimmt immer noch nicht",
    "Ich habe die Gutschrift bekommen, nur fehlen zwei Euro.",
    "The driver came at ten to nine, but the box was the wrong one.",
    "you emailed me a slot on the 15th and it clashes with work",
    "I've had your letter and it makes no sense.",
    "The money turned up on Thursday. Where is my new card?",
]
NOT_REPORTED = [
    "Der Monteur war nicht da.",
    "Bis heute kam nichts an.",
    "Ich habe zweimal angerufen und geschrieben.",
    "War der Monteur am Freitag da?",
    "Der Brief sollte am Montag gekommen sein.",
    "Es hieß, er kam erst am Samstag.",
    "nobody came and nobody rang",
    "I rang you on Friday and wrote twice.",
    "Has the engineer been round?",
    "He was supposed to be here by nine.",
    "The parcel is marked as delivered.",
    "",
]


@pytest.mark.parametrize("opening", REPORTED)
def test_deeds_are_told_beside_a_complaint(opening: str) -> None:
    assert len(deeds(opening)) == 1


@pytest.mark.parametrize("opening", NOT_REPORTED)
def test_deeds_are_neither_denied_nor_asked_nor_the_customers_own(opening: str) -> None:
    assert deeds(opening) == ()


MADE, DUE = date(2026, 3, 2), date(2026, 3, 6)  # a Friday


@pytest.mark.parametrize(
    ("clause", "promise", "dated", "expected"),
    [
        ("ihr monteur war da", "Wir schicken einen Monteur.", False, True),
        ("the 412 landed", "You get the 412 euros back.", False, True),
        ("er kam am 5.", "Wir melden uns bis Freitag.", True, True),
        ("he came on the fifth", "We'll be in touch by Friday.", True, True),
        ("er kam am fünften", "Wir melden uns bis Freitag.", True, True),
        ("he came on Friday", "We'll be in touch by Friday.", True, True),
        ("he came on Friday", "We'll be in touch.", False, False),
        ("he came on the 9th", "We'll be in touch by Friday.", True, False),
        ("she came with the cake", "We'll be in touch by Friday.", True, False),
    ],
)
def test_names_promise_by_a_word_a_number_or_its_day(clause: str, promise: str, dated: bool, expected: bool) -> None:
    assert names_promise([clause], promise, MADE, DUE, dated=dated) is expected


def test_names_promise_ignores_days_where_the_promise_spans_all_of_them() -> None:
    assert not names_promise(["he came on the 9th"], "We'll be in touch.", MADE, date(2026, 9, 1), dated=False)


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("the box landed this morning", False),
        ("der kasten ist gestern gekommen", False),
        ("the box came on the 9th", False),
        ("der kasten kam am 6.", True),
        ("the box landed", True),
    ],
)
def test_in_time_leaves_out_what_came_later_than_promised(clause: str, expected: bool) -> None:
    assert (in_time([clause], DUE, date(2026, 3, 11)) == (clause,)) is expected


def test_deeds_keep_the_day_they_name() -> None:
    assert deeds("Am 21. kam die Absage, ein Textbaustein.") == ("Am 21. kam die Absage",)


def test_somebody_came_wants_a_person() -> None:
    assert somebody_came(["er war gestern da"])
    assert somebody_came(["the engineer came"])
    assert not somebody_came(["the letter arrived"])


@pytest.mark.parametrize("part", ["war ", "has been ", "ich ", "he and ", "am 9. ", "a" * 50, "nt ", "i've had "])
def test_deeds_cost_grows_with_the_length_alone(part: str) -> None:
    def seconds(copies: int) -> float:
        started = time.perf_counter()
        deeds(part * copies)
        return time.perf_counter() - started

    seconds(1)
    short = min(seconds(2_000) for _ in range(3))
    assert min(seconds(16_000) for _ in range(3)) < 24 * short + 0.05

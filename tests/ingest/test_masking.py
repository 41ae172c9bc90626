from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.ingest.masking import Masker, mask

MASKED = [
    ("0171 23 04 56 78, am 03.06.2026 dann 0221-1204567", "[PHONE_1], am 03.06.2026 dann [PHONE_2]"),
    ("Mail an Ann.Lee+x@mail.example.co.uk bitte.", "Mail an [EMAIL_1] bitte."),
    ("…jürgen@müller-bau.de, danke", "…[EMAIL_1], danke"),
    ("0221 1234567 oder 0171/2345678", "[PHONE_1] oder [PHONE_2]"),
    ("ring +44 20 7946 0958 now", "ring [PHONE_1] now"),
    ("(202) 555-0143 or 202.555.0143", "[PHONE_1] or [PHONE_1]"),
    ("IBAN DE89 3704 0044 0532 0130 00 bitte", "IBAN [IBAN_1] bitte"),
    ("de89370400440532013000", "[IBAN_1]"),
    ("Beleg RE20 261120 DE89 3704 0044 0532 0130 00", "Beleg RE20 261120 [IBAN_1]"),
    ("GB82 WEST 1234 5698 7654 32.", "[IBAN_1]."),
    ("Karte 4111 1111 1111 1111, gültig", "Karte [CARD_1], gültig"),
    ("5500-0000-0000-0004", "[CARD_1]"),
    ("ann@x.example ANN@X.EXAMPLE bob@x.example", "[EMAIL_1] [EMAIL_1] [EMAIL_2]"),
]
UNMASKED = [
    "am 03.06.2026 um 16:01 oder 24. 12. 2026",
    "03.06.-05.06.2026, 05.14 - 06.14 Uhr, 03-06-2026, 06/03/2026, 08:07:07 03.06.2026",
    "geboren 03 06 1980",
    "Rechnung 20261120 über 1.234.567,89 Euro vom 20.11.2026 09:12",
    "Kundennummer 12345678",
    "@handle at example dot org",
    "order RE-2026-110034567",
    "It took 3 weeks, 2 calls and 45 minutes: 1 2 3 4 5",
    "[EMAIL_1] and [PHONE_3] and [PII]",
]


@pytest.mark.parametrize(("text", "expected"), MASKED)
def test_mask_hides_what_identifies(text: str, expected: str) -> None:
    assert mask(text, Masker()) == expected


@pytest.mark.parametrize("text", UNMASKED)
def test_mask_leaves_near_misses(text: str) -> None:
    assert mask(text, Masker()) == text


def test_mask_keeps_wrong_check_digits_out_of_iban_and_card() -> None:
    for text in ("DE88 3704 0044 0532 0130 00", "4111 1111 1111 1112"):
        assert "[IBAN" not in mask(text, Masker()) and "[CARD" not in mask(text, Masker())


def test_mask_numbers_are_the_contact_s() -> None:
    masker = Masker("earlier masked: [EMAIL_4]")
    assert mask("a@x.example", masker) == "[EMAIL_5]"
    assert mask("b@x.example a@x.example", masker) == "[EMAIL_6] [EMAIL_5]"


FRAGMENTS = st.sampled_from(
    ["0221 1234567", "+49", "a@b.example", "@", " ", "DE89 3704 0044 0532 0130 00", "4111 1111 1111 1111", "-", "12",
     "[EMAIL_1]", "/", ".", "(", ")", "00", "x", "ü"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(FRAGMENTS, max_size=12).map("".join) | st.text(max_size=60))
def test_mask_is_idempotent(text: str) -> None:
    once = mask(text, Masker())
    assert mask(once, Masker(once)) == once


def test_mask_is_linear_in_long_text() -> None:
    for text in ("a" * 300_000 + "@", "1" * 300_000, "a.b-" * 75_000 + "@ x", "12 " * 100_000):
        assert mask(text, Masker()) is not None

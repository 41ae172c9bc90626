"""Names on no list, addresses of other countries, homes, employers, signatures and web sites."""

from __future__ import annotations

import pytest

from analyzer.ingest.masking import Masker, mask
from analyzer.ingest.masking.name_model import kind_of, load
from analyzer.weights import models_folder

MASKED = [
    ("Yesterday I spoke to Wolmar Quistgaard about it.", "Yesterday I spoke to [NAME_1] about it."),
    ("Lotte B Karlsen signed.", "[NAME_1] signed."),
    ("yesterday patricia lindqvist called me", "yesterday [NAME_1] called me"),
    ("Paula's phone is broken.", "[NAME_1]'s phone is broken."),
    ("Send it to 418 Dobsina 12 Apt. 7, Levice, Slovakia 93401.", "Send it to [ADDRESS_1]."),
    ("PSC 4411, Box 902\nAPO AE 09321", "[ADDRESS_1]"),
    ("Pick it up at the corner of Elm Street and Harbour Lane.", "Pick it up at [ADDRESS_1]."),
    ("I live in Graz now.", "I live in [PLACE_1] now."),
    ("Wir sind von Kiel nach Lübeck gezogen.", "Wir sind von [PLACE_1] nach [PLACE_2] gezogen."),
    ("I work for Bluewater Freight Inc.", "I work for [COMPANY_1]"),
    ("Mein Arbeitgeber, die Hartmann Tiefbau GmbH, zahlt.", "Mein Arbeitgeber, die [COMPANY_1], zahlt."),
    ("My website is www.quist-ceramics.example.", "My website is [URL_1]."),
    ("Meine Oma ist achtundsiebzig Jahre alt.", "Meine Oma ist [AGE_1] Jahre alt."),
    ("Mit freundlichen Grüßen\nJana Krüger\nLeiterin Einkauf", "Mit freundlichen Grüßen\n[NAME_1]\n[COMPANY_1]"),
]
UNMASKED = [
    "Der Zug von Köln nach Hamburg fiel aus.",
    "In Belgium the parcel takes two days.",
    "The shop of Bluewater Freight Inc is closed.",
    "Sie finden das unter https://www.rheinmobil.example/hilfe/router.",
    "Upgrade to Windows 2019 or go to 24 months.",
    "Die Photovoltaikanlage braucht einen Zweirichtungszähler.",
    "I live in fear of the next bill, we moved to the Premium plan.",
    "The router is 12 years old.",
    "please call me back the delivery was on monday",
]


@pytest.mark.parametrize(("text", "expected"), MASKED)
def test_mask_hides_who_somebody_is(text: str, expected: str) -> None:
    once = mask(text, Masker(text))
    assert once == expected
    assert mask(once, Masker(once)) == once


@pytest.mark.parametrize("text", UNMASKED)
def test_mask_leaves_places_firms_and_help_pages_that_tell_of_nobody(text: str) -> None:
    assert mask(text, Masker(text)) == text


def test_kind_of_tells_names_from_places_and_words() -> None:
    assert [kind_of(word) for word in ("Anna", "Hamburg", "Rechnung", "Quistgaard")] == ["G", "P", "O", "-"]


def test_name_model_ships_with_its_weights() -> None:
    model = load(models_folder())
    assert any(model.weights) and model.alone < model.threshold

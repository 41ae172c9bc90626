"""What is corrected in a real browser stands in the tables that leave, beside what the program found."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from analyzer.review.accounts import add_user
from analyzer.review.database import open_database
from analyzer.store.folder import REVIEW
from tests.conftest import call

from .conftest import PASSWORD, Clock
from .serving import serving
from .test_browser import chromium, enter, page_of  # noqa: F401

pytestmark = pytest.mark.timeout(300)


def _rows(store: Path, to: Path, table: str) -> list[dict[str, str]]:
    assert call("export", "--store", store, "--format", "csv", "--to", to).code == 0
    with (to / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_correction_of_a_contact_of_the_queue_stands_in_the_export(
    chromium: Browser,  # noqa: F811
    filled: Path,
    tmp_path: Path,
) -> None:
    store = tmp_path / "store"
    shutil.copytree(filled, store, ignore=shutil.ignore_patterns(f"{REVIEW}*"))
    add_user(open_database(None, store), "dana", "lead", PASSWORD, Clock()())
    assert [row for row in _rows(store, tmp_path / "bi", "verdicts") if row["reviewer"] == "dana"] == []
    with serving(store) as address:
        page = page_of(chromium, address)
        enter(page)
        page.locator(".queue a").first.click()
        expect(page.get_by_role("heading", name="What was said")).to_be_visible()
        contact = page.get_by_role("heading", level=1).inner_text()
        page.get_by_role("button", name="pending", exact=True).click()
        expect(page.locator('.question [aria-pressed="true"]')).to_have_text("pending")
        page.context.close()
    (verdict,) = [row for row in _rows(store, tmp_path / "bi", "verdicts") if row["reviewer"] == "dana"]
    assert (verdict["interaction_id"], verdict["finding"], verdict["answer"]) == (contact, "resolution", "pending")
    assert verdict["use"] == "training" and verdict["blind"] == "false"
    heard = {row["interaction_id"]: row["resolution"] for row in _rows(store, tmp_path / "bi", "interactions")}
    assert heard[contact] != "pending", "the finding stays beside it"

"""Pages show times in the zone of business days, say which it is, and count today by it, wherever the server stands."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from analyzer.config import load_settings
from analyzer.review.app import create_app
from analyzer.review.database import open_database
from analyzer.review.pages.queue import midnight

from .conftest import HOST, Clock, Site
from .given import given, rows_of, undrawn

AUCKLAND = "Pacific/Auckland"


@pytest.fixture(params=["UTC", "America/Los_Angeles"])
def server_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def in_zone(filled: Path, accounts: Path, folder: Path, zone: str | None) -> Site:
    path = Path(shutil.copy(accounts, folder / f"{(zone or 'none').replace('/', '-')}.sqlite"))
    database, clock = open_database(f"sqlite:///{path}", filled), Clock()
    app = create_app(filled, database, load_settings().publish, [HOST], clock, zone=zone)
    return Site(app, filled, database, clock)


def test_times_stand_in_the_zone_that_the_page_names(
    filled: Path, accounts: Path, tmp_path: Path, server_zone: str
) -> None:
    for zone, known in ((None, "CET"), (AUCKLAND, "NZDT")):
        site = in_zone(filled, accounts, tmp_path, zone)
        contact = undrawn(site, lambda row: True)
        began = next(
            row["started_at"] for row in rows_of(site, "interaction_facts") if row["interaction_id"] == contact
        )
        page = site.browser("lead").get(f"/contacts/{contact}").text
        local = began.astimezone(ZoneInfo(zone or "Europe/Berlin"))
        assert f"{local.day} {local:%b %Y, %H:%M} {known}" in page and " UTC" not in page
        assert f"<footer><p>Times and days: {zone or 'Europe/Berlin'}</p></footer>" in page
        log = site.browser("lead").get("/log").text
        now = site.clock().astimezone(ZoneInfo(zone or "Europe/Berlin"))
        assert f"{now:%H:%M:%S} {known}" in log and " UTC" not in log


def test_german_pages_name_the_zone_in_german(site: Site) -> None:
    browser = site.browser("lead")
    page = browser.get(f"/contacts/{undrawn(site, lambda row: True)}", headers={"accept-language": "de"}).text
    assert " MEZ" in page and " CET" not in page and "Zeiten und Tage: Europe/Berlin" in page


def test_today_is_the_day_of_the_zone(filled: Path, accounts: Path, tmp_path: Path, server_zone: str) -> None:
    for zone, now, later in (("Europe/Berlin", "2026-11-23T22:59", "2026-11-23T23:01"),
                             (AUCKLAND, "2026-11-23T10:59", "2026-11-23T11:01")):  # fmt: skip
        site = in_zone(filled, accounts, tmp_path, zone)
        site.clock.now = datetime.fromisoformat(now).replace(tzinfo=UTC)
        given(site, undrawn(site, lambda row: True), "resolution", "resolved")
        reviewer = site.browser("reviewer")
        assert "Answered by you today: 1" in reviewer.get("/queue").text
        assert "23 Nov 2026" in reviewer.get("/progress").text
        lead = site.browser("lead")
        assert "signed in" in lead.get("/log?since=2026-11-23&until=2026-11-23").text
        site.clock.now = datetime.fromisoformat(later).replace(tzinfo=UTC)
        assert "Answered by you today: 0" in reviewer.get("/queue").text
        assert "24 Nov 2026" in reviewer.get("/progress").text


def test_days_of_other_length_begin_at_their_own_midnight() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    after_the_change = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert midnight(after_the_change, berlin).astimezone(UTC) == datetime(2026, 10, 24, 22, tzinfo=UTC)

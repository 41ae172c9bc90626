"""axe-core over every page of the app, registered ones all by themselves: both languages, light and dark, three sizes.

A page is every GET route of ``app.PAGES``; where its address has a part that varies, ``_work`` says with what to look
at it. Each page is tried in every size, light and dark, and in every size in both languages; what is light in one
language is dark in the other, which halves the time. Serious and critical findings must be none, and nothing may have
to be scrolled sideways.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from fastapi.routing import APIRoute
from playwright.sync_api import Browser, Page, expect
from starlette.testclient import TestClient

from analyzer.config import load_settings
from analyzer.review.accounts import add_user
from analyzer.review.app import PAGES, create_app
from analyzer.review.database import open_database
from analyzer.review.questions import asked
from analyzer.store.folder import REVIEW

from .conftest import FROM_HERE, HOST, ORIGIN, PASSWORD, Clock, answer, contact_ids, token
from .serving import serving
from .test_browser import chromium  # noqa: F401  (fixture)

pytestmark = pytest.mark.timeout(600)
SIZES = {"wide": (1440, 900), "zoomed to 200 %": (720, 450), "phone": (390, 844)}
SCHEMES = {"en-GB": ("light", "dark", "light"), "de-DE": ("dark", "light", "dark")}  # by size
FURTHER = ("/queue?view=audit", "/queue?view=mine", "/queue?view=praise&state=all", "/queue?view=concern&team=nowhere",
           "/nowhere")  # fmt: skip
NO_PAGES = {"/", "/queue/back", "/log.csv"}  # they lead elsewhere, or are a file


@dataclass(frozen=True, slots=True)
class Furnished:
    """A served store in which people have worked, and the pages to look at."""

    address: str
    pages: tuple[str, ...]


@pytest.fixture(scope="module")
def furnished(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Furnished]:
    store = tmp_path_factory.mktemp("furnished") / "store"
    shutil.copytree(filled, store, ignore=shutil.ignore_patterns(f"{REVIEW}*"))
    database = open_database(None, store)
    add_user(database, "dana", "admin", PASSWORD, Clock()())
    add_user(database, "kim", "reviewer", PASSWORD, Clock()(), teams=["north"])
    app = create_app(store, database, load_settings().publish, [HOST])
    samples = _work(app)
    pages = tuple(dict.fromkeys([*_pages(samples), *FURTHER, f"/contacts/{samples['drawn']}"]))
    with serving(store) as address:
        yield Furnished(address, pages)


def _work(app: FastAPI) -> dict[str, str]:
    """What people have done, so that no page is empty; and samples for addresses."""
    browser = TestClient(app, base_url=ORIGIN, headers={"accept-language": "en"})
    browser.post("/sign-in", data={"name": "dana", "password": PASSWORD}, headers=FROM_HERE)
    drawn, second = contact_ids(browser.get("/queue?view=audit"))[:2]
    contact, other = contact_ids(browser.get("/queue?view=concern"))[:2]
    hidden = {"token": token(browser.get("/queue?view=concern"))["token"]}
    for finding, said in (("comment", "Read twice."), ("coaching", "Ask before you explain."), ("praise", "yes")):
        answer(browser, contact, finding, said)
    for question in asked(app.state.review.desk.snapshot().draws[second]):
        answer(browser, second, question.finding, question.answers[0])
    fields = {**hidden, "name": "Team North", "query": "view=concern&team=north", "shared": "1"}
    browser.post("/views", data=fields, headers=FROM_HERE)
    browser.post("/assignments", data={**hidden, "back": "", "contact": [other, drawn]}, headers=FROM_HERE)
    return {"interaction_id": contact, "name": "kim", "drawn": drawn}


def _pages(samples: dict[str, str]) -> Iterator[str]:
    for route in (route for router in PAGES for route in router.routes):
        if isinstance(route, APIRoute) and "GET" in route.methods and route.path not in NO_PAGES:
            parts = re.findall(r"{(\w+)", route.path)
            assert set(parts) <= set(samples), f"{route.path}: say in _work with what to look at it"
            yield re.sub(r"{(\w+)(?::\w+)?}", lambda part: samples[part[1]], route.path)


def enter(page: Page, address: str) -> None:
    page.goto(f"{address}/sign-in")
    page.locator("#name").fill("dana")
    page.locator("#password").fill(PASSWORD)
    page.locator("button.main").click()
    expect(page.locator(".tabs")).to_be_visible()


@pytest.mark.parametrize("locale", SCHEMES)
def test_pages_have_no_serious_findings_and_fit(chromium: Browser, furnished: Furnished, locale: str) -> None:  # noqa: F811
    page = chromium.new_context(locale=locale, device_scale_factor=1).new_page()
    page.set_default_timeout(30_000)
    enter(page, furnished.address)
    assert len(furnished.pages) > 15
    found = [
        finding for path in furnished.pages for finding in _findings(page, furnished.address, path, SCHEMES[locale])
    ]
    page.context.close()
    assert found == []


def test_walk_notices_what_is_wrong(chromium: Browser, furnished: Furnished) -> None:  # noqa: F811
    page = chromium.new_page()
    enter(page, furnished.address)
    page.evaluate(
        """document.querySelector("main").insertAdjacentHTML("beforeend", '<svg width="1600" height="9"></svg>' +
        '<input name="x"><img src="/static/none.png"><font color="#999">grey</font>')"""
    )
    found = " ".join(_findings_of(page, "/queue", ("light", "light", "light")))
    page.close()
    assert all(wrong in found for wrong in ("pixels wide", "label", "image-alt", "color-contrast"))


def _findings(page: Page, address: str, path: str, schemes: Sequence[str]) -> Iterator[str]:
    page.goto(address + path)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    yield from _findings_of(page, path, schemes)


def _findings_of(page: Page, path: str, schemes: Sequence[str]) -> Iterator[str]:
    page.evaluate(Axe().axe_script)
    for (size, (width, height)), scheme in zip(SIZES.items(), schemes, strict=True):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        needed = page.evaluate("document.documentElement.scrollWidth")
        if needed > width:
            yield f"{path}, {size}: {needed} pixels wide"
        told = page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false, iframes: false})")
        for each in told["violations"]:
            if each["impact"] in ("serious", "critical"):
                where = [node["html"][:160] for node in each["nodes"][:3]]
                yield f"{path}, {size}, {scheme}: {each['id']} {where}"

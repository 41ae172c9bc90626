"""An explanation for the terminal: sentences first, then the tables they rest on. Nothing is parsed as markup."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.text import Text

from analyzer.explain.contact_page import contact_page
from analyzer.explain.customer import CustomerExplained
from analyzer.explain.customer_page import customer_page
from analyzer.explain.names import Explained
from analyzer.explain.parts import Page
from analyzer.explain.unit import UnitExplained
from analyzer.explain.unit_page import unit_page
from analyzer.publish.wording import Language, wording


def render(explained: Explained, language: Language, zone: ZoneInfo) -> Group:
    """The page of what was explained, top to bottom; times and days are of ``zone``, which the head names."""
    w = wording(language).told_in(zone)
    if isinstance(explained, UnitExplained):
        return _group(unit_page(explained, w))
    if isinstance(explained, CustomerExplained):
        return _group(customer_page(explained, w))
    return _group(contact_page(explained, w))


def _group(page: Page) -> Group:
    parts: list[RenderableType] = [page.head]
    for title, part in page.sections:
        if part is not None:
            parts += [Text(), Rule(Text(title, style="bold"), align="left", style="dim"), part]
    return Group(*parts)

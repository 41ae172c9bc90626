"""Pictures: named for screen readers, without addresses, in colours of the page, the same twice."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from analyzer.publish.charts import COLOURS, Axis, Dot, Picture, drawn, intervals
from analyzer.publish.estimates import Estimate

HOSTILE = "<script>&\"'{{x}}"
DOTS = [Dot(HOSTILE, Estimate(20, 0.5, 0.3, 0.7), "n = 20", "concern"), Dot("few", Estimate(3), "n = 3", "faint")]


def picture() -> Picture:
    axis = Axis(0, 1, "not yet", reference=0.6, reference_label="average")
    return drawn(HOSTILE, lambda width: intervals(DOTS, axis, width), ("a", "b"), [("x", "y")])


def test_a_picture_is_named_and_self_contained() -> None:
    for svg in (picture().wide, picture().narrow):
        assert svg.startswith('<svg role="img" aria-label=')
        assert "<title>" in svg
        assert "http" not in svg
        assert "<script" not in svg
        root = ET.fromstring(svg)  # well-formed whatever the labels hold
        assert HOSTILE in "".join(root.itertext())


def test_colours_are_left_to_the_page() -> None:
    svg = picture().wide
    assert "var(--concern)" in svg
    assert not set(COLOURS.values()) & set(re.findall(r"#[0-9a-f]{6}", svg))


def test_a_row_that_cannot_be_estimated_says_so_and_has_no_dot() -> None:
    svg = picture().wide
    assert "not yet" in svg
    assert len(re.findall(r'class="mark-symbol', svg)) == 1
    assert len(re.findall(r'<path transform="translate\([^)]*\)" d="M[^"]*A', svg)) == 1


def test_drawing_twice_gives_the_same_bytes() -> None:
    assert picture() == picture()

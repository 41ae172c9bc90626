"""Forms: what a good one holds, and what is said of a bad one."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.config import load_settings
from analyzer.errors import ConfigError, UsageError
from analyzer.review.database import open_database
from analyzer.review.scorecard import cards
from analyzer.review.scorecard.cards import Judged
from analyzer.review.scorecard.form import form_of
from analyzer.review.scorecard.forms import load_forms, parsed_form, shipped_form, shipped_text
from tests.conftest import call

from .conftest import Clock

JUDGED = Judged("c-1", "h-1", "m-1", True, 0.05)
BY, BOTH = 'by = "human"', 'by = "both"\nmachine = '
SMALL = """
id = "small"
version = "1"
name = { en = "Small" }
[[sections]]
id = "only"
name = { en = "Only" }
[[sections.items]]
id = "asks"
text = { en = "Asks" }
by = "human"
"""


@pytest.mark.parametrize("language", ["en", "de"])
def test_shipped_form_says_everything_in_both_languages(language: str) -> None:
    form = shipped_form()
    texts = [form.name, *(s.name for s in form.sections), *(i.text for i in form.items), *(i.hint for i in form.items)]
    assert all(getattr(each, language) for each in texts if each is not None)
    assert {section.id for section in form.sections} == {
        "greeting", "identification", "needs", "solution", "closing", "house",
    }  # fmt: skip
    assert any(item.fatal for item in form.items)
    assert form_of(form.content).hash == form.hash


@pytest.mark.parametrize(
    ("change", "to", "said"),
    [
        ('version = "1"', "", "missing required field `version`"),
        (BY, 'by = "machine"', 'item asks, by: "machine" needs machine'),
        (BY, 'by = "nobody"', "section only, item asks, by: Invalid enum value 'nobody'"),
        (BY, 'by = "human"\nweight = 0', "item asks, weight: Expected `float` > 0"),
        (BY, 'by = "human"\nwait = 1', "item asks: Object contains unknown field `wait`"),
        ('text = { en = "Asks" }', "text = {}", "item asks, text: neither en nor de is given"),
        (BY, 'by = "human"\nanswers = "scale"\nscale = [5, 1]', "item asks, scale: "),
        (BY, BOTH + '{ label = ["svc.chek"] }', "label: svc.chek is no label of the codebook; did you mean svc.check"),
        (BY, BOTH + '{ phrase = { en = ["(open"] } }', "machine.phrase.en: RE2 does not take"),
        (BY, BOTH + '{ phrase = { en = ["x*"] } }', "machine.phrase.en: a pattern matches everything"),
        (BY, BOTH + '{ measure = "hold_s" }', "machine.measure: give above or below"),
        (BY, BOTH + '{ measure = "hold", above = 1 }', "did you mean hold_s"),
        (BY, BOTH + '{ finding = "resolution" }', "machine.values: give some of"),
        (BY, BOTH + '{ label = ["svc.hold"], measure = "hold_s" }', "give exactly one of"),
        (BY, BOTH + '{ label = ["svc.hold"], sure = 0.2 }', "machine, sure: Expected `float` >= 0.5"),
    ],
)  # fmt: skip
def test_wrong_form_is_refused_with_file_and_key(change: str, to: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parsed_form(SMALL.replace(change, to), "forms/ours.toml")
    assert str(refused.value).startswith("forms/ours.toml: ") and said in str(refused.value)


def test_form_that_is_no_toml_names_the_line() -> None:
    with pytest.raises(ConfigError, match=r"forms/ours.toml is not valid TOML: .*line 2"):
        parsed_form("id = 1\nid = = 2", "forms/ours.toml")


def test_two_items_of_one_id_are_refused() -> None:
    again = SMALL + SMALL[SMALL.index("[[sections.items]]") :]
    with pytest.raises(ConfigError, match="items: 2 have the id asks"):
        parsed_form(again, "ours.toml")


def test_house_brings_its_own_forms(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text(SMALL, encoding="utf-8")
    (tmp_path / "a.toml").write_text(shipped_text(), encoding="utf-8")
    assert [form.id for form in load_forms(str(tmp_path))] == ["default", "small"]
    (tmp_path / "c.toml").write_text(SMALL, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"2 files of .* have the id small"):
        load_forms(str(tmp_path))


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_folder_without_forms_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"review\.forms"):
        load_forms(str(tmp_path / name))


def test_settings_name_the_shipped_form_by_default() -> None:
    assert load_forms(load_settings().review.forms) == (shipped_form(),)


def test_any_change_of_a_form_changes_its_hash() -> None:
    first = parsed_form(SMALL, "a")
    assert parsed_form("# a remark\n" + SMALL, "b").hash == first.hash
    assert parsed_form(SMALL.replace('"Asks"', '"Asks twice"'), "b").hash != first.hash


def test_form_that_changed_under_its_version_is_refused_once_cards_were_filled_in(tmp_path: Path) -> None:
    form = parsed_form(SMALL, "a")
    changed, newer = (
        parsed_form(SMALL.replace('"Asks"', '"Asks twice"').replace('version = "1"', f'version = "{version}"'), "a")
        for version in (1, 2)
    )
    database = open_database(f"sqlite:///{tmp_path / 'review.sqlite'}", tmp_path)
    with database.write() as connection:
        cards.refuse_changed(connection, [form, changed])  # nobody has used either
        cards.save(connection, form, JUDGED, {"asks": "yes"}, "dana", Clock()())
        cards.refuse_changed(connection, [form, newer])
        with pytest.raises(ConfigError, match=r"version 1 has changed .* Give it a new version"):
            cards.refuse_changed(connection, [changed])
        with pytest.raises(UsageError, match="changed without a new version"):
            cards.save(connection, changed, JUDGED, {"asks": "no"}, "dana", Clock()())
        cards.save(connection, newer, JUDGED, {"asks": "no"}, "dana", Clock()())
        assert [(card.form.version, card.answers) for card in cards.standing(connection)] == [("2", {"asks": "no"})]


def test_command_lists_shows_and_checks_forms(tmp_path: Path) -> None:
    listed = call("review", "forms")
    assert listed.code == 0 and f"default  version {shipped_form().version}" in listed.out
    assert call("review", "forms", "--show").out == shipped_text()
    (tmp_path / "ours.toml").write_text(SMALL, encoding="utf-8")
    assert "small  version 1" in call("review", "forms", "--check", tmp_path / "ours.toml").out
    (tmp_path / "ours.toml").write_text(SMALL.replace('"human"', '"both"'), encoding="utf-8")
    refused = call("review", "forms", "--check", tmp_path / "ours.toml")
    assert refused.code == 2 and "ours.toml: item asks, by:" in refused.err

"""The pictures of the report: their numbers are those of the tables, in both languages, on the page and as files."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from analyzer.config import load_settings
from analyzer.errors import UsageError
from analyzer.publish.agents import agent_policy
from analyzer.publish.charts import Absent, Picture
from analyzer.publish.contents import Report, assemble
from analyzer.publish.estimates import Rules
from analyzer.publish.report import render_report, write_report_pictures
from analyzer.publish.sections.window import open_window
from analyzer.publish.wording import wording

from .test_agents import publish
from .world import EMPTY, MemoryTables, world

PLACEBO = "placebo: loyalty before the contact"
NAMES = {
    "contacts_per_day", "changes", "trend_fcr_rate", "trend_experience_score", "trend_sentiment_end", "trend_effort",
    "channels_experience_contact", "funnel_experience_contact", "channels_and_reasons", "solved_by_reason",
    "feelings_taken_up", "promises", "claims_put_to_the_test", "drivers_notice", "drivers_repurchase", "data_quality",
}  # fmt: skip


def driver(name: str, outcome: str, effect: float | None, p: float | None, **changes: Any) -> dict[str, Any]:
    ends = {} if effect is None else {"low": effect * 0.8, "high": effect * 1.25}
    return {"segment": "all", "outcome": outcome, "horizon_days": 90, "driver": name, "scale": "HR per sd",
            "effect": effect, "p_adjusted": p, "n": 400, "method": "Cox",
            "family": "drivers, 4 tests"} | ends | changes  # fmt: skip


@cache
def full() -> MemoryTables:
    return world().having(
        loyalty_drivers=[
            driver("empathy", "notice", 0.7, 0.01), driver("satisfaction", "notice", 0.6, 0.001),
            driver("effort", "notice", 1.1, 0.6),
            driver("wait_s", "notice", None, None, method="not estimable: 4 events, 10 needed"),
            driver("satisfaction", PLACEBO, 1.2, 0.001), driver("empathy", PLACEBO, 0.1, 0.8),
            driver("empathy", "repurchase", None, None, method="not estimable: 3 events, 10 needed"),
            driver("the loyal forgive", "notice", 0.4, 0.5, family="hypotheses, 1 tests",
                   verdict="supported: the loyal forgive a failed contact more"),
        ]
    )  # fmt: skip


def report(tables: MemoryTables, *assignments: str) -> Report:
    settings = load_settings(None, assignments)
    policy = agent_policy(tables, settings.publish)
    window = open_window(tables, policy, Rules(settings.score.min_n, settings.score.interval))
    assert window is not None
    return assemble(
        tables, window, policy, settings.publish, wording(settings.publish.report_language), settings.journey
    )


@cache
def named(language: str = "en") -> Report:
    return report(full(), "publish.agents=named", f"publish.report_language={language}")


def picture(name: str, language: str = "en") -> Picture:
    found = named(language).pictures[name]
    assert isinstance(found, Picture), found
    return found


def test_every_picture_the_report_promises_is_there() -> None:
    assert named().pictures.keys() >= NAMES


@pytest.mark.parametrize("language", ["en", "de"])
def test_pictures_say_what_they_show_in_both_languages(language: str) -> None:
    other = named("de" if language == "en" else "en").pictures
    for name, one in named(language).pictures.items():
        said = one.why if isinstance(one, Absent) else one.subtitle or one.title
        theirs = other[name]
        assert said and said != (theirs.why if isinstance(theirs, Absent) else theirs.subtitle or theirs.title), name
        assert not re.search(r"[{}]|\b[a-z]+_[a-z_]+\b", f"{one.title} {said}"), name


def test_funnel_shows_the_published_estimates_beside_what_chance_allows() -> None:
    scores = {
        row["unit_id"]: row
        for row in full().read("unit_scores").to_pylist()
        if (row["unit_kind"], row["period"], row["measure"]) == ("agent", "2026-11", "experience_contact")
    }
    shown = {row[0]: row for row in picture("funnel_experience_contact").rows}
    assert shown.keys() == {name for name, row in scores.items() if row["sufficient"]}
    for name, row in shown.items():
        assert row[1] == f"{scores[name]['adjusted']:.1f}"
        assert row[2] == f"{scores[name]['n_effective']:.0f}"


def test_funnel_hides_agents_as_the_policy_says() -> None:
    off = report(full(), "publish.agents=off").pictures
    assert "funnel_experience_contact" in off  # of teams, which are too few for a funnel
    assert isinstance(off["funnel_experience_contact"], Absent)
    hidden = report(full(), "publish.agents=pseudonym").pictures["funnel_experience_contact"]
    assert isinstance(hidden, Picture)
    assert all(re.fullmatch(r"agent-[0-9a-f]{8}", row[0]) for row in hidden.rows)


def test_funnel_calls_agents_what_the_roster_calls_them() -> None:
    tables = full().having(agent_names=[{"agent_id": "a-01", "name": "Miriam Sander"}])
    told = report(tables, "publish.agents=named").pictures["funnel_experience_contact"]
    assert isinstance(told, Picture)
    names = {row[0] for row in told.rows}
    assert "Miriam Sander" in names and "a-01" not in names and "a-02" in names


def test_promises_count_what_the_table_holds() -> None:
    statuses = full().read("commitments")["status"].to_pylist()
    everything = picture("promises").rows[0]
    assert everything[1:5] == tuple(str(statuses.count(s)) for s in ("kept", "open", "unknown", "broken"))


def test_claims_stand_beside_the_companys_own_figure() -> None:
    shown = picture("claims_put_to_the_test")
    assert [row[1:] for row in shown.rows] == [
        ("13% (4–32%; n\u00a0=\u00a029)", "20%", "agrees with the claim, as far as can be told"),
        ("33% (17–54%; n\u00a0=\u00a029)", "30%", "agrees with the claim, as far as can be told"),
    ]
    far = [row | {"low": 0.01, "high": 0.05} for row in full().read("loyalty_matrix").to_pylist()]
    customers = report(full().having(loyalty_matrix=far)).customers
    assert customers is not None and isinstance(customers.conditionals, Picture)
    assert {row[3] for row in customers.conditionals.rows} == {"fewer than claimed"}


def test_drivers_tell_the_found_from_the_confounded_and_the_untold() -> None:
    shown = {row[0]: row for row in picture("drivers_notice").rows}
    assert shown["Empathy"][1] == "0.70 (0.56–0.88; n\u00a0=\u00a0400)"
    assert [shown[name][4] for name in ("Empathy", "Satisfaction", "Effort for the customer", "Waiting time")] == [
        "beyond chance", "there before the contact", "no more than chance", "only 4 events",
    ]  # fmt: skip
    assert picture("drivers_notice").title == (
        "Fewer give notice with more of: Empathy. There already before the contact, so not its doing: Satisfaction."
    )
    absent = named().pictures["drivers_repurchase"]
    assert isinstance(absent, Absent) and absent.why == "Nothing can be told yet: only 3 events."
    assert named().drivers is not None
    assert [one.verdict for one in named().drivers.hypotheses] == [
        "Supported: the loyal forgive a failed contact more."
    ]


def test_trend_of_first_contact_resolution_is_that_of_its_table() -> None:
    rates = {
        row["period"]: row
        for row in full().read("fcr_rates").to_pylist()
        if (row["matter"], row["window_days"]) == ("same", 7) and "-W" in row["period"]
    }
    rows = picture("trend_fcr_rate").rows
    assert [row[0] for row in rows] == ["week 45, 2026", "week 46, 2026", "week 47, 2026"]
    for row, told in zip(rows, rates.values(), strict=True):
        assert row[1] == f"{100 * told['value']:.0f}%"
        assert row[4] == ("final" if told["is_final"] else "provisional")


def test_heat_map_leaves_cells_of_few_contacts_striped() -> None:
    shown = report(full(), "score.min_n=5").pictures["channels_and_reasons"]
    assert isinstance(shown, Picture) and "url(#stripes-" in shown.wide
    few = [row for row in shown.rows if row[3] == "too few contacts"]
    assert few and all("not estimable yet" in row[2] for row in few)


def test_every_reference_inside_the_page_has_one_target() -> None:
    settings = load_settings()
    page = render_report(full(), publish(agents="named"), settings.score, settings.journey)
    targets = re.findall(r'\bid="([^"]+)"', page)
    assert len(targets) == len(set(targets))
    assert set(re.findall(r"url\(#([^)]+)\)", page)) <= set(targets)


def test_picture_files_stand_alone(tmp_path: Path) -> None:
    settings = load_settings()
    args = (publish(agents="named"), settings.score, settings.journey)
    written = write_report_pictures(full(), tmp_path / "all", "svg", None, *args)
    told = {name for name, one in named().pictures.items() if isinstance(one, Picture)}
    assert {path.stem for path in written} == told
    for path in written:
        svg = path.read_text(encoding="utf-8")
        texts = "".join(ET.fromstring(svg).itertext())
        assert "var(--" not in svg and "Contact report" in texts
        families = re.findall(r'font-family="([^"]*)"', svg)
        assert families and all(family.endswith("sans-serif") for family in families)  # else a PNG loses its words
        assert not re.search(r'(href|src)="(?!#)|url\((?!#)', svg)
    (png,) = write_report_pictures(full(), tmp_path / "one.png", "png", "changes", *args)
    assert png.read_bytes().startswith(b"\x89PNG")


def test_wrong_picture_names_the_right_ones_and_an_empty_one_says_why(tmp_path: Path) -> None:
    settings = load_settings()
    args = (settings.publish, settings.score, settings.journey)
    with pytest.raises(UsageError, match="no picture 'nonsense'") as wrong:
        write_report_pictures(full(), tmp_path / "x.svg", "svg", "nonsense", *args)
    assert "channels_and_reasons" in str(wrong.value.hint)
    with pytest.raises(UsageError, match="nothing to show: Nothing can be told yet"):
        write_report_pictures(full(), tmp_path / "x.svg", "svg", "drivers_repurchase", *args)
    with pytest.raises(UsageError, match="no contacts"):
        write_report_pictures(EMPTY, tmp_path, "svg", None, *args)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_single_contact_makes_a_page_without_a_picture(language: str) -> None:
    one = world().read("interaction_facts").to_pylist()[:1]
    found = report(EMPTY.having(interaction_facts=one), f"publish.report_language={language}")
    assert all(isinstance(p, Absent) or p.name == "data_quality" for p in found.pictures.values())
    assert all(p.why for p in found.pictures.values() if isinstance(p, Absent))


def test_command_refuses_a_picture_of_a_page() -> None:
    from analyzer.cli import app

    result = CliRunner().invoke(app, ["report", "--store", "nowhere", "--to", "x", "--picture", "changes"])
    assert isinstance(result.exception, UsageError) and "--format" in str(result.exception)

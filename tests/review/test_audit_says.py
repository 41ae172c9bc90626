"""What the audit says: shares with intervals that hold, what counts for whom, and the page."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from analyzer.config import load_settings
from analyzer.review import verdicts
from analyzer.review.app import create_app
from analyzer.review.audit_answers import counted
from analyzer.review.database import open_database
from analyzer.review.detector_rates import EVERY, Detector, of_contacts, of_passages, told_apart
from analyzer.review.flag_precision import flag_lines, labels_of_rules
from analyzer.review.verdicts import Answer, Judged
from analyzer.review.weighted_share import Share, weighted_share
from analyzer.store.entries import ContactIdentity
from analyzer.store.rows import Change
from analyzer.store.store import open_store
from analyzer.tables import STORED
from tests.publish.world import world

from .conftest import HOST, Clock, Site

Row = dict[str, Any]
Floats = NDArray[np.float64]
FACTS: dict[str, Row] = {
    f"c-{n}": {"language": "de" if n % 2 else "en", "content_hash": "now", "resolution": "resolved",
               "sentiment_end": 0.4, "empathic_opportunities": 1, "opportunities_met": 1, "opportunities_hurt": 0,
               "opportunities_met_by_action": 0}
    for n in range(60)
}  # fmt: skip
EVEN = dict.fromkeys(FACTS, 50.0)


# Shares


def ones(values: Sequence[float]) -> tuple[Floats, Floats, Floats]:
    part = np.asarray(values, dtype=float)
    return part, np.ones(len(part)), np.ones(len(part))


def drawn_share(rng: np.random.Generator, contacts: int, share: float, alike: float, unequal: bool) -> Share:
    """An audit of a world in which ``share`` of passages are right, those of one contact alike as ``alike`` says."""
    often = rng.random(contacts) < 0.5 if unequal else np.zeros(contacts, dtype=bool)
    base = np.where(often, share - 0.1, share)
    chance = rng.beta(base * (1 - alike) / alike, (1 - base) * (1 - alike) / alike) if alike else base
    whole = np.asarray(1 + rng.poisson(1.5, contacts), dtype=np.float64)
    part = rng.binomial(whole.astype(int), chance).astype(float)
    return weighted_share(part, whole, np.where(often, 10.0, 50.0))


@pytest.mark.parametrize(
    ("contacts", "share", "alike", "unequal"),
    [(20, 0.9, 0.4, True), (50, 0.97, 0.4, False), (50, 0.5, 0.0, True), (200, 0.5, 0.4, True), (200, 0.97, 0.4, True)],
)
def test_interval_of_a_share_covers_the_truth(contacts: int, share: float, alike: float, unequal: bool) -> None:
    rng = np.random.default_rng(6)
    truth = (50 * share + 10 * (share - 0.1)) / 60 if unequal else share
    found = [drawn_share(rng, contacts, share, alike, unequal).estimate for _ in range(400)]
    covered = np.mean([each is not None and each.low <= truth <= each.high for each in found])
    assert covered >= 0.93, "0.95 less three standard errors of 400 samples is 0.917"


def test_interval_counts_contacts_not_passages() -> None:
    part, whole, weight = ones([1, 0] * 30)
    alone, many = weighted_share(part, whole, weight), weighted_share(part * 10, whole * 10, weight)
    assert alone.estimate is not None and many.estimate is not None and many.things == 600
    wide = [each.high - each.low for each in (alone.estimate, many.estimate)]
    assert wide[1] > 0.8 * wide[0], "passages of one contact that all agree tell little more than one"


def test_share_counts_each_contact_for_as_many_as_it_stands_for() -> None:
    part, whole, _ = ones([1] * 30 + [0] * 30)
    weight = np.array([10.0] * 30 + [50.0] * 30)
    told = weighted_share(part, whole, weight).estimate
    assert told is not None and told.value == pytest.approx(1 / 6) and told.low < 1 / 6 < told.high


def test_share_of_which_all_is_right_is_not_certain() -> None:
    told = weighted_share(*ones([1.0] * 25)).estimate
    assert told is not None and (told.value, told.high) == (1.0, 1.0) and 0.8 < told.low < 0.9


def test_interval_spans_what_nobody_judged() -> None:
    part, whole, weight = ones([1] * 36 + [0] * 4)
    known = weighted_share(part, whole, weight).estimate
    open_ = weighted_share(part, whole, weight, np.full(40, 0.5)).estimate
    assert known is not None and open_ is not None and open_.value == known.value == pytest.approx(0.9)
    assert open_.low < 36 / 60 < known.low and open_.high > 56 / 60


def test_share_is_not_told_of_few_contacts_or_few_answers() -> None:
    assert weighted_share(*ones([1.0] * 19)).why == "few"
    few_judged = weighted_share(*ones([1.0] * 30), np.full(30, 1.5))
    assert few_judged.why == "unjudged" and few_judged.estimate is None and few_judged.unjudged == 45
    assert weighted_share(*ones([])).why == "none"


# Whole contacts


def said(n: int, answer: str, finding: str = "resolution", **more: Any) -> Row:
    told = {"interaction_id": f"c-{n}", "turn": None, "start_char": None, "end_char": None, "content_hash": "now",
            "finding": finding, "blind": 1, "reviewer": "ada", "answer": answer, "model_version": "m",
            "use_for": "audit", "sampling_probability": 0.02}  # fmt: skip
    return told | more


def line(lines: list[Detector], question: str, answer: str = "", language: str = EVERY) -> Detector:
    (found,) = [e for e in lines if (e.question, e.answer, e.language) == (question, answer, language)]
    return found


def value(share: Share) -> float | None:
    return None if share.estimate is None else share.estimate.value


def test_whole_contacts_tell_precision_and_recall_by_class_and_language() -> None:
    facts = FACTS | {f"c-{n}": FACTS[f"c-{n}"] | {"resolution": "unresolved"} for n in range(40, 60)}
    rows = [said(n, "resolved") for n in range(30)] + [said(n, "unresolved") for n in range(30, 50)]
    rows += [said(n, "resolved") for n in range(50, 60)]
    lines = of_contacts(rows, facts, EVEN)
    solved, open_ = line(lines, "resolution", "resolved"), line(lines, "resolution", "unresolved")
    assert value(solved.precision) == value(solved.recall) == pytest.approx(30 / 40)
    assert value(open_.precision) == value(open_.recall) == pytest.approx(10 / 20)
    assert value(line(lines, "resolution", "resolved", "de").precision) == pytest.approx(15 / 20)
    assert line(lines, "resolution", "unresolved", "de").precision.why == "few"
    assert line(lines, "resolution", "partial").recall.why == "none"


def test_whole_contacts_count_blind_answers_of_drawn_contacts_alone() -> None:
    rows = [said(n, "resolved") for n in range(30)]
    others = [said(n, "unresolved", blind=0) for n in range(30, 40)] + [
        said(n, "cannot_say", "opportunity") for n in range(30)
    ]
    lines = of_contacts([*rows, *others, said(50, "unresolved")], FACTS, {f"c-{n}": 50.0 for n in range(50)})
    assert line(lines, "resolution", "resolved").precision.contacts == 30
    assert value(line(lines, "resolution", "resolved").precision) == 1.0
    assert not [each for each in lines if each.question == "opportunity"]


def test_people_who_differ_count_as_their_mean() -> None:
    rows = [said(n, "resolved") for n in range(20)] + [said(n, "unresolved", reviewer="ben") for n in range(20)]
    assert value(line(of_contacts(rows, FACTS, EVEN), "resolution", "resolved").precision) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("shown", "met", "hurt", "acted", "called"),
    [(0, 0, 0, 0, "none"), (2, 2, 0, 0, "met"), (2, 1, 0, 1, "met"), (2, 1, 0, 0, "missed"), (2, 1, 1, 0, "hurt")],
)
def test_feelings_are_summed_up_as_a_person_would(shown: int, met: int, hurt: int, acted: int, called: str) -> None:
    counts = {"empathic_opportunities": shown, "opportunities_met": met, "opportunities_hurt": hurt,
              "opportunities_met_by_action": acted}  # fmt: skip
    facts = {contact: row | counts for contact, row in FACTS.items()}
    lines = of_contacts([said(n, called, "opportunity") for n in range(30)], facts, EVEN)
    assert value(line(lines, "opportunity", called).precision) == 1.0


# Passages

LABEL = "svc.solution"


def cue(n: int, turn: int = 3) -> Row:
    return {"interaction_id": f"c-{n}", "turn": turn, "label": LABEL, "start_char": 0, "end_char": 5, "found": True}


def on_cue(n: int, answer: str, turn: int = 3, **more: Any) -> Row:
    place = {"turn": turn, "start_char": 0, "end_char": 5, "blind": 0, "use_for": "training"}
    return said(n, answer, LABEL, **(place | more))


def marked(n: int, turn: int = 3) -> Row:
    return on_cue(n, "added", turn, blind=1, use_for="audit", start_char=1)


def test_passages_tell_precision_from_right_and_wrong() -> None:
    answers = [on_cue(n, "right" if n < 30 else "wrong") for n in range(40)]
    told = line(of_passages(answers, [cue(n) for n in range(40)], FACTS, EVEN), LABEL)
    assert value(told.precision) == pytest.approx(0.75) and told.recall.why == "none"


def test_recall_of_passages_rests_on_words_marked_blind_alone() -> None:
    answers = [marked(n) for n in range(30)] + [on_cue(n, "added", 7) for n in range(30)]
    told = line(of_passages(answers, [cue(n) for n in range(24)], FACTS, EVEN), LABEL)
    assert told.recall.things == 30 and value(told.recall) == pytest.approx(24 / 30)
    assert told.precision.contacts == 24, "who marks blind what was found calls it right"


def test_passages_that_a_rule_led_to_do_not_count() -> None:
    answers = [on_cue(n, "wrong") for n in range(40)]
    assert of_passages(answers, [cue(n) for n in range(40)], FACTS, {}) == []


def test_passages_left_open_are_said_and_few_answers_tell_nothing() -> None:
    cues = [cue(n, turn) for n in range(30) for turn in (1, 3, 5)]
    told = line(of_passages([on_cue(n, "wrong") for n in range(30)], cues, FACTS, EVEN), LABEL)
    assert told.precision.why == "unjudged" and told.precision.unjudged == 60
    shown, untold = told_apart([told])
    assert shown == [] and untold == [told]


# What counts


def test_answers_to_another_transcript_or_that_may_have_taught_do_not_count() -> None:
    rows = [said(1, "resolved"), said(1, "partial"), said(2, "resolved", content_hash="before"),
            said(3, "resolved", model_version="old"), on_cue(3, "right", model_version="old"),
            said(4, "resolved", model_version="old")]  # fmt: skip
    told = counted(rows, FACTS, dict.fromkeys(FACTS, "m"))
    assert [(row["interaction_id"], row["answer"]) for row in told.answers] == [("c-1", "partial"), ("c-4", "resolved")]
    assert told.left_out == {"changed": 1, "taught": 2}


# Flags


def flags(rule: str, contacts: range, polarity: str = "concern", turn: float | None = None) -> pd.DataFrame:
    return pd.DataFrame(
        {"interaction_id": [f"c-{n}" for n in contacts], "rule": rule, "polarity": polarity, "turn": turn}
    )


def seen(n: int, finding: str, answer: str, **more: Any) -> Row:
    return said(n, answer, finding, **({"blind": 0, "use_for": "training"} | more))


def test_flag_holds_up_unless_nothing_is_wrong_or_its_passage_is() -> None:
    answers = [seen(n, "resolution", "unresolved") for n in range(20)]
    answers += [seen(n, "no_issue", "yes") for n in range(5)]
    answers += [seen(n, "loyal.churn", "wrong", turn=4) for n in range(5, 9)]
    answers += [seen(n, "loyal.churn", "wrong", turn=2) for n in range(9, 12)]
    answers += [seen(n, "comment", "Fine.") for n in range(20, 30)]
    labels = labels_of_rules(load_settings().flags.rules)
    (told,) = flag_lines(flags("churn_threat", range(40), turn=4.0), answers, labels)
    assert (told.flagged, told.held.contacts) == (40, 20) and value(told.held) == pytest.approx(11 / 20)


def test_praise_holds_up_where_somebody_praised_and_draws_are_no_flags() -> None:
    answers = [seen(n, "praise" if n < 15 else "resolution", "yes") for n in range(20)]
    both = pd.concat([flags("saved_customer", range(20), "praise"), flags("random_audit", range(20))])
    (told,) = flag_lines(both, answers, {})
    assert told.praises and value(told.held) == pytest.approx(0.75)


# The page


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of which every contact was drawn, with corrections of a run."""
    folder = tmp_path_factory.mktemp("audited") / "store"
    facts = world().read("interaction_facts").to_pylist()
    first = world().read("flags").to_pylist()[0]
    draws = [first | {"flag_id": f"d-{c['interaction_id']}", "interaction_id": c["interaction_id"], "day": c["day"],
                      "rule": "random_audit", "severity": 1, "polarity": "concern", "turn": None,
                      "sampling_probability": 0.02} for c in facts]  # fmt: skip
    tables = world().having(
        flags=[*world().read("flags").to_pylist(), *draws],
        audit_corrections=[correction("resolved_rate"), correction("resolved_rate", "language", "de"),
                           correction("satisfaction", n_audited=0, error_basis="model_only", low=None, high=None)],
    )  # fmt: skip
    run = tables.read("runs").to_pylist()[0]
    names = [name for name in STORED if name != "runs" and tables.read(name).num_rows]
    identities = [
        ContactIdentity(c["interaction_id"], c["content_hash"], None, c["day"], c["source_uri"], run["run_id"])
        for c in facts
    ]
    with open_store(folder, write=True) as store:
        changes = [*(Change(name, tables.read(name)) for name in names), Change("runs", tables.read("runs"))]
        store.publish(changes, run=run, fingerprint="f", identities=identities)
    return folder


def correction(measure: str, kind: str = "all", group: str = "all", **more: Any) -> Row:
    return {"measure": measure, "group_kind": kind, "group_id": group, "n": 84, "n_audited": 40, "machine": 0.71,
            "value": 0.64, "low": 0.52, "high": 0.75, "tuning": 0.8, "error_basis": "audit_corrected", "method": "m",
            "as_of": datetime(2026, 11, 22, tzinfo=UTC)} | more  # fmt: skip


@pytest.fixture
def place(audited: Path, accounts: Path, tmp_path: Path) -> Iterator[Site]:
    database = open_database(f"sqlite:///{shutil.copy(accounts, tmp_path / 'review.sqlite')}", audited)
    clock = Clock()
    yield Site(create_app(audited, database, load_settings().publish, [HOST], clock), audited, database, clock)


def answered(site: Site, team: str | None = None) -> int:
    """Everything asked, answered blind as the program says; how many contacts."""
    with open_store(site.store, write=False) as store:
        rows = store.read("interaction_facts").to_pylist()
    own = [row for row in rows if team in (None, row["team"])]
    with site.database.write() as connection:
        for row in own:
            about = Judged(row["interaction_id"], row["content_hash"], "m", True, 0.02, None, "audit")
            answers = {"resolution": row["resolution"], "sentiment_end": "0", "opportunity": "none", "empathy": "3",
                       "effort": "3"}  # fmt: skip
            for finding, answer in answers.items():
                verdicts.add(connection, about, Answer(finding, answer), "second", site.clock())
    return len(own)


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_page_shows_raw_and_corrected_with_interval_and_number(place: Site) -> None:
    answered(place)
    shown = place.browser("lead").get("/audit")
    said_there = text_of(shown.text)
    assert "84 of 84 drawn contacts are answered" in said_there
    assert "71% 84 contacts" in said_there and "64% (52–75%) by 40 judged contacts" in said_there
    assert "People are not asked about it" in said_there
    assert "resolved" in said_there and "100% (" in said_there
    assert " style=" not in shown.text and "<style" not in shown.text
    german = text_of(place.browser("lead").get("/audit", headers={"accept-language": "de"}).text)
    assert "84 von 84 gezogenen Kontakten sind beantwortet" in german and "Gemeldet und richtig" in german


def test_page_says_what_cannot_be_told(place: Site) -> None:
    said_there = text_of(place.browser("lead").get("/audit").text)
    assert "0 of 84 drawn contacts are answered" in said_there
    assert "No drawn contact has been answered yet." in said_there and re.search(r"\b0 of [1-9]", said_there)


def test_page_is_for_leads_within_their_teams_and_is_noted(place: Site) -> None:
    mine = answered(place, "north")
    assert mine and answered(place, "south")
    assert f"{mine} of {mine} drawn contacts" in text_of(place.browser("north").get("/audit").text)
    for name in ("viewer", "reviewer", "agent"):
        assert place.browser(name).get("/audit").status_code == 403
        assert "/audit" not in place.browser(name).get("/queue").text.replace("view=audit", "")
    with place.database.read() as connection:
        rows = connection.rows("SELECT name FROM audit_log WHERE action = 'read what the audit says'")
    assert [row["name"] for row in rows] == ["north"]


def test_words_of_both_languages_are_the_same_keys() -> None:
    folder = Path(__file__).parents[2] / "analyzer/review/templates/words"
    keys: Mapping[str, list[str]] = {
        language: re.findall(r"^(\w+|\"[^\"]+\") =", (folder / f"audit.{language}.toml").read_text("utf-8"), re.M)
        for language in ("en", "de")
    }
    assert keys["en"] == keys["de"] and len(keys["en"]) > 40

"""Weights learned from surveys: right sign, adopted only if better, never inside a period; and what the score means."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from analyzer.score.calibration import BANDS, bounded_mean_interval, score_calibration, weight_trials
from analyzer.score.contact import score_contacts
from analyzer.score.weights import Weighting, configured, next_beginning, score_weights, serving, weightings
from analyzer.score.weights_learned import adopted, answers, try_weights
from analyzer.tables import STORED
from tests.bench.honesty.weights import OTHERWISE, tell
from tests.score import survey_worlds, worlds

ZONE = "Europe/Berlin"
LEARN = ("score.learn_weights=true",)
MONDAY_FIRST = date(2027, 2, 1)


def world(n=300, seed=1, item="csat", **changes):
    rng = np.random.default_rng(seed)
    settings = worlds.score_settings(*LEARN)
    known = configured(settings)
    truth = replace(known, weights={**known.weights, **changes})
    facts = survey_worlds.contacts(n, rng)
    scores = [score_contacts(facts, worlds.links(facts), settings, swap_below=0.35, weightings=[w]).experience
              for w in (known, truth)]  # fmt: skip
    surveys = survey_worlds.surveys(facts, scores[1]["experience_contact"].to_numpy(), rng, item)
    return answers(facts, scores[0], surveys, known, "csat"), known, settings


def test_learned_weights_keep_the_configured_signs_and_foretell_better():
    trial = tell(400, OTHERWISE, np.random.default_rng(3)).trial
    assert trial.better and trial.learned_error < trial.error
    weights = trial.learned.weights
    assert weights["effort"] <= 0 and min(w for n, w in weights.items() if n not in ("effort", "repeat")) >= 0
    assert weights["feeling_end"] > weights["resolution"] and weights["repeat"] == -12


def test_configured_weights_that_are_right_stay():
    rng = np.random.default_rng(0)
    assert sum(tell(250, {}, rng).trial.better for _ in range(8)) <= 1


def test_too_few_answers_are_not_tried():
    told, known, settings = world(n=150)
    trial = try_weights(told, known, settings)
    assert trial.learned is None and "150 linked answers" in trial.method and not trial.better
    row = weight_trials(trial, "csat", False, worlds.AS_OF).to_pylist()[0]
    assert row["n"] == 150 and row["error"] is None and not row["adopted"]


def test_only_answers_to_the_item_of_scored_contacts_count():
    assert len(world(item="nps")[0].answer) == 0
    assert len(world()[0].answer) == 300


def test_learned_weights_begin_with_a_week_and_a_month():
    settings = worlds.score_settings(*LEARN)
    assert next_beginning(date(2026, 12, 1), settings) == MONDAY_FIRST
    months = worlds.score_settings(*LEARN, "score.weekly=false")
    assert next_beginning(date(2026, 12, 1), months) == date(2027, 1, 1)
    weeks = worlds.score_settings(*LEARN, "score.monthly=false")
    assert next_beginning(date(2026, 12, 1), weeks) == date(2026, 12, 7)


def test_adopted_weights_wait_for_that_day_and_are_kept_by_the_store():
    told, known, settings = world(800, **OTHERWISE)
    trial = try_weights(told, known, settings)
    new = adopted(trial, [known], date(2026, 12, 1), settings)
    assert new is not None and new.since == MONDAY_FIRST
    stored = score_weights([known, new], worlds.AS_OF, ZONE)
    assert weightings(settings, stored, ZONE) == (known, new)
    assert weightings(worlds.score_settings(), stored, ZONE) == (known,)
    days = np.array(["2027-01-31", "2027-02-01"], dtype="datetime64[D]")
    assert serving((known, new), days).tolist() == [0, 1]


def test_while_weights_wait_no_others_are_adopted():
    told, known, settings = world(800, **OTHERWISE)
    trial = try_weights(told, known, settings)
    today = date(2026, 12, 1)
    first = adopted(trial, [known], today, settings)
    assert first is not None and adopted(trial, [known, first], today, settings) == first
    later = try_weights(world(800, seed=2, **OTHERWISE)[0], known, settings)
    assert later.better and adopted(later, [known, first], today, settings) is None
    assert adopted(trial, [known], today, worlds.score_settings()) is None


def test_contacts_are_scored_by_the_weights_of_their_day():
    settings = worlds.score_settings()
    known = configured(settings)
    later = Weighting(40.0, {**known.weights, "empathy": 10.0}, known.references, "learned", date(2026, 11, 10))
    facts = worlds.contacts(2, empathy=4.0, day=[date(2026, 11, 9), date(2026, 11, 10)])
    scores = score_contacts(facts, worlds.links(facts), settings, swap_below=0.35, weightings=[known, later])
    assert scores.experience["experience_contact"].tolist() == [54, 50]
    rows = scores.contributions.to_pandas().set_index(["component", "interaction_id"])
    assert rows.loc["empathy", "weight"].tolist() == [4, 10] and rows.loc["base", "points"].tolist() == [50, 40]


def test_calibration_shows_answers_by_band():
    told, _, settings = world(600)
    table = score_calibration(told, settings, worlds.AS_OF)
    frame = table.to_pandas().set_index("band_low")
    assert table.schema.equals(STORED["score_calibration"].schema)
    assert frame["n"].sum() == 600 and len(frame) == len(BANDS) - 1
    seen = frame.dropna(subset="low")
    assert seen["mean_answer"].is_monotonic_increasing and len(seen) >= 3
    assert (seen["low"] < seen["mean_answer"]).all() and (seen["mean_answer"] < seen["high"]).all()
    assert frame.loc[frame["n"] < settings.min_n, "method"].str.contains("not estimable").all()


def test_customers_who_all_say_the_same_leave_a_width():
    low, high = bounded_mean_interval(np.ones(12), np.arange(12), 0.95)
    assert high == pytest.approx(1) and 0.6 < low < 0.8
    twice = bounded_mean_interval(np.ones(24), np.repeat(np.arange(12), 2), 0.95)
    assert twice[0] == pytest.approx(low)


def test_no_surveys_leave_tables_that_say_so():
    told, known, settings = world(item="nps")
    assert set(score_calibration(told, settings, worlds.AS_OF)["n"].to_pylist()) == {0}
    assert try_weights(told, known, settings).n == 0

"""Contributions add up exactly and show what was not observed."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.errors import ConfigError
from analyzer.score.contact import JOURNEY_PARTS, score_contacts
from analyzer.tables import STORED
from tests.score import worlds

SWAP_BELOW = 0.35


def score(facts, links=None, *assignments):
    links = worlds.links(facts) if links is None else links
    return score_contacts(facts, links, worlds.score_settings(*assignments), swap_below=SWAP_BELOW)


def share(low=0.0, high=1.0):
    return st.one_of(st.none(), st.floats(low, high))


@st.composite
def any_contact(draw):
    opportunities = draw(st.integers(0, 4))
    met = draw(st.integers(0, opportunities))
    return {
        "resolved_probability": draw(share()),
        "sentiment_end": draw(share(-1)),
        "sentiment_shift": draw(share(-2, 2)),
        "empathy": draw(share(1, 5)),
        "effort": draw(share(1, 5)),
        "expectation_balance": draw(share(-1)),
        "empathic_opportunities": opportunities,
        "opportunities_met": met,
        "opportunities_hurt": draw(st.integers(0, opportunities - met)),
        "role_confidence": draw(st.floats(0, 1)),
        "repeat_probability": draw(share()),
        "promises_kept": draw(st.integers(0, 2)),
        "promises_broken": draw(st.integers(0, 2)),
    }


@given(st.lists(any_contact(), max_size=6))
def test_contributions_add_up_to_the_score(rows):
    frame = pd.DataFrame(rows)
    journey = {name: frame.pop(name) for name in ("repeat_probability", "promises_kept", "promises_broken") if rows}
    facts = worlds.contacts(len(rows), **{name: frame[name].to_numpy() for name in frame})
    scores = score(facts, worlds.links(facts, **{n: v.to_numpy() for n, v in journey.items()}))
    table = scores.contributions.to_pandas()
    total = table.groupby("interaction_id")["points"].sum()
    own = table[~table["component"].isin([*JOURNEY_PARTS, "bound_journey"])].groupby("interaction_id")["points"].sum()
    scored = scores.experience.dropna()
    assert set(total.index) == set(scored.index)
    np.testing.assert_allclose(total.to_numpy(), scored["experience_score"].sort_index().to_numpy(), atol=1e-9)
    np.testing.assert_allclose(own.to_numpy(), scored["experience_contact"].sort_index().to_numpy(), atol=1e-9)
    assert scored.empty or (scored.min().min() >= 0 and scored.max().max() <= 100)


def test_contributions_follow_weight_times_distance():
    facts = worlds.contacts(1, resolved_probability=0.9, empathy=4.5)
    rows = score(facts).contributions.to_pandas().set_index("component")
    assert rows.loc["resolution", "points"] == pytest.approx(25 * 0.4)
    assert rows.loc["empathy", "points"] == pytest.approx(4 * 1.5)
    assert rows.loc["base", ["value", "points"]].tolist() == [50, 50]


def test_parts_not_observed_give_nothing_and_say_so():
    rows = score(worlds.contacts(1, resolved_probability=0.5)).contributions.to_pandas().set_index("component")
    silent = rows.drop(["base", "resolution"])
    assert len(silent) == 8 and not silent["observed"].any()
    assert silent["value"].isna().all() and (silent["points"] == 0).all()


def test_journey_moves_the_score_but_not_the_contact():
    facts = worlds.contacts(2, resolved_probability=0.5)
    links = worlds.links(facts, repeat_probability=[1.0, np.nan], promises_kept=[1, 0], promises_broken=[1, 3])
    experience = score(facts, links).experience
    assert experience["experience_contact"].tolist() == [50, 50]
    assert experience["experience_score"].tolist() == pytest.approx([50 - 12, 50 - 10])


def test_bounds_are_rows_of_their_own():
    facts = worlds.contacts(2, resolved_probability=[1.0, 0.5])
    rows = score(facts, None, "score.weights.resolution=200").contributions.to_pandas()
    bound = rows[rows["component"] == "bound"]
    assert bound["interaction_id"].tolist() == ["c-000000"] and bound["points"].tolist() == [-50]


def test_swapped_and_silent_contacts_have_no_score():
    facts = worlds.contacts(3, resolved_probability=[0.9, np.nan, 0.9], role_confidence=[0.34, 1.0, 0.35])
    scores = score(facts, worlds.links(facts, repeat_probability=1.0))
    assert scores.experience["experience_score"].isna().tolist() == [True, True, False]
    assert set(scores.contributions["interaction_id"].to_pylist()) == {"c-000002"}


def test_contributions_do_not_depend_on_the_order_of_contacts():
    facts = worlds.contacts(9, resolved_probability=np.linspace(0, 1, 9))
    shuffled = facts.sample(frac=1, random_state=3)
    assert score(facts).contributions.equals(score(shuffled, worlds.links(facts)).contributions)


def test_no_contacts_give_empty_tables():
    scores = score(worlds.contacts(0))
    assert scores.contributions.schema == STORED["contributions"].schema
    assert scores.contributions.num_rows == 0 and scores.experience.empty


def test_unknown_parts_are_refused_by_name():
    with pytest.raises(ConfigError, match="mood"):
        score(worlds.contacts(1), None, "score.weights.mood=1.0", "score.references.mood=0.0")

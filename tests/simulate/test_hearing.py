"""Findings differ from the truth as stated, and only so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from analyzer.simulate.named import world_spec
from analyzer.simulate.worlds import World, make

from .estimates import confusion

Heard = pd.DataFrame


@pytest.fixture(scope="module")
def heard(steady: World) -> Heard:
    """Findings beside the truth (``_true``) and the agent's style, of contacts that were read."""
    truth = steady.truth.contacts.merge(steady.truth.agents[["agent_id", "style"]], on="agent_id")
    both = steady.contacts.merge(truth, on="interaction_id", suffixes=("", "_true"))
    return both[both["language"] != "und"]


def test_resolution_is_confused_as_stated() -> None:
    spec = world_spec(contacts=20_000)
    plain = replace(spec.detector.labels["resolution"], style=0.0)
    detector = replace(spec.detector, labels={**spec.detector.labels, "resolution": plain})
    found = confusion(make(replace(spec, detector=detector), seed=10))
    assert {name: one for name, one in found.items() if one.misses_by() > 4} == {}


def test_probability_is_calibrated_over_all(heard: Heard) -> None:
    bins = pd.cut(heard["resolved_probability"], np.linspace(0, 1, 6))
    grouped = heard.groupby(bins, observed=True)
    assert (grouped["resolved_probability"].mean() - grouped["resolved"].mean()).abs().max() < 0.05


def test_probability_is_calibrated_in_each_class_heard() -> None:
    spec = world_spec(contacts=20_000)
    world = make(spec, seed=12)
    both = world.contacts.merge(world.truth.contacts[["interaction_id", "resolved"]], on="interaction_id")
    grouped = both.groupby("resolution")
    assert (grouped["resolved_probability"].mean() - grouped["resolved"].mean()).abs().max() < 0.03


@pytest.mark.parametrize("measure", ["satisfaction", "effort", "empathy", "sentiment_end"])
def test_numbers_are_read_as_stated(heard: Heard, steady: World, measure: str) -> None:
    here = heard[(heard["language"] == "de") & (heard["channel"] == "voice")].dropna(subset=[measure])
    stated = steady.truth.detector.query("label == @measure and language == 'de' and channel == 'voice'").iloc[0]
    fit = np.polyfit(here[f"{measure}_true"], here[measure], 1)
    assert fit[0] == pytest.approx(stated["slope"], abs=0.05)  # scales cut a little off
    at_mean = np.polyval(fit, heard[f"{measure}_true"].mean()) - heard[f"{measure}_true"].mean()
    assert at_mean == pytest.approx(stated["bias"], abs=0.04)


def test_style_passes_for_empathy(heard: Heard) -> None:
    error = heard["empathy"] - heard["empathy_true"]
    assert error[heard["style"] > 1].mean() - error[heard["style"] < -1].mean() > 0.3
    truth = heard["empathy_true"]
    assert abs(truth[heard["style"] > 1].mean() - truth[heard["style"] < -1].mean()) < 0.15


def test_without_detector_error_findings_are_the_truth() -> None:
    world = make(world_spec(contacts=1500, detector_error=False), seed=9)
    facts, truth = world.contacts, world.truth.contacts
    assert (facts["resolved_probability"] == truth["resolved"]).all()
    assert (facts["reason"] == truth["reason"]).all() and (facts["resolution"] == truth["resolution"]).all()
    for measure in ("satisfaction", "effort", "empathy", "sentiment_end"):
        np.testing.assert_allclose(facts[measure], truth[measure])
    assert (facts["empathic_opportunities"] == truth["opportunities"]).all()


def test_promises_are_heard_as_stated(steady: World) -> None:
    found = steady.cues.to_pandas().query("label == 'svc.commit' and found")["interaction_id"]
    of = steady.truth.contacts
    heard = of["interaction_id"].isin(found)
    voice = steady.contacts["channel"] == "voice"
    assert heard[of["promised"] & voice].mean() == pytest.approx(0.82, abs=0.04)
    assert heard[~of["promised"] & voice].mean() == pytest.approx(0.10, abs=0.02)


def test_the_pleased_the_displeased_and_the_loyal_answer_surveys_more(steady: World) -> None:
    asked = steady.surveys.to_pandas()
    asked = asked[asked["item"].isin(["csat", "invitation"])]
    of = asked.merge(steady.truth.contacts, on="interaction_id")
    answered = of["answered_at"].notna()
    strong = of["feeling"].abs() > 1.5
    assert answered[strong].mean() > answered[~strong].mean() + 0.05
    assert answered[of["attitude"] > 1].mean() > answered[of["attitude"] < -1].mean() + 0.05
    assert len(of) == pytest.approx(steady.spec.surveys.invited * len(steady.contacts), rel=0.05)


def test_control_items_find_the_careless(steady: World) -> None:
    controls = steady.surveys.to_pandas().query("item == 'control_csat'")["good"]
    # Of answers ticked without reading, those fail that happen to lie more than half a scale away.
    assert 0.002 < 1 - controls.mean() < steady.spec.surveys.careless


def test_csat_follows_the_true_satisfaction(steady: World) -> None:
    csat = steady.surveys.to_pandas().query("item == 'csat' and answer.notna()")
    both = csat.merge(steady.truth.contacts, on="interaction_id")
    assert both["answer"].corr(both["satisfaction"]) > 0.8
    assert norm.sf(abs((both["answer"] - both["satisfaction"]).mean()) / 0.02) > 1e-4

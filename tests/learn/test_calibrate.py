"""Calibration against planted truth: logits are drawn, truth follows known curves, the curves are to be found again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import f1_score

from analyzer import codebook
from analyzer.learn.calibrate import (
    SWAP_PRIOR,
    TRAINED_SWAP_SHARE,
    LabelSample,
    _platt,
    calibrate,
    label_sample,
    moved,
    natural_samples,
    probabilities,
)
from analyzer.learn.corpus import Dialogue
from analyzer.learn.heads import Prediction
from analyzer.understand.calibration import Calibration, ClassCurve, Curves, softmax
from analyzer.understand.network import CONTACT_HEADS

CHURN, APOLOGY = codebook.LABELS.index("loyal.churn"), codebook.LABELS.index("emp.apology")
SLOPE, INTERCEPT = 1.6, {"de": -1.2, "en": -0.4}
DIALOGUES, TURNS = 700, 8

Drawn = tuple[list[Dialogue], list[Prediction], ClassCurve]


def planted(seed: int = 3) -> Drawn:
    """Dialogues whose churn, apology, feelings and grades follow known curves; everything else is noise."""
    draw = np.random.default_rng(seed)
    dialogues, predictions = [], []
    for number in range(DIALOGUES):
        language = ("de", "en")[number % 2]
        labels = draw.normal(-1, 2, (TURNS, len(codebook.LABELS)))
        true = draw.random(labels.shape) < expit(SLOPE * labels + INTERCEPT[language])
        feelings = draw.normal(0, 2, (TURNS, 3))
        felt = [int(draw.choice(3, p=p)) if turn % 2 == 0 else None for turn, p in enumerate(softmax(0.5 * feelings))]
        contact = {name: draw.normal(0, 1, size) for name, size in {**CONTACT_HEADS, "empathy": 5}.items()}
        grade = {n: 1.0 + 0.5 * (softmax(contact[n]) @ np.arange(1, 6)) for n in ("satisfaction", "effort", "empathy")}
        dialogues.append(
            Dialogue(
                interaction_id=f"{language}1-{number}", group=f"{language}1", language=language, channel="chat",
                texts=["x"] * TURNS, speakers=[0, 1] * 4, turns=list(range(TURNS)), closing=[False] * TURNS,
                turn_speakers=[0, 1] * 4, labels=[np.flatnonzero(row).tolist() for row in true], feelings=felt,
                resolution=int(draw.choice(5, p=softmax(contact["resolution"]))), reason=number % 28,
                **{name: float(value + draw.normal(0, 0.3)) for name, value in grade.items()},
            )
        )  # fmt: skip
        contact32 = {name: values.astype(np.float32) for name, values in contact.items()}
        predictions.append(Prediction(f"{number}", labels.astype(np.float32), feelings.astype(np.float32), contact32))
    return dialogues, predictions, ClassCurve(0.9, {"de": [0.1] * 28, "en": [0.0] * 28})


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    return planted()


@pytest.fixture(scope="module")
def fitted(drawn: Drawn) -> Calibration:
    return calibrate(*drawn)


@pytest.mark.parametrize("label", ["loyal.churn", "emp.apology"])
def test_calibrate_finds_planted_label_curves_again(label: str, fitted: Calibration) -> None:
    curve = fitted.labels[label]
    assert curve.slope == pytest.approx(SLOPE, abs=0.2)
    assert curve.intercept == pytest.approx(INTERCEPT, abs=0.25)
    assert curve.intercept["de"] < curve.intercept["en"]


def test_calibrate_takes_the_threshold_of_the_best_f1(drawn: Drawn, fitted: Calibration) -> None:
    sample = label_sample(*drawn[:2], "loyal.churn")
    curve = fitted.labels["loyal.churn"]
    scores = expit(curve.slope * sample.logits + np.where(sample.english, curve.intercept["en"], curve.intercept["de"]))
    best = max(f1_score(sample.truth, scores >= t) for t in np.arange(0.05, 0.95, 0.01))
    assert f1_score(sample.truth, scores >= curve.threshold) > best - 0.01


def test_calibrated_probabilities_are_met_by_the_truth(fitted: Calibration) -> None:
    """On fresh draws: of the turns said to be 30–50 % likely, about 40 % are so."""
    dialogues, predictions, _ = planted(seed=4)
    said, true = [], []
    for d, p in zip(dialogues, predictions, strict=True):
        language = "de" if d.language == "de" else "en"
        said.append(Curves.of(fitted, language).labels(p.labels.astype(float)))
        true.append([[index in labels for index in range(len(codebook.LABELS))] for labels in d.labels])
    probabilities, truth = np.concatenate(said), np.concatenate(true)
    for low in (0.1, 0.3, 0.5, 0.7):
        inside = (probabilities >= low) & (probabilities < low + 0.2)
        assert truth[inside].mean() == pytest.approx(probabilities[inside].mean(), abs=0.02)


def test_calibrate_finds_a_planted_temperature_again(fitted: Calibration) -> None:
    assert fitted.classes["feelings"].slope == pytest.approx(0.5, abs=0.06)
    assert np.allclose(list(fitted.classes["feelings"].bias.values()), 0, atol=0.2)
    assert fitted.classes["resolution"].slope == pytest.approx(1.0, abs=0.2)


@pytest.mark.parametrize("name", ["satisfaction", "effort", "empathy"])
def test_calibrate_finds_a_planted_line_and_its_spread_again(name: str, fitted: Calibration) -> None:
    line = fitted.grades[name]
    assert (line.intercept, line.slope, line.spread) == pytest.approx((1.0, 0.5, 0.3), abs=0.12)


def test_swapped_speakers_get_their_real_prior(fitted: Calibration) -> None:
    """Logits that say just the training share become just the prior."""
    logits = np.log([1 - TRAINED_SWAP_SHARE, TRAINED_SWAP_SHARE])
    for language in ("de", "en"):
        assert Curves.of(fitted, language).classes("swapped", logits)[1] == pytest.approx(SWAP_PRIOR, rel=1e-3)


def test_label_sample_is_of_the_speakers_who_can_say_it(drawn: Drawn) -> None:
    for label, index, first in (("loyal.churn", CHURN, 0), ("emp.apology", APOLOGY, 1)):
        sample = label_sample(*drawn[:2], label)
        assert len(sample.logits) == DIALOGUES * TURNS / 2
        assert sample.logits[0] == drawn[1][0].labels[first, index]
        assert sample.truth[0] == (index in drawn[0][0].labels[first])


def relabelled(drawn: Drawn, groups: Mapping[int, str], truth: set[int]) -> tuple[list[Dialogue], list[Prediction]]:
    """The first four dialogues with other sets, churn spoken in each turn of those in ``truth``."""
    changed = [
        replace(d, group=groups.get(i, d.group), labels=[[CHURN] if i in truth else []] * TURNS)
        for i, d in enumerate(drawn[0][:4])
    ]
    return changed * 6, drawn[1][:4] * 6


def test_label_sample_leaves_out_sets_with_wrong_base_rates(drawn: Drawn) -> None:
    natural = label_sample(*relabelled(drawn, {2: "de2", 3: "en2"}, truth={0, 2}), "loyal.churn")
    assert len(natural.truth) == 2 * 6 * TURNS / 2 and natural.truth.mean() == 0.5


def test_label_sample_falls_back_on_all_sets_for_a_rare_label(drawn: Drawn) -> None:
    rare = label_sample(*relabelled(drawn, {2: "de2", 3: "en2"}, truth={2}), "loyal.churn")
    assert len(rare.truth) == 4 * 6 * TURNS / 2 and rare.truth.mean() == 0.25


def test_sets_at_natural_rates_shift_the_curve_but_do_not_bend_it(drawn: Drawn) -> None:
    """A fifth of the churn said elsewhere: the log odds fall, the slope stays."""
    dialogues, predictions, reason = drawn
    rarer = np.random.default_rng(1)
    thinned = [
        replace(d, group="de6" if d.language == "de" else "en6", interaction_id=f"n{i}",
                labels=[[x for x in turn or [] if x != CHURN or rarer.random() < 0.2] for turn in d.labels])
        for i, d in enumerate(dialogues)
    ]  # fmt: skip
    both = calibrate([*dialogues, *thinned], [*predictions, *predictions], reason)
    before, after = calibrate(*drawn).labels["loyal.churn"], both.labels["loyal.churn"]
    assert after.intercept["de"] < before.intercept["de"] - 0.8 and after.intercept["en"] < before.intercept["en"] - 0.8
    sample = natural_samples(thinned, predictions)["loyal.churn"]
    said = probabilities(sample, (after.slope, after.intercept["de"], after.intercept["en"]))
    assert said.mean() == pytest.approx(sample.truth.mean(), abs=0.01)


def test_few_natural_examples_shift_little(drawn: Drawn) -> None:
    sample = label_sample(*drawn[:2], "loyal.churn")
    few = LabelSample(sample.logits[:6], np.zeros(6, dtype=bool), sample.english[:6])
    slope, de, en = moved(few, (SLOPE, -1.2, -0.4))
    assert slope == SLOPE and -2.7 < de <= -1.2 and -1.9 < en <= -0.4


def test_a_label_that_nobody_said_keeps_a_plain_curve(drawn: Drawn) -> None:
    never = [replace(d, labels=[[]] * TURNS) for d in drawn[0][:4]]
    assert _platt(label_sample(never, drawn[1][:4], "loyal.churn")) == (1.0, 0.0, 0.0)

"""Corrected estimates: right where the machine is not, hardly wider than the audit alone, silent where it is small."""

from dataclasses import replace

import numpy as np
import pytest

from analyzer.score.correction import MIN_AUDITED, Sample, correct
from analyzer.score.correction_strata import strata_of, thirds
from tests.bench.honesty.audit import tell
from tests.score.audit_worlds import Spec, make


def world(kind="common", audited=200, seed=0, **changes):
    return make(Spec(kind, audited, **changes), np.random.default_rng(seed))


def plain(reading, verdict, **changes):
    n = len(reading)
    nothing = np.zeros(n, dtype=np.int64)
    sample = Sample(
        np.asarray(reading, float), np.asarray(verdict, float), np.full(n, 0.5), np.ones(n), (nothing,), np.arange(n),
        0.0, 1.0, True,
    )  # fmt: skip
    return replace(sample, **changes)


@pytest.mark.parametrize("kind", ["common", "rare", "mean", "feeling", "grade"])
@pytest.mark.parametrize("audited", [100, 300])
def test_corrected_intervals_hold_where_the_machine_alone_does_not(kind, audited):
    told = tell(Spec(kind, audited), 300, 11)
    # 300 worlds: 99.9 % of samples of a true 95 % lie within 90.8–98.7 %
    assert 0.905 < np.mean([w.held for w in told]) < 0.99
    assert np.mean([w.machine_held for w in told]) < 0.9
    assert np.mean([w.width for w in told]) < np.mean([w.alone_width for w in told])


def test_a_machine_that_guesses_costs_next_to_nothing():
    told = tell(Spec("common", 100, hearing=0.0), 200, 3)
    assert np.mean([w.width for w in told]) < 1.02 * np.mean([w.alone_width for w in told])


def test_everything_audited_is_the_plain_mean_of_verdicts():
    sample, _ = world(audited=3000)
    corrected = correct(sample)
    assert corrected.value == pytest.approx(sample.verdict.mean()) and corrected.n_audited == 3000


def test_value_equals_the_formula_within_one_stratum():
    rng = np.random.default_rng(4)
    y = rng.random(400) < 0.5
    f = np.clip(y * 0.5 + rng.random(400) * 0.4, 0, 1)
    seen = np.arange(400) < 100
    sample = plain(f, np.where(seen, y, np.nan), lowest=0.0, highest=1.0)
    slope = np.cov(y[:100], f[:100])[0, 1] / f[:100].var(ddof=1)
    corrected = correct(sample)
    assert corrected.tuning == pytest.approx(slope)
    assert corrected.value == pytest.approx(y[:100].mean() + slope * (f.mean() - f[:100].mean()))


def test_rarely_drawn_contacts_count_for_more():
    often = np.arange(1000) < 500
    y = np.where(often, 1.0, 0.0)
    share = np.where(often, 0.4, 0.1)
    seen = np.random.default_rng(5).random(1000) < share
    corrected = correct(plain(np.full(1000, 0.5), np.where(seen, y, np.nan), sampling_probability=share))
    assert corrected.low < 0.5 < corrected.high and np.nanmean(np.where(seen, y, np.nan)) > corrected.high


def test_contacts_of_one_customer_do_not_count_as_many():
    sample, _ = world("mean", 300)
    twins = replace(sample, **{name: np.repeat(getattr(sample, name), 2) for name in
                               ("reading", "verdict", "sampling_probability", "weight", "cluster")},
                    strata=tuple(np.repeat(level, 2) for level in sample.strata))  # fmt: skip
    once, twice = correct(sample), correct(twins)
    assert twice.value == pytest.approx(once.value, abs=0.01)
    assert (twice.high - twice.low) / (once.high - once.low) == pytest.approx(1, abs=0.08)


def test_too_small_an_audit_corrects_nothing_and_says_why():
    sample = plain([0.7] * 100, [1.0] * (MIN_AUDITED - 1) + [np.nan] * (101 - MIN_AUDITED))
    corrected = correct(sample)
    assert corrected.error_basis == "model_only" and corrected.value == pytest.approx(0.7)
    assert np.isnan(corrected.low) and f"{MIN_AUDITED - 1} audited contacts of {MIN_AUDITED} needed" in corrected.method


def test_few_customers_correct_nothing():
    corrected = correct(plain([0.5] * 60, [1.0, 0.0] * 20 + [np.nan] * 20, cluster=np.arange(60) % 5))
    assert corrected.error_basis == "model_only" and "5 clusters" in corrected.method


def test_what_was_never_seen_keeps_a_width():
    corrected = correct(plain(np.zeros(300), [0.0] * 50 + [np.nan] * 250))
    assert corrected.low == pytest.approx(0, abs=1e-9) and 0.05 < corrected.high < 0.1  # Wilson of 0 in 50: 0.071


def test_no_contacts_are_no_estimate():
    assert correct(plain([], [])).error_basis == "model_only"


def test_strata_are_as_fine_as_the_audit_allows():
    language = np.array([0, 1] * 50)
    channel = np.arange(100) // 2 % 4
    audited = np.arange(100) < 60
    assert len(np.unique(strata_of((language, channel), audited, 7))) == 8
    assert len(np.unique(strata_of((language, channel), audited, 8))) == 2 * 3  # the two small channels together
    assert len(np.unique(strata_of((language, channel), audited, 100))) == 1


def test_a_stratum_without_audit_joins_the_smallest_other():
    level = np.array([0] * 20 + [1] * 10 + [2] * 5)
    audited = np.arange(35) < 30
    assert strata_of((level,), audited, 8).tolist() == [0] * 20 + [1] * 15


def test_thirds_of_a_scale():
    assert thirds(np.array([0.0, 0.4, 1.0, np.nan]), 0, 1).tolist() == [0, 1, 2, 3]
    assert thirds(np.array([-1.0, 0.0, 1.0]), -1, 1).tolist() == [0, 1, 2]

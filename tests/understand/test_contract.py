"""What holds for every detector and for all of them together."""

from __future__ import annotations

import math
import pickle
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import pytest

from analyzer import codebook
from analyzer.config import UnderstandSettings
from analyzer.records import Understood
from analyzer.understand.detectors import DETECTORS, cues
from analyzer.understand.hear import SIDE, Heard
from analyzer.understand.kept_sentences import merged
from analyzer.understand.model import Model
from analyzer.understand.understand import Understanding

from .talk import EVERY_KIND, SOLVED, UNSOLVED, contact

CUSTOMER_SIDE = {*codebook.CUSTOMER_LABELS, *codebook.TOPIC_LABELS}


def numbers(understood: Understood) -> dict[tuple[object, ...], float]:
    """Every probability and number said of a contact, by what it is about."""
    said: dict[tuple[object, ...], float] = {("role",): understood.role_confidence}
    said |= {("cue", cue.turn, cue.label): cue.probability for cue in understood.cues}
    for turn, feeling in understood.feelings.items():
        said |= {("negative", turn): feeling.negative_probability, ("positive", turn): feeling.positive_probability}
    for finding in understood.findings:
        key = (finding.name, finding.value if finding.number is None else "")
        said |= {
            (*key, i): n for i, n in enumerate((finding.probability, finding.number, finding.low)) if n is not None
        }
    return said


def assert_alike(ours: Understood, theirs: Understood, within: float) -> None:
    """Equal but for ``within``; a cue so near the floor that it may fall on either side of it is no difference."""
    one, other = numbers(ours), numbers(theirs)
    edge = {
        key for key in one.keys() ^ other.keys() if key[0] == "cue" and max(one.get(key, 0), other.get(key, 0)) < 0.051
    }
    assert one.keys() - edge == other.keys() - edge
    assert all(abs(one[key] - other[key]) <= within for key in one.keys() & other.keys())


def test_understand_keeps_length_and_order(understanding: Understanding) -> None:
    found = understanding.understand(EVERY_KIND)
    assert [u.interaction for u in found] == list(EVERY_KIND)


def test_understand_of_nothing_is_nothing(understanding: Understanding) -> None:
    assert understanding.understand([]) == []


def test_understand_says_the_same_again(understanding: Understanding) -> None:
    assert understanding.understand(EVERY_KIND) == understanding.understand(EVERY_KIND)


def test_understand_says_the_same_in_any_company(understanding: Understanding, settings: UnderstandSettings) -> None:
    understanding.understand(EVERY_KIND)
    fresh = Understanding(settings)  # has encoded nothing yet, and meets the contacts alone and backwards
    for interaction in reversed(EVERY_KIND[2:10]):
        (together,) = (u for u in understanding.understand(EVERY_KIND) if u.interaction is interaction)
        assert_alike(together, fresh.understand([interaction])[0], within=1e-4)


def test_understood_survives_the_way_to_another_process(understood: dict[str, Understood]) -> None:
    assert pickle.loads(pickle.dumps(understood)) == understood  # noqa: S301  our own bytes


def test_cues_quote_their_turn(understood: dict[str, Understood]) -> None:
    quoted = [(u.interaction.turns[cue.turn].text, cue) for u in understood.values() for cue in u.cues]
    assert len(quoted) > 20
    for text, cue in quoted:
        assert 0 <= cue.start_char < cue.end_char <= len(text)
        assert cue.reason == text[cue.start_char : cue.end_char] == cue.reason.strip()


def test_cues_are_on_the_right_side(understood: dict[str, Understood]) -> None:
    for u in understood.values():
        for cue in u.cues:
            assert u.interaction.turns[cue.turn].speaker == ("customer" if cue.label in CUSTOMER_SIDE else "agent")


def test_feelings_are_the_customers_and_sum_to_one(understood: dict[str, Understood]) -> None:
    for u in understood.values():
        for turn, feeling in u.feelings.items():
            assert u.interaction.turns[turn].speaker == "customer"
            total = feeling.negative_probability + feeling.neutral_probability + feeling.positive_probability
            assert math.isclose(total, 1, abs_tol=1e-9)


def test_no_number_is_infinite_or_off_its_scale(understood: dict[str, Understood]) -> None:
    for u in understood.values():
        assert all(math.isfinite(n) for n in numbers(u).values())
        assert all(0 <= cue.probability <= 1 for cue in u.cues)
        assert all(f.probability is None or 0 <= f.probability <= 1 for f in u.findings)
        assert all(f.low is None or 1 <= f.low <= f.number <= f.high <= 5 for f in u.findings)


def test_findings_of_a_contact_have_different_keys(understood: dict[str, Understood]) -> None:
    for u in understood.values():
        keys = [(finding.name, finding.value) for finding in u.findings]
        assert len(keys) == len(set(keys))


def test_findings_name_the_weights(understood: dict[str, Understood], understanding: Understanding) -> None:
    versions = {finding.model_version for u in understood.values() for finding in u.findings}
    assert versions == {understanding.model_version}


def test_cues_hold_every_probability_from_the_floor_on(
    heard: list[Heard], settings: UnderstandSettings, model: Model
) -> None:
    for one in heard:
        loud = {(int(t), codebook.LABELS[i]) for t, i in np.argwhere(one.labels >= settings.cue_floor)}
        found = cues(one, settings, model.encoder)
        assert [(cue.turn, cue.label) for cue in found] == sorted(
            loud, key=lambda at: (at[0], codebook.LABELS.index(at[1]))
        )
        for cue in found:
            label = codebook.LABELS.index(cue.label)
            assert cue.probability == one.labels[cue.turn, label] >= settings.cue_floor
            assert cue.found == (cue.probability >= one.curves.thresholds[label])


def test_cues_without_a_floor_are_all_that_the_speaker_can_carry(
    heard: list[Heard], settings: UnderstandSettings, model: Model
) -> None:
    everything = msgspec.structs.replace(settings, cue_floor=0.0)
    for one in heard:
        carried = sum(int(SIDE[turn.speaker].sum()) for turn in one.parsed.interaction.turns)
        assert len(cues(one, everything, model.encoder)) == carried


@pytest.mark.parametrize("name", DETECTORS)
def test_detector_says_one_thing_again_and_again(name: str, heard: list[Heard], settings: UnderstandSettings) -> None:
    for one in heard:
        found = DETECTORS[name](one, settings, "v-1")
        assert found == DETECTORS[name](one, settings, "v-1")
        assert {(f.name, f.detector, f.model_version) for f in found} == {(name, name, "v-1")}


@pytest.mark.parametrize(
    ("name", "classes", "rows"), [("resolution", codebook.RESOLUTIONS, 5), ("reason", codebook.REASONS, 3)]
)
def test_classes_come_likeliest_first(
    name: str, classes: tuple[str, ...], rows: int, heard: list[Heard], settings: UnderstandSettings
) -> None:
    for one in heard:
        found = DETECTORS[name](one, settings, "v-1")
        probabilities = [f.probability or 0 for f in found]
        assert probabilities == sorted(probabilities, reverse=True) and sum(probabilities) <= 1 + 1e-9
        assert len(found) == rows and {f.value for f in found} <= set(classes)


@pytest.mark.parametrize("name", ["satisfaction", "effort", "empathy"])
def test_grades_lie_within_their_interval(name: str, heard: list[Heard], settings: UnderstandSettings) -> None:
    for one in heard:
        (grade,) = DETECTORS[name](one, settings, "v-1")
        assert grade.number is not None and grade.low is not None and grade.high is not None
        assert 1 <= grade.low < grade.number < grade.high <= 5
        assert grade.probability is None, "an interval, not a probability, says how sure a grade is"


def test_detectors_abstain_below_the_configured_probability(heard: list[Heard], settings: UnderstandSettings) -> None:
    unsure = msgspec.structs.replace(settings, abstain_below=1.0)
    assert all(f.abstained for one in heard for f in DETECTORS["resolution"](one, unsure, "v-1"))
    never = msgspec.structs.replace(settings, abstain_below=0.0)
    assert not any(f.abstained for one in heard for f in DETECTORS["resolution"](one, never, "v-1"))


@pytest.mark.parametrize("interaction", [*SOLVED.values(), *UNSOLVED.values()], ids=lambda i: i.interaction_id)
def test_summary_repeats_what_turns_and_findings_say(interaction: object, understood: dict[str, Understood]) -> None:
    u = understood[interaction.interaction_id]
    first, second, third, fourth = (u.feelings[turn].sentiment for turn in sorted(u.feelings))
    assert u.sentiment_start == pytest.approx((first + second) / 2), "a third of four is two, rounded up"
    assert u.sentiment_end == pytest.approx((third + fourth) / 2)
    assert u.sentiment_mean == pytest.approx((first + second + third + fourth) / 4)
    assert u.sentiment_low == min(first, second, third, fourth)
    assert u.sentiment_shift == pytest.approx(u.sentiment_end - u.sentiment_start)
    by_name = {f.name: f for f in reversed(u.findings)}  # the likeliest class comes first
    assert u.resolution == ("unclear" if by_name["resolution"].abstained else by_name["resolution"].value)
    assert (u.empathy, u.effort, u.satisfaction) == tuple(
        by_name[n].number for n in ("empathy", "effort", "satisfaction")
    )
    opportunities = [f.value.split(" at ")[0] for f in u.findings if f.name == "opportunity"]
    assert u.empathic_opportunities == len(opportunities)
    assert (u.opportunities_met, u.opportunities_hurt) == (opportunities.count("met"), opportunities.count("hurt"))


def test_understand_reads_the_same_words_alike_for_bot_and_system(understanding: Understanding) -> None:
    """Only people are labelled: what a bot says carries no cue, whatever it says."""
    lines = ("c:Mein Paket ist nicht angekommen, ich bin sauer.", "b:Es tut mir sehr leid, ich rufe Sie morgen an.")
    (found,) = understanding.understand([contact(*lines, "a:Ich schaue nach.", "s:Ich kündige sofort!")])
    assert {found.interaction.turns[cue.turn].speaker for cue in found.cues} <= {"customer", "agent"}


def test_sentences_kept_by_an_earlier_run_change_nothing(settings: UnderstandSettings, tmp_path: Path) -> None:
    said = [
        msgspec.structs.replace(c, interaction_id=f"{c.interaction_id}-{n}") for n in range(3) for c in EVERY_KIND[:4]
    ]
    first = Understanding(settings, tmp_path)
    before = first.understand(said)
    first.keep()
    merged(tmp_path, 1000, datetime.now(UTC))
    (own,) = tmp_path.iterdir()
    second = Understanding(settings, tmp_path)
    for ours, theirs in zip(second.understand(said), before, strict=True):
        assert_alike(ours, theirs, within=1e-6)
    second.keep()
    parts = list(own.glob("part-*"))
    assert parts, "how often kept sentences were met is told"
    words = [turn.text.encode() for contact in said for turn in contact.turns]
    assert not any(text in file.read_bytes() for text in words for file in own.iterdir())

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from analyzer.config import load_settings
from analyzer.errors import UsageError
from analyzer.learn.corpus import as_interaction
from analyzer.learn.evaluation import (
    BEGIN,
    END,
    SETS,
    Line,
    as_table,
    coverage,
    evaluate,
    evidence,
    gold,
    write_into,
)
from analyzer.learn.evaluation.reading import Read
from analyzer.learn.measures import Measure
from analyzer.records import TurnFeeling, Understood
from analyzer.understand.understand import Understanding

DATA = Path(__file__).parents[3] / "shared" / "data"
LINES = [
    Line("real talk", "en", "labels, micro-F1", Measure(0.5, 0.4, 0.6, 38), 0.22, "chat", "VADER .17", "two .94"),
    Line("tweets", "de", "resolved, AUC", Measure(0.9, 0.78, 0.99, 7121), 0.5),
]
TABLE = """| data | language | channel | measure | ours (95 % interval) | trivial | rival | published | n |
|---|---|---|---|---|---|---|---|---|
| real talk | English | chat | labels, micro-F1 | .50 (.40–.60) | .22 | VADER .17 | two .94 | 38 |
| tweets | German | all | resolved, AUC | .90 (.78–.99) | .50 | – | – | 7,121 |"""


def test_table_shows_ours_beside_the_trivial_answer() -> None:
    assert as_table(LINES) == TABLE


def test_table_goes_between_the_markers_and_replaces_the_last_one(tmp_path: Path) -> None:
    card = tmp_path / "README.md"
    card.write_text(f"# Größe\n{BEGIN}\nold\n{END}\n\nafter\n", encoding="utf-8")
    for table in ("| 1 |", TABLE):
        write_into(card, table)
        assert card.read_text(encoding="utf-8") == f"# Größe\n{BEGIN}\n{table}\n{END}\n\nafter\n"


@pytest.mark.parametrize("text", ["no place", f"{BEGIN} without an end", f"{END} before {BEGIN}"])
def test_a_card_without_its_place_is_left_alone(text: str, tmp_path: Path) -> None:
    card = tmp_path / "README.md"
    card.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"README\.md has no place for the table"):
        write_into(card, TABLE)
    assert card.read_text(encoding="utf-8") == text


def test_unknown_sets_are_named_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No evaluation set nowhere") as caught:
        evaluate(tmp_path, load_settings().understand, only=["gold", "nowhere"])
    assert all(name in (caught.value.hint or "") for name in SETS)


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)


def posts(language: str) -> list[dict[str, Any]]:
    bad, good = ("Das ist eine Frechheit, nie wieder!", "Danke, ihr seid super!") if language == "de" else (
        "This is a disgrace, never again!", "Thank you, you are brilliant!")  # fmt: skip
    return [{"id": n, "text": (bad, good)[n % 2], "sentiment": ("negative", "positive")[n % 2]} for n in range(6)]


def test_posts_are_measured_beside_their_rivals(tmp_path: Path) -> None:
    write(tmp_path / "eval" / "airline_sentiment_en.jsonl.gz", posts("en"))
    write(tmp_path / "eval" / "germeval2017_dev_de.jsonl.gz", posts("de"))
    english, _, german, accuracy = evaluate(tmp_path, load_settings().understand, 2, ["airline", "germeval"])
    assert (english.language, english.channel, english.ours.n) == ("en", "social", 6)
    assert english.rival.startswith("VADER .") and not german.rival
    assert accuracy.trivial == 0.5 and 0 <= german.ours.low <= german.ours.value <= 1


def test_replies_are_measured_by_what_they_show(tmp_path: Path) -> None:
    warm, cold = "I am so sorry, I understand how hard that must be for you.", "Read the manual."
    shown = {"level": 2, "spans": []}, {"level": 0, "spans": []}
    keys = ("emotional_reactions", "interpretations", "explorations")
    write(tmp_path / "eval" / "epitome_en.jsonl.gz", [
        {"id": str(n), "seeker": "I feel lost and nobody helps me.", "response": (warm, cold)[n % 2]}
        | dict.fromkeys(keys, shown[n % 2]) for n in range(4)
    ])  # fmt: skip
    reaction, *_ = evaluate(tmp_path, load_settings().understand, 2, ["epitome"])
    assert reaction.measure == "emotional reaction, AUC" and reaction.ours.value == 1.0


def test_surest_contacts_are_those_farthest_from_the_middle() -> None:
    said = [(True, 0.95), (False, 0.1), (True, 0.45), (False, 0.55)]
    reads = [
        Read({"resolution": "resolved" if true else "pending"}, SimpleNamespace(resolved_probability=p))  # type: ignore[arg-type]
        for true, p in said
    ]
    assert gold._accuracy_of_surest(reads, 0.5, 2).value == 1.0
    assert gold._accuracy_of_surest(reads, 1.0, 2).value == 0.5


def test_evidence_is_tried_by_leaving_words_out() -> None:
    """A span that carries nothing fails; the words that carry the label hold."""
    ears = Understanding(load_settings().understand)
    text = "I am truly sorry for all the trouble this has caused you. Your number is on the letter of last week."
    talk = [{"speaker": "customer", "text": "It broke again."}, {"speaker": "agent", "text": text}]
    contact = as_interaction({"interaction_id": "x", "channel": "chat", "language": "en", "turns": talk})
    heard = ears.understand([contact])[0]
    cue = next(c for c in heard.cues if c.label == "emp.apology" and c.found)
    idle = text.index("Your number")
    wrong = replace(cue, start_char=idle, end_char=len(text))
    verdicts = evidence.held([(contact, replace(heard, cues=(c,))) for c in (cue, wrong)], ears)
    assert verdicts == [True, False]


@pytest.fixture(scope="module")
def measured() -> dict[tuple[str, str], float]:
    settings = load_settings(None, ["understand.threads=1"]).understand
    lines = evaluate(DATA, settings, draws=2, only=["gold", "evidence"])
    return {(line.language, line.measure): line.ours.value for line in lines if line.channel == "all"}


@pytest.mark.evaluation
@pytest.mark.skipif(not DATA.exists(), reason="the real talk of ../shared/data is absent, so the bars are not checked")
@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(
    ("measure", "bar"),
    [
        ("codebook labels, micro-F1", 0.45),
        ("feeling of a turn, 3-class macro-F1", 0.55),
        ("resolved, AUC", 0.70),
        ("evidence held by deletion, share of cues", 0.88),
    ],
)
def test_models_hear_real_talk_well_enough(
    language: str, measure: str, bar: float, measured: dict[tuple[str, str], float]
) -> None:
    assert measured[language, measure] >= bar


def contact_felt(number: int, solved: bool, said: float, felt_as: int, heard: tuple[float, float, float]) -> Read:
    turns = [{"speaker": "customer", "text": "…", "sent": felt_as}]
    row = {"language": "en", "resolution": "resolved" if solved else "unresolved", "turns": turns}
    understood = SimpleNamespace(resolved_probability=said, feelings={0: TurnFeeling(*heard)})
    return Read(row, cast(Understood, understood))


def test_risk_falls_where_the_wrong_answers_are_the_least_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    reads = [contact_felt(n, solved=True, said=0.9, felt_as=1, heard=(0.0, 0.1, 0.9)) for n in range(8)]
    reads += [contact_felt(n, solved=False, said=0.55, felt_as=-1, heard=(0.3, 0.4, 0.3)) for n in range(2)]
    monkeypatch.setattr(coverage, "read_set", lambda path, ears: reads)
    points = coverage.curves(Path(), cast(Understanding, None), draws=50)
    for question in {p.question for p in points}:
        risk = {p.share: p.risk for p in points if p.question == question}
        assert risk[1.0] == pytest.approx(0.2) and risk[0.8] == 0.0 and risk[0.9] == pytest.approx(1 / 9)
    assert all(p.low <= p.risk <= p.high and p.trivial == pytest.approx(0.2) and p.n == 10 for p in points)
    picture = coverage.as_picture(points)
    assert picture.startswith("<svg") and "English, n = 10" in picture and "Was it solved?" in picture

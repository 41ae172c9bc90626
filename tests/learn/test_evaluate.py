from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.config import load_settings
from analyzer.errors import UsageError
from analyzer.learn.evaluate import BEGIN, END, Line, as_table, evaluate, write_into
from analyzer.learn.measures import Measure

DATA = Path(__file__).parents[3] / "shared" / "data"
LINES = [
    Line("en", "codebook labels, micro-F1", Measure(0.5, 0.4, 0.6, 38), 0.22),
    Line("de", "resolved, AUC", Measure(0.9, 0.78, 0.99, 32), 0.5),
]
TABLE = """| language | measure | ours (95 % interval) | trivial | dialogues |
|---|---|---|---|---|
| English | codebook labels, micro-F1 | .50 (.40–.60) | 0.22 | 38 |
| German | resolved, AUC | .90 (.78–.99) | 0.50 | 32 |"""


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


@pytest.fixture(scope="module")
def measured() -> dict[tuple[str, str], float]:
    settings = load_settings(None, ["understand.threads=1"]).understand
    return {(line.language, line.measure): line.ours.value for line in evaluate(DATA, settings, draws=2)}


@pytest.mark.evaluation
@pytest.mark.skipif(not DATA.exists(), reason="the real talk of ../shared/data is absent, so the bars are not checked")
@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(
    ("measure", "bar"),
    [("codebook labels, micro-F1", 0.45), ("feeling of a turn, 3-class macro-F1", 0.55), ("resolved, AUC", 0.70)],
)
def test_models_hear_real_talk_well_enough(
    language: str, measure: str, bar: float, measured: dict[tuple[str, str], float]
) -> None:
    assert measured[language, measure] >= bar

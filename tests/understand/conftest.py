from __future__ import annotations

import pytest

from analyzer.config import UnderstandSettings, load_settings
from analyzer.records import Understood
from analyzer.understand.hear import Heard, hear
from analyzer.understand.language import LanguagePass
from analyzer.understand.model import Model, load_model
from analyzer.understand.understand import Understanding

from .talk import EVERY_KIND, SOLVED, UNSOLVED


@pytest.fixture(scope="session")
def settings() -> UnderstandSettings:
    return load_settings(None, ["understand.threads=1"]).understand  # two threads wait for each other on a busy machine


@pytest.fixture(scope="session")
def understanding(settings: UnderstandSettings) -> Understanding:
    """The shipped weights, as a run has them."""
    return Understanding(settings)


@pytest.fixture(scope="session")
def model(settings: UnderstandSettings) -> Model:
    """The shipped weights once more, with nothing heard so far."""
    return load_model(settings)


@pytest.fixture(scope="session")
def understood(understanding: Understanding) -> dict[str, Understood]:
    """A contact of every kind, all read in one batch, by name."""
    return {u.interaction.interaction_id: u for u in understanding.understand(EVERY_KIND[:10])}


@pytest.fixture(scope="session")
def heard(model: Model, settings: UnderstandSettings) -> list[Heard]:
    """The four clear contacts as the detectors get them."""
    return hear(model, LanguagePass(settings).parse([*SOLVED.values(), *UNSOLVED.values()]))

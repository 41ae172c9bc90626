"""Settings: ``default.toml`` holds every default, ``settings`` what may be set, ``reading`` puts both together."""

from analyzer.config.reading import default_text, load_settings
from analyzer.config.settings import (
    AuditSettings,
    Condition,
    EngineSettings,
    FlagRule,
    FlagSettings,
    IngestSettings,
    JourneySettings,
    LoyaltySettings,
    Phrase,
    PublishSettings,
    ReviewSettings,
    ScoreSettings,
    Section,
    Settings,
    UnderstandSettings,
)

__all__ = [
    "AuditSettings", "Condition", "EngineSettings", "FlagRule", "FlagSettings", "IngestSettings", "JourneySettings",
    "LoyaltySettings", "Phrase", "PublishSettings", "ReviewSettings", "ScoreSettings", "Section", "Settings",
    "UnderstandSettings", "default_text", "load_settings",
]  # fmt: skip

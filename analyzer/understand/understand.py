"""Interactions → Understood: parse, hear, check the speakers, detect, sum up.

What cannot be said stays null: another language, no customer turn, no human agent, speakers that seem swapped.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from analyzer import codebook
from analyzer.config import UnderstandSettings
from analyzer.records import Cue, Finding, Interaction, TurnFeeling, Understood
from analyzer.understand.detectors import DETECTORS, cues, swapped_probability
from analyzer.understand.hear import Heard, hear
from analyzer.understand.language import LanguagePass, Parsed
from analyzer.understand.model import load_model, made_by
from analyzer.understand.opportunities import Opportunity, find_opportunities
from analyzer.understand.parts import ending_turns, opening_turns


class Understanding:
    """The models in memory. Loading takes a few seconds, so a process keeps one."""

    def __init__(self, settings: UnderstandSettings, kept: Path | None = None) -> None:
        """``kept``: a folder in which sentences that are said again and again stay for later runs; see ``keep``."""
        self._settings = settings
        self._model = load_model(settings)
        if kept is not None:
            self._model.encoder.keep_in(kept / made_by(settings))
        self._languages = LanguagePass(settings)

    @property
    def model_version(self) -> str:
        return self._model.version

    def keep(self) -> None:
        """Leaves what was said often where the constructor was told to; call it once, when all is understood."""
        self._model.encoder.keep()

    def understand(self, batch: Sequence[Interaction]) -> list[Understood]:
        """Same length and order as ``batch``; the same contact gives the same numbers in any batch."""
        parsed = self._languages.parse(batch)
        readable = [index for index, p in enumerate(parsed) if _readable(p)]
        heard = dict(zip(readable, hear(self._model, [parsed[i] for i in readable]), strict=True))
        return [
            self._understood(heard[index]) if index in heard else unheard(p, self.model_version)
            for index, p in enumerate(parsed)
        ]

    def _understood(self, heard: Heard) -> Understood:
        swapped = swapped_probability(heard)
        confidence = None if swapped is None else 1.0 - swapped
        if confidence is not None and confidence < self._settings.swap_below:
            return unheard(heard.parsed, self.model_version, confidence)
        found_cues = cues(heard, self._settings, self._model.encoder)
        findings = [
            finding
            for detector in DETECTORS.values()
            for finding in detector(heard, self._settings, self.model_version)
        ]  # fmt: skip
        return _sum_up(heard, found_cues, findings, confidence, self._settings, self.model_version)


def _readable(parsed: Parsed) -> bool:
    speakers = {sentence.speaker for sentence in parsed.sentences}
    return parsed.language != "und" and bool(speakers & {"customer", "agent"})


def unheard(parsed: Parsed, version: str, role_confidence: float | None = None) -> Understood:
    """A contact of which only language and speakers are said; ``role_confidence`` None: nor of the speakers."""
    return Understood(
        interaction=parsed.interaction, language=parsed.language, feelings={}, cues=(),
        findings=_bookkeeping(parsed, role_confidence, version),
        resolution=None, resolved_probability=None, sentiment_start=None, sentiment_end=None, sentiment_mean=None,
        sentiment_low=None, empathic_opportunities=0, opportunities_met=0, opportunities_hurt=0,
        opportunities_met_by_action=0, empathy=None,
        effort=None, satisfaction=None, expectation_balance=None, churn_talk_probability=None, reason=None,
        role_confidence=_trusted(role_confidence),
    )  # fmt: skip


def _trusted(role_confidence: float | None) -> float:
    """Speakers that could not be checked are taken as labelled."""
    return 1.0 if role_confidence is None else role_confidence


def _bookkeeping(parsed: Parsed, role_confidence: float | None, version: str) -> tuple[Finding, ...]:
    swapped = role_confidence is not None and role_confidence < 0.5
    return (
        Finding("language", parsed.language, "language", version, probability=parsed.language_probability,
                abstained=parsed.language == "und"),
        Finding("role", "swapped" if swapped else "as labelled", "role", version,
                probability=1 - role_confidence if role_confidence is not None and swapped else role_confidence,
                abstained=role_confidence is None),
    )  # fmt: skip


def _sum_up(
    heard: Heard, found: Sequence[Cue], findings: Sequence[Finding], confidence: float | None,
    settings: UnderstandSettings, version: str,
) -> Understood:  # fmt: skip
    interaction = heard.parsed.interaction
    has_customer, has_agent = "customer" in heard.voices, "agent" in heard.voices
    kept = [f for f in findings if has_customer and (has_agent or f.name == "reason")]
    feelings = _feelings(heard)
    sentiment = {turn: feeling.sentiment for turn, feeling in feelings.items()}
    opportunities = _opportunities(heard, found, feelings, settings)
    numbers = {f.name: f.number for f in kept if f.number is not None}
    likeliest = _likeliest(kept)
    return Understood(
        interaction=interaction, language=heard.parsed.language, feelings=feelings, cues=tuple(found),
        findings=(*kept, *_opportunity_findings(opportunities, version),
                  *_bookkeeping(heard.parsed, confidence, version)),
        resolution=_value(likeliest.get("resolution"), "unclear"),
        resolved_probability=next((f.probability for f in kept if f.value == "resolved"), None),
        sentiment_start=_mean(sentiment, opening_turns(interaction.turns)),
        sentiment_end=_mean(sentiment, ending_turns(interaction.turns)),
        sentiment_mean=_mean(sentiment, sentiment.keys()),
        sentiment_low=min(sentiment.values(), default=None),
        empathic_opportunities=len(opportunities),
        opportunities_met=sum(o.outcome == "met" for o in opportunities),
        opportunities_hurt=sum(o.outcome == "hurt" for o in opportunities),
        opportunities_met_by_action=sum(o.outcome == "met_by_action" for o in opportunities),
        empathy=numbers.get("empathy"), effort=numbers.get("effort"), satisfaction=numbers.get("satisfaction"),
        expectation_balance=_expectation_balance(found),
        churn_talk_probability=_noisy_or(heard, "loyal.churn") if has_customer else None,
        reason=_value(likeliest.get("reason"), None), role_confidence=_trusted(confidence),
    )  # fmt: skip


def _likeliest(findings: Sequence[Finding]) -> dict[str, Finding]:
    best: dict[str, Finding] = {}
    for finding in findings:
        if finding.number is None:
            best.setdefault(finding.name, finding)  # classes come likeliest first
    return best


def _value(finding: Finding | None, when_abstained: str | None) -> str | None:
    if finding is None:
        return None
    return when_abstained if finding.abstained else finding.value


def _feelings(heard: Heard) -> dict[int, TurnFeeling]:
    return {
        turn: TurnFeeling(*map(float, heard.feelings[turn]))
        for turn in np.flatnonzero(~np.isnan(heard.feelings[:, 0])).tolist()
    }


def _mean(sentiment: Mapping[int, float], turns: Collection[int]) -> float | None:
    own = [value for turn, value in sentiment.items() if turn in turns]
    return sum(own) / len(own) if own else None


def _opportunities(
    heard: Heard, found: Sequence[Cue], feelings: Mapping[int, TurnFeeling], settings: UnderstandSettings
) -> list[Opportunity]:
    labels: dict[int, list[str]] = {}
    for cue in found:
        if cue.found:
            labels.setdefault(cue.turn, []).append(cue.label)
    negative = {
        turn: f.negative_probability > max(f.neutral_probability, f.positive_probability)
        for turn, f in feelings.items()
    }
    below_zero = {t: f.sentiment < 0 for t, f in feelings.items()}
    return find_opportunities(
        heard.parsed.interaction.turns, negative, below_zero, labels, blocks=settings.empathy_blocks
    )


def _opportunity_findings(opportunities: Sequence[Opportunity], version: str) -> list[Finding]:
    return [
        Finding("opportunity", f"{o.outcome} at turn {o.first_turn}", "opportunities", version,
                number=float(o.first_turn))
        for o in opportunities
    ]  # fmt: skip


def _expectation_balance(found: Sequence[Cue]) -> float | None:
    """(Σ exceeded − Σ unmet) / Σ both over found cues, by probability; null if neither was spoken."""
    exceeded = sum(cue.probability for cue in found if cue.found and cue.label == "expect.exceeded")
    unmet = sum(cue.probability for cue in found if cue.found and cue.label == "expect.unmet")
    return (exceeded - unmet) / (exceeded + unmet) if exceeded + unmet > 0 else None


def _noisy_or(heard: Heard, label: str) -> float:
    """1 − Π(1 − p) over the turns, each turn below 0.05 counting as silence, else long contacts would drift to 1."""
    column = np.nan_to_num(heard.labels[:, codebook.LABELS.index(label)])
    return float(1.0 - np.prod(1.0 - column[column >= 0.05]))

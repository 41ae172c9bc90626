"""The weights that a score was made with, under a version that changes when any of them does."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from analyzer.config import ScoreSettings
from analyzer.records import stable_id
from analyzer.tables import STORED


def score_weights(settings: ScoreSettings, as_of: datetime) -> pa.Table:
    """One row a part, and ``base`` with the points every contact starts from as its weight.

    ``valid_from`` is this ``as_of``; who stores it keeps the earliest of a version.
    """
    parts = {"base": (settings.base, 0.0)} | {
        name: (settings.weights[name], settings.references[name]) for name in sorted(settings.weights)
    }
    version = weights_version(settings)
    return STORED["score_weights"].from_rows(
        [
            {
                "version": version,
                "component": name,
                "weight": weight,
                "reference": reference,
                "source": "config",
                "valid_from": as_of,
            }
            for name, (weight, reference) in parts.items()
        ]
    )


def weights_version(settings: ScoreSettings) -> str:
    """16 hex digits; the same whatever the order in which the weights stand in the file."""
    parts = [f"{name} {settings.weights[name]!r} {settings.references[name]!r}" for name in sorted(settings.weights)]
    return stable_id(repr(settings.base), *parts)

"""audit_corrections: what the machine says, what people would have said, for all contacts, by language, by channel."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.score.correction import Corrected, correct
from analyzer.score.correction_samples import Audit, Audited, Scored, audited_measures, taken
from analyzer.score.frames import Ints, in_order, texts
from analyzer.tables import STORED

GROUP_KINDS: Final = ("language", "channel")


def audit_corrections(scored: Scored, audit: Audit, level: float, as_of: datetime) -> pa.Table:
    """A row for each measure that people can judge, of all contacts and of each language and channel."""
    facts = in_order(scored.facts)
    rows = [
        {"measure": measure, "group_kind": kind, "group_id": group, "as_of": as_of} | _row(corrected)
        for measure, audited in audited_measures(scored, audit).items()
        for kind, group, at in _groups(facts, audited)
        for corrected in [correct(taken(audited.sample, at), level)]
    ]
    return STORED["audit_corrections"].from_rows(rows)


def _groups(facts: pd.DataFrame, audited: Audited) -> Iterator[tuple[str, str, Ints]]:
    """Kind, name and places of each group's contacts."""
    yield "all", "all", np.arange(len(audited.contact))
    for kind in GROUP_KINDS:
        words = texts(facts, kind)[audited.contact]
        for group in sorted({str(word) for word in words if word is not None}):
            yield kind, group, np.flatnonzero(words == group)


def _row(corrected: Corrected) -> dict[str, Any]:
    numbers = {"machine": corrected.machine, "value": corrected.value, "low": corrected.low, "high": corrected.high,
               "tuning": corrected.tuning}  # fmt: skip
    return {name: None if np.isnan(number) else number for name, number in numbers.items()} | {
        "n": corrected.n,
        "n_audited": corrected.n_audited,
        "error_basis": corrected.error_basis,
        "method": corrected.method,
    }

"""What a row of the drivers says, in words that a manager may quote."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from analyzer.loyalty import hypotheses as named

LEVEL: Final = 0.05
NOTHING: Final = "not distinguishable from no effect"
CONFOUNDED: Final = "; but it goes along with what was there before the contact, so it may tell who the customer is"
PLACEBOS: Final = {"notice": "placebo: loyalty before the contact",
                   "repurchase": "placebo: repurchase before the contact"}  # fmt: skip
# hypothesis: below 1, above 1, neither
_HYPOTHESES: Final = {
    named.EMPATHY_OR_SPEED: (
        "empathy keeps more customers than speed",
        "speed keeps more customers than empathy",
        "empathy and speed are not distinguishable",
    ),
    named.LOYAL_FORGIVE: (
        "supported: the loyal forgive a failed contact more",
        "contradicted: a failed contact weighs more with the loyal",
        "not distinguishable: the loyal and the others take a failed contact alike, as far as can be told",
    ),
    named.ONE_BAD_CONTACT: (
        "contradicted: after a single failed contact fewer leave",
        "supported: a single failed contact is followed by more notices",
        "not distinguishable: no more and no fewer leave after a single failed contact, as far as can be told",
    ),
    named.EXCEEDING: (
        "supported: exceeding expectations keeps more customers than meeting them",
        "contradicted: exceeding expectations keeps fewer customers than meeting them",
        "not distinguishable: exceeding expectations keeps no more than meeting them, as far as can be told",
    ),
    named.MEETING: (
        "meeting expectations keeps more customers than missing them",
        "meeting expectations keeps fewer customers than missing them",
        "not distinguishable: meeting expectations keeps no more than missing them, as far as can be told",
    ),
}
Row = dict[str, Any]


def with_verdicts(rows: list[Row]) -> list[Row]:
    """The rows with ``verdict``; null where nothing was estimated."""
    biased = {
        (row["segment"], row["outcome"], row["driver"])
        for row in rows
        if row["outcome"] in PLACEBOS.values() and _tells(row)
    }
    return [row | {"verdict": _verdict(row, biased, rows)} for row in rows]


def _tells(row: Row) -> bool:
    return row.get("p_adjusted") is not None and row["p_adjusted"] < LEVEL


def _verdict(row: Row, biased: set[tuple[str, str, str]], rows: list[Row]) -> str | None:
    if row.get("effect") is None:
        return None
    if row["driver"] in _HYPOTHESES:
        return _of_hypothesis(row, lambda driver: _of_driver(rows, row["segment"], driver))
    if row["outcome"] in PLACEBOS.values():
        return "confounded: it goes along with what was there before the contact" if _tells(row) else "nothing found"
    if not _tells(row):
        return NOTHING
    fewer, more = ("fewer", "more")
    what = "give notice" if row["outcome"] == "notice" else "buy again"
    said = f"with more of it {more if row['effect'] > 1 else fewer} {what}"
    return said + (CONFOUNDED if (row["segment"], PLACEBOS[row["outcome"]], row["driver"]) in biased else "")


def _of_driver(rows: list[Row], segment: str, driver: str) -> Row:
    return next(r for r in rows if (r["segment"], r["outcome"], r["driver"]) == (segment, "notice", driver))


def _of_hypothesis(row: Row, of: Callable[[str], Row]) -> str:
    below, above, neither = _HYPOTHESES[row["driver"]]
    if not _tells(row):
        return neither
    if row["driver"] != named.EMPATHY_OR_SPEED:
        return below if row["effect"] < 1 else above
    # One may differ from the other because the other does harm; it counts more only if it does something itself.
    empathy, speed = of("empathy").get("high"), of("handle_s").get("low")
    if row["effect"] < 1:
        return below if empathy is not None and empathy < 1 else neither
    return above if speed is not None and speed > 1 else neither

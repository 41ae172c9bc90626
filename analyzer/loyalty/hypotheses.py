"""What our sources claim, by name, as ratios of hazards with intervals.

    empathy against speed   One standard deviation more empathy over one less handle time, in one model, among contacts
                            with an opportunity to show it. Below 1: empathy keeps more customers.
    the loyal forgive       The hazard ratio of a contact that failed to one that solved the matter, among customers
                            loyal before it, over that among the others. Below 1: they forgive.
    one bad contact         The hazard ratio of a contact that failed, where it was the only one within the horizon.
                            Above 1: it can be enough.
    exceeding binds         The hazard ratio of expectations exceeded to neither exceeded nor unmet. Below 1: exceeding
                            binds. Beside it, neither against unmet: below 1, meeting binds too.

Each is a Cox regression with the controls and the correction for detector error of the drivers. Not corrected is that
what is known of loyalty before a contact errs too: who is taken for loyal and is not draws "the loyal forgive" to 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd

from analyzer.loyalty.association import Evidence, Fitted, fit_notice
from analyzer.loyalty.covariates import JOINT, refusal

EMPATHY_OR_SPEED: Final = "empathy against speed"
LOYAL_FORGIVE: Final = "the loyal forgive"
ONE_BAD_CONTACT: Final = "one bad contact suffices"
EXCEEDING: Final = "exceeding binds"
MEETING: Final = "meeting binds"
FAMILY: Final = "hypotheses"
_FAILED: Final = "HR, failed against solved"
Row = dict[str, Any]


def hypothesis_rows(evidence: Evidence, loyal_from: float, horizon_days: int) -> Iterator[Row]:
    """A row a hypothesis, with the keys of ``Fitted.told`` or only why it is not estimable."""
    told = (
        empathy_or_speed(evidence),
        loyal_forgive(evidence, loyal_from),
        one_bad_contact(evidence, horizon_days),
        *expectations(evidence),
    )
    for row in told:
        yield {"outcome": "notice", "family": FAMILY} | row


def empathy_or_speed(evidence: Evidence) -> Row:
    """The named comparison; ``effect`` is HR(empathy + 1 sd) over HR(log handle time − 1 sd)."""
    met = (evidence.contacts["empathic_opportunities"] > 0).to_numpy(dtype=bool)
    part = _only(evidence, met)
    head = {"driver": EMPATHY_OR_SPEED, "scale": "HR of 1 sd more empathy over HR of 1 sd less handle time",
            "n": int(met.sum())}  # fmt: skip
    drivers = [name for name in JOINT if not refusal(part.values[name])]
    if missing := {"empathy", "handle_s"} - set(drivers):
        return head | {"method": f"not estimable: {' and '.join(sorted(missing))} not observed"}
    fitted = fit_notice(part, drivers, {}, "contacts with an opportunity, all drivers together")
    return head | _ratio(fitted, {"empathy": 1.0, "handle_s": 1.0}, "empathy")


def loyal_forgive(evidence: Evidence, loyal_from: float) -> Row:
    """The ratio of two hazard ratios of a failed contact: of the loyal, from ``loyal_from``, and of the others."""
    before = evidence.values["loyalty_before"]
    known = before.notna().to_numpy()
    head = {"driver": LOYAL_FORGIVE, "scale": f"{_FAILED}: the loyal over the others", "n": int(known.sum())}
    part = _with_failed(_only(evidence, known))
    loyal = (part.values["loyalty_before"] >= loyal_from).astype("float64")
    if not 0 < loyal.sum() < len(loyal):
        return head | {"method": "not estimable: loyalty before the contacts does not differ or is not known"}
    part = replace(
        part,
        values=part.values.assign(failed_loyal=part.values["failed"] * loyal),
        found=part.found.assign(failed_loyal=part.found["failed"] * loyal),
    )
    fitted = fit_notice(part, ["failed", "failed_loyal"], {"loyal": loyal}, "customers loyal before against others")
    return head | _ratio(fitted, {"failed_loyal": 1.0}, "failed_loyal")


def one_bad_contact(evidence: Evidence, horizon_days: int) -> Row:
    """The hazard ratio of a failed contact with no other within the horizon before it."""
    at = evidence.contacts["known_at"]
    since = at - at.groupby(evidence.contacts["customer_key"]).shift(1)
    alone = ~(since <= pd.Timedelta(days=horizon_days)).to_numpy()
    head = {"driver": ONE_BAD_CONTACT, "scale": _FAILED, "n": int(alone.sum())}
    part = _with_failed(_only(evidence, alone))
    if why := refusal(part.values["failed"]):
        return head | {"method": why}
    fitted = fit_notice(part, ["failed"], {}, "the only contact within the horizon")
    return head | _ratio(fitted, {"failed": 1.0}, "failed")


def expectations(evidence: Evidence) -> Iterator[Row]:
    """Exceeded against met, and met against unmet."""
    balance = evidence.contacts["expectation_balance"].astype("float64")
    said = {"exceeded": balance.clip(lower=0).fillna(0.0), "unmet": (-balance).clip(lower=0).fillna(0.0)}
    n = int(balance.notna().sum())
    heads: tuple[Row, Row] = (
        {"driver": EXCEEDING, "scale": "HR, exceeded against met", "n": n},
        {"driver": MEETING, "scale": "HR, met against unmet", "n": n},
    )
    if any(value.nunique() < 2 for value in said.values()):
        why = "not estimable: expectations were not spoken of"
        yield from (head | {"method": why} for head in heads)
        return
    part = replace(evidence, values=evidence.values.assign(**said))
    fitted = fit_notice(part, ["exceeded", "unmet"], {}, "exceeded, met, unmet")
    yield heads[0] | _ratio(fitted, {"exceeded": 1.0}, "exceeded")
    yield heads[1] | _ratio(fitted, {"unmet": -1.0}, "unmet")


def _only(evidence: Evidence, contacts: np.ndarray[Any, np.dtype[np.bool_]]) -> Evidence:
    """Those contacts and the time in which they were in force."""
    return evidence.among(contacts, np.zeros(len(evidence.rows), dtype=bool))


def _with_failed(evidence: Evidence) -> Evidence:
    stated = dict(evidence.stated)
    if "resolved" in stated:
        stated |= {"failed": stated["resolved"], "failed_loyal": stated["resolved"]}
    return replace(
        evidence,
        values=evidence.values.assign(failed=1 - evidence.values["resolved"]),
        found=evidence.found.assign(failed=1 - evidence.found["resolved"]),
        stated=stated,
    )


def _ratio(fitted: Fitted | str, weights: dict[str, float], read: str) -> Row:
    if isinstance(fitted, str):
        return {"method": fitted}
    if read in fitted.weak:
        return {"method": "not estimable: too little or too unsure of the truth in what the detector reads"}
    return fitted.told(weights)

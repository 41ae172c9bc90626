"""Worlds by name, each with one thing in it that a method may get wrong. Standard library only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from analyzer.errors import UsageError
from analyzer.simulate.spec import Detector, Loyalty, Outage, WorldSpec


def _with(loyalty: Loyalty, values: Mapping[str, Any]) -> Loyalty:
    return replace(loyalty, **values)


def _without(loyalty: Loyalty, *causes: str) -> Loyalty:
    """No effect of ``causes`` on notice."""
    return _with(loyalty, {f"hazard_{cause}": 0.0 for cause in causes})


def _steady(spec: WorldSpec) -> WorldSpec:
    return spec


def _outage(spec: WorldSpec) -> WorldSpec:
    """Two outages: one in the middle, one that ends the day before the last."""
    late = Outage(spec.days - 4, days=2)
    middle = (Outage(spec.days // 2, days=2),) if spec.days >= 14 else ()
    return replace(spec, outages=(*middle, late))


def _confounded(spec: WorldSpec) -> WorldSpec:
    return replace(
        spec, agents=replace(spec.agents, assignment="hard_to_good"), outcomes=replace(spec.outcomes, ease=2.0)
    )


def _empathy_only(spec: WorldSpec) -> WorldSpec:
    loyalty = replace(_without(spec.loyalty, "handle", "resolved", "repeat", "broken"), hazard_empathy=-0.5)
    return replace(spec, loyalty=loyalty)


def _speed_only(spec: WorldSpec) -> WorldSpec:
    loyalty = replace(_without(spec.loyalty, "empathy", "resolved", "repeat", "broken"), hazard_handle=0.4)
    return replace(spec, loyalty=loyalty)


def _no_effects(spec: WorldSpec) -> WorldSpec:
    """Contacts move neither notice nor repurchase nor attitude, and attitude colours nothing."""
    silent = _without(spec.loyalty, "empathy", "handle", "resolved", "repeat", "broken", "attitude", "locked")
    none = {"buy_attitude": 0.0, "buy_feeling": 0.0, "satisfaction_to_attitude": 0.0, "attitude_to_feeling": 0.0}
    return replace(spec, loyalty=_with(silent, none))


def _no_dynamics(spec: WorldSpec) -> WorldSpec:
    """Loyal customers are satisfied customers, but neither moves the other from wave to wave."""
    return replace(spec, loyalty=replace(spec.loyalty, satisfaction_to_attitude=0.0, state_sd=0.3, carry=0.0))


def _forgiving(spec: WorldSpec) -> WorldSpec:
    return replace(spec, loyalty=replace(spec.loyalty, forgiveness=-0.4))


WORLDS: Final[Mapping[str, tuple[str, Callable[[WorldSpec], WorldSpec]]]] = {
    "steady": ("nothing but what the spec states", _steady),
    "outage": ("outages: many who cannot be helped come at once and come back sooner", _outage),
    "confounded": ("the hard queues go to the good agents", _confounded),
    "empathy_only": ("of what a contact does, only empathy moves notice", _empathy_only),
    "speed_only": ("only handle time moves notice", _speed_only),
    "no_effects": ("contacts move nothing; attitude colours nothing", _no_effects),
    "no_dynamics": ("satisfaction and attitude go together, but neither moves the other", _no_dynamics),
    "forgiving": ("failures move the loyal less", _forgiving),
}


def world_spec(
    name: str = "steady", *, contacts: int = 10_000, days: int = 120, icc: float = 0.05, detector_error: bool = True,
    **more: Any,
) -> WorldSpec:  # fmt: skip
    """The spec of a named world; ``more`` are fields of WorldSpec. Raises UsageError for what cannot be."""
    if name not in WORLDS:
        raise UsageError(f"There is no world {name}.", hint=f"Worlds: {', '.join(WORLDS)}.")
    if contacts < 1 or days < 2:
        raise UsageError("A world needs at least 1 contact and 2 days.", hint="Raise --contacts or --days.")
    if not 0 <= icc < 1:
        raise UsageError(f"An ICC of {icc} cannot be.", hint="Choose 0 or more and less than 1, such as --icc 0.05.")
    spec = WorldSpec(contacts=contacts, days=days, detector=Detector() if detector_error else Detector.none(), **more)
    return WORLDS[name][1](replace(spec, agents=replace(spec.agents, icc=icc)))

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.simulate.named import world_spec
from analyzer.simulate.worlds import World, make


@pytest.fixture(scope="package")
def steady() -> World:
    return make(world_spec(contacts=20_000), seed=3)


@pytest.fixture(scope="package")
def long_panel() -> World:
    """Six waves of many customers who give notice often, in one exposure a wave."""
    spec = world_spec(contacts=30_000, days=540)
    return make(replace(spec, loyalty=replace(spec.loyalty, yearly=0.5)), seed=4)

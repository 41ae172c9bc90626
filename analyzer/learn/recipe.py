"""How to train: how long, how fast, what is altered on the way, what weighs how much, what teaches beside."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Mixture:
    """How many of each a step takes, and how much each weighs. Found on sets held out whole (models/README.md)."""

    tweets: int = 32
    comments: int = 64
    pairs: int = 64
    verdicts: int = 2
    tweet_weight: float = 0.4
    comment_weight: float = 4.0
    pair_weight: float = 1.0
    verdict_weight: float = 0.2


@dataclass(frozen=True)
class Recipe:
    """How to train. ``swap_share``, ``noise_share``, ``crop_share``: shares of dialogues altered anew in each epoch.

    ``rare_power``: 0 gives every label ``positive_weight``, .5 more to those rarer than ``common_rate`` of the turns.
    ``mean_decay``: how much of the running mean of the weights stays at each step; 0 keeps the last weights.
    """

    epochs: int = 10
    batch_dialogues: int = 16
    encoder_rate: float = 1e-4
    heads_rate: float = 5e-4
    weight_decay: float = 0.01
    warmup_share: float = 0.1
    swap_share: float = 0.15
    noise_share: float = 0.25
    crop_share: float = 0.2
    contact_weight: float = 0.3
    label_weight: float = 12.0
    positive_weight: float = 2.0
    common_rate: float = 0.05
    rare_power: float = 0.0
    rarest_weight: float = 8.0
    mean_decay: float = 0.99
    mixture: Mixture = field(default_factory=Mixture)
    seed: int = 17

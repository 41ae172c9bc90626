"""Contacts that several agents worked on: what each of them did, told apart.

A contact's value is taken as Σ share × (the agent's own level) + what else it depends on: the multiple-membership model
(Browne, Goldstein & Rasbash, Statistical Modelling 2001). The share-weighted mean of an agent's contacts then mixes in
their partners' levels; least squares takes them out again. With A = Zᵀ Q Z (Z shares, Q weights) the means m solve
A θ = Zᵀ Q y; A is nearly diagonal, so a few sweeps of Jacobi's method suffice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import sparse

from analyzer.score.frames import Bools, Floats, Ints

# An agent whose own part of the weight is less cannot be told from the partners: the share-weighted mean is kept.
SEPARABLE: Final = 2 / 3
SWEEPS: Final = 60
EXACT: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Pairs:
    """Rows of the same contact and different agents, in both directions."""

    row: Ints
    partner: Ints


@dataclass(frozen=True, slots=True)
class Apart:
    """``mean`` (cells, columns) of each agent alone; variance of a mean = σ² × ``noise``; ``own``: Σ share × weight.

    ``mixed``: cells that cannot be told from their partners.
    """

    mean: Floats
    noise: Floats
    own: Floats
    mixed: Bools


def shared_pairs(contact: Ints) -> Pairs:
    """Pairs of memberships of one contact; ``contact`` by row."""
    order = np.argsort(contact, kind="stable")
    sorted_contact = contact[order]
    rows, partners = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for lag in range(1, len(contact)):
        same = sorted_contact[lag:] == sorted_contact[:-lag]
        if not same.any():
            break
        first, second = order[:-lag][same], order[lag:][same]
        rows += [first, second]
        partners += [second, first]
    return Pairs(np.concatenate(rows), np.concatenate(partners))


def alone(sums: Floats, w: Floats, w2: Floats) -> Apart:
    """Plain weighted means of units that share nothing; ``sums`` (cells, columns) of weight × value."""
    return Apart(sums / w[:, None], w2 / w**2, w, np.zeros(len(w), dtype=np.bool_))


def told_apart(sums: Floats, w: Floats, w2: Floats, links: sparse.csr_array) -> Apart:
    """Means of each agent net of the partners; ``links`` (cells, cells): Σ share × partner's share × weight.

    ``w`` = Σ share × weight, ``w2`` = Σ (share × weight)².
    """
    linked = np.asarray(links.sum(axis=1), dtype=np.float64)
    own = w - linked
    mixed = np.asarray(own < SEPARABLE * w, dtype=np.bool_)
    own = np.where(mixed, w, own)
    off = sparse.diags_array(np.where(mixed, 0.0, 1.0 / own)) @ links
    target = sums / own[:, None]
    mean = target
    for _ in range(SWEEPS):
        previous, mean = mean, target - off @ mean
        if np.abs(mean - previous).max(initial=0.0) <= EXACT * (1.0 + np.abs(mean).max(initial=0.0)):
            break
    # First terms of the diagonal of A⁻¹: 1 / (A_uu − Σ A_uv² / A_vv).
    lost = np.asarray(off.multiply(off.T).sum(axis=1), dtype=np.float64)
    return Apart(mean, w2 / own**2 / np.maximum(1.0 - lost, SEPARABLE), own, mixed)

"""Trains shipped weights further on talk written since: the encoder's upper layers, the reader and all heads.

The lower layers and the table of word pieces stay, which makes a step cheap enough for a CPU and keeps what they know
of the language. Trainings from one start that differ by their seed alone end in one valley; the mean of their weights
errs less than each (Wortsman et al., Model soups, ICML 2022) and costs nothing at run time. A part of the new talk is
never taught (``left_out.FURTHER``): curves and thresholds come from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import load_file, save_file

from analyzer.learn.auxiliary import read_auxiliary, read_posts
from analyzer.learn.corpus import Dialogue
from analyzer.learn.heads import predict
from analyzer.learn.left_out import left_out_further
from analyzer.learn.recipe import Mixture, Recipe
from analyzer.learn.sources import NEW, POSTS, labelled_star_ids, read_labelled, read_new
from analyzer.learn.steps import Steps
from analyzer.learn.train import Lesson, finish, name_of, trained
from analyzer.progress import Progress
from analyzer.understand.model import load_network, save_network
from analyzer.understand.network import Network
from analyzer.weights import file_digest

POST_TIMES: Final = 6  # a post of ours for every seven tweets or so
RECIPE: Final = Recipe(
    encoder_rate=8e-5, heads_rate=4e-4, warmup_share=0.05, rare_power=0.5, mean_decay=0.995,
    mixture=Mixture(tweets=16, comments=8, pairs=4, verdicts=1),
)  # fmt: skip


def learn_further(
    data: Path, models: Path, work: Path, *, layers: int, epochs: int, seeds: Sequence[int],
    device: str = "cpu", progress: Progress,
) -> None:  # fmt: skip
    """Writes to ``models`` the mean of trainings that start from its weights, one a seed, and their curves.

    ``layers``: how many of the encoder's upper ones move. New talk is drawn twice in each of the ``epochs``.
    """
    progress.begin("reading dialogues", None, "")
    own, encoder = models / "training", models / "encoder"
    seen, new = read_labelled(data / "train", own, without=NEW), read_new(own)
    held_out = left_out_further(new)
    taught = [d for d, fold in zip(new, held_out, strict=True) if fold < 0]
    beside = read_auxiliary(data / "train", leave_out=labelled_star_ids(own))
    beside = replace(beside, tweets=[*beside.tweets, *read_posts(own / POSTS) * POST_TIMES])
    lessons = [
        Lesson([*seen, *new], [-1] * len(seen) + held_out, beside, replace(RECIPE, epochs=epochs, seed=seed))
        for seed in seeds
    ]
    # Other layers or other heads to start from are other trainings.
    kept = work / f"upper-{layers}-{file_digest(models / 'heads' / 'model.safetensors')[:12]}"
    kept.mkdir(parents=True, exist_ok=True)
    networks = [
        _kept_or_trained(lesson, [*seen, *taught, *taught], models, kept, layers, device, progress)
        for lesson in lessons
    ]  # fmt: skip
    network = averaged(networks)
    save_network(network, models)
    progress.begin("reason head and calibration", None, "")
    judged = [d for d, fold in zip(new, held_out, strict=True) if fold == 0]
    finish(lessons[0].dialogues, lessons[0].held_out, predict(network, judged, encoder, device), models)


def _kept_or_trained(
    lesson: Lesson, taught: list[Dialogue], models: Path, work: Path, layers: int, device: str, progress: Progress
) -> Network:  # fmt: skip
    """One training; where it had ended before a later one was killed, what it left in ``work``."""
    encoder, network = models / "encoder", load_network(models)
    path = work / f"trained-{name_of(lesson, encoder, taught)}.safetensors"
    if path.exists():
        network.load_state_dict(load_file(path))
        return network
    steps = Steps(progress, f"training with seed {lesson.recipe.seed}")
    network = trained(lesson, taught, encoder, work, device, steps, only_upper(network, layers))
    partial = path.with_suffix(".partial")
    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, partial)
    partial.rename(path)
    return network


def only_upper(network: Network, layers: int) -> Network:
    """``network`` itself, of whose encoder only the upper ``layers`` learn from now on; reader and heads do anyway."""
    bert = network.encoder.bert
    lower = bert.encoder.layer[: len(bert.encoder.layer) - layers]
    for part in (bert.embeddings, *lower):
        part.requires_grad_(False)
    return network


@torch.no_grad()
def averaged(networks: Sequence[Network]) -> Network:
    """The first of ``networks`` with the mean of all their weights, ready to predict."""
    states = [network.state_dict() for network in networks]
    mean = {name: torch.stack([state[name].float() for state in states]).mean(dim=0) for name in states[0]}
    networks[0].load_state_dict(mean)
    return networks[0].eval()

"""What else teaches the encoder: emotions of comments, feelings of tweets, sentence pairs, customers' own verdicts.

The labelled dialogues are few; these sets are large, written by strangers, and free to ship what is learned from them
(data/README.md of the training data). Their heads are thrown away, but for the customers' verdicts, which teach the
resolution head itself, and the tweets' feelings, which teach the feeling head at a lower weight.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from analyzer.learn.batches import PooledTurns
from analyzer.learn.corpus import Dialogue, read_rows, to_dialogue
from analyzer.learn.losses import contact_loss, feeling_loss
from analyzer.learn.recipe import Mixture

Item = TypeVar("Item")

POLARITIES: Final = ("negative", "neutral", "positive")
BAD: Final = (
    "anger", "annoyance", "disappointment", "disapproval", "disgust", "embarrassment", "fear", "grief", "nervousness",
    "remorse", "sadness",
)  # fmt: skip
GOOD: Final = (
    "admiration", "amusement", "approval", "caring", "desire", "excitement", "gratitude", "joy", "love", "optimism",
    "pride", "relief",
)  # fmt: skip
UNTOLD: Final = ("confusion", "curiosity", "realization", "surprise")  # of these nobody knows whether they are good
EMOTIONS: Final = (*BAD, *GOOD, *UNTOLD, "neutral")


IN_EVALUATION: Final = ("star-2400", "star-478")  # these two also stand in the adjudicated real talk: never learned


@dataclass(frozen=True)
class Auxiliary:
    """``tweets`` and ``verdicts`` are dialogues of which only feelings, only ``solved`` are known."""

    tweets: list[Dialogue]
    comments: list[tuple[str, list[int]]]
    pairs: list[tuple[str, str]]
    verdicts: list[Dialogue]


class EmotionHead(nn.Module):
    """28 emotions off a sentence vector."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.emotions = nn.Linear(width, len(EMOTIONS))

    def forward(self, vectors: Tensor) -> Tensor:
        logits: Tensor = self.emotions(vectors)
        return logits


def read_auxiliary(train: Path, leave_out: Iterable[str] = ()) -> Auxiliary:
    """The auxiliary sets of ``train``; dialogues named in ``leave_out`` are labelled elsewhere and left to that."""
    skipped = {*leave_out, *IN_EVALUATION}
    stars = [row for row in read_rows(train / "star.jsonl.gz") if row["customer_says_solved"] is not None]
    comments = read_rows(train / "goemotions.jsonl.gz")
    tweets = [_one_turn(row["id"], "de", row["text"], POLARITIES.index(row["sentiment"]))
              for row in read_rows(train / "sb10k_de.jsonl.gz")]  # fmt: skip
    felt = [_one_turn(row["id"], "en", row["text"], polarity) for row in comments[::4]
            if (polarity := polarity_of(row["emotions"])) is not None]  # fmt: skip
    return Auxiliary(
        tweets=[*tweets, *felt],
        comments=[(row["text"], [EMOTIONS.index(name) for name in row["emotions"]]) for row in comments],
        pairs=_read_pairs(train / "parallel_en_de.tsv.gz"),
        verdicts=[_unlabelled(row) for row in stars if row["interaction_id"] not in skipped],
    )


def read_posts(path: Path) -> list[Dialogue]:
    """German posts of our own whose feeling alone is labelled, as the tweets are."""
    return [_one_turn(row["id"], "de", row["text"], row["sent"] + 1) for row in read_rows(path)]


def polarity_of(emotions: Sequence[str]) -> int | None:
    """0, 1 or 2 where all emotions of a comment agree on it; None where they do not, or say neither."""
    told = {0 if name in BAD else 2 if name in GOOD else 1 if name == "neutral" else -1 for name in emotions}
    return told.pop() if len(told) == 1 and -1 not in told else None


def _one_turn(name: str, language: str, text: str, feeling: int) -> Dialogue:
    turn = {"speaker": "customer", "text": text, "sent": feeling - 1}
    row = {"interaction_id": f"alone-{name}", "channel": "social", "language": language, "turns": [turn]}
    return replace(to_dialogue(row), swapped=None)


def _unlabelled(row: dict[str, Any]) -> Dialogue:
    return to_dialogue(row)


def _read_pairs(path: Path) -> list[tuple[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [(parts[0], parts[1]) for line in lines if len(parts := line.rstrip("\n").split("\t")) >= 2]


@dataclass(frozen=True)
class Draw:
    """What one step takes of the auxiliary sets."""

    tweets: list[Dialogue]
    verdicts: list[Dialogue]
    comments: list[tuple[str, list[int]]]
    pairs: list[tuple[str, str]]

    @property
    def dialogues(self) -> list[Dialogue]:
        return [*self.tweets, *self.verdicts]

    @property
    def texts(self) -> list[str]:
        """Comments, then each pair's English and German."""
        return [*(text for text, _ in self.comments), *(text for pair in self.pairs for text in pair)]


NOTHING: Final = Draw([], [], [], [])


def draw(auxiliary: Auxiliary, mixture: Mixture, random_: random.Random) -> Draw:
    """As many of each set as the mixture says, or all of a smaller one."""

    def some(whole: list[Item], count: int) -> list[Item]:
        return random_.sample(whole, min(count, len(whole)))

    return Draw(
        some(auxiliary.tweets, mixture.tweets),
        some(auxiliary.verdicts, mixture.verdicts),
        some(auxiliary.comments, mixture.comments),
        some(auxiliary.pairs, mixture.pairs),
    )


def auxiliary_loss(
    drawn: Draw, first: int, turns: PooledTurns, contacts: Mapping[str, Tensor], vectors: Tensor,
    dialogues: Sequence[Dialogue], head: EmotionHead, mixture: Mixture, device: str,
) -> Tensor:  # fmt: skip
    """The weighed loss of ``drawn``, whose dialogues stand in the batch from place ``first`` on.

    ``vectors`` are those of ``drawn.texts``.
    """
    tweets = range(first, first + len(drawn.tweets))
    verdicts = range(tweets.stop, tweets.stop + len(drawn.verdicts))
    loss = mixture.tweet_weight * feeling_loss(turns, dialogues, device, tweets)
    resolution = contacts["resolution"].float()
    loss = loss + mixture.verdict_weight * contact_loss("resolution", resolution, dialogues, device, verdicts)
    comments = len(drawn.comments)
    if comments:
        target = torch.zeros(comments, len(EMOTIONS))
        for row, (_, emotions) in enumerate(drawn.comments):
            target[row, emotions] = 1.0
        felt = functional.binary_cross_entropy_with_logits(head(vectors[:comments]).float(), target.to(device))
        loss = loss + mixture.comment_weight * felt
    if drawn.pairs:  # what is learned in one language then holds in the other
        english, german = vectors[comments::2].float(), vectors[comments + 1 :: 2].float()
        loss = loss + mixture.pair_weight * (1 - functional.cosine_similarity(english, german)).mean()
    return loss


def save_auxiliary(auxiliary: Auxiliary, path: Path) -> None:
    """Written as JSON, so that a machine without spaCy can train on it."""
    with gzip.open(path, "wt", encoding="utf-8") as out:
        json.dump(asdict(auxiliary), out, ensure_ascii=False)


def load_auxiliary(path: Path) -> Auxiliary:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        told = json.load(lines)
    return Auxiliary(
        [Dialogue(**row) for row in told["tweets"]],
        [(text, list(emotions)) for text, emotions in told["comments"]],
        [(english, german) for english, german in told["pairs"]],
        [Dialogue(**row) for row in told["verdicts"]],
    )

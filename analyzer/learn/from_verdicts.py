"""Weights that learn from a store's training verdicts, kept only if they are better where they were not taught.

Heads alone are moved: the encoder stays, so a few hundred answers are enough to say something. Answers are about what
the machine found, so a head that followed them alone would forget the rest; it is held at its start by two things: the
distance of its weights, and its own former probabilities for every label nobody was asked about (learning without
forgetting, Li & Hoiem 2018). Only verdicts for training teach; those of the random audit never do.
"""

from __future__ import annotations

import copy
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow.compute as pc
import torch
from numpy.typing import NDArray
from scipy import stats
from torch import Tensor, nn
from torch.nn import functional

from analyzer import adopted, codebook
from analyzer.config import Settings
from analyzer.errors import UsageError
from analyzer.learn.answers import Asked, Judged, judged
from analyzer.learn.corpus import Dialogue, unlabelled
from analyzer.progress import Progress
from analyzer.review.published import with_reviewed
from analyzer.standing import FACT_NAMES, TURN_COLUMNS, contact_of, turns_by_contact
from analyzer.store.folder import MODELS
from analyzer.store.store import Store, open_store
from analyzer.understand.calibration import Calibration
from analyzer.understand.hear import SIDE
from analyzer.understand.model import load_network, save_network
from analyzer.understand.network import Network, SentenceLogits, pool_turns
from analyzer.weights import models_folder, write_manifest

LEAST: Final = 60  # answers; of fewer nothing can be said of those held out
STEPS: Final = 120
RATE: Final = 2e-3
DECAY: Final = 3e-3
ANCHOR: Final = 2.0  # how much former probabilities weigh against the answers
LEAST_HELD_OUT: Final = 20  # contacts; of fewer no interval says how rarely the new weights fail badly
MOST_LOST: Final = 0.02  # of a measure of the evaluation sets, below which a difference is noise
_CUSTOMER = torch.tensor(SIDE["customer"])
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Compared:
    """Old and new weights on answers they were not taught: mean log loss (nats, lower is better) and share right.

    ``low``, ``high``: 95 % interval of new − old log loss over answers, by t of the ``contacts`` they are about; none
    of one contact. By simulation weights that are no better lie wholly below 0 in 3 of 100 cases; where they are mostly
    a little better and seldom much worse, in up to 13 of 100 with 20 contacts, 11 with 40.
    """

    what: str
    n: int
    contacts: int
    old_loss: float
    new_loss: float
    old_right: float
    new_right: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Learned:
    """What came of it. ``adopted``: the version's name, or None where the old weights stay."""

    taught: int
    compared: list[Compared]
    evaluated: list[tuple[str, float, float]]  # measure, old, new
    adopted: str | None

    @property
    def too_few_held_out(self) -> bool:
        return not self.compared or self.compared[-1].contacts < LEAST_HELD_OUT


class MovedHeads(nn.Module):
    """Copies of the heads that verdicts are about, and their calibration as it stands."""

    def __init__(self, network: Network, calibration: Calibration) -> None:
        super().__init__()
        heads = network.heads
        self.label_sentence = copy.deepcopy(heads.label_sentence)
        self.label_context = copy.deepcopy(heads.label_context)
        self.feeling_sentence = copy.deepcopy(heads.feeling_sentence)
        self.feeling_context = copy.deepcopy(heads.feeling_context)
        self.feeling_attention = copy.deepcopy(heads.feeling_attention)
        self.contact_resolution = copy.deepcopy(heads.contact["resolution"])
        curves = [calibration.labels[label] for label in codebook.LABELS]
        self._slope = torch.tensor([c.slope for c in curves])
        self._intercept = {code: torch.tensor([c.intercept[code] for c in curves]) for code in ("de", "en")}
        self._classes = calibration.classes

    def forward(self, seen: Judged) -> tuple[Tensor, Tensor, Tensor]:
        """(T, L) calibrated logits of labels, (T, 3) and (D, 5) log-probabilities of feelings and resolutions."""
        sentences = SentenceLogits(
            self.label_sentence(seen.vectors) + self.label_context(seen.states),
            self.feeling_sentence(seen.vectors) + self.feeling_context(seen.states),
            self.feeling_attention(seen.vectors).squeeze(-1),
        )
        labels, feelings = pool_turns(sentences, seen.segment, len(seen.turn_english))
        intercept = torch.where(seen.turn_english[:, None], self._intercept["en"], self._intercept["de"])
        return (
            self._slope * labels + intercept, self._class("feelings", feelings, seen.turn_english),
            self._class("resolution", self.contact_resolution(seen.endings), seen.english),
        )  # fmt: skip

    def _class(self, name: str, logits: Tensor, english: Tensor) -> Tensor:
        curve = self._classes[name]
        bias = torch.where(english[:, None], torch.tensor(curve.bias["en"]), torch.tensor(curve.bias["de"]))
        return torch.log_softmax(curve.slope * logits + bias, dim=1)


def learn_from_verdicts(store: Path, settings: Settings, data: Path | None, progress: Progress) -> Learned:
    """Moves the heads of the weights in use by the store's training verdicts, and adopts them if they are better.

    Better: on the contacts held out, 20 at least, the log loss is lower, and the whole of its interval is; and where
    ``data`` is given, no measure of its real talk falls by more than .02. Raises UsageError where fewer than 60 answers
    teach.
    """
    settings = adopted.with_adopted(settings, store)
    before = models_folder(settings.understand.model)
    with open_store(store, write=False) as opened:
        dialogues, verdicts = _judged_contacts(opened, settings.review.database)
    network, calibration = load_network(before), Calibration.load(before / "heads" / "calibration.json")
    if not dialogues:
        raise _too_few(0)
    seen = judged(network, before / "encoder", dialogues, verdicts, progress)
    if seen.answers < LEAST:
        raise _too_few(seen.answers)
    progress.begin("learning", STEPS, "steps")
    heads = fitted(network, calibration, seen, progress)
    compared = comparison(MovedHeads(network, calibration), heads, seen)
    taught = sum(int((~asked.held_out).sum()) for asked in (seen.cues, seen.feelings, seen.resolutions))
    (store / MODELS).mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=store / MODELS) as work:
        after = _written(before, Path(work) / "new", network, heads)
        evaluated = _evaluated(data, settings, after, progress) if data else []
        name = None
        if is_better(compared) and all(new >= old - MOST_LOST for _, old, new in evaluated):
            told = f"{taught} answers; log loss {compared[-1].old_loss:.3f} → {compared[-1].new_loss:.3f} held out"
            name = adopted.keep(store, after, told, datetime.now(UTC))
    return Learned(taught, compared, evaluated, name)


def is_better(compared: Sequence[Compared]) -> bool:
    """Whether all answers together, of contacts enough, are foreseen better than chance explains.

    The last line is of all together: it alone decides, so that of several kinds none is picked for its luck. Every new
    attempt is another chance to be lucky on the same contacts.
    """
    if not compared:
        return False
    last = compared[-1]
    return last.contacts >= LEAST_HELD_OUT and last.high is not None and last.high < 0


def fitted(network: Network, calibration: Calibration, seen: Judged, progress: Progress) -> MovedHeads:
    """Heads moved by the answers that are not held out."""
    heads = MovedHeads(network, calibration)
    start = [value.detach().clone() for value in heads.parameters()]
    with torch.no_grad():
        former = heads(seen)
    others = _not_asked(seen)
    optimizer = torch.optim.Adam(heads.parameters(), lr=RATE)
    for _ in range(STEPS):
        labels, feelings, resolutions = heads(seen)
        losses = [
            _losses(asked, told, ~asked.held_out)
            for asked, told in ((seen.cues, labels), (seen.feelings, feelings), (seen.resolutions, resolutions))
        ]
        kept = functional.binary_cross_entropy_with_logits(labels[others], torch.sigmoid(former[0][others]))
        kept = kept + _like_before(feelings[seen.turn_customer], former[1][seen.turn_customer])
        kept = kept + _like_before(resolutions, former[2])
        moved = sum(((now - then) ** 2).sum() for now, then in zip(heads.parameters(), start, strict=True))
        loss = torch.cat(losses).mean() + ANCHOR * kept + DECAY * moved
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        progress.advance(1)
    return heads


def _like_before(told: Tensor, former: Tensor) -> Tensor:
    """Cross-entropy of log-probabilities to the former ones."""
    return -(former.exp() * told).sum(1).mean() if len(told) else torch.zeros(())


def comparison(old: MovedHeads, new: MovedHeads, seen: Judged) -> list[Compared]:
    """Both on the answers held out, by kind and, last, all together."""
    with torch.no_grad():
        told = list(zip(old(seen), new(seen), strict=True))
    named = ("cues", "feelings of turns", "resolutions")
    parts: list[tuple[str, Array, Array, Array, Array, Array]] = []
    for what, asked, (before, after) in zip(named, (seen.cues, seen.feelings, seen.resolutions), told, strict=True):
        if asked.held_out.any():
            losses = [_losses(asked, each, asked.held_out).double().numpy() for each in (before, after)]
            right = [_right(asked, each, asked.held_out) for each in (before, after)]
            contact = asked.contact[asked.held_out].astype(float)
            parts.append((what, contact, losses[0], losses[1], right[0], right[1]))
    if not parts:
        return []
    contact, old_loss, new_loss, old_right, new_right = (
        np.concatenate(own) for own in list(zip(*parts, strict=True))[1:]
    )
    return [_compared(*part) for part in (*parts, ("all answers", contact, old_loss, new_loss, old_right, new_right))]


def _compared(what: str, contact: Array, old: Array, new: Array, old_right: Array, new_right: Array) -> Compared:
    _, owner = np.unique(contact, return_inverse=True)
    difference = np.asarray(np.bincount(owner, new - old), dtype=np.float64)
    count = np.bincount(owner)
    low, high = _interval(difference, count)
    return Compared(
        what, len(old), len(count), float(old.mean()), float(new.mean()), float(old_right.mean()),
        float(new_right.mean()), low, high,
    )  # fmt: skip


def _interval(difference: Array, count: NDArray[np.int64]) -> tuple[float | None, float | None]:
    """Of Σ difference / Σ count over contacts (Cochran 1977, ch. 6)."""
    contacts, answers = len(count), float(count.sum())
    if contacts < 2:
        return None, None
    mean = float(difference.sum()) / answers
    error = float(np.sqrt(contacts / (contacts - 1) * np.sum((difference - mean * count) ** 2))) / answers
    half = float(stats.t.ppf(0.975, contacts - 1)) * error
    return mean - half, mean + half


def _losses(asked: Asked, told: Tensor, chosen: NDArray[np.bool_]) -> Tensor:
    """(N,) log loss of each chosen answer; ``told`` are logits of labels or log-probabilities of classes."""
    row, target = torch.from_numpy(asked.row[chosen]), torch.from_numpy(asked.target[chosen])
    if not len(row):
        return torch.zeros(0)
    if asked.label[0] < 0:
        return -told[row, target.long()]
    logits = told[row, torch.from_numpy(asked.label[chosen])]
    return functional.binary_cross_entropy_with_logits(logits, target, reduction="none")


def _right(asked: Asked, told: Tensor, chosen: NDArray[np.bool_]) -> Array:
    row = asked.row[chosen]
    if asked.label[chosen][0] < 0:
        said = told.argmax(1).numpy()[row].astype(float)
    else:
        said = (told.numpy()[row, asked.label[chosen]] > 0).astype(float)
    right: Array = (said == asked.target[chosen]).astype(float)
    return right


def _not_asked(seen: Judged) -> Tensor:
    """(T, L) labels that the turn's speaker can carry and nobody judged there."""
    others = torch.where(seen.turn_customer[:, None], _CUSTOMER, ~_CUSTOMER)
    others[torch.from_numpy(seen.cues.row), torch.from_numpy(seen.cues.label)] = False
    return others


def _written(before: Path, after: Path, network: Network, heads: MovedHeads) -> Path:
    """The folder ``before`` with the moved heads in it, under a version of its own."""
    shutil.copytree(before, after, ignore=shutil.ignore_patterns("training", "*.md", "*.svg"))
    moved = copy.deepcopy(network)
    state = {name.replace("contact_resolution.", "contact.resolution."): v for name, v in heads.state_dict().items()}
    moved.heads.load_state_dict(state, strict=False)
    save_network(moved, after)
    shutil.copyfile(before / "encoder" / "model.safetensors", after / "encoder" / "model.safetensors")
    write_manifest(after, "house")
    return after


def _evaluated(data: Path, settings: Settings, after: Path, progress: Progress) -> list[tuple[str, float, float]]:
    """Measures of the real talk of ``data`` with the old and the new weights."""
    import msgspec

    from analyzer.learn.evaluation import evaluate

    renewed = msgspec.structs.replace(settings.understand, model=str(after))
    old = evaluate(data, settings.understand, draws=2, only=["gold"], progress=progress)
    new = evaluate(data, renewed, draws=2, only=["gold"], progress=progress)
    return [
        (f"{a.measure}, {a.language}", a.ours.value, b.ours.value)
        for a, b in zip(old, new, strict=True)
        if a.channel == "all" and ("F1" in a.measure or "kappa" in a.measure or "AUC" in a.measure)
    ]


def _judged_contacts(store: Store, database: str) -> tuple[list[Dialogue], list[dict[str, object]]]:
    """Contacts with verdicts that teach, as they stand, and those verdicts; not those on another transcript."""
    table = with_reviewed(store.path, store.read("verdicts"), database)
    rows = table.filter(pc.equal(table["use"], "training")).to_pylist()
    keys = {row["interaction_id"] for row in rows}
    known = store.ledger.identities(keys)
    days = {identity.day for identity in known.values()}
    facts = store.read("interaction_facts", [*FACT_NAMES, "language"], days)
    own = {row["interaction_id"]: row for row in facts.to_pylist() if row["interaction_id"] in keys}
    rows = [row for row in rows if own.get(row["interaction_id"], {}).get("content_hash") == row["content_hash"]]
    turns = turns_by_contact(
        row for row in store.read("turns", list(TURN_COLUMNS), days).to_pylist() if row["interaction_id"] in own
    )
    dialogues = []
    for key in sorted({row["interaction_id"] for row in rows}):
        language = own[key].pop("language")
        if language != "und" and key in turns:
            dialogues.append(unlabelled(contact_of(own[key], turns[key], known[key]), language))
    return dialogues, rows


def _too_few(answers: int) -> UsageError:
    return UsageError(
        f"Verdicts that can teach: {answers}; {LEAST} are needed.",
        hint="Answer more contacts of the queue; those of the random audit measure and never teach.",
    )

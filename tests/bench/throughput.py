"""Contacts a second and memory of `analyzer run` on invented contacts: `python -m tests.bench.throughput`.

2,000 contacts of 14 turns, put together from the sample dump's dialogues; in nine sentences of ten a word or number is
drawn anew, so that most sentences are distinct and no cache of sentences helps. Beside it, in the same run on the same
cores: (a) what a user would write, a `transformers.pipeline` classifier of sentiment with an encoder of the same size,
one turn after the other, in float32; (b) what no program can beat, the matrix products of the encoder's layers over the
tokens of all distinct sentences, in the precision this processor takes, and nothing else.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from tests.conftest import ROOT, SAMPLE

TURNS = 14
ENCODER = ROOT / "models" / "encoder"
BLOCK = 1024  # tokens
BAR_CONTACTS_PER_S = 60.0
BAR_TIMES_PIPELINE = 6.0
BAR_GIB = 2.5
THINGS = {
    "en": "router kettle jacket invoice parcel tariff voucher sofa lamp headset contract deposit refund charger order",
    "de": "Router Kessel Jacke Rechnung Paket Tarif Gutschein Sofa Lampe Vertrag Anzahlung Gutschrift Ladekabel Konto",
}
NAMES = (
    "Adler Bishop Clarke Dietz Ekström Farrow Gruber Hollis Imhof Jansen Keller Lowe Mertens Nolan Oswald Pohl Quinn"
)


def dialogues() -> dict[str, list[list[dict[str, str]]]]:
    """Turns of the sample's native contacts by language, long enough to fill 14 turns with two of them."""
    found: dict[str, list[list[dict[str, str]]]] = {"de": [], "en": []}
    for path in sorted((SAMPLE / "contacts").glob("*.jsonl*")):
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for line in content.decode("utf-8").splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            turns = [turn for turn in record.get("turns", []) if turn["speaker"] in ("customer", "agent")]
            if record.get("language") in found and len(turns) >= 6:
                found[record["language"]].append([{"speaker": t["speaker"], "text": t["text"]} for t in turns])
    return found


def contacts(count: int, seed: int = 7) -> Iterator[dict[str, Any]]:
    """Invented contacts in the order of time: the opening of one dialogue, the rest of another, words drawn anew."""
    draw, known = random.Random(seed), dialogues()
    start = datetime(2026, 9, 1, 7)
    for number in range(count):
        language = draw.choice(("de", "en"))
        one, other = draw.sample(known[language], 2)
        turns = (one + other + one)[:TURNS]
        agent, customer = draw.randrange(20), draw.randrange(count // 3 + 1)
        at = start + timedelta(minutes=25 * number)
        yield {
            "interaction_id": f"t-{number}", "channel": draw.choice(("voice", "chat", "email", "messaging")),
            "language": language, "started_at": at.isoformat() + "Z", "customer_id": f"k-{customer}",
            "agent_id": f"a-{agent}", "team": f"team-{agent % 3}",
            "queue": draw.choice(("billing", "technical", "shop")),
            "turns": [{"speaker": turn["speaker"], "text": varied(turn["text"], language, draw)} for turn in turns],
        }  # fmt: skip


def varied(text: str, language: str, draw: random.Random) -> str:
    """``text`` with numbers drawn anew and, in nine sentences of ten, a thing or a name added."""
    return " ".join(_varied(sentence, language, draw) for sentence in re.split(r"(?<=[.!?])\s+", text))


def _varied(sentence: str, language: str, draw: random.Random) -> str:
    sentence = re.sub(r"\d", lambda _: str(draw.randrange(10)), sentence)
    if draw.random() < 0.1:
        return sentence
    words = sentence.split(" ")
    added = f"{draw.choice(THINGS[language].split())} {draw.choice(NAMES.split())} {draw.randrange(1000)}"
    words.insert(draw.randrange(len(words) + 1), added)
    return " ".join(words)


def sentences(records: Sequence[dict[str, Any]]) -> list[str]:
    said = (turn["text"] for record in records for turn in record["turns"])
    return [sentence for text in said for sentence in re.split(r"(?<=[.!?])\s+", text) if sentence]


class Watch(threading.Thread):
    """The largest resident set of any process of a run, in bytes, and the processor seconds of each, to a tenth.

    Workers are forked by a process that the run does not wait for, so the operating system adds theirs to nobody's.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.process, self.peak = psutil.Process(pid), 0
        self.seconds: dict[int, float] = {}

    def run(self) -> None:
        while self.process.is_running():
            with suppress(psutil.Error):
                for member in (self.process, *self.process.children(recursive=True)):
                    self._look_at(member)
            time.sleep(0.1)

    def _look_at(self, member: psutil.Process) -> None:
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            times = member.cpu_times()
            self.seconds[member.pid] = times.user + times.system
            self.peak = max(self.peak, member.memory_info().rss)


def run(path: Path, store: Path, more: Sequence[str]) -> tuple[float, float, float]:
    """(seconds of the whole run, those of all its processors, GiB of its largest process)."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "analyzer", "run", str(path), "--store", str(store), *more]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        watch = Watch(process.pid)
        watch.start()
        out, _ = process.communicate()
    if process.returncode:
        raise SystemExit(out)
    took = time.perf_counter() - began
    watch.join()
    return took, sum(watch.seconds.values()), watch.peak / 2**30


def pipeline_turns_per_s(said: Sequence[str]) -> float:
    """(a): turns a second. Its weights are drawn at random, which costs the same as any others."""
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast, pipeline

    config = BertConfig.from_json_file(str(ENCODER / "config.json"))
    config.num_labels, config.dtype = 3, "float32"
    model: Any = BertForSequenceClassification(config)
    known: dict[str, Any] = {"pad_token": "[PAD]", "model_max_length": 512}
    tokenizer: Any = PreTrainedTokenizerFast(tokenizer_file=str(ENCODER / "tokenizer.json"), **known)  # type: ignore[no-untyped-call]
    classify = pipeline("text-classification", model=model.float().eval(), tokenizer=tokenizer, device="cpu")
    classify(said[0], truncation=True)
    began = time.perf_counter()
    for text in said:
        classify(text, truncation=True)
    return len(said) / (time.perf_counter() - began)


def products_s(tokens: int, sample: int = 64) -> float:
    """(b): seconds of the matrix products of ``tokens`` tokens, from ``sample`` blocks of them."""
    import torch

    from analyzer.understand.forward import lays_out_weights

    dtype = torch.bfloat16 if lays_out_weights() else torch.float32
    shapes = ((384, 1152), (384, 384), (384, 1536), (1536, 384)) * 6
    layers = [torch.nn.Linear(*shape, dtype=dtype) for shape in shapes]
    given = {width: torch.randn(BLOCK, width, dtype=dtype) for width in (384, 1536)}
    with torch.inference_mode():
        for layer in layers:
            layer(given[layer.in_features])
        began = time.perf_counter()
        for _ in range(sample):
            for layer in layers:
                layer(given[layer.in_features])
    return (time.perf_counter() - began) / (sample * BLOCK) * tokens


def tokens_of(said: Collection[str]) -> int:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(ENCODER / "tokenizer.json"))
    return sum(min(len(encoding.ids), 96) for encoding in tokenizer.encode_batch_fast(list(said)))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--contacts", type=int, default=2000)
    parser.add_argument("--set", action="append", default=[])
    asked = parser.parse_args()
    records = list(contacts(asked.contacts))
    said, turns = sentences(records), [turn["text"] for record in records for turn in record["turns"]]
    distinct = set(said)
    print(f"{len(records):,} contacts, {len(said):,} sentences, {len(distinct) / len(said):.0%} of them distinct")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calls.jsonl"
        path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
        more = [part for setting in asked.set for part in ("--set", setting)]
        took, busy, peak = run(path, Path(folder) / "store", more)
    pace = len(records) / took
    print(f"analyzer run: {took:.1f} s, {pace:.1f} contacts/s, peak {peak:.2f} GiB in its largest process")
    print(f"processor time {busy:.1f} s, {len(records) / busy:.1f} contacts a second of one core")
    plain = pipeline_turns_per_s(random.Random(1).sample(turns, min(len(turns), 400)))
    times = len(turns) / took / plain
    print(f"(a) sentiment of one turn after the other: {plain:.0f} turns/s; analyzer run is {times:.1f} times as fast")
    bare = products_s(tokens_of(distinct))
    print(f"(b) the encoder's matrix products alone: {bare:.1f} s, {bare / took:.0%} of the whole run")
    return int(pace < BAR_CONTACTS_PER_S or times < BAR_TIMES_PIPELINE or peak > BAR_GIB)


if __name__ == "__main__":
    sys.exit(main())

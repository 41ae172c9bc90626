"""Understanding over the cores: batches in, fact tables out, in order, with bounded memory.

A small run stays in one process, whose matrix products use all cores. A larger one is worth the seconds that every
further process takes to load the models: one a core, with one thread each, for most of the work is too small to share.
Where much is to be read they start at once, and load while the first batches are read. A worker that dies (out of
memory, killed) is replaced once and its batches are read again; results do not depend on any of this.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from itertools import chain, islice
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.context import BaseContext
from multiprocessing.util import Finalize
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.config import Settings, UnderstandSettings
from analyzer.errors import AnalyzerError, RunAborted
from analyzer.records import Interaction
from analyzer.store.folder import SENTENCES

if TYPE_CHECKING:
    import pyarrow as pa

    from analyzer.understand.understand import Understanding

Tables = dict[str, "pa.Table"]
Batch = Sequence[Interaction]

WORTH_WORKERS = 100_000  # characters of a full first batch from which several processes are sooner done than one
WORTH_AT_ONCE = 2 << 20  # bytes of input that no run has read, from which workers start before the first batch is there
COLLECTED_AFTER = 50_000  # new objects; Python looks after every 700, which takes a twentieth of a run
MOST_WORKERS = 8  # that the program takes by itself; each holds the models, and is fed by one reader


def kept_in(store: Path, settings: Settings) -> Path | None:
    """Where often said sentences are kept between runs; ``None`` where settings want none kept."""
    return store / SENTENCES if settings.engine.kept_sentences else None


def collect_rarely() -> None:
    """This process looks for cycles of objects less often: a run makes millions of objects and hardly a cycle."""
    gc.set_threshold(COLLECTED_AFTER)


@contextmanager
def workers_for(new_bytes: int, settings: Settings, kept: Path | None = None) -> Iterator[ProcessPoolExecutor | None]:
    """Workers that load their models from now on, where ``new_bytes`` of input are worth them; ends them at the end.

    ``kept`` as for ``understand_all``.
    """
    workers = most_workers(settings)
    if workers < 2 or new_bytes < WORTH_AT_ONCE:
        yield None
        return
    others = set(active_children())
    pool = _pool(settings.understand, kept, workers, max(1, _cores() // workers))
    # A process can be started once the libraries are loaded; until then the run reads.
    starting = threading.Thread(target=_ready_soon, args=(pool, workers), daemon=True)
    starting.start()
    try:
        yield pool
    except BaseException:  # an aborted run does not wait until its models are loaded or its batches understood
        starting.join()
        for worker in set(active_children()) - others:
            worker.terminate()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _ready_soon(pool: ProcessPoolExecutor, workers: int) -> None:
    """A process is started for each call that waits; whether it loads is found when the first batch comes."""
    with suppress(RuntimeError, OSError):  # a broken pool, or one that is over before it began
        for _ in range(workers):
            pool.submit(_is_there)


def _is_there() -> bool:
    return True


def understand_all(
    batches: Iterable[Batch], settings: Settings, started: ProcessPoolExecutor | None = None,
    kept: Path | None = None,
) -> Iterator[Tables]:  # fmt: skip
    """The fact tables of each batch, in the order of the batches. Models load with the first batch, or in the workers
    that ``workers_for`` ``started``. In the folder ``kept`` sentences that are said often stay for later runs."""
    given = iter(batches)
    if started is not None:
        yield from _by_workers(given, settings.understand, kept, most_workers(settings), started)
        return
    first = list(islice(given, 1))
    workers = most_workers(settings) if settings.engine.workers or _is_worth(first, settings) else 1
    everything = chain(first, given)
    if workers > 1:
        yield from _by_workers(everything, settings.understand, kept, workers)
        return
    understanding: Understanding | None = None
    for batch in everything:
        understanding = understanding or _load(settings.understand, kept)
        yield _tables(understanding, batch)
    if understanding is not None:
        understanding.keep()


def most_workers(settings: Settings) -> int:
    """How many processes a large run takes."""
    return settings.engine.workers or min(MOST_WORKERS, _cores())


def _cores() -> int:
    """Those this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _is_worth(first: Sequence[Batch], settings: Settings) -> bool:
    """Whether much is likely to follow. Only the first batch tells: what comes in may depend on what is understood."""
    full = any(len(batch) >= settings.ingest.batch_contacts for batch in first)
    return full and sum(len(turn.text) for batch in first for each in batch for turn in each.turns) >= WORTH_WORKERS


def _load(settings: UnderstandSettings, kept: Path | None) -> Understanding:
    from analyzer.understand.understand import Understanding

    return Understanding(settings, kept)


def _tables(understanding: Understanding, batch: Batch) -> Tables:
    from analyzer.understand.tabulate import tabulate

    return tabulate(understanding.understand(batch))


_in_worker: Understanding | None = None
_refused: AnalyzerError | None = None


def _start_worker(settings: UnderstandSettings, kept: Path | None, threads: int) -> None:
    global _in_worker, _refused
    import torch

    collect_rarely()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the parent hears it and ends its workers
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(threads)
    try:
        _in_worker = _load(settings, kept)
        Finalize(None, _in_worker.keep, exitpriority=1)  # atexit is not heard in a worker
    except (
        AnalyzerError
    ) as error:  # raised here it would only break the pool; with the first batch it says what is wrong
        _refused = error


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever."""
    if parent := parent_process():
        parent.join()
        os._exit(3)


def _work(batch: Batch) -> Tables:
    if _refused is not None:
        raise _refused
    if _in_worker is None:  # only if a pool was made without its initializer
        raise RunAborted("A worker has no models.")
    return _tables(_in_worker, batch)


def _by_workers(
    batches: Iterable[Batch], settings: UnderstandSettings, kept: Path | None, workers: int,
    started: ProcessPoolExecutor | None = None,
) -> Iterator[Tables]:  # fmt: skip
    threads = max(1, _cores() // workers)
    others = set(active_children())
    pool = started or _pool(settings, kept, workers, threads)
    waiting: deque[tuple[Batch, Future[Tables]]] = deque()
    try:
        for batch in batches:
            waiting.append((batch, _submit(pool, batch)))
            if len(waiting) > 2 * workers:  # bounds what lies in memory
                tables, pool = _next(waiting, pool, settings, kept, workers, threads)
                yield tables
        while waiting:
            tables, pool = _next(waiting, pool, settings, kept, workers, threads)
            yield tables
    finally:
        if waiting:  # an aborted run does not wait until its batches are understood
            for worker in set(active_children()) - others:
                worker.terminate()
        pool.shutdown(wait=False, cancel_futures=True)


def _submit(pool: ProcessPoolExecutor, batch: Batch) -> Future[Tables]:
    """A future in any case: a pool that broke since the last batch is found broken when its turn comes."""
    try:
        return pool.submit(_work, batch)
    except BrokenProcessPool as error:
        broken: Future[Tables] = Future()
        broken.set_exception(error)
        return broken


def _pool(settings: UnderstandSettings, kept: Path | None, workers: int, threads: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, _context(), _start_worker, (settings, kept, threads))


def _context() -> BaseContext:
    """On Linux one process loads the libraries and workers are forked from it; elsewhere each loads its own."""
    if sys.platform != "linux":
        return get_context("spawn")
    context = get_context("forkserver")
    context.set_forkserver_preload(["analyzer.understand.understand", "analyzer.understand.tabulate"])
    return context


def _next(
    waiting: deque[tuple[Batch, Future[Tables]]], pool: ProcessPoolExecutor, settings: UnderstandSettings,
    kept: Path | None, workers: int, threads: int,
) -> tuple[Tables, ProcessPoolExecutor]:  # fmt: skip
    try:
        tables = waiting[0][1].result()
    except BrokenProcessPool:
        pool.shutdown(wait=False)
        pool = _pool(settings, kept, workers, threads)
        again = [(batch, _submit(pool, batch)) for batch, _ in waiting]
        waiting.clear()
        waiting.extend(again)
        try:
            tables = waiting[0][1].result()
        except BrokenProcessPool as error:
            raise RunAborted(
                "Workers died twice on the same batch.", hint="Lower engine.workers or ingest.batch_contacts."
            ) from error
    waiting.popleft()
    return tables, pool

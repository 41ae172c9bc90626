"""The files a run reads: paths, folders and globs turned into a deterministic list.

Standard library only: an unchanged re-run is recognised from ``InputFile.sha256`` before anything heavy is imported.
"""

from __future__ import annotations

import glob
import hashlib
import os
import stat
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from analyzer.errors import UsageError

_BLOCK = 1 << 20
_UNSHOWN = ("Cc", "Cf", "Zl", "Zp")


@dataclass(frozen=True, slots=True)
class Piece:
    """Where a record out of quarantine was read first: its position in the file, and what that was taken for."""

    position: int
    format: str | None


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file to read. ``uri`` starts at the folder or file that was given and never holds an absolute path.

    With ``piece`` it holds one record of the file or archive member that ``uri`` names. ``passed_over`` tells why it is
    counted as skipped and never opened: reading a pipe would wait for ever, a device never ends.
    """

    path: Path
    size: int
    uri: str
    piece: Piece | None = None
    passed_over: str | None = None

    @property
    def name(self) -> str:
        inner = self.uri.rpartition("!")[2] if self.piece else self.uri
        return inner.rpartition("/")[2]

    @property
    def other_uris(self) -> tuple[str, ...]:
        """What ``uri`` would be had another folder above the file been given, or the file alone."""
        if self.piece:
            return ()
        parts = [_printable(part) for part in self.path.parts[1:]]
        uris = ("/".join(parts[-count:]) for count in range(1, len(parts) + 1))
        return tuple(uri for uri in uris if uri != self.uri)

    def sha256(self) -> str | None:
        """Hex digest of the content, streamed; ``None`` where the file cannot be read (reading it gives a Reject)."""
        if self.passed_over:
            return hashlib.sha256(self.passed_over.encode()).hexdigest()
        digest = hashlib.sha256()
        try:
            with self.path.open("rb") as stream:
                while block := stream.read(_BLOCK):
                    digest.update(block)
        except OSError:
            return None
        return digest.hexdigest()


def find_files(inputs: Sequence[str | os.PathLike[str]]) -> list[InputFile]:
    """All files below ``inputs``, each once, ordered by uri; pipes, devices and links to folders are passed over.

    A folder is searched recursively without hidden folders; ``calls/*.jsonl`` and ``**`` are understood. A folder given
    as ``dump`` names its files ``dump/…``; a file given alone has its bare name. Raises UsageError for what is missing.
    """
    found: dict[Path, _Found] = {}
    for given in inputs:
        for item in _expand(os.fspath(given)):
            found.setdefault(item.path, item)
    return sorted(_named(list(found.values())), key=lambda file: (file.uri, str(file.path)))


@dataclass(frozen=True, slots=True)
class _Found:
    path: Path  # resolved
    size: int
    parts: tuple[str, ...]  # of the uri
    passed_over: str | None


def _expand(given: str) -> Iterator[_Found]:
    if _mode(given) is not None:
        yield from _below(Path(given))
        return
    # Not Path.glob, which takes no absolute pattern.
    matches = sorted(glob.glob(given, recursive=True)) if glob.has_magic(given) and "\0" not in given else []  # noqa: PTH207
    if not matches:
        raise UsageError(
            f"No such file or folder: {_printable(given)}.",
            hint="Give a file, a folder or a quoted pattern such as 'calls/*.jsonl'.",
        )
    base = Path(_fixed_prefix(given))
    for match in matches:
        yield from _below(Path(match), base)


def _fixed_prefix(pattern: str) -> str:
    parts = Path(pattern).parts
    fixed = next(index for index, part in enumerate(parts) if glob.has_magic(part))
    return str(Path(*parts[:fixed])) if fixed else "."


def _below(given: Path, base: Path | None = None) -> Iterator[_Found]:
    if not given.is_dir():
        if base is None and (kind := _odd_kind(_mode(given))):
            raise UsageError(f"{_printable(str(given))} is {kind}.", hint="Give a file, a folder or a quoted pattern.")
        yield _found(given, (base or given.parent).resolve(), with_base=base is not None)
        return
    root = (base or given).resolve()
    unreadable: list[str] = []
    for folder, folders, names in os.walk(given, onerror=lambda error: unreadable.append(str(error.filename))):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]  # noqa: PTH114, PTH118
        for name in sorted((*names, *links)):
            yield _found(Path(folder) / name, root, with_base=True)
    for missing in unreadable:  # a folder that cannot be listed is one input that cannot be read, and so one reject
        yield _found(Path(missing), root, with_base=True, listed=False)


def _found(path: Path, root: Path, *, with_base: bool, listed: bool = True) -> _Found:
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 (a link keeps its own name in the uri)
    parents = Path(os.path.abspath(root))  # noqa: PTH100
    within = (path.parent.resolve() / path.name).relative_to(parents) if with_base else Path(absolute.name)
    parts = (parents.name, *within.parts) if with_base and parents.name else within.parts
    try:
        told = path.stat()
        size, kind = told.st_size, _odd_kind(told.st_mode) if listed else None
    except OSError:
        size, kind = 0, None
    # A link to a folder stands for itself: resolved it would be the folder, which may be an input of its own.
    real = absolute if kind else Path(os.path.realpath(path))  # not Path.resolve, which raises on links in a circle
    return _Found(real, 0 if kind else size, tuple(_printable(part) for part in parts), kind)


def _odd_kind(mode: int | None) -> str | None:
    """What is there if no file with content; ``None`` for a file, and for what cannot be looked at."""
    if mode is None or stat.S_ISREG(mode):
        return None
    if stat.S_ISDIR(mode):
        return "a link to a folder, which is not followed"
    return {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}.get(stat.S_IFMT(mode), "a device")


def _named(items: list[_Found]) -> Iterator[InputFile]:
    """Gives two inputs of the same name (north/calls, south/calls) as many parents as tell them apart."""
    uris = {item.path: item.parts for item in items}
    for extra in range(1, 64):
        taken = Counter(uris.values())
        clashing = [item for item in items if taken[uris[item.path]] > 1]
        if not clashing:
            break
        for item in clashing:
            depth = len(item.parts) + extra
            uris[item.path] = tuple(_printable(part) for part in item.path.parts[1:][-depth:])
    taken = Counter(uris.values())
    uris.update({item.path: item.parts for item in items if taken[uris[item.path]] > 1})
    seen: Counter[str] = Counter()
    for item in sorted(items, key=lambda item: os.fsencode(item.path)):
        uri = "/".join(uris[item.path])
        seen[uri] += 1  # names that differ only in what cannot be shown
        yield InputFile(
            item.path, item.size, uri + (f"#{seen[uri]}" if seen[uri] > 1 else ""), passed_over=item.passed_over
        )


def _mode(path: str | Path) -> int | None:
    try:
        return os.stat(path).st_mode  # noqa: PTH116 (takes text that is no valid path, too)
    except (OSError, ValueError):
        return None


def _printable(name: str) -> str:
    """``name`` on one line and as it is read: no control characters, no marks that turn or hide what follows."""
    text = os.fsencode(name).decode("utf-8", "replace")
    return "".join("�" if unicodedata.category(char) in _UNSHOWN else char for char in text)

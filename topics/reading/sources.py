"""From what the user names (files, folders, globs, ``-``) to the inputs themselves, in a fixed order.

Nothing is opened here: a source is a path and the name that its dump will carry. A path that exists is
taken literally even where it looks like a glob. The same file named twice is one source, so overlapping
globs and folders do not double a dump. What topics wrote or is writing into a folder of dumps is passed over:
runs, exports, and the files that output goes to.
"""

from __future__ import annotations

import glob
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias

from topics.errors import DumpError
from topics.marks import FORMAT, LOCK, MANIFEST, MARKER
from topics.reading.addresses import find_filesystem, is_address
from topics.reading.problems import Problem, Unreadable, printable

__all__ = ["Inputs", "Source", "find_sources", "inner_suffix", "is_read_once", "list_inputs", "list_paths"]

Inputs: TypeAlias = "str | os.PathLike[str] | Sequence[str | os.PathLike[str]]"
Target: TypeAlias = "str | os.PathLike[str] | None"

STDIN = "-"
STARS = "**"
COMPRESSIONS = frozenset({".gz", ".zst", ".zstd", ".bz2", ".xz"})

# What a folder of dumps holds beside them. Only folders leave these out: a file given by name is always tried.
NOT_DUMPS = frozenset(
    """
    .7z .aac .ai .apk .arrow .atom .avi .avif .avro .bak .bat .bin .bmp .c .cdx .cdxj .cfg .class .conf .cpp
    .css .csv .dat .db .deb .dll .dmg .doc .docx .dylib .eot .eps .epub .exe .feather .flac .gif .go .h .h5
    .hdf5 .heic .ico .idx .ini .ipynb .iso .jar .java .jpeg .jpg .js .log .lock .lz4 .lzma .m4a .map .md5
    .mkv .mobi .mov .mp3 .mp4 .mpeg .mpg .msi .npy .npz .o .odp .ods .odt .ogg .orc .otf .parquet .pdf
    .pickle .pkl .png .ppt .pptx .ps .psd .py .pyc .rar .rb .rpm .rs .rss .rtf .sh .sha1 .sha256 .so .sql
    .sqlite .sqlite3 .svg .swf .tar .tbz .tgz .tif .tiff .tmp .toml .ts .tsv .ttf .txz .wat .wav .webm .webp
    .wma .wmv .woff .woff2 .xls .xlsx .xml .xsl .yaml .yml .z .zip
    """.split()
)

_GLOB_CHARACTERS = re.compile(r"[*?\[]")
_MANIFEST_HEAD = re.compile(rb'\s*\{\s*"format":\s*"%s"' % FORMAT.encode())

FileId: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Source:
    """One input: a file, stdin where ``path`` is None, or what an address names where ``path`` is a string.

    ``name`` is what its dump will be called; ``shown`` what messages call it, where that is not the path.
    """

    name: str
    path: Path | str | None
    shown: str | None = None

    @property
    def where(self) -> str:
        """The place as messages name it."""
        return self.shown or ("stdin" if self.path is None else str(self.path))


def list_inputs(inputs: Inputs, output: Target = None) -> list[Source]:
    """The inputs that :func:`topics.reading.read_dumps` would open, in its order, none of them opened.

    What cannot be found is left out here: ``read_dumps`` reports it. The length is the total of a progress bar.
    """
    return [found for found in find_sources(inputs, output) if isinstance(found, Source)]


def list_paths(inputs: Inputs) -> list[str]:
    """What the user named, one by one."""
    given = [inputs] if isinstance(inputs, (str, os.PathLike)) else list(inputs)
    return [os.fspath(path) for path in given]


def find_sources(inputs: Inputs, output: Target = None) -> Iterator[Source | Problem]:
    """Every input under a name of its own, and a problem for each that cannot be found.

    The files that standard output and error and ``output`` are written to are found in no folder and by no glob; one
    that is named is a problem.
    """
    paths = list_paths(inputs)
    written = _find_written(output)
    taken = {"stdin"} if STDIN in paths else set()
    seen: set[str] = set()
    for path in paths:
        for found in _expand(path, written):
            if isinstance(found, Problem):
                yield found
                continue
            identity = STDIN if found.path is None else _identify(found.path)
            if identity in seen:
                continue
            seen.add(identity)
            if found.path is None:
                yield found
                continue
            name = _free_name(found, taken)
            taken.add(name)
            yield Source(name, found.path)


def inner_suffix(name: str) -> str:
    """The suffix in lower case, with compression looked through.

    >>> inner_suffix("crawl/News.JSONL.gz")
    '.jsonl'
    """
    path = PurePosixPath(name)
    suffix = path.suffix.lower()
    return PurePosixPath(path.stem).suffix.lower() if suffix in COMPRESSIONS else suffix


def is_read_once(source: Source) -> bool:
    """Whether this is standard input or a pipe: what was read of it is gone."""
    if source.path is None:
        return True
    return isinstance(source.path, Path) and source.path.exists() and not source.path.is_file()


def _find_written(output: Target) -> frozenset[FileId]:
    """The files that are written while inputs are read."""
    found = [_identify_stream(sys.stdout), _identify_stream(sys.stderr)]
    if output is not None:
        with suppress(OSError, ValueError):
            found.append(_identify_file(os.stat(output)))
    return frozenset(each for each in found if each is not None)


def _identify_stream(stream: Any) -> FileId | None:
    try:
        return _identify_file(os.fstat(stream.fileno()))
    except (AttributeError, OSError, ValueError):  # there is none, or no file behind it
        return None


def _identify_file(info: os.stat_result) -> FileId | None:
    """What tells a file from all others; ``None`` of a pipe, a terminal and the like, which hold nothing."""
    return (info.st_dev, info.st_ino) if stat.S_ISREG(info.st_mode) else None


def _is_written(path: str, written: frozenset[FileId]) -> bool:
    try:
        return bool(written) and _identify_file(os.stat(path)) in written
    except OSError:
        return False


def _holds_results(folder: str) -> bool:
    """Whether this is a folder that topics wrote: a run or an export."""
    if any(os.path.exists(os.path.join(folder, mark)) for mark in (LOCK, MARKER)):
        return True
    try:
        with open(os.path.join(folder, MANIFEST), "rb") as file:
            return _MANIFEST_HEAD.match(file.read(200)) is not None
    except OSError:
        return False


def _expand(given: str, written: frozenset[FileId]) -> Iterator[Source | Problem]:
    if given == STDIN:
        yield _own_output("stdin") if _identify_stream(sys.stdin) in written else Source("stdin", None)
        return
    if is_address(given):
        yield from _expand_address(given)
        return
    try:
        os.stat(given)
    except PermissionError:
        yield Unreadable("no_permission", "no permission. Ask for read access to the folder it is in.").at(given)
    except (OSError, ValueError):  # ValueError: a path with a NUL in it
        if _GLOB_CHARACTERS.search(given) and "\0" not in given:
            yield from _expand_glob(given, written)
        else:
            yield _missing(given)
    else:
        yield from _expand_existing(given, written)


def _expand_address(given: str) -> Iterator[Source | Problem]:
    """What fsspec finds there: a file, the files below a folder, or those that a pattern fits."""
    try:
        filesystem, path = find_filesystem(given)
        if filesystem.isfile(path):
            yield Source(PurePosixPath(path).name, str(filesystem.unstrip_protocol(path)), given)
            return
        is_pattern = _GLOB_CHARACTERS.search(path) is not None and not filesystem.isdir(path)
        found = sorted(filesystem.glob(path) if is_pattern else filesystem.find(path))
        results = {PurePosixPath(each).parent for each in found if PurePosixPath(each).name in (LOCK, MARKER)}
        if PurePosixPath(path) in results:
            yield _results(given)
            return
        root = path.rstrip("/") + "/"  # of a pattern, which is no place, nothing is taken off
        n_found = 0
        for each in found:
            parts = PurePosixPath(each.removeprefix(root)).parts
            name = parts[-1] if is_pattern else "/".join(parts)
            if any(part.startswith(".") for part in parts) or (not is_pattern and inner_suffix(name) in NOT_DUMPS):
                continue
            if results.isdisjoint(PurePosixPath(each).parents) and filesystem.isfile(each):
                n_found += 1
                yield Source(name, str(filesystem.unstrip_protocol(each)))
        if not n_found:
            yield _missing(given)
    except DumpError as error:
        where, _, said = str(error).partition(": ")
        yield Unreadable("missing", said).at(where)
    except OSError as error:
        said = f"cannot be listed ({error.strerror or error}). Check the address and what it asks for."
        yield Unreadable("unreadable", said).at(given)


def _identify(path: Path | str) -> str:
    return path if isinstance(path, str) else os.path.abspath(path)


def _expand_glob(pattern: str, written: frozenset[FileId]) -> Iterator[Source | Problem]:
    matches = [match for match in _match_dumps(pattern) if not _is_written(match, written)]
    if not matches:
        said = "no file matches. Check the pattern, and quote it so that the shell leaves it alone."
        yield Unreadable("missing", said).at(pattern)
    for match in matches:
        if not os.path.isdir(match):
            yield Source(os.path.basename(match), Path(match))
        elif STARS not in Path(pattern).parts:  # which give the files below by themselves
            yield from _expand_existing(match, written)


def _match_dumps(pattern: str) -> Iterator[str]:
    """What the pattern matches, sorted, without what is in a folder of results that the pattern does not name."""
    parts = Path(pattern).parts
    n_named = next(k for k, part in enumerate(parts) if _GLOB_CHARACTERS.search(part))
    holds_results = cache(_holds_results)
    for match in sorted(set(_match(pattern))):
        found = Path(match).parts
        n_folders = len(found) - (not os.path.isdir(match))
        if not any(holds_results(os.path.join(*found[:k])) for k in range(n_named + 1, n_folders + 1)):
            yield match


def _match(pattern: str) -> Iterator[str]:
    """What the pattern matches; ``**`` follows links to folders, but not round."""
    parts = Path(pattern).parts
    if STARS not in parts:
        yield from glob.iglob(pattern)
        return
    k = parts.index(STARS)
    below = parts[k + 1 :] or ("*",)
    for top in glob.glob(os.path.join(*parts[:k])) if k else [os.curdir]:
        for folder, _, _ in _walk_folders(top):
            yield from _match(os.path.join(glob.escape(folder), *below))


def _expand_existing(path: str, written: frozenset[FileId]) -> Iterator[Source | Problem]:
    if not os.path.isdir(path):
        yield _own_output(path) if _is_written(path, written) else Source(os.path.basename(path), Path(path))
        return
    if _holds_results(path):
        yield _results(path)
        return
    files: list[tuple[str, ...]] = []
    n_problems = 0
    for found in _walk(path, written):
        if isinstance(found, Problem):
            n_problems += 1
            yield found
        else:
            files.append(found)
    for parts in sorted(files):
        yield Source("/".join(parts), Path(path, *parts))
    if not files and not n_problems:
        where = printable(path)
        said = f"no readable files in {where}. Give a folder with .txt, .jsonl, .html, .warc or .wet files."
        yield Problem(where, "no_readable_files", said)


def _walk(folder: str, written: frozenset[FileId]) -> Iterator[tuple[str, ...] | Problem]:
    """The parts below ``folder`` of every file that may be a dump; links to folders are followed, but not round."""
    failures: list[Problem] = []

    def note(error: OSError) -> None:
        reason = "no_permission" if isinstance(error, PermissionError) else "unreadable"
        said = f"folder not readable ({error.strerror}). Ask for read access, or leave it out."
        failures.append(Unreadable(reason, said).at(str(error.filename)))

    for here, folders, names in _walk_folders(folder, note):
        if here != folder and _holds_results(here):
            folders.clear()
            continue
        below = Path(here).relative_to(folder).parts
        for name in sorted(names):
            if name.startswith(".") or inner_suffix(name) in NOT_DUMPS:
                continue
            path = os.path.join(here, name)
            try:
                identity = _identify_file(os.stat(path))
                if identity is not None and identity not in written:
                    yield (*below, name)
            except PermissionError:  # the folder can be listed, but not entered
                yield Unreadable("no_permission", "no permission. Ask for access to the folder it is in.").at(path)
            except OSError:
                yield Unreadable("missing", "a link to nothing. Mend the link, or remove it.").at(path)
    yield from failures


def _walk_folders(
    folder: str, on_error: Callable[[OSError], None] | None = None
) -> Iterator[tuple[str, list[str], list[str]]]:
    """``os.walk`` in order, through links, each folder once, and into none that is hidden."""
    visited: set[FileId] = set()
    for here, folders, names in os.walk(folder, onerror=on_error, followlinks=True):
        info = os.stat(here)
        if (info.st_dev, info.st_ino) in visited:
            folders.clear()
            continue
        visited.add((info.st_dev, info.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield here, folders, names


def _own_output(given: str) -> Problem:
    return Unreadable("own_output", "the output goes to this file. Send it to another.").at(given)


def _results(given: str) -> Problem:
    said = "a run or an export, which holds no dumps. Give the dumps that it was made from."
    return Unreadable("results", said).at(given)


def _missing(given: str) -> Problem:
    said = "no such file or folder. Check the path; relative paths start at the current folder."
    return Unreadable("missing", said).at(given or '""')


def _free_name(source: Source, taken: set[str]) -> str:
    """The source's name, with parent folders before it until no earlier source has it."""
    name = _encodable(source.name)
    parts = PurePosixPath(source.path).parts if isinstance(source.path, str) else _parts_of(source.path)
    depth = source.name.count("/") + 1
    while name in taken and depth < len(parts):
        depth += 1
        name = _encodable(PurePosixPath(*parts[-depth:]).as_posix())
    stem, n = name, 2
    while name in taken:
        name, n = f"{stem}~{n}", n + 1
    return name


def _parts_of(path: Path | None) -> tuple[str, ...]:
    return Path(os.path.abspath(path or "")).parts


def _encodable(name: str) -> str:
    """File names need not be UTF-8; the names of dumps are written into files that are."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")

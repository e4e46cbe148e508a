"""From a run folder back to its rows, in the order of its inputs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, cast

from topics.errors import DumpError
from topics.reading.addresses import is_address
from topics.runs.layout import FORMAT, FORMAT_VERSION, LOCK, MANIFEST, SHARDS, key_of_shard
from topics.runs.stored import read_shard
from topics.storage import Folder, open_folder
from topics.stored_rows import read_stored_rows
from topics.writers.rows import Row

__all__ = ["is_run", "is_run_folder", "read_manifest", "read_rows", "read_run"]

Where = str | PathLike[str]


def is_run(where: Where) -> bool:
    """Whether this is a folder whose manifest is that of a run, of whatever version."""
    return is_run_folder(open_folder(where))


def is_run_folder(folder: Folder) -> bool:
    """The same of a folder that is open."""
    try:
        manifest = json.loads(folder.read(MANIFEST))
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and manifest.get("format") == FORMAT


def read_manifest(where: Where) -> Mapping[str, Any]:
    """The manifest of a run."""
    folder = open_folder(where)
    if not is_run_folder(folder):
        if folder.exists(LOCK) and not folder.exists(MANIFEST):
            raise DumpError(f"{folder.shown}: a run that was not finished. Classify again with the same --output.")
        raise DumpError(
            f"{folder.shown} is not a run folder. Name one that `topics classify --output FOLDER` wrote, "
            "or a .jsonl file of its records."
        )
    manifest = cast(dict[str, Any], json.loads(folder.read(MANIFEST)))
    if manifest.get("format_version") != FORMAT_VERSION:
        raise DumpError(
            f"{folder.shown}/{MANIFEST}: format version {manifest.get('format_version')} is not known here. "
            "Update topics, or classify again."
        )
    return manifest


def read_run(where: Where) -> Iterator[Row]:
    """The rows of a run in the order of its inputs, whatever format its shards have."""
    folder = open_folder(where)
    for shard in read_manifest(where)["shards"]:
        name, n_expected = shard["file"], shard["segments"]
        if name is None:
            continue
        if key_of_shard(name) is None:
            raise DumpError(f"{folder.shown}/{MANIFEST}: {name!r} cannot name a shard. Classify again.")
        place = f"{SHARDS}/{name}"
        if not folder.exists(place):
            raise DumpError(
                f"{folder.shown}/{place}: missing, or the run was replaced while it was read. Read it again."
            )
        n_found = 0
        for row in read_shard(folder, place):
            n_found += 1
            yield row
        if n_found != n_expected:
            raise DumpError(
                f"{folder.shown}/{place}: {n_found} records where the run has {n_expected}. Classify again."
            )


def read_rows(path: Where) -> Iterator[Row]:
    """The rows of a run folder, or of a ``.jsonl``, ``.jsonl.gz`` or ``.parquet`` file of records."""
    if is_address(path) or Path(path).is_dir():
        yield from read_run(path)
    elif str(path).lower().endswith((".jsonl", ".jsonl.gz", ".parquet")):
        yield from read_stored_rows(Path(path))
    elif not Path(path).exists():
        raise DumpError(f"{path}: no such file or folder. Check the path.")
    else:
        raise DumpError(f"{path}: records are read from a run folder, a .jsonl, .jsonl.gz or .parquet file. Name one.")

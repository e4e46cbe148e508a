"""What stands in a run's folder: its shards by key, the rows of one, and the receipt of one."""

from __future__ import annotations

from collections.abc import Iterator

from topics.runs.layout import SHARDS, key_of_shard, receipt_name
from topics.runs.receipts import Receipt
from topics.storage import Folder
from topics.stored_rows import read_stored
from topics.writers.rows import Row

__all__ = ["list_shards", "read_receipt", "read_shard"]


def read_receipt(folder: Folder, key: str) -> Receipt | None:
    """The receipt of that key; ``None`` where there is none that can be used."""
    try:
        return Receipt.decode(folder.read(receipt_name(key)))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def list_shards(folder: Folder, format: str) -> dict[str, str]:
    """The shards that are there, by their keys: a name below ``folder`` each, whichever duplicates it marks."""
    names = (name for name in folder.names(SHARDS) if name.endswith(f".{format}"))
    return {key: f"{SHARDS}/{name}" for name in names if (key := key_of_shard(name)) is not None}


def read_shard(folder: Folder, name: str) -> Iterator[Row]:
    """The rows of a shard, checked."""
    with folder.open(name) as file:
        yield from read_stored(file, f"{folder.shown}/{name}", name.rpartition(".")[2])

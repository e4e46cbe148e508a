"""How a run's folder is laid out: the names in it, and what a name tells.

``shards/KEY.jsonl`` (or ``.parquet``) holds the rows of one unit of work, ``shards/KEY-MARK.jsonl`` the same where
some of them are near-duplicates of earlier rows; ``receipts/KEY.json`` says what the unit was and that it is done;
``signatures/KEY.bin`` is what near-duplicates are found by.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any, Final

from topics.marks import FORMAT, LOCK, MANIFEST

__all__ = [
    "FORMAT",
    "FORMAT_VERSION",
    "LOCK",
    "MANIFEST",
    "PROBLEMS",
    "RECEIPTS",
    "SHARDS",
    "SIGNATURES",
    "encode_json",
    "key_of",
    "key_of_shard",
    "make_key",
    "receipt_name",
    "shard_name",
    "signatures_name",
]

FORMAT_VERSION: Final = 2
PROBLEMS: Final = "problems.jsonl"
SHARDS: Final = "shards"
RECEIPTS: Final = "receipts"
SIGNATURES: Final = "signatures"

_SHARD: Final = re.compile(r"([0-9a-f]{20})(?:-[0-9a-f]{8})?\.(?:jsonl|parquet)")
_KEYED: Final = re.compile(r"([0-9a-f]{20})\.(?:json|bin)")


def make_key(*facts: object) -> str:
    """A name for whatever follows from these facts, 20 hex digits."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:20]


def shard_name(key: str, format: str, duplicates: Sequence[tuple[int, str]] = ()) -> str:
    """Where the rows of a unit stand; ``duplicates`` are its rows (by place) that repeat another one (by id)."""
    mark = f"-{make_key(duplicates)[:8]}" if duplicates else ""
    return f"{SHARDS}/{key}{mark}.{format}"


def receipt_name(key: str) -> str:
    return f"{RECEIPTS}/{key}.json"


def signatures_name(key: str) -> str:
    return f"{SIGNATURES}/{key}.bin"


def key_of_shard(name: str) -> str | None:
    """The unit that a file in ``shards`` belongs to; ``None`` for a file that is none of ours."""
    match = _SHARD.fullmatch(name)
    return match[1] if match else None


def key_of(name: str) -> str | None:
    """The same of a file in ``receipts`` or ``signatures``."""
    match = _KEYED.fullmatch(name)
    return match[1] if match else None


def encode_json(value: Any, indent: int | None = None) -> bytes:
    """JSON with its line end; a file name that is not UTF-8 is spelled in escapes."""
    try:
        return json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(value, indent=indent, allow_nan=False).encode() + b"\n"

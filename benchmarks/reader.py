"""What a careful reader found in some of the dumps and pages that figures are measured on, to stand beside a model.

The reader had the numbered paragraphs of a dump, or lines of a page, and nothing else, and was told what a piece and
what furniture is. ``data/reader.json`` keeps places alone, by the digest of the text that they are places in: what was
read is found by its text, whatever else a benchmark is given.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from topics.records import dump_digest

__all__ = ["READER", "read_furniture", "read_starts"]

READER = "a careful reader"
_PATH = Path(__file__).resolve().parent / "data" / "reader.json"


def read_starts(text: str) -> list[int] | None:
    """Where pieces start after the first, in code points; None of a dump that was not read."""
    return _places("starts").get(_digest(text))


def read_furniture(lines: Sequence[str]) -> frozenset[int] | None:
    """Which lines of a page are furniture, from its headline to ten lines after its body; None of one not read."""
    found = _places("furniture").get(_digest("\n".join(lines)))
    return None if found is None else frozenset(found)


@cache
def _places(kind: str) -> Mapping[str, list[int]]:
    return dict(json.loads(_PATH.read_text("utf-8"))[kind])


def _digest(text: str) -> str:
    return dump_digest(text)[:16]

"""spaCy: JSONL with ``text`` and ``cats``, a value between 0 and 1 for every topic, as ``textcat`` learns from.

The primary topic is 1.0 and so are the secondary ones; ``cats`` has no order, so a list ``topics`` beside it has
theirs, and so has our own reference. Read are rows with ``cats`` at the top or in the annotations of ``(text,
{"cats": …})`` pairs; a value of 0.5 or more is a topic, the highest first.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from topics.errors import LabelError
from topics.interchange.formats.records import as_line, read_records, read_text
from topics.interchange.refs import REF, parse_ref
from topics.interchange.rows import Answer, Item

NEEDS_TEXT = True
PERSONAL = False  # whether a labelled row is a person's act even where it says what was suggested
ENOUGH = 0.5


def write(items: Iterable[Item], slugs: Sequence[str]) -> Iterator[bytes]:
    for item in items:
        scores = {} if item.decided else {guess.topic: guess.score for guess in item.guesses}
        cats = {slug: float(slug in item.topics) if item.decided else scores.get(slug, 0.0) for slug in slugs}
        meta = {REF: str(item.ref), "title": item.title or "", "decided": item.decided}
        yield as_line({"text": item.text or "", "cats": cats, "topics": list(item.topics), "meta": meta})


def read(path: Path) -> Iterator[Answer]:
    for place, row in _rows(path):
        cats = row.get("cats")
        if not isinstance(row.get("text"), str) or not isinstance(cats, dict):
            raise LabelError(f'{place}: no "text" with "cats". Write a row as {{"text": …, "cats": {{…}}}}.')
        if not all(isinstance(value, int | float) and 0 <= value <= 1 for value in cats.values()):
            raise LabelError(f"{place}: a value of cats is not between 0 and 1. Mend the line.")
        chosen = sorted((name for name, value in cats.items() if value >= ENOUGH), key=lambda name: -cats[name])
        ours = row["topics"] if isinstance(row.get("topics"), list) else []
        kept = bool(ours) and set(ours) == set(chosen)
        if kept:
            chosen = list(ours)
        meta = row["meta"] if isinstance(row.get("meta"), dict) else {}
        ordered = kept or len({cats[name] for name in chosen}) == len(chosen)
        decided = meta.get("decided", True) is not False
        outcome: Any = "unanswered" if not decided else "labelled" if chosen else "none"
        yield Answer(
            place, outcome, tuple(chosen) if decided else (), ordered, parse_ref(meta.get(REF)), row["text"],
            title=meta.get("title") or None,
        )  # fmt: skip


def _rows(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Rows, also where they are pairs of a text and its annotations."""
    if read_text(path).lstrip()[:2] not in ("[[", '["'):
        yield from read_records(path)
        return
    text = read_text(path)
    try:
        pairs = json.loads(text) if text.lstrip().startswith("[[") else [json.loads(x) for x in text.splitlines() if x]
    except ValueError as error:
        raise LabelError(f"{path}: not JSON ({error}). Write the pairs out again.") from None
    for number, pair in enumerate(pairs, 1):
        place = f"{path}:row {number}"
        if not (isinstance(pair, list) and len(pair) == 2 and isinstance(pair[1], dict)):
            raise LabelError(f"{place}: not a text with its annotations. Write the pairs out again.")
        yield place, {**pair[1], "text": pair[0]}

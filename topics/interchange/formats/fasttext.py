"""fastText: a line a piece, ``__label__`` before each topic, the primary one first, then the text.

A line holds no reference, so a piece is found again by its text: white space is folded in both, which is what the
digest of a segment is taken of. Where the text itself holds the prefix, a zero-width space is put before it, and taken
out again. Pieces without a topic are left out: the format cannot say that none fits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from topics.errors import LabelError
from topics.interchange.formats.records import read_text
from topics.interchange.rows import Answer, Item
from topics.writers.text import replace_surrogates

NEEDS_TEXT = True
PERSONAL = False  # whether a labelled row is a person's act even where it says what was suggested
PREFIX = "__label__"
_GUARD = "\u200b"


def write(items: Iterable[Item], slugs: Sequence[str]) -> Iterator[bytes]:
    for item in items:
        if item.topics and item.text:
            labels = " ".join(PREFIX + topic for topic in item.topics)
            text = " ".join(item.text.split()).replace(PREFIX, _GUARD + PREFIX)
            yield f"{labels} {replace_surrogates(text)}\n".encode()


def read(path: Path) -> Iterator[Answer]:
    found = False
    for number, line in enumerate(read_text(path).split("\n"), 1):
        words = line.split()
        n_labels = next((k for k, word in enumerate(words) if not word.startswith(PREFIX)), len(words))
        if not words:
            continue
        found = found or n_labels > 0
        topics = tuple(dict.fromkeys(word.removeprefix(PREFIX) for word in words[:n_labels]))
        text = " ".join(words[n_labels:]).replace(_GUARD + PREFIX, PREFIX)
        yield Answer(f"{path}:{number}", "labelled" if topics else "unanswered", topics, True, None, text)
    if not found:
        raise LabelError(f"{path}: no line begins with {PREFIX}. Give a fastText file, or name its --format.")

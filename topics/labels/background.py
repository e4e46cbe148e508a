"""Pieces written to teach topics: ``background/*.jsonl`` in the folder of labels.

Each line is an object with ``title``, ``text``, ``topic`` and, where the piece is also about others, ``also``. They are
prose of the project's own and no decisions on a dump: they teach, and no model is measured by them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from topics.labels.taxonomy import Taxonomy

__all__ = ["BackgroundPiece", "find_background_files", "read_background"]


NEEDED: Final = frozenset(("title", "text", "topic"))


@dataclass(frozen=True, slots=True)
class BackgroundPiece:
    """A headline with its text, and what it is about, in the words of today's taxonomy."""

    title: str
    text: str
    topic: str
    also: tuple[str, ...] = ()


def find_background_files(labels: Path) -> list[Path]:
    """The files of a label folder that hold such pieces, by name."""
    return sorted((labels / "background").glob("*.jsonl"))


def read_background(labels: Path, taxonomy: Taxonomy) -> tuple[list[BackgroundPiece], list[str]]:
    """All pieces in order, and a line ``file:line: what`` for each that cannot be used."""
    pieces: list[BackgroundPiece] = []
    problems: list[str] = []
    for path in find_background_files(labels):
        try:
            lines = path.read_bytes().split(b"\n")
        except OSError as error:
            problems.append(f"{path}: cannot be read ({error.strerror or error}). Make it readable, or move it.")
            continue
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                pieces.append(_read_piece(json.loads(line), taxonomy))
            except (ValueError, RecursionError) as fault:
                said = str(fault) if isinstance(fault, _Unusable) else "not JSON"
                problems.append(f"{path}:{number}: {said}. Mend or delete the line.")
    return pieces, problems


class _Unusable(ValueError):
    """What is wrong with a line, as half a sentence."""


def _read_piece(row: Any, taxonomy: Taxonomy) -> BackgroundPiece:
    if not isinstance(row, Mapping) or not NEEDED <= row.keys() <= NEEDED | {"also"}:
        raise _Unusable("not an object with title, text, topic and perhaps also")
    also = row.get("also", [])
    if not all(isinstance(row[key], str) and row[key].strip() for key in sorted(NEEDED)):
        raise _Unusable("title, text or topic is no text")
    if not isinstance(also, list) or not all(isinstance(slug, str) for slug in also):
        raise _Unusable("also is no list of topics")
    for slug in (row["topic"], *also):
        if fault := taxonomy.find_fault(slug):
            raise _Unusable(fault.rstrip("."))
    first, *others = dict.fromkeys(map(taxonomy.spell, (row["topic"], *also)))
    return BackgroundPiece(row["title"], row["text"], first, tuple(others))

"""Pieces written to teach topics: ``background/*.jsonl`` in the folder of labels.

Each line is an object with ``title``, ``text``, ``topic`` and, where the piece is also about others, ``also``. They are
prose of the project's own and no decisions on a dump: they teach, and no model is measured by them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from topics.errors import LabelError
from topics.labels.taxonomy import Taxonomy

__all__ = ["BackgroundPiece", "find_background_files", "read_background"]

NEEDED: Final = frozenset(("title", "text", "topic"))
_MOVE: Final = "Mend or delete the line."


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
            try:
                if line.strip():
                    pieces.append(_read_piece(line, f"{path}:{number}", taxonomy))
            except LabelError as problem:
                problems.append(str(problem))
    return pieces, problems


def _read_piece(line: bytes, place: str, taxonomy: Taxonomy) -> BackgroundPiece:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        raise LabelError(f"{place}: not JSON. {_MOVE}") from None
    if not isinstance(row, dict) or not NEEDED <= row.keys() <= NEEDED | {"also"}:
        raise LabelError(f"{place}: not an object with title, text, topic and perhaps also. {_MOVE}")
    if not all(isinstance(row[key], str) and row[key].strip() for key in NEEDED):
        raise LabelError(f"{place}: title, text or topic is no text. {_MOVE}")
    also = row.get("also", [])
    if not isinstance(also, list) or not all(isinstance(slug, str) for slug in also):
        raise LabelError(f"{place}: also is no list of topics. {_MOVE}")
    for slug in (row["topic"], *also):
        if fault := taxonomy.find_fault(slug):
            raise LabelError(f"{place}: {fault} {_MOVE}")
    first, *others = dict.fromkeys(map(taxonomy.spell, (row["topic"], *also)))
    return BackgroundPiece(row["title"], row["text"], first, tuple(others))

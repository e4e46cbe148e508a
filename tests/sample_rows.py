"""Rows for the tests of writers and runs. A dump is spelled as its segments; ``~`` marks a line of furniture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from topics.records import Kind, Prediction, Segment, dump_digest, to_row


@dataclass(frozen=True)
class Piece:
    lines: Sequence[str]
    topic: str | None = None
    score: float | None = None
    title: str | None = None
    kind: Kind = "article"
    also: tuple[str, ...] = ()
    guesses: tuple[tuple[str, float], ...] = ()
    language: str = "en"


def make_rows(dump: str, *pieces: Piece, topics: bool = True, clean: bool = False) -> list[Mapping[str, Any]]:
    """The rows of one dump; without ``topics`` they are those of ``topics segment``."""
    texts = ["\n".join(line.removeprefix("~") for line in piece.lines) + "\n" for piece in pieces]
    digest = dump_digest("".join(texts))
    rows: list[Mapping[str, Any]] = []
    at, first_line = 0, 1
    for index, (piece, text) in enumerate(zip(pieces, texts, strict=True)):
        furniture, place = [], at
        for line in piece.lines:
            shown = line.removeprefix("~")
            if shown != line:
                furniture.append((place, place + len(shown)))
            place += len(shown) + 1
        segment = Segment(
            dump, digest, index, at, at + len(text), first_line, first_line + text.count("\n") - 1,
            piece.kind, piece.title, None, None, 0.9, tuple(furniture), piece.language, text,
        )  # fmt: skip
        unknown = piece.topic is None and piece.kind != "boilerplate"
        guesses = piece.guesses or (((piece.topic, piece.score or 0.0),) if piece.topic else (("world", 0.2),))
        prediction = Prediction(piece.topic, piece.score, piece.also, unknown, guesses, "tiny@1")
        rows.append(to_row(segment, prediction if topics else None, clean=clean))
        at += len(text)
        first_line += text.count("\n")
    return rows


FERRY = Piece(
    [
        "Ferry crews go back to work",
        "~By Ines Tamm",
        "Deckhands voted on Tuesday night.",
        "~Share",
        "Sailings resume.",
    ],
    topic="business",
    score=0.9,
    title="Ferry crews go back to work",
    also=("world",),
    guesses=(("business", 0.9), ("world", 0.4)),
)
DERBY = Piece(["It rained on the derby.", "The home side won late."], topic="sport", score=0.7)
HURDLES = Piece(["Rain stopped the hurdles at noon.", "They go on tomorrow."], topic="sport", score=0.7)
BELL = Piece(["The bell has not rung since the roof came off."], guesses=(("culture", 0.3), ("world", 0.2)))
APPEAL = Piece(["~Give 3 a month.", "~Keep the lights on."], kind="boilerplate", guesses=(("business", 0.1),))


def harbour(**options: bool) -> list[Mapping[str, Any]]:
    """One dump with a decided piece that has a second topic, another, an unknown one and boilerplate."""
    return make_rows("harbour.txt", FERRY, DERBY, BELL, APPEAL, **options)


@contextmanager
def files_of_at_most(n_bytes: int) -> Iterator[None]:
    """Makes the system refuse to let any file grow beyond ``n_bytes``, much as a full disk does."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

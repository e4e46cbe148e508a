"""Prose of our own to train on, from ``prose.toml`` and ``teasers.toml`` beside this module: appeals, glossaries,
round-ups, short items and teasers."""

from __future__ import annotations

import random
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from topics.segmentation.training.furniture_lines import facts_of_the_day

__all__ = ["Prose", "WrittenPiece", "fill", "load_prose"]

_FILES: Final = tuple(Path(__file__).with_name(name) for name in ("prose.toml", "teasers.toml"))


@dataclass(frozen=True, slots=True)
class WrittenPiece:
    """A whole piece, a paragraph a line; ``after`` is what its page may say under it."""

    lines: tuple[str, ...]
    title: str | None = None
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prose:
    """What the two files hold; all empty by default, for dumps made of the corpora alone."""

    boilerplate: tuple[WrittenPiece, ...] = ()
    openings: tuple[tuple[str, ...], ...] = ()  # of round-ups, with places to fill
    subheads: tuple[str, ...] = ()
    blurbs: tuple[WrittenPiece, ...] = ()
    explainers: tuple[WrittenPiece, ...] = ()
    roundups: tuple[WrittenPiece, ...] = ()
    teasers: tuple[WrittenPiece, ...] = ()


def load_prose() -> Prose:
    """The prose that ships with the package."""
    table: dict[str, Any] = {}
    for path in _FILES:
        with path.open("rb") as file:
            table |= tomllib.load(file)

    def pieces(name: str) -> tuple[WrittenPiece, ...]:
        return tuple(_piece(entry) for entry in table.get(name, ()))

    return Prose(
        pieces("boilerplate"),
        tuple(tuple(entry["lines"]) for entry in table.get("digest_opening", ())),
        tuple(table.get("digest_subheads", ())),
        pieces("blurb"),
        pieces("explainer"),
        pieces("roundup"),
        pieces("teaser"),
    )


def _piece(entry: dict[str, Any]) -> WrittenPiece:
    return WrittenPiece(tuple(entry["lines"]), entry.get("title"), tuple(entry.get("after", ())))


def fill(rng: random.Random, lines: tuple[str, ...]) -> list[str]:
    """The opening of a round-up with a day, a theme and the like drawn for its places."""
    facts = facts_of_the_day(rng)
    filled = [line.format_map(facts) for line in lines]
    return [line[:1].upper() + line[1:] for line in filled]

"""What goes out and what comes back, whatever the format: items and answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from topics.interchange.refs import Ref

__all__ = ["Answer", "Guess", "Item", "Outcome"]

Outcome = Literal["labelled", "none", "skipped", "unanswered", "rejected"]


@dataclass(frozen=True, slots=True)
class Guess:
    """What a model says: a topic and its probability."""

    topic: str
    score: float


@dataclass(frozen=True, slots=True)
class Item:
    """A segment on its way out. ``text`` is ``None`` where it is not to be shown, or cannot be had.

    ``decided`` says whether its topic is a person's word; else it is the model's, with ``guesses``, best first.
    """

    ref: Ref
    id: str
    text: str | None
    decided: bool
    title: str | None = None
    by: str | None = None
    at: str | None = None
    confidence: str | None = None
    model: str | None = None
    guesses: tuple[Guess, ...] = ()

    @property
    def topics(self) -> tuple[str, ...]:
        """The primary topic and then the secondary ones; empty where none fits."""
        return () if self.ref.topic is None else (self.ref.topic, *self.ref.also)


@dataclass(frozen=True, slots=True)
class Answer:
    """One row that came back; ``place`` is ``file:line`` or ``file:row``.

    ``outcome``: ``labelled`` with ``topics``; ``none`` where a person said that none fits; ``skipped`` where a person
    passed it over; ``rejected`` where a suggestion was refused and nothing else said; ``unanswered`` where nobody
    has seen it. ``ordered`` says that the first topic is the primary one because the format keeps their order.
    """

    place: str
    outcome: Outcome
    topics: tuple[str, ...] = ()
    ordered: bool = True
    ref: Ref | None = None
    text: str | None = None
    id: str | None = None
    digest: str | None = None
    kind: str | None = None
    by: str | None = None
    at: str | None = None
    title: str | None = None

"""The nouns of the project: what every stage takes and gives.

All are frozen. Offsets are code points in the decoded text of a dump, half open: ``text[start:end]``.
Line numbers are 1-based physical lines. Nothing here knows how it was made or where it goes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

__all__ = [
    "KINDS",
    "Dump",
    "DumpInBlocks",
    "Kind",
    "Paragraph",
    "Prediction",
    "Segment",
    "Span",
    "TopicScore",
    "dump_digest",
    "file_digest",
    "segment_id",
    "text_digest",
    "to_row",
]

Kind = Literal["article", "blurb", "boilerplate"]
KINDS: tuple[Kind, ...] = ("article", "blurb", "boilerplate")
Span = tuple[int, int]
TopicScore = tuple[str, float]
_PLAIN = b"\n" + bytes(range(0x20, 0x7F))
_WHITE = re.compile(r"\s")


def dump_digest(text: str) -> str:
    """SHA-256 of a dump's decoded text, as hex: what boundary and topic labels name a dump by."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def text_digest(text: str) -> str:
    """SHA-256 of a segment's text with white space folded, as hex: survives re-wrapping and re-cutting.

    >>> text_digest("two  words\\n") == text_digest("two words")
    True
    """
    return hashlib.sha256(_fold_white(text)).hexdigest()


def segment_id(dump_digest: str, start: int, end: int) -> str:
    """The id of the segment at that place of a dump: its only recipe."""
    return hashlib.sha256(f"{dump_digest}:{start}:{end}".encode()).hexdigest()[:20]


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, as hex. Raises ``OSError`` for one that cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fold_white(text: str) -> bytes:
    """``" ".join(text.split())`` in UTF-8. Making a string of each word would cost ten times as much as the digest."""
    import numpy as np

    text = text.replace("\xa0", " ")
    data = text.encode("utf-8", "surrogatepass")
    others = data.translate(None, _PLAIN)  # leaves characters that are not ASCII whole
    if whites := set(_WHITE.findall(others.decode("utf-8", "surrogatepass"))):
        for white in whites:
            text = text.replace(white, " ")
        data = text.encode("utf-8", "surrogatepass")
    codes = np.frombuffer(data.replace(b"\n", b" "), np.uint8)
    is_kept = codes != ord(" ")
    is_kept[:-1] |= is_kept[1:]  # of several blanks the last one, and none at the end
    folded: bytes = codes[is_kept].tobytes()
    return folded.removeprefix(b" ")


@dataclass(frozen=True, slots=True)
class Dump:
    """One input text and where it came from.

    ``name`` is the path below the folder that was given (``file#record`` for a record in a container).
    ``title``, ``published`` (ISO date) and ``source`` are there when the container says them.
    """

    name: str
    text: str
    title: str | None = None
    published: str | None = None
    source: str | None = None


class DumpInBlocks(Protocol):
    """A dump whose text is not at hand as a whole: ``blocks`` gives it, ``digest`` is that of :func:`dump_digest`."""

    @property
    def name(self) -> str: ...
    @property
    def digest(self) -> str: ...
    def blocks(self) -> Iterator[str]: ...


class Paragraph(NamedTuple):  # a dump has thousands: a tuple is made in a third of a dataclass's time
    """A unit that a boundary can stand before: a non-blank line, or a sentence of a line too long to be one.

    ``start`` and ``end`` leave out the white space around it. ``gap`` counts the line breaks between the
    previous paragraph and this one: 0 for a sentence inside a line, 1 for the next line, 2 after one blank line.
    """

    start: int
    end: int
    line: int
    gap: int


@dataclass(frozen=True, slots=True)
class Segment:
    """One published piece: contiguous text of a dump. The segments of a dump tile it.

    ``boundary`` is the probability that a piece starts at ``start``. ``furniture`` lists spans, inside the
    segment and in order, that belong to the page and not to the piece.
    """

    dump: str
    dump_digest: str
    index: int
    start: int
    end: int
    start_line: int
    end_line: int
    kind: Kind
    title: str | None
    published: str | None
    source: str | None
    boundary: float
    furniture: tuple[Span, ...]
    language: str
    text: str

    @property
    def id(self) -> str:
        """Stable name: from the dump's content and the offsets, never random."""
        return segment_id(self.dump_digest, self.start, self.end)

    @property
    def digest(self) -> str:
        """What a topic label names a segment by: :func:`text_digest` of its text."""
        return text_digest(self.text)

    @property
    def body(self) -> str:
        """The text without furniture."""
        kept: list[str] = []
        at = self.start
        for begin, end in self.furniture:
            kept.append(self.text[at - self.start : begin - self.start])
            at = end
        kept.append(self.text[at - self.start :])
        return "\n".join(filter(None, map(str.strip, "".join(kept).split("\n"))))


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says of one segment.

    ``topic`` and ``score`` are ``None`` for boilerplate and where nothing fits (``unknown``). ``topics`` holds
    the five best guesses whatever was decided, best first. ``also`` names secondary topics.
    """

    topic: str | None
    score: float | None
    also: tuple[str, ...]
    unknown: bool
    topics: tuple[TopicScore, ...]
    model: str


def to_row(segment: Segment, prediction: Prediction | None = None, *, clean: bool = False) -> Mapping[str, Any]:
    """The segment record of docs/formats.md: plain values, keys in their fixed order.

    Without a prediction the topic fields are left out. ``clean`` adds ``body``, the text without furniture.

    >>> import topics
    >>> [piece] = topics.segment("The ferry sailed at noon.")
    >>> list(topics.to_row(piece))[:4]
    ['id', 'digest', 'dump', 'index']
    """
    row: dict[str, Any] = {
        "id": segment.id,
        "digest": segment.digest,
        "dump": segment.dump,
        "index": segment.index,
        "start": segment.start,
        "end": segment.end,
        "start_line": segment.start_line,
        "end_line": segment.end_line,
        "kind": segment.kind,
        "title": segment.title,
        "published": segment.published,
        "source": segment.source,
    }
    if prediction is not None:
        row["topic"] = prediction.topic
        row["score"] = prediction.score
        row["also"] = list(prediction.also)
        row["unknown"] = prediction.unknown
        row["topics"] = [{"topic": topic, "score": score} for topic, score in prediction.topics]
    row["boundary"] = segment.boundary
    row["furniture"] = [list(span) for span in segment.furniture]
    row["language"] = segment.language
    row["duplicate_of"] = None
    if prediction is not None:
        row["model"] = prediction.model
    row["text"] = segment.text
    if clean:
        row["body"] = segment.body
    return row

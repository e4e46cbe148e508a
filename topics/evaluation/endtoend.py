"""From raw text to topics: how much of a dump ends up under the right one, wrong cuts and all.

A dump's gold and the rows that a model made of its raw text go in; counts of characters, lines and segments
come out, which add up over dumps. Characters are those of the body (neither white space nor furniture by
the gold), because body text is what a reader of a topic reads; a wrong boundary costs as many characters as
it puts under the wrong topic.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from topics.evaluation.answers import Answer, answer_row
from topics.evaluation.classes import ClassScores, Judged, score_classes
from topics.evaluation.gold import GoldDump, GoldSegment
from topics.evaluation.layout import find_overlaps, find_units
from topics.evaluation.ratios import share
from topics.paragraphs import Punkt

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["EndToEndScores", "answer_rows", "evaluate_end_to_end"]


@dataclass(frozen=True, slots=True)
class EndToEndScores:
    """Counts over one dump, or several added up.

    ``characters`` counts the body characters of all gold segments by (gold topic, predicted topic);
    ``segments`` the predicted segments that show a topic, each against the gold topic that most of its body
    characters have.
    """

    characters: ClassScores = field(default_factory=ClassScores)
    segments: ClassScores = field(default_factory=ClassScores)
    n_lines: int = 0
    n_lines_right: int = 0

    def __add__(self, other: EndToEndScores) -> EndToEndScores:
        return EndToEndScores(
            self.characters + other.characters,
            self.segments + other.segments,
            self.n_lines + other.n_lines,
            self.n_lines_right + other.n_lines_right,
        )

    @property
    def n_body(self) -> int:
        """Body characters of the gold segments that have a topic."""
        return sum(n for (topic, _), n in self.characters.confusion.items() if topic is not None)

    @property
    def n_body_right(self) -> int:
        """Those whose predicted topic is the primary one."""
        return sum(n for (a, b), n in self.characters.confusion.items() if a is not None and a == b)

    @property
    def body_share(self) -> float:
        return share(self.n_body_right, self.n_body, empty=0.0)

    @property
    def body_share_with_secondary(self) -> float:
        """The share of the body whose predicted topic is the primary or a secondary one."""
        return share(self.n_body_right + self.characters.n_secondary, self.n_body, empty=0.0)

    @property
    def line_share(self) -> float:
        """Share of the non-blank lines with the right topic, which can be none (boilerplate has none)."""
        return share(self.n_lines_right, self.n_lines, empty=0.0)

    @property
    def macro_f1(self) -> float:
        """Mean F1 over the gold topics, each counted in body characters."""
        return self.characters.macro_f1

    @property
    def ece(self) -> float:
        """Expected calibration error of the scores shown, a predicted segment at a time."""
        return self.segments.calibration.ece

    def to_dict(self) -> dict[str, Any]:
        return {
            "n_body_characters": self.n_body,
            "body_share": self.body_share,
            "body_share_with_secondary": self.body_share_with_secondary,
            "n_lines": self.n_lines,
            "line_share": self.line_share,
            "macro_f1": self.macro_f1,
            "ece": self.ece,
            "characters": self.characters.to_dict(),
            "segments": self.segments.to_dict(),
        }


def evaluate_end_to_end(
    gold: GoldDump, text: str, rows: Sequence[Mapping[str, Any]], punkt: Punkt | None = None
) -> EndToEndScores:
    """Compare one dump's rows with its gold. Text that the gold leaves out does not count.

    Lines are the dump's paragraphs: a line too long to be one paragraph counts by its sentences.
    """
    table = _count_overlaps(gold, text, rows)  # (n_gold, n_rows + 1): the last column is text in no row
    shown = [_shown_topic(row) for row in rows]
    characters = [
        Judged(segment.topic, topic, segment.also, weight=n)
        for segment, counts in zip(gold.segments, table.tolist(), strict=True)
        for topic, n in zip([*shown, None], counts, strict=True)
        if n
    ]
    segments = [
        Judged(truth.topic, topic, truth.also, guess=topic, score=row["score"])
        for row, topic, truth in zip(rows, shown, _find_truths(gold, table), strict=True)
        if topic is not None and row["score"] is not None and truth is not None
    ]
    n_lines, n_lines_right = _count_lines(gold, text, rows, shown, punkt)
    return EndToEndScores(score_classes(characters), score_classes(segments), n_lines, n_lines_right)


def answer_rows(gold: GoldDump, text: str, rows: Sequence[Mapping[str, Any]]) -> list[Answer]:
    """Each row that is no boilerplate against the gold segment that it is mostly of; one outside the gold has none."""
    truths = _find_truths(gold, _count_overlaps(gold, text, rows))
    return [
        answer_row(row, truth.topic, truth.also, unit=gold.name)
        for row, truth in zip(rows, truths, strict=True)
        if row["kind"] != "boilerplate" and truth is not None
    ]


def _find_truths(gold: GoldDump, table: npt.NDArray[np.int64]) -> list[GoldSegment | None]:
    """For each row the gold topic that most of its body has, by the largest gold segment that has it.

    A tie goes to the topic that comes first in the dump.
    """
    truths: list[GoldSegment | None] = []
    for counts in table[:, :-1].T.tolist():
        by_topic: Counter[str | None] = Counter()
        for segment, n in zip(gold.segments, counts, strict=True):
            by_topic[segment.topic] += n
        most = by_topic.most_common(1)[0][0] if any(counts) else None
        pairs = zip(counts, gold.segments, strict=True)
        truths.append(max(pairs, key=lambda pair: (pair[1].topic == most, pair[0]))[1] if any(counts) else None)
    return truths


def _shown_topic(row: Mapping[str, Any]) -> str | None:
    topic: str | None = row["topic"] if row["kind"] != "boilerplate" else None
    return topic


def _count_overlaps(gold: GoldDump, text: str, rows: Sequence[Mapping[str, Any]]) -> npt.NDArray[np.int64]:
    """Body characters that each gold segment shares with each row, and (last column) with no row."""
    import numpy as np

    body = _find_ink(text)
    for segment in gold.segments:
        for begin, end in segment.furniture or ():
            body[begin:end] = False
    before = np.concatenate([[0], np.cumsum(body)])  # before[i]: body characters in text[:i]
    table = np.zeros((len(gold.segments), len(rows) + 1), dtype=np.int64)
    for i, j, start, end in find_overlaps(gold, rows):
        table[i, j] = before[end] - before[start]
    for i, segment in enumerate(gold.segments):
        table[i, -1] = before[segment.end] - before[segment.start] - table[i].sum()
    return table


def _find_ink(text: str) -> npt.NDArray[np.bool_]:
    """For each character: is it anything but white space?"""
    import numpy as np

    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    return ~np.isin(points, [ord(c) for c in set(text) if c.isspace()])


def _count_lines(
    gold: GoldDump,
    text: str,
    rows: Sequence[Mapping[str, Any]],
    shown: Sequence[str | None],
    punkt: Punkt | None,
) -> tuple[int, int]:
    n_lines = n_right = 0
    gold_starts = [segment.start for segment in gold.segments]
    row_starts = [row["start"] for row in rows]
    for unit in find_units(text, punkt):
        i, j = bisect_right(gold_starts, unit) - 1, bisect_right(row_starts, unit) - 1
        if i < 0 or unit >= gold.segments[i].end:
            continue
        predicted = shown[j] if j >= 0 and unit < rows[j]["end"] else None
        n_lines += 1
        n_right += predicted == gold.segments[i].topic
    return n_lines, n_right

"""Rows in, one at a time, counts out: everything that a report says of a run, in memory that does not grow with it.

What grows is bounded: days, topics and sources are few (sources are capped), and of every segment eight bytes of its
digest are kept, to find the texts that stand in the run more than once.
"""

from __future__ import annotations

import hashlib
import heapq
from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from topics.writers.rows import BOILERPLATE, UNKNOWN, Row, find_topic

__all__ = ["N_SCORE_BINS", "Copies", "DumpNote", "Gathering", "RunFacts", "SourceFacts", "TopicFacts"]

N_SCORE_BINS = 100
N_SHARE_BINS = 20
MOST_SOURCES = 20_000  # names beyond these are counted as one
MOST_NOTES = 12
LITTLE = 400  # code points: a dump shorter than this is too small to be odd


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """One topic, ``unknown`` or ``boilerplate``. ``scores`` counts segments by the score of the best guess, in
    :data:`N_SCORE_BINS` bins of equal width; ``n_copies`` those whose text stood in the run before."""

    slug: str
    n_segments: int
    n_characters: int
    scores: tuple[int, ...]
    n_copies: int

    def quantile(self, share: float) -> float:
        """The score below which ``share`` of the segments lie, to the middle of a bin; 0 for no segments."""
        wanted = share * sum(self.scores)
        seen = 0
        for place, n in enumerate(self.scores):
            seen += n
            if n and seen >= wanted:
                return (place + 0.5) / N_SCORE_BINS
        return 0.0


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """A source (``""`` where none is known): its segments, characters, and those that are furniture."""

    name: str
    n_segments: int
    n_characters: int
    n_furniture: int

    @property
    def furniture_share(self) -> float:
        return self.n_furniture / self.n_characters if self.n_characters else 0.0


@dataclass(frozen=True, slots=True)
class DumpNote:
    """A dump with something to look at; ``share`` is of its text, 0 to 1."""

    name: str
    n_segments: int
    share: float


@dataclass(frozen=True, slots=True)
class Copies:
    """Texts that stand in the run more than once. ``marked`` says whether near-duplicates were looked for when the
    run was made; else only texts that are the same, white space apart, are counted. ``sizes`` maps how often a
    text stands there (2 and more) to how many texts do."""

    marked: bool
    n_copies: int
    sizes: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class RunFacts:
    """The counts of a run. ``topics`` are by size, ``unknown`` and ``boilerplate`` last; ``days`` maps the ordinal
    of a day to segments by topic; ``nearest`` counts the best guess of unknown segments."""

    classified: bool
    n_dumps: int
    n_segments: int
    n_characters: int
    n_furniture: int
    kinds: Mapping[str, int]
    models: Mapping[str, int]
    topics: tuple[TopicFacts, ...]
    days: Mapping[int, Mapping[str, int]]
    nearest: Mapping[str, int]
    nearest_scores: tuple[int, ...]
    languages: Mapping[str, int]
    n_unknown_foreign: int
    sources: tuple[SourceFacts, ...]
    furniture_by_dump: tuple[int, ...]
    most_furniture: tuple[DumpNote, ...]
    most_unknown: tuple[DumpNote, ...]
    copies: Copies

    @property
    def n_dated(self) -> int:
        return sum(sum(counts.values()) for counts in self.days.values())

    @property
    def n_unknown(self) -> int:
        return next((topic.n_segments for topic in self.topics if topic.slug == UNKNOWN), 0)

    @property
    def real_topics(self) -> tuple[TopicFacts, ...]:
        """Without ``unknown`` and ``boilerplate``."""
        return tuple(topic for topic in self.topics if topic.slug not in (UNKNOWN, BOILERPLATE))


@dataclass(slots=True)
class _OpenDump:
    name: str
    n_segments: int = 0
    n_characters: int = 0
    n_furniture: int = 0
    n_unknown: int = 0  # code points


@dataclass(slots=True)
class _TopicCounts:
    n_segments: int = 0
    n_characters: int = 0
    scores: list[int] = field(default_factory=lambda: [0] * N_SCORE_BINS)


class Gathering:
    """Takes the rows of a run in their order and gives :class:`RunFacts`.

    Rows of one dump stand together; a dump that comes up again later is counted again.
    """

    def __init__(self) -> None:
        self._topics: dict[str, _TopicCounts] = {}
        self._numbers: dict[str, int] = {}  # of a topic, for one byte a segment
        self._kinds: Counter[str] = Counter()
        self._models: Counter[str] = Counter()
        self._days: dict[int, Counter[str]] = {}
        self._nearest: Counter[str] = Counter()
        self._nearest_scores = [0] * N_SCORE_BINS
        self._languages: Counter[str] = Counter()
        self._n_unknown_foreign = 0
        self._sources: dict[str, list[int]] = {}
        self._n_rows = 0
        self._n_classified = 0
        self._n_dumps = 0
        self._dump: _OpenDump | None = None
        self._furniture_by_dump = [0] * N_SHARE_BINS
        self._most_furniture: list[tuple[float, int, DumpNote]] = []
        self._most_unknown: list[tuple[float, int, DumpNote]] = []
        self._texts = array("Q")  # the first eight bytes of each digest
        self._owners = array("H")  # the topic's number, in step with it
        self._marked = array("Q")  # of each near-duplicate, what it is a duplicate of
        self._marked_by_number: Counter[int] = Counter()

    def add(self, row: Row) -> bool:
        """Counts a row; says whether it is the first of another dump."""
        dump = self._dump
        opened = dump is None or dump.name != row["dump"] or row["index"] == 0
        if dump is None or opened:
            self._close_dump()
            dump = self._dump = _OpenDump(row["dump"])
        self._count(row, dump)
        return opened

    def finish(self, *, marked: bool = False) -> RunFacts:
        """The counts of everything added; ``marked`` says that near-duplicates were looked for, though none may be."""
        self._close_dump()
        copies, by_number = self._find_copies(marked)
        counts = {
            slug: TopicFacts(slug, c.n_segments, c.n_characters, tuple(c.scores), by_number.get(self._numbers[slug], 0))
            for slug, c in self._topics.items()
        }
        order = sorted(counts.values(), key=lambda t: (t.slug == BOILERPLATE, t.slug == UNKNOWN, -t.n_segments, t.slug))
        sources = [SourceFacts(name, *numbers) for name, numbers in self._sources.items()]
        return RunFacts(
            classified=self._n_classified > 0,
            n_dumps=self._n_dumps,
            n_segments=self._n_rows,
            n_characters=sum(source.n_characters for source in sources),
            n_furniture=sum(source.n_furniture for source in sources),
            kinds=dict(self._kinds),
            models=dict(sorted(self._models.items(), key=lambda item: (-item[1], item[0]))),
            topics=tuple(order),
            days={day: dict(self._days[day]) for day in sorted(self._days)},
            nearest=dict(sorted(self._nearest.items(), key=lambda item: (-item[1], item[0]))),
            nearest_scores=tuple(self._nearest_scores),
            languages=dict(sorted(self._languages.items(), key=lambda item: (-item[1], item[0]))),
            n_unknown_foreign=self._n_unknown_foreign,
            sources=tuple(sorted(sources, key=lambda s: (s.name == "", -s.n_segments, s.name))),
            furniture_by_dump=tuple(self._furniture_by_dump),
            most_furniture=_in_order(self._most_furniture),
            most_unknown=_in_order(self._most_unknown),
            copies=copies,
        )

    def _count(self, row: Row, dump: _OpenDump) -> None:
        n_characters = len(row["text"])
        n_furniture = sum(end - begin for begin, end in row["furniture"])
        topic = find_topic(row)
        self._n_rows += 1
        self._kinds[row["kind"]] += 1
        self._languages[row["language"]] += 1
        dump.n_segments += 1
        dump.n_characters += n_characters
        dump.n_furniture += n_furniture
        dump.n_unknown += n_characters * (topic == UNKNOWN)
        self._count_source(row["source"] or "", n_characters, n_furniture)
        number = self._numbers.setdefault(topic or "", len(self._numbers))
        self._owners.append(number)
        self._texts.append(_shorten(row["digest"]))
        if row["duplicate_of"] is not None:
            self._marked.append(_shorten(row["duplicate_of"]))
            self._marked_by_number[number] += 1
        if topic is None:
            return
        self._n_classified += 1
        self._models[row["model"]] += 1
        self._count_topic(topic, row, n_characters)
        if row["published"]:
            day = _read_day(row["published"])
            if day is not None:
                self._days.setdefault(day, Counter())[topic] += 1

    def _count_topic(self, topic: str, row: Row, n_characters: int) -> None:
        counts = self._topics.setdefault(topic, _TopicCounts())
        counts.n_segments += 1
        counts.n_characters += n_characters
        guesses: list[dict[str, Any]] = row["topics"]
        best = guesses[0] if guesses else None
        if best is not None:
            counts.scores[min(N_SCORE_BINS - 1, int(best["score"] * N_SCORE_BINS))] += 1
        if topic == UNKNOWN:
            if row["language"] != "en":
                self._n_unknown_foreign += 1
            elif best is not None:
                self._nearest[best["topic"]] += 1
                self._nearest_scores[min(N_SCORE_BINS - 1, int(best["score"] * N_SCORE_BINS))] += 1

    def _count_source(self, name: str, n_characters: int, n_furniture: int) -> None:
        if name not in self._sources and len(self._sources) >= MOST_SOURCES:
            name = "(more sources)"
        numbers = self._sources.setdefault(name, [0, 0, 0])
        numbers[0] += 1
        numbers[1] += n_characters
        numbers[2] += n_furniture

    def _close_dump(self) -> None:
        dump, self._dump = self._dump, None
        if dump is None:
            return
        self._n_dumps += 1
        size = dump.n_characters or 1
        share = dump.n_furniture / size
        self._furniture_by_dump[min(N_SHARE_BINS - 1, int(share * N_SHARE_BINS))] += 1
        if dump.n_characters >= LITTLE:
            _keep(self._most_furniture, self._n_dumps, DumpNote(dump.name, dump.n_segments, share))
            if dump.n_segments > 1:  # of a piece by itself its topic tells as much
                _keep(self._most_unknown, self._n_dumps, DumpNote(dump.name, dump.n_segments, dump.n_unknown / size))

    def _find_copies(self, marked: bool) -> tuple[Copies, Mapping[int, int]]:
        """How often each text stands in the run, and the copies (all but the first) by topic number."""
        import numpy as np

        if self._marked or marked:
            _, counts = np.unique(np.array(self._marked, dtype=np.uint64), return_counts=True)
            sizes = Counter((counts + 1).tolist())
            return Copies(True, len(self._marked), dict(sorted(sizes.items()))), dict(self._marked_by_number)
        if not self._texts:
            return Copies(False, 0, {}), {}
        keys = np.frombuffer(self._texts, dtype=np.uint64)
        owners = np.frombuffer(self._owners, dtype=np.uint16)
        order = np.argsort(keys, kind="stable")
        held = keys[order]
        is_copy = np.concatenate(([False], held[1:] == held[:-1]))
        starts = np.flatnonzero(~is_copy)
        sizes = Counter(np.diff(np.append(starts, len(held))).tolist())
        sizes.pop(1, None)
        by_number = Counter(owners[order][is_copy].tolist())
        return Copies(False, int(is_copy.sum()), dict(sorted(sizes.items()))), dict(by_number)


def _shorten(name: str) -> int:
    """The first eight bytes of a digest or an id."""
    try:
        return int(name[:16], 16)
    except ValueError:  # not one of ours
        return int(hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16], 16)


def _read_day(text: str) -> int | None:
    try:
        return date.fromisoformat(text[:10]).toordinal()
    except ValueError:
        return None


def _keep(notes: list[tuple[float, int, DumpNote]], number: int, note: DumpNote) -> None:
    """Holds the notes of the largest shares, earlier dumps first among equals."""
    if note.share <= 0:
        return
    item = (note.share, -number, note)
    if len(notes) < MOST_NOTES:
        heapq.heappush(notes, item)
    elif item[:2] > notes[0][:2]:
        heapq.heapreplace(notes, item)


def _in_order(notes: list[tuple[float, int, DumpNote]]) -> tuple[DumpNote, ...]:
    return tuple(note for _, _, note in sorted(notes, key=lambda item: (-item[0], -item[1])))

"""The segments of a run as they stand now: those of its records, those that people cut instead, what holds for each.

A segment goes by a number, its *ref*: that of its record in the run, or a negative one for a piece that people cut.
To the page it goes by its key, ``dump.start.end``, which says exactly what was looked at and stays the same for ever.
Which decision speaks of which segment is as in :mod:`topics.labels.matching`, kept up to date line by line.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from topics.labels.matching import MIN_OVERLAP, measure_overlap
from topics.paragraphs import Punkt, split_paragraphs
from topics.records import Paragraph, Span
from topics.review.columns import BOILERPLATE, NO_TOPIC, fold_digest, pack_row
from topics.review.cutting import recut
from topics.review.index import Index, make_heading
from topics.review.ledger import Added, Kept, Ledger
from topics.review.pieces import make_piece

if TYPE_CHECKING:
    from topics.bundle import Model
    from topics.labels.decisions import TopicDecision

__all__ = ["DECIDED", "DIFFERS", "NOTED", "PEOPLE_DIFFER", "Piece", "Roster"]

Row = Mapping[str, Any]

# What is known of a segment besides its topic, as bits.
DECIDED: Final = 1
DIFFERS: Final = 2  # a person and the model
PEOPLE_DIFFER: Final = 4  # two persons' last words
NOTED: Final = 8

_LINE_ENDS: Final = "\n\r\x0b\x0c\u2028\u2029"
_AHEAD: Final = 200  # characters of what follows: enough to find the last sentence's end


@dataclass(frozen=True, slots=True)
class Piece:
    """A segment that people cut: its record, its entry among the columns, and the segment of the run it starts in."""

    row: Row
    entry: Any
    parent: int
    heading: str


class Roster:
    """All segments that stand now."""

    def __init__(self, index: Index, ledger: Ledger, model: Callable[[], Model | None]) -> None:
        self.index = index
        self.ledger = ledger
        self._model = model
        self.pieces: dict[int, Piece] = {}
        self._piece_of: dict[tuple[int, int, int], int] = {}
        self.live: dict[int, list[int]] = {}  # dump to the refs of all its segments, where people cut it
        self.standing: dict[int, TopicDecision] = {}
        self._cuts: dict[str, list[int]] = {}  # dump digest to where pieces were said to start
        self._n_seen = 0
        self._n_dumps = self._n_digests = 0
        self.dumps_of: dict[str, list[int]] = {}
        self.gone = np.zeros(0, bool)
        self.topic = np.zeros(0, np.int16)
        self.flags = np.zeros(0, np.uint8)
        self.piece_topic: dict[int, int] = {}
        self.piece_flags: dict[int, int] = {}
        self._record = lru_cache(maxsize=256)(self._read_record)

    # Segments

    @property
    def n_base(self) -> int:
        return len(self.gone)

    def dump_of(self, ref: int) -> int:
        return int(self.entry(ref)["dump"])

    def entry(self, ref: int) -> Any:
        """The columns of one segment."""
        return self.index.rows[ref] if ref >= 0 else self.pieces[ref].entry

    def record(self, ref: int) -> Row:
        """The whole record, text and all."""
        return self._record(ref) if ref >= 0 else self.pieces[ref].row

    def headings(self, refs: Sequence[int]) -> list[str]:
        """One line for each."""
        base = [ref for ref in refs if ref >= 0]
        found = dict(zip(base, self.index.headings(base), strict=True))
        return [found[ref] if ref >= 0 else self.pieces[ref].heading for ref in refs]

    def key(self, ref: int) -> str:
        entry = self.entry(ref)
        return f"{entry['dump']}.{entry['start']}.{entry['end']}"

    def refs_of(self, dump: int) -> Sequence[int]:
        """The segments of a dump, in order."""
        return self.live.get(dump) or range(*self._range_of(dump))

    def find(self, key: str) -> tuple[int | None, bool]:
        """The segment of a key and whether it stands exactly so; else the one that holds its start now."""
        try:
            dump, start, end = (int(part) for part in key.split("."))
        except ValueError:
            return None, False
        ref = self.find_at(dump, start)
        if ref is None:
            return None, False
        entry = self.entry(ref)
        return ref, (int(entry["start"]), int(entry["end"])) == (start, end)

    def find_at(self, dump: int, start: int) -> int | None:
        """The segment of a dump that holds an offset."""
        if not 0 <= dump < self._n_dumps:
            return None
        if dump in self.live:
            refs = self.live[dump]
            starts = [int(self.entry(ref)["start"]) for ref in refs]
            return refs[max(0, bisect_right(starts, start) - 1)]
        first, last = self._range_of(dump)
        if first == last:
            return None
        return first + max(0, int(np.searchsorted(self._starts[first:last], start, side="right")) - 1)

    def neighbour(self, ref: int, step: int) -> int | None:
        """The segment before (-1) or after (1) in the same dump."""
        refs = self.refs_of(self.dump_of(ref))
        at = refs.index(ref) + step
        return refs[at] if 0 <= at < len(refs) else None

    def paragraphs(self, ref: int) -> list[Paragraph]:
        """The paragraphs of a segment, offsets from its start: those that cutting the dump sees there."""
        text = self.record(ref)["text"]
        before, after = self.neighbour(ref, -1), self.neighbour(ref, 1)
        begins_inside = before is not None and self.record(before)["text"][-1:] not in _LINE_ENDS
        ends_inside = after is not None and text[-1:] not in _LINE_ENDS
        shown = text + self.record(after)["text"][:_AHEAD] if ends_inside and after is not None else text
        found = split_paragraphs(shown, self._punkt(), begins_inside=begins_inside, ends_inside=ends_inside)
        return [paragraph for paragraph in found if paragraph.start < len(text)]

    def text_between(self, dump: int, start: int, end: int) -> str:
        """The text of a place in a dump, from the records of the run."""
        first, last = self._range_of(dump)
        low = first + max(0, int(np.searchsorted(self._starts[first:last], start, side="right")) - 1)
        high = first + int(np.searchsorted(self._starts[first:last], end, side="left"))
        joined = "".join(self._record(ref)["text"] for ref in range(low, high))
        at = int(self._starts[low])
        return joined[start - at : end - at]

    def text_of_dump(self, dump: int) -> str:
        """The whole dump."""
        return "".join(self._record(ref)["text"] for ref in range(*self._range_of(dump)))

    def refs(self) -> Iterator[int]:
        """The pieces that stand now."""
        for refs in self.live.values():
            yield from (ref for ref in refs if ref < 0)

    # Keeping up

    def grow(self) -> bool:
        """Take in what the index has got since."""
        n = len(self.index.rows)
        if n == self._n_seen and self._n_dumps == len(self.index.dump_names):
            return False
        more = n - self._n_seen
        rows = self.index.rows
        self._starts = np.ascontiguousarray(rows["start"])
        self._dumps = np.ascontiguousarray(rows["dump"])
        self.score = np.ascontiguousarray(rows["score"])
        self.gone = np.concatenate([self.gone, np.zeros(more, bool)])
        self.topic = np.concatenate([self.topic, rows["topic"][self._n_seen :]])
        self.flags = np.concatenate([self.flags, np.zeros(more, np.uint8)])
        digests = np.ascontiguousarray(rows["digest"])
        self._by_digest = np.argsort(digests, kind="stable")
        self._digests = digests[self._by_digest]
        for dump in range(self._n_digests, len(self.index.dump_digests)):
            if self.index.dump_digests[dump]:
                self.dumps_of.setdefault(self.index.dump_digests[dump], []).append(dump)
                self._n_digests = dump + 1
        self._n_seen, self._n_dumps = n, len(self.index.dump_names)
        return True

    def settle_everything(self) -> None:
        """Lay all decisions over all segments, from the start."""
        self.gone[:] = False
        self.topic[:] = self.index.rows["topic"]
        self.flags[:] = 0
        self.standing.clear()
        self.live.clear()
        self._cuts.clear()
        self.piece_topic.clear()
        self.piece_flags.clear()
        for digest in list(self.ledger.cut_dumps):
            self._read_cuts(digest)
            for dump in self.dumps_of.get(digest, ()):
                self._recut(dump)
        affected: set[int] = set()
        for kept in self.ledger.by_dump.values():
            for entry in kept:
                affected.update(self._targets(entry.decision))
        affected.update(self.refs())
        for ref in affected:
            self._judge(ref)
        for digest, start in self.ledger.noted_places:
            self._mark_note(digest, start)

    def take(self, added: Added) -> None:
        """Lay what was added to the label files over the segments."""
        if added.everything:
            self.settle_everything()
            return
        affected: set[int] = set()
        for digest in sorted(added.dumps):
            self._read_cuts(digest)
            for dump in self.dumps_of.get(digest, ()):
                before = set(self.refs_of(dump))
                self._recut(dump)
                affected.update(before.symmetric_difference(self.refs_of(dump)))
            for entry in self.ledger.by_dump.get(digest, ()):
                affected.update(self._targets(entry.decision))
        for decision in added.topics:
            affected.update(self._targets(decision))
        for ref in affected:
            self._judge(ref)
        for digest, start in added.notes:
            self._mark_note(digest, start)

    def _recut(self, dump: int) -> None:
        first, last = self._range_of(dump)
        if first == last:
            return
        spans = [(int(entry["start"]), int(entry["end"])) for entry in self.index.rows[first:last]]
        digest = self.index.dump_digests[dump]
        was_live = self.live.pop(dump, None)
        decided = self.ledger.boundaries(digest)
        cut = recut(spans, decided, lambda n: self.paragraphs(first + n), lambda n: self._record(first + n)["text"])
        self.gone[first:last] = False
        for ref in was_live or ():
            if ref < 0:
                self.piece_topic.pop(ref, None)
                self.piece_flags.pop(ref, None)
                self.standing.pop(ref, None)
        if cut == spans:
            return
        base = {span: first + number for number, span in enumerate(spans)}
        self.live[dump] = [base[span] if span in base else self._piece(dump, span, first, spans) for span in cut]
        self.gone[first:last] = True
        self.gone[[ref for ref in self.live[dump] if ref >= 0]] = False

    def _piece(self, dump: int, span: Span, first: int, spans: Sequence[Span]) -> int:
        known = self._piece_of.get((dump, *span))
        if known is not None and (self.pieces[known].row["topics"] or self._model() is None):
            return known
        starts = [start for start, _ in spans]
        low = bisect_right(starts, span[0]) - 1
        high = bisect_right(starts, span[1] - 1)
        rows = [self._record(first + number) for number in range(low, high)]
        row = make_piece(rows, span, self.index.dump_digests[dump], self._model())
        entry = np.array([pack_row(row, self.index.codes, dump, (0, 0, 0))], self.index.rows.dtype)[0]
        ref = known if known is not None else -1 - len(self.pieces)
        self.pieces[ref] = Piece(row, entry, first + low, make_heading(row))
        self._piece_of[(dump, *span)] = ref
        return ref

    # Judging

    def _judge(self, ref: int) -> None:
        """Find what holds for one segment."""
        entry = self.entry(ref)
        predicted = int(entry["topic"])
        candidates = list(self._candidates(ref)) if ref < 0 or not self.gone[ref] else []
        flags = self._get_flags(ref) & NOTED
        topic = predicted
        if candidates:
            winner = max(candidates, key=lambda kept: kept.rank).decision
            self.standing[ref] = winner
            topic = self.code_of(winner)
            flags |= DECIDED | (DIFFERS if topic != predicted else 0)
            last_words: dict[str, Kept] = {}
            for kept in sorted(candidates, key=lambda kept: kept.rank):
                last_words[kept.decision.by] = kept
            if len({(kept.decision.topic, kept.decision.kind == "boilerplate") for kept in last_words.values()}) > 1:
                flags |= PEOPLE_DIFFER
        else:
            self.standing.pop(ref, None)
        if ref >= 0:
            self.topic[ref], self.flags[ref] = topic, flags
        else:
            self.piece_topic[ref], self.piece_flags[ref] = topic, flags

    def code_of(self, decision: TopicDecision) -> int:
        """The topic of a decision as a number of the columns."""
        if decision.kind == "boilerplate":
            return BOILERPLATE
        return self.index.codes.code(decision.topic) if decision.topic else NO_TOPIC

    def people_said(self, ref: int) -> list[TopicDecision]:
        """What each person said last of a segment, the one that holds last."""
        last: dict[str, Kept] = {}
        for kept in sorted(self._candidates(ref), key=lambda kept: kept.rank):
            last.pop(kept.decision.by, None)
            last[kept.decision.by] = kept
        return [kept.decision for kept in last.values()]

    def _candidates(self, ref: int) -> Iterator[Kept]:
        entry = self.entry(ref)
        digest, span = int(entry["digest"]), (int(entry["start"]), int(entry["end"]))
        for kept in self.ledger.by_digest.get(digest, ()):
            if self._counts(kept.decision):
                yield kept
        for kept in self.ledger.by_dump.get(self.index.dump_digests[int(entry["dump"])], ()):
            decision = kept.decision
            if not (span[0] < decision.end and decision.start < span[1]):
                continue
            if measure_overlap((decision.start, decision.end), span) < MIN_OVERLAP or not self._counts(decision):
                continue
            folded = fold_digest(decision.segment)
            if folded != digest and next(self._with_digest(folded), None) is None:
                yield kept

    def _counts(self, decision: TopicDecision) -> bool:
        cuts = self._cuts.get(decision.dump, ())
        inside = bisect_right(cuts, decision.start)
        return (inside == len(cuts) or cuts[inside] >= decision.end) and self.ledger.stands(decision)

    def _targets(self, decision: TopicDecision) -> Iterable[int]:
        """The segments that a decision speaks of, were it to stand."""
        found = list(self._with_digest(fold_digest(decision.segment)))
        for dump in self.dumps_of.get(decision.dump, ()):
            ref = self.find_at(dump, (decision.start + decision.end) // 2)
            if ref is not None:
                found.append(ref)
        return found

    def _with_digest(self, digest: int) -> Iterator[int]:
        low = int(np.searchsorted(self._digests, np.uint64(digest), side="left"))
        high = int(np.searchsorted(self._digests, np.uint64(digest), side="right"))
        yield from (int(ref) for ref in self._by_digest[low:high] if not self.gone[ref])
        yield from (ref for ref in self.refs() if int(self.pieces[ref].entry["digest"]) == digest)

    def _read_cuts(self, digest: str) -> None:
        decided = self.ledger.boundaries(digest)
        self._cuts[digest] = sorted(offset for offset, starts in decided.items() if starts)

    def _mark_note(self, digest: str, start: int) -> None:
        for dump in self.dumps_of.get(digest, ()):
            ref = self.find_at(dump, start)
            if ref is not None and int(self.entry(ref)["start"]) == start:
                flags = (self._get_flags(ref) & ~NOTED) | (NOTED if self.ledger.note(digest, start) else 0)
                if ref >= 0:
                    self.flags[ref] = flags
                else:
                    self.piece_flags[ref] = flags

    def _get_flags(self, ref: int) -> int:
        return int(self.flags[ref]) if ref >= 0 else self.piece_flags.get(ref, 0)

    # Reading

    def _range_of(self, dump: int) -> tuple[int, int]:
        wanted = self._dumps.dtype.type(dump)  # a plain int would have the whole column converted
        return int(np.searchsorted(self._dumps, wanted)), int(np.searchsorted(self._dumps, wanted, side="right"))

    def _read_record(self, ref: int) -> Row:
        return self.index.read(ref)

    def _punkt(self) -> Punkt | None:
        model = self._model()
        return model.segmentation.punkt if model is not None else None

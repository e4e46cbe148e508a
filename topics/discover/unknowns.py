"""Rows in, the segments worth grouping out: unknown ones in English, each text once, no more than can be grouped.

Where there are more, those whose digests are smallest are kept: digests are as good as drawn by lot, and the same
rows give the same choice in whatever order they come. So memory does not grow with the run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from topics.classification.analyzer import Terms, count_terms
from topics.labels.signatures import group_near_duplicates, sign_text
from topics.records import Kind
from topics.writers.rows import BOILERPLATE, Row, body_lines, first_words

__all__ = ["MOST_SEGMENTS", "Sample", "Unknown", "sample_unknowns"]

MOST_SEGMENTS = 4_000  # that are grouped at once: the time grows with the square
ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Unknown:
    """A segment that no topic fits, or none well. ``first`` are its title or its first words; ``nearest`` and
    ``score`` the model's best guess."""

    dump: str
    dump_digest: str
    start: int
    end: int
    digest: str
    kind: Kind
    title: str | None
    source: str | None
    published: str | None
    first: str
    nearest: str | None
    score: float | None
    text: str
    terms: Terms


@dataclass(frozen=True, slots=True)
class Sample:
    """``segments`` in the order of their digests. Of the run's ``n_found`` segments that were asked for,
    ``n_foreign`` are in other languages, ``n_copies`` nearly the same as another one that is kept."""

    segments: tuple[Unknown, ...]
    n_rows: int
    n_found: int
    n_foreign: int
    n_copies: int

    @property
    def n_left_out(self) -> int:
        """Segments that were too many."""
        return self.n_found - self.n_foreign - self.n_copies - len(self.segments)


@dataclass(slots=True)
class _Held:
    row: Row
    dump_digest: str = ""


def sample_unknowns(
    rows: Iterable[Row],
    *,
    below: float | None = None,
    most: int = MOST_SEGMENTS,
    on_dump: Callable[[str], None] = lambda name: None,
) -> Sample:
    """Pick the unknown segments of a run, and with ``below`` those whose best guess has a lower score than that.

    At most ``most`` are kept; rows of one dump stand together.
    """
    held: dict[str, _Held] = {}
    n_rows = n_found = n_foreign = n_copies = 0
    for name, dump in _by_dump(rows):
        on_dump(name)
        found: list[_Held] = []
        text = hashlib.sha256()
        for row in dump:
            n_rows += 1
            text.update(row["text"].encode("utf-8", "surrogatepass"))
            if not _is_wanted(row, below):
                continue
            n_found += 1
            if row["language"] != ENGLISH:
                n_foreign += 1
            elif row["duplicate_of"] is not None or row["digest"] in held:
                n_copies += 1
            else:
                held[row["digest"]] = _Held(row)
                found.append(held[row["digest"]])
        for each in found:
            each.dump_digest = text.hexdigest()
        if len(held) > 2 * most:
            held = {digest: held[digest] for digest in sorted(held)[:most]}
    kept = [held[digest] for digest in sorted(held)[:most]]
    distinct = _drop_near_duplicates(kept)
    n_copies += len(kept) - len(distinct)
    return Sample(tuple(map(_to_unknown, distinct)), n_rows, n_found, n_foreign, n_copies)


def _by_dump(rows: Iterable[Row]) -> Iterable[tuple[str, Iterable[Row]]]:
    """The rows dump by dump; two dumps of one name that follow each other are told apart by where they begin."""
    number = 0
    last: str | None = None

    def key(row: Row) -> tuple[str, int]:
        nonlocal number, last
        if row["dump"] != last or row["index"] == 0:
            number += 1
            last = row["dump"]
        return row["dump"], number

    from itertools import groupby

    for (name, _), group in groupby(rows, key=key):
        yield name, group


def _is_wanted(row: Row, below: float | None) -> bool:
    if "topic" not in row or row["kind"] == BOILERPLATE:
        return False
    return bool(row["unknown"]) or (below is not None and row["score"] is not None and row["score"] < below)


def _drop_near_duplicates(held: list[_Held]) -> list[_Held]:
    signatures = {each.row["digest"]: sign_text("\n".join(body_lines(each.row))) for each in held}
    groups = group_near_duplicates(signatures)
    seen: set[int] = set()
    kept = []
    for each in held:
        group = groups[each.row["digest"]]
        if group not in seen:
            seen.add(group)
            kept.append(each)
    return kept


def _to_unknown(held: _Held) -> Unknown:
    row = held.row
    best: dict[str, Any] = row["topics"][0] if row["topics"] else {}
    return Unknown(
        dump=row["dump"],
        dump_digest=held.dump_digest,
        start=row["start"],
        end=row["end"],
        digest=row["digest"],
        kind=row["kind"],
        title=row["title"],
        source=row["source"],
        published=row["published"],
        first=row["title"] or first_words(row, 100),
        nearest=best.get("topic"),
        score=best.get("score"),
        text=row["text"],
        terms=count_terms(row["title"], "\n".join(body_lines(row))),
    )

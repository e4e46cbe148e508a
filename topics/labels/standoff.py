"""Term files: what training needs of labelled text that may not be kept, one line a segment.

A ``.terms.jsonl`` file beside a label file holds, for each segment digest, how often it has those terms that
stand in three labelled segments or more, headline terms apart, and a near-duplicate signature. The first line
names the analyzer and the signature scheme. Terms of one count share a list, sorted, so the text cannot be
read off and a diff stays short.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from topics.classification.analyzer import ANALYZER, Terms
from topics.errors import LabelError
from topics.labels.signatures import SIGNATURE, group_near_duplicates, is_signature
from topics.labels.store import write_whole

__all__ = ["MIN_SEGMENTS", "SegmentTerms", "keep_common_terms", "read_terms", "terms_path", "write_terms"]

MIN_SEGMENTS = 3
_HEADER_KEYS = {"analyzer", "signature", "min_segments", "segments"}
_ROW_KEYS = {"segment", "title", "body", "signature"}


@dataclass(frozen=True, slots=True)
class SegmentTerms:
    """The counted terms of one labelled segment, under its digest, and its near-duplicate signature."""

    segment: str
    terms: Terms
    signature: str


def terms_path(labels: Path) -> Path:
    """Where the term file of a label file is: ``x.jsonl`` has ``x.terms.jsonl``."""
    return labels.with_suffix(".terms.jsonl")


def keep_common_terms(
    rows: Sequence[SegmentTerms], beside: Sequence[SegmentTerms] = (), min_segments: int = MIN_SEGMENTS
) -> list[SegmentTerms]:
    """The rows with only those terms that ``min_segments`` of all segments have, in the headline or below it.

    ``beside`` are the segments of other label files that count too. Near-duplicates count as one segment:
    three reprints of a piece would else keep every word pair in it.
    """
    everything = {row.segment: row for row in (*beside, *rows)}
    groups = group_near_duplicates({segment: row.signature for segment, row in everything.items()})
    seen = {(groups[row.segment], term) for row in everything.values() for term in _all_terms(row.terms)}
    n_segments = Counter(term for _group, term in seen)
    common = {term for term, n in n_segments.items() if n >= min_segments}
    return [replace(row, terms=Terms(_only(row.terms.title, common), _only(row.terms.body, common))) for row in rows]


def write_terms(path: Path, rows: Iterable[SegmentTerms], min_segments: int = MIN_SEGMENTS) -> None:
    """Write a term file, whole, after :func:`keep_common_terms`; a segment given twice is written once."""
    unique = {row.segment: row for row in rows}
    header = {
        "analyzer": ANALYZER,
        "signature": SIGNATURE,
        "min_segments": min_segments,
        "segments": len(unique),
    }
    lines = [header, *(_to_row(row) for row in unique.values())]
    write_whole(path, "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines).encode())


def read_terms(path: Path, analyzer: str = ANALYZER) -> list[SegmentTerms]:
    """The rows of a term file, in file order.

    Raises :class:`LabelError` for a file that is missing, cut short or malformed, or whose terms were counted
    by another analyzer than ``analyzer``, or signed by another scheme: such counts mean something else.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        raise LabelError(f"{path}: no such term file. It is written with the labels; get it from there.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise LabelError(f"{path}: cannot be read ({error}). Get the file again.") from error
    header = _read_line(lines[0], f"{path}:1", _HEADER_KEYS)
    for name, ours in (("analyzer", analyzer), ("signature", SIGNATURE)):
        if header[name] != ours:
            raise LabelError(
                f'{path}:1: made with {name} "{header[name]}", and this version uses "{ours}". '
                "Make it again from the text, or use the version that wrote it."
            )
    rows = [_to_segment_terms(line, f"{path}:{number}") for number, line in enumerate(lines[1:], 2) if line]
    if len(rows) != header["segments"]:
        raise LabelError(f"{path}: {len(rows)} segments, and its header says {header['segments']}. Get it again.")
    return rows


def _all_terms(terms: Terms) -> set[str]:
    return set(terms.title) | set(terms.body)


def _only(counts: Mapping[str, int], common: set[str]) -> dict[str, int]:
    return {term: n for term, n in counts.items() if term in common}


def _to_row(row: SegmentTerms) -> dict[str, Any]:
    return {
        "segment": row.segment,
        "title": _to_lists(row.terms.title),
        "body": _to_lists(row.terms.body),
        "signature": row.signature,
    }


def _to_lists(counts: Mapping[str, int]) -> dict[str, str]:
    """Count to the terms that have it, sorted, between commas (no term holds one): a third of the size."""
    lists: dict[int, list[str]] = {}
    for term in sorted(counts):
        lists.setdefault(counts[term], []).append(term)
    return {str(n): ",".join(lists[n]) for n in sorted(lists)}


def _to_counts(lists: Mapping[str, str]) -> dict[str, int]:
    counts = {term: int(n) for n, terms in lists.items() for term in terms.split(",")}
    if "" in counts or any(n < 1 for n in counts.values()):
        raise ValueError("an empty term or count")
    return counts


def _to_segment_terms(line: str, place: str) -> SegmentTerms:
    row = _read_line(line, place, _ROW_KEYS)
    try:
        terms = Terms(_to_counts(row["title"]), _to_counts(row["body"]))
    except (AttributeError, ValueError):
        raise LabelError(f"{place}: the counts are malformed. Get the file again.") from None
    if not isinstance(row["segment"], str) or not is_signature(row["signature"]):
        raise LabelError(f"{place}: the digest or the signature is malformed. Get the file again.")
    return SegmentTerms(row["segment"], terms, row["signature"])


def _read_line(line: str, place: str, keys: set[str]) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict) or set(row) != keys:
        raise LabelError(f"{place}: not a line of a term file. Get the file again.")
    return row
